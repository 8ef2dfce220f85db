"""The promises of sweeps in a store, held by every implementation; copies and kill -9 by the one that lasts."""

import signal
import sqlite3
import subprocess
import sys
import threading

import pytest

from tests.store.memory_store import MemoryStore
from tl_core.errors import InputError, StoreError, TransferLabError, UnknownIdError
from tl_core.paths import PROJECT
from tl_core.store.access import Visitor
from tl_core.store.records import ANY_SWEEP, EpochRecord, RunState, SweepState, TrialRecord, Visibility
from tl_core.store.sqlite import schema
from tl_core.store.sqlite.store import SqliteStore

ANNA, BEN, CARLA = Visitor("anna"), Visitor("ben"), Visitor("carla", is_instructor=True)
ASKED = {"kind": "own", "base": {}, "cells": [{"factors": {"a": 1}, "options": {}}], "seeds": [0, 1]}
EPOCH = EpochRecord(1, 1.0, 0.5, 1.0, 0.625, 2.0, 2.0, 1, 1, is_best=True)


@pytest.fixture(params=["sqlite", "memory"])
def store(request, tmp_path):
    with SqliteStore(tmp_path) if request.param == "sqlite" else MemoryStore() as made:
        yield made


def new_sweep(store, owner="anna", name="a sweep"):
    return store.sweeps.create(ASKED, name=name, owner=owner)


def new_trial(store, sweep, trial: int, accuracy: float | None = None):
    run = store.create_run({}, role="run", name="n", environment={}, owner="anna", sweep_id=sweep.id, trial=trial)
    if accuracy is not None:
        store.start_run(run.id, frozen_params=1, trainable_params=1, is_cached=True)
        store.add_epoch(run.id, EPOCH)
        store.finish_run(run.id, RunState.COMPLETED, best_epoch=1, test_accuracy=accuracy, seconds=3.0)
    return run


def code_of(call, *args, **named) -> str:
    with pytest.raises(TransferLabError) as caught:
        call(*args, **named)
    return caught.value.code


# ---- what every store promises ----


def test_a_sweep_is_kept_as_it_was_asked_and_found_by_the_beginning_of_its_id(store):
    record = new_sweep(store)
    assert (record.state, record.sweep, record.owner, record.is_active) == (SweepState.RUNNING, ASKED, "anna", True)
    assert store.sweeps.get(record.id[:6]) == record
    assert store.sweeps.get(record.id).seq > 0


@pytest.mark.parametrize("id", ["", "abc", "' OR '1'='1", "f" * 32, None, 7, "0" * 33])
def test_an_id_that_fits_none_is_unknown(store, id):
    new_sweep(store)
    with pytest.raises(UnknownIdError) as caught:
        store.sweeps.get(id)
    assert caught.value.code == "unknown_sweep"


def test_sweeps_come_newest_first_and_those_of_an_owner_alone(store):
    records = [new_sweep(store, owner) for owner in ("anna", "ben", "anna")]
    assert [one.id for one in store.sweeps.listed()] == [one.id for one in reversed(records)]
    assert [one.id for one in store.sweeps.listed("anna")] == [records[2].id, records[0].id]


def test_a_sweep_comes_to_rest_and_goes_on_with_what_it_asks_then(store):
    record = new_sweep(store)
    ended = store.sweeps.finish(record.id, SweepState.INTERRUPTED, {"code": "disk_full", "values": {}})
    assert (ended.state, ended.error["code"], ended.is_active) == (SweepState.INTERRUPTED, "disk_full", False)
    assert ended.ended_at is not None
    again = store.sweeps.go_on(record.id, {**ASKED, "seeds": [0, 1, 2]})
    assert (again.state, again.sweep["seeds"], again.error, again.ended_at) == (
        SweepState.RUNNING,
        [0, 1, 2],
        None,
        None,
    )
    assert store.sweeps.get(record.id) == again


def test_of_several_who_go_on_with_a_sweep_at_once_one_succeeds(store):
    record = new_sweep(store)
    store.sweeps.finish(record.id, SweepState.STOPPED)
    codes = []

    def go_on() -> None:
        try:
            store.sweeps.go_on(record.id)
            codes.append("done")
        except StoreError as error:
            codes.append(error.code)

    threads = [threading.Thread(target=go_on) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["done"] + ["sweep_is_active"] * 3


def test_its_trials_are_what_a_table_needs_of_its_runs_in_their_order(store):
    record, other = new_sweep(store), new_sweep(store)
    second, first = new_trial(store, record, 1), new_trial(store, record, 0, accuracy=0.75)
    again = new_trial(store, record, 1)
    new_trial(store, other, 0)
    assert store.sweeps.trials(record.id) == [
        TrialRecord(0, first.id, RunState.COMPLETED, 0.75, 0.625, 3.0, owner="anna"),
        TrialRecord(1, second.id, RunState.QUEUED, None, None, None, owner="anna"),
        TrialRecord(1, again.id, RunState.QUEUED, None, None, None, owner="anna"),
    ]


def test_runs_of_sweeps_stand_only_in_the_lists_that_ask_for_them(store):
    record = new_sweep(store)
    trial = new_trial(store, record, 0, accuracy=0.5)
    plain = store.create_run({}, role="run", name="n", environment={}, owner="anna")
    assert [run.id for run in store.list_runs()] == [plain.id]
    assert [run.id for run in store.list_runs(sweep=record.id)] == [trial.id]
    assert [run.id for run in store.list_runs(owner="anna", sweep=ANY_SWEEP)] == [plain.id, trial.id]
    (store.run_folder(trial.id) / "file").write_bytes(b"12345")
    assert store.n_bytes("anna") >= 5


def test_a_copy_of_a_trial_is_no_trial_unless_it_is_made_one(store):
    record = new_sweep(store)
    trial = new_trial(store, record, 0, accuracy=0.5)
    (store.run_folder(trial.id) / "weights.safetensors").write_bytes(b"weights")
    plain = store.copy_run(trial.id, name="n", owner="ben", role="run")
    assert (plain.sweep_id, plain.trial) == (None, None)
    other = new_sweep(store, "ben")
    copy = store.copy_run(trial.id, name="n", owner="ben", role="run", sweep_id=other.id, trial=5)
    assert (copy.sweep_id, copy.trial, copy.recorded_from) == (other.id, 5, trial.id)


ACTIONS = {
    "find": lambda sweeps, id, by: sweeps.find(id, by=by),
    "permitted": lambda sweeps, id, by: sweeps.permitted(id, by=by),
    "rename": lambda sweeps, id, by: sweeps.rename(id, "new", by=by),
    "share": lambda sweeps, id, by: sweeps.share(id, Visibility.LINK, by=by),
    "delete": lambda sweeps, id, by: sweeps.delete(id, by=by),
}


@pytest.mark.parametrize("name", list(ACTIONS))
@pytest.mark.parametrize("visibility", list(Visibility))
def test_who_may_do_what_with_a_sweep(store, name, visibility):
    record = new_sweep(store)
    store.sweeps.finish(record.id, SweepState.COMPLETED)
    store.sweeps.share(record.id, visibility, by=ANNA)
    before = store.sweeps.get(record.id)
    if visibility is Visibility.PRIVATE:
        assert code_of(ACTIONS[name], store.sweeps, record.id, BEN) == "unknown_sweep"
    elif name != "find":
        assert code_of(ACTIONS[name], store.sweeps, record.id, BEN) == "not_your_sweep"
    assert store.sweeps.get(record.id) == before
    ACTIONS[name](store.sweeps, record.id, ANNA)


def test_a_list_shows_ones_own_sweeps_and_those_of_the_class_and_the_instructor_all(store):
    records = {visibility: new_sweep(store) for visibility in Visibility}
    for visibility, record in records.items():
        store.sweeps.share(record.id, visibility, by=ANNA)
    assert [one.id for one in store.sweeps.seen(by=BEN)] == [records[Visibility.CLASS].id]
    assert len(store.sweeps.seen(by=ANNA)) == len(store.sweeps.seen(by=CARLA)) == 3
    assert code_of(store.sweeps.find, records[Visibility.LINK].id[:8], by=BEN) == "unknown_sweep"
    assert store.sweeps.find(records[Visibility.LINK].id, by=BEN).owner == "anna"


def test_a_sweep_under_way_is_not_deleted_and_a_bad_name_is_refused(store):
    record = new_sweep(store)
    assert code_of(store.sweeps.delete, record.id, by=ANNA) == "sweep_is_active"
    with pytest.raises(InputError):
        store.sweeps.rename(record.id, "\n", by=ANNA)
    with pytest.raises(InputError):
        store.sweeps.create(ASKED, name="", owner="anna")
    assert len(store.sweeps.listed()) == 1


# ---- a sweep that is offered ----


def test_a_sweep_is_offered_from_the_beginning_or_at_rest_to_all_who_have_its_link(store):
    born = store.sweeps.create(ASKED, name="n", owner="anna", is_offered=True)
    assert (born.state, born.visibility, born.is_active) == (SweepState.OFFERED, Visibility.LINK, False)
    record = new_sweep(store)
    assert code_of(store.sweeps.offer, record.id) == "sweep_is_active"
    store.sweeps.finish(record.id, SweepState.STOPPED)
    offered = store.sweeps.offer(record.id)
    assert (offered.state, offered.visibility, offered.ended_at) == (SweepState.OFFERED, Visibility.LINK, None)
    store.sweeps.share(record.id, Visibility.CLASS, by=ANNA)
    assert store.sweeps.offer(record.id).visibility is Visibility.CLASS
    assert store.sweeps.go_on(record.id).state is SweepState.RUNNING
    store.sweeps.delete(born.id, by=ANNA)
    assert code_of(store.sweeps.offer, "f" * 32) == "unknown_sweep"


def test_a_trial_says_whose_it_is_and_is_let_go_of_as_an_ordinary_run(store):
    sweep = new_sweep(store)
    about = {"role": "run", "name": "n", "environment": {}, "sweep_id": sweep.id}
    runs = [store.create_run({}, owner=owner, trial=at, **about) for at, owner in enumerate(("ben", "carla"))]
    assert [one.owner for one in store.sweeps.trials(sweep.id)] == ["ben", "carla"]
    released = store.release(runs[0].id)
    assert (released.sweep_id, released.trial, released.owner) == (None, None, "ben")
    assert [one.owner for one in store.sweeps.trials(sweep.id)] == ["carla"]
    assert [run.id for run in store.list_runs()] == [runs[0].id]


# ---- what the store that lasts promises ----


def test_a_lost_database_gets_its_sweeps_back_with_their_runs(tmp_path):
    with SqliteStore(tmp_path) as store:
        kept, running, gone = new_sweep(store), new_sweep(store, "ben"), new_sweep(store)
        trial = new_trial(store, kept, 0, accuracy=0.75)
        store.sweeps.share(kept.id, Visibility.CLASS, by=ANNA)
        kept = store.sweeps.finish(kept.id, SweepState.COMPLETED)
        store.sweeps.finish(gone.id, SweepState.COMPLETED)
        store.sweeps.delete(gone.id, by=ANNA)
    (tmp_path / "runs.sqlite").unlink()
    with SqliteStore(tmp_path) as store:
        assert store.sweeps.get(kept.id) == kept
        assert store.sweeps.get(running.id).state is SweepState.INTERRUPTED
        assert len(store.sweeps.listed()) == 2
        assert [one.run_id for one in store.sweeps.trials(kept.id)] == [trial.id]
        assert store.list_runs() == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"id": 1}', "null"])
def test_a_damaged_copy_costs_only_that_sweep(tmp_path, content):
    with SqliteStore(tmp_path) as store:
        kept, damaged = new_sweep(store), new_sweep(store)
    (tmp_path / "sweeps" / f"{damaged.id}.json").write_text(content)
    (tmp_path / "runs.sqlite").unlink()
    with SqliteStore(tmp_path) as store:
        assert [one.id for one in store.sweeps.listed()] == [kept.id]


def test_a_damaged_row_hides_no_other(tmp_path):
    with SqliteStore(tmp_path) as store:
        kept, damaged = new_sweep(store), new_sweep(store)
        with sqlite3.connect(tmp_path / "runs.sqlite") as connection:
            connection.execute("UPDATE sweep SET sweep = '{' WHERE id = ?", (damaged.id,))
        connection.close()
        assert [one.id for one in store.sweeps.listed()] == [kept.id]


SCRIPT = """
import sys
from pathlib import Path
from tl_core.store.sqlite.store import SqliteStore

store = SqliteStore(Path(sys.argv[1]))
print(store.sweeps.create({"seeds": [0]}, name="n", owner="anna").id, flush=True)
sys.stdin.read()
"""


def test_an_offer_outlives_the_process_and_the_database(tmp_path):
    with SqliteStore(tmp_path) as store:
        offered = store.sweeps.create(ASKED, name="n", owner="anna", is_offered=True)
        trial = new_trial(store, offered, 0, accuracy=0.75)
    with SqliteStore(tmp_path) as store:
        assert store.sweeps.get(offered.id) == offered
    (tmp_path / "runs.sqlite").unlink()
    with SqliteStore(tmp_path) as store:
        assert store.sweeps.get(offered.id) == offered
        assert [(one.run_id, one.owner) for one in store.sweeps.trials(offered.id)] == [(trial.id, "anna")]


def test_the_sweep_of_a_killed_process_is_interrupted_and_that_of_a_living_one_left_alone(tmp_path):
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        id = child.stdout.readline().strip()
        with SqliteStore(tmp_path) as store:
            assert store.sweeps.get(id).state is SweepState.RUNNING
            store.recover()
            assert store.sweeps.get(id).state is SweepState.RUNNING
            child.send_signal(signal.SIGKILL)
            child.wait()
            store.recover()
            assert store.sweeps.get(id).state is SweepState.INTERRUPTED


def test_a_database_from_before_there_were_sweeps_keeps_its_runs(tmp_path, monkeypatch):
    with monkeypatch.context() as before:
        before.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:-1])
        connection = schema.open_database(tmp_path / "runs.sqlite")
        connection.execute(
            "INSERT INTO run (id, name, role, owner, state, spec, environment, created_at, words)"
            " VALUES (?, 'old', 'run', 'anna', 'completed', '{}', '{}', '2025-01-01T00:00:00+00:00', 'old')",
            ("0123456789abcdef" * 2,),
        )
        connection.close()
    with SqliteStore(tmp_path) as store:
        (run,) = store.list_runs()
        assert (run.name, run.sweep_id, run.trial) == ("old", None, None)
        assert store.sweeps.listed() == []
