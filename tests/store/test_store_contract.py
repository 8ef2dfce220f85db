"""The promises of RunStore, held by every implementation of it."""

import math
import sqlite3
import threading
from dataclasses import FrozenInstanceError, replace
from functools import partial
from itertools import cycle

import numpy as np
import pytest

from tests.store.memory_store import MemoryStore
from tl_core.disk.files import WEIGHTS_FILE
from tl_core.errors import InputError, StoreError, UnknownIdError
from tl_core.store.access import OPERATOR
from tl_core.store.records import EpochRecord, RunState
from tl_core.store.sqlite.store import SqliteStore

EPOCH = EpochRecord(
    epoch=1,
    train_loss=1.25,
    train_accuracy=0.5,
    val_loss=1.5,
    val_accuracy=0.25,
    seconds=2.0,
    elapsed_s=2.0,
    step=10,
    images=320,
    is_best=True,
)
FINISHED = [RunState.COMPLETED, RunState.STOPPED, RunState.FAILED, RunState.INTERRUPTED]
HOSTILE_IDS = [
    "",
    "abc",
    "../../etc/passwd",
    "1 OR 1=1",
    "' OR '1'='1",
    "%2e%2e",
    "______",
    "%%%%%%",
    "abcdef*",
    "abcdef\n",
    "abcdef\x00",
    "ABCDEF",
    "\udcff" * 8,
    "0" * 33,
    "f" * 10_000,
    None,
    7,
    b"abcdef",
    ["abcdef"],
]


@pytest.fixture(params=["sqlite", "memory"])
def store(request, tmp_path):
    with SqliteStore(tmp_path) if request.param == "sqlite" else MemoryStore() as made:
        yield made


def new_run(store, name="a run", role="run", **more):
    return store.create_run({"dataset": "groceries", "seed": 0}, role=role, name=name, environment={}, **more)


def start(store, run):
    return store.start_run(run.id, frozen_params=10, trainable_params=3, is_cached=True)


def ended_run(store, state=RunState.COMPLETED, **more):
    run = start(store, new_run(store))
    store.add_epoch(run.id, EPOCH)
    return store.finish_run(run.id, state, **more)


def recorded_run(store, key="f1", **more):
    """A completed run with weights, curve and scores: what may stand for another."""
    run = start(store, new_run(store, fingerprint=key))
    store.add_epoch(run.id, EPOCH)
    (store.run_folder(run.id) / WEIGHTS_FILE).write_bytes(b"weights")
    results = {"test_accuracy": 0.75, "best_epoch": 1, "seconds": 3.5, "scores": {"f1": 0.5}, "proof": [{"block": "a"}]}
    ended = store.finish_run(run.id, RunState.COMPLETED, **results | more)
    store.save_trace(run.id, [[1, 2.0]])
    return ended


def code_of(kind, call, *args, **named):
    with pytest.raises(kind) as caught:
        call(*args, **named)
    assert type(caught.value) is kind
    return caught.value.code


class TestLife:
    def test_a_new_run_is_queued_and_knows_nothing_that_was_not_measured(self, store):
        run = new_run(store, owner="anna")
        assert (run.state, run.name, run.role, run.owner) == (RunState.QUEUED, "a run", "run", "anna")
        assert run.spec == {"dataset": "groceries", "seed": 0}
        empty = (run.started_at, run.ended_at, run.seconds, run.frozen_params, run.is_cached, run.best_epoch)
        assert (*empty, run.test_accuracy, run.scores, run.proof, run.error, run.twin_id) == (None,) * 11
        assert run.created_at.endswith("+00:00")
        assert store.get(run.id) == run

    def test_runs_are_counted_by_state(self, store):
        new_run(store)
        start(store, new_run(store))
        for state in (*FINISHED, RunState.COMPLETED):
            ended_run(store, state)
        assert store.n_by_state() == {**dict.fromkeys(RunState, 1), RunState.COMPLETED: 2}

    def test_ids_are_32_hexadecimal_digits_and_differ(self, store):
        ids = {new_run(store).id for _ in range(20)}
        assert len(ids) == 20
        assert all(len(id) == 32 and set(id) <= set("0123456789abcdef") for id in ids)

    def test_a_whole_life_is_recorded(self, store):
        run = start(store, new_run(store))
        assert (run.state, run.frozen_params, run.trainable_params, run.is_cached) == (RunState.RUNNING, 10, 3, True)
        store.add_epoch(run.id, EPOCH)
        error = {"code": "x", "values": {"n": 1}}
        results = {"best_epoch": 1, "test_accuracy": 0.75, "scores": {"f1": 0.5}, "proof": [{"block": "a"}]}
        ended = store.finish_run(run.id, RunState.FAILED, **results, error=error, seconds=3.5)
        assert store.get(run.id) == ended
        results |= {"state": RunState.FAILED, "error": error, "seconds": 3.5}
        assert ended == replace(run, ended_at=ended.ended_at, **results)
        assert ended.ended_at >= run.started_at
        assert store.epochs(run.id) == [EPOCH]

    @pytest.mark.parametrize("state", FINISHED)
    def test_a_run_ends_only_once(self, store, state):
        run = ended_run(store, state)
        for second in FINISHED:
            assert code_of(StoreError, store.finish_run, run.id, second) == "run_already_finished"
        assert code_of(StoreError, store.add_epoch, run.id, EPOCH) == "run_already_finished"
        assert store.get(run.id) == run

    @pytest.mark.parametrize("state", [RunState.STOPPED, RunState.INTERRUPTED])
    def test_a_stopped_or_interrupted_run_goes_on_where_it_was(self, store, state):
        run = ended_run(store, state, best_epoch=1, test_accuracy=0.5, seconds=1.0, error={"code": "x", "values": {}})
        again = start(store, run)
        assert (again.state, again.started_at) == (RunState.RUNNING, run.started_at)
        assert (again.ended_at, again.seconds, again.best_epoch, again.test_accuracy, again.error) == (None,) * 5
        store.add_epoch(run.id, replace(EPOCH, epoch=2))
        assert [epoch.epoch for epoch in store.epochs(run.id)] == [1, 2]
        assert store.finish_run(run.id, RunState.COMPLETED).state is RunState.COMPLETED

    @pytest.mark.parametrize("state", [RunState.COMPLETED, RunState.FAILED])
    def test_a_completed_or_failed_run_never_starts_again(self, store, state):
        run = ended_run(store, state)
        assert code_of(StoreError, start, store, run) == "run_already_finished"

    def test_a_running_run_is_not_started_twice(self, store):
        run = start(store, new_run(store))
        assert code_of(StoreError, start, store, run) == "run_is_active"

    @pytest.mark.parametrize("state", [RunState.STOPPED, RunState.FAILED, RunState.INTERRUPTED])
    def test_a_queued_run_can_end_before_it_began(self, store, state):
        run = store.finish_run(new_run(store).id, state)
        assert (run.state, run.started_at) == (state, None)

    def test_a_queued_run_cannot_complete_and_takes_no_epoch(self, store):
        run = new_run(store)
        assert code_of(StoreError, store.finish_run, run.id, RunState.COMPLETED) == "run_not_running"
        assert code_of(StoreError, store.add_epoch, run.id, EPOCH) == "run_not_running"

    @pytest.mark.parametrize("state", [RunState.QUEUED, RunState.RUNNING])
    def test_a_run_does_not_end_in_a_state_that_goes_on(self, store, state):
        run = new_run(store)
        with pytest.raises(ValueError, match="does not finish"):
            store.finish_run(run.id, state)

    def test_an_unknown_role_is_a_mistake_of_ours(self, store):
        with pytest.raises(ValueError, match="role"):
            new_run(store, role="twin")


class TestEpochs:
    def test_epochs_come_in_order_and_the_same_number_replaces(self, store):
        run = start(store, new_run(store))
        for number in (1, 3, 2):
            store.add_epoch(run.id, replace(EPOCH, epoch=number))
        store.add_epoch(run.id, replace(EPOCH, epoch=3, val_loss=9.0, is_partial=True, is_best=False))
        assert [epoch.epoch for epoch in store.epochs(run.id)] == [1, 2, 3]
        assert store.epochs(run.id)[2] == replace(EPOCH, epoch=3, val_loss=9.0, is_partial=True, is_best=False)

    def test_what_is_not_a_number_is_missing(self, store):
        run = start(store, new_run(store))
        store.add_epoch(run.id, replace(EPOCH, train_loss=math.nan, val_loss=math.inf, val_accuracy=None))
        (epoch,) = store.epochs(run.id)
        assert (epoch.train_loss, epoch.val_loss, epoch.val_accuracy, epoch.train_accuracy) == (None, None, None, 0.5)
        scores = {"f1": [0.5, math.nan], "auc": -math.inf}
        ended = store.finish_run(run.id, RunState.COMPLETED, test_accuracy=math.nan, scores=scores)
        assert (ended.test_accuracy, ended.scores) == (None, {"f1": [0.5, None], "auc": None})

    def test_numpy_numbers_become_plain_numbers(self, store):
        run = start(store, new_run(store))
        odd = replace(EPOCH, val_accuracy=np.float32(0.25), step=np.int64(10), is_best=np.bool_(True))
        store.add_epoch(run.id, replace(odd, epoch=np.int32(1)))
        assert store.epochs(run.id) == [EPOCH]
        assert type(store.epochs(run.id)[0].val_accuracy) is float
        scores = {"matrix": np.eye(2, dtype=np.int64), 3: np.float64(0.5)}
        ended = store.finish_run(run.id, RunState.COMPLETED, scores=scores)
        assert ended.scores == {"matrix": [[1, 0], [0, 1]], "3": 0.5}

    def test_an_epoch_may_bring_the_curve_of_its_steps(self, store):
        run = start(store, new_run(store))
        store.add_epoch(run.id, EPOCH, [[1, 2.0]])
        store.add_epoch(run.id, replace(EPOCH, epoch=2))
        assert store.trace(run.id) == [[1, 2.0]]
        assert len(store.epochs(run.id)) == 2

    def test_a_run_without_epochs_has_an_empty_list(self, store):
        assert store.epochs(new_run(store).id) == []


class TestReading:
    def test_a_unique_prefix_of_six_is_enough(self, store):
        run = new_run(store)
        assert store.get(run.id[:6]) == run
        assert store.get(run.id[:31]) == run

    @pytest.mark.parametrize("hostile", HOSTILE_IDS, ids=lambda value: ascii(value)[:20])
    def test_anything_else_is_an_unknown_run(self, store, hostile):
        run = new_run(store)
        delete = partial(store.delete, by=OPERATOR)
        for call in (store.get, store.epochs, store.trace, store.run_folder, delete):
            assert code_of(UnknownIdError, call, hostile) == "unknown_run"
        assert store.list_runs() == [run]

    def test_what_an_error_repeats_is_one_short_printable_line(self, store):
        with pytest.raises(UnknownIdError) as caught:
            store.get("x\n\udcff\u202e" * 1000)
        received = caught.value.values["received"]
        assert len(received) == 60
        assert received[:-1].isprintable()
        assert (caught.value.values["n_matches"], caught.value.values["min_characters"]) == (0, 6)

    def test_an_ambiguous_prefix_is_refused_with_the_number_of_matches(self, store, monkeypatch):
        ids = iter(["abcdef" + "0" * 26, "abcdef" + "1" * 26])
        monkeypatch.setattr("tl_core.store.names.secrets.token_hex", lambda n: next(ids))
        first, _ = new_run(store), new_run(store)
        with pytest.raises(UnknownIdError) as caught:
            store.get("abcdef")
        assert caught.value.values["n_matches"] == 2
        assert store.get("abcdef0") == first

    def test_runs_are_listed_newest_first_whatever_the_clock_says(self, store, monkeypatch):
        times = cycle(["2031-01-01T00:00:00+00:00", "2001-01-01T00:00:00+00:00", "2011-01-01T00:00:00+00:00"])
        monkeypatch.setattr("tl_core.store.transitions.now", lambda: next(times))
        for name in "abc":
            new_run(store, name)
        assert [run.name for run in store.list_runs()] == ["c", "b", "a"]

    def test_a_list_leaves_out_the_weight_proof(self, store):
        run = recorded_run(store)
        assert run.proof
        assert store.list_runs() == [replace(run, proof=None)]

    def test_lists_can_be_cut_into_pages(self, store):
        for name in "abcde":
            new_run(store, name)
        assert [run.name for run in store.list_runs(limit=2)] == ["e", "d"]
        assert [run.name for run in store.list_runs(limit=2, offset=3)] == ["b", "a"]
        assert [run.name for run in store.list_runs(offset=4)] == ["a"]
        assert store.list_runs(limit=0) == []

    def test_lists_can_be_narrowed_by_state(self, store):
        queued, ended = new_run(store), ended_run(store)
        assert store.list_runs(states=[RunState.QUEUED]) == [queued]
        assert store.list_runs(states={RunState.COMPLETED, RunState.FAILED}) == [ended]
        assert store.list_runs(states=[]) == []

    def test_a_search_looks_at_name_spec_and_id_in_any_case(self, store):
        plain_one, umlaut = new_run(store, "100% frozen"), new_run(store, "ÄPFEL 猫")
        assert store.list_runs(text="äpfel") == [umlaut]
        assert store.list_runs(text=" 猫 ") == [umlaut]
        assert store.list_runs(text="0% f") == [plain_one]
        assert store.list_runs(text="_") == []
        assert store.list_runs(text="GROCERIES") == [umlaut, plain_one]
        assert store.list_runs(text=umlaut.id[:10].upper()) == [umlaut]
        assert store.list_runs(text="") == [umlaut, plain_one]
        store.rename(umlaut.id, "pears", by=OPERATOR)
        assert store.list_runs(text="pears") == [store.get(umlaut.id)]
        assert store.list_runs(text="äpfel") == []

    def test_readers_get_copies(self, store):
        run = new_run(store)
        run.spec["dataset"] = "changed"
        store.list_runs()[0].spec.clear()
        store.save_trace(run.id, [[1, 2.0]])
        store.trace(run.id).append("changed")
        store.save_timing("k", {"a": 1})
        store.timing("k")["a"] = 2
        assert store.get(run.id).spec == {"dataset": "groceries", "seed": 0}
        assert (store.trace(run.id), store.timing("k")) == ([[1, 2.0]], {"a": 1})
        with pytest.raises(FrozenInstanceError):
            run.name = "other"

    def test_what_the_caller_keeps_stays_his_own(self, store):
        spec = {"blocks": ["a"]}
        run = store.create_run(spec, role="run", name="n", environment={})
        spec["blocks"].append("b")
        assert store.get(run.id).spec == {"blocks": ["a"]}


class TestNames:
    def test_a_finished_run_can_be_renamed_and_changes_in_nothing_else(self, store):
        run = ended_run(store, scores={"f1": 0.5})
        assert store.rename(run.id, "  猫 with 2 blocks ", by=OPERATOR) == replace(run, name="猫 with 2 blocks")
        assert store.get(run.id) == replace(run, name="猫 with 2 blocks")

    @pytest.mark.parametrize("name", ["x", "y" * 80, "<script>alert(1)</script>", "'; DROP TABLE run; --", "👩‍🏫"])
    def test_any_text_of_up_to_80_characters_is_a_name(self, store, name):
        assert store.rename(new_run(store).id, name, by=OPERATOR).name == name

    @pytest.mark.parametrize("name", ["", "   ", "y" * 81, "a\nb", "a\x00b", "a\u202eb", "a\u2028b", "\udcff", None, 7])
    def test_other_names_are_refused_in_creating_and_renaming(self, store, name):
        run = new_run(store)
        assert code_of(InputError, store.rename, run.id, name, by=OPERATOR) == "bad_run_name"
        assert code_of(InputError, new_run, store, name) == "bad_run_name"
        assert store.list_runs() == [run]


class TestTwins:
    def test_creating_a_baseline_with_its_twin_links_both(self, store):
        run = new_run(store)
        baseline = new_run(store, role="baseline", twin_id=run.id)
        assert (store.get(run.id).twin_id, store.get(baseline.id).twin_id) == (baseline.id, run.id)
        assert baseline == store.get(baseline.id)

    def test_linking_lets_earlier_twins_go(self, store):
        run = new_run(store)
        old, new = (new_run(store, role="baseline") for _ in range(2))
        store.link_twins(run.id, old.id)
        store.link_twins(run.id, new.id)
        assert [store.get(each.id).twin_id for each in (run, old, new)] == [new.id, None, run.id]

    def test_an_unknown_twin_creates_nothing(self, store):
        assert code_of(UnknownIdError, new_run, store, twin_id="0" * 32) == "unknown_run"
        assert store.list_runs() == []

    def test_deleting_one_leaves_the_other_alone(self, store):
        run = ended_run(store)
        baseline = new_run(store, role="baseline", twin_id=run.id)
        store.delete(run.id, by=OPERATOR)
        assert store.list_runs() == [replace(baseline, twin_id=None)]


class TestFilesAndNotes:
    def test_deleting_takes_the_folder_along(self, store):
        run = ended_run(store)
        folder = store.run_folder(run.id)
        (folder / "checkpoint-000001.safetensors").write_bytes(b"x")
        assert folder.name == run.id
        store.delete(run.id, by=OPERATOR)
        assert not folder.exists()
        assert code_of(UnknownIdError, store.get, run.id) == "unknown_run"

    def test_a_deleted_runs_place_in_the_order_is_never_used_again(self, store):
        last = ended_run(store)
        store.delete(last.id, by=OPERATOR)
        assert new_run(store).seq > last.seq

    def test_active_runs_are_not_deleted(self, store):
        queued, running = new_run(store), start(store, new_run(store))
        assert code_of(StoreError, store.delete, queued.id, by=OPERATOR) == "run_is_active"
        assert code_of(StoreError, store.delete, running.id, by=OPERATOR) == "run_is_active"

    def test_a_trace_is_kept_whole_and_replaced_whole(self, store):
        run = new_run(store)
        assert store.trace(run.id) == []
        store.save_trace(run.id, [(1, np.float32(0.5)), (2, math.nan)])
        assert store.trace(run.id) == [[1, 0.5], [2, None]]
        store.save_trace(run.id, [{"step": 1}])
        assert store.trace(run.id) == [{"step": 1}]

    def test_timings_are_kept_by_key(self, store):
        assert store.timing("a") is None
        store.save_timing("a", {"images_s": 10.0})
        store.save_timing("a", {"images_s": math.inf})
        assert store.timing("a") == {"images_s": None}

    def test_closing_twice_is_harmless(self, store, tmp_path):
        record = new_run(store)
        store.close()
        store.close()
        with SqliteStore(tmp_path) if isinstance(store, SqliteStore) else store as again:
            assert again.get(record.id).name == record.name


class TestFindingEqualRuns:
    def test_the_newest_recorded_run_of_a_fingerprint_is_found(self, store):
        recorded_run(store, "f1")
        newest, _ = recorded_run(store, "f1"), recorded_run(store, "f2")
        assert store.find_equal("f1") == newest
        assert store.find_equal("f3") is None

    def test_runs_without_a_fingerprint_are_not_equal_to_each_other(self, store):
        recorded_run(store, None)
        assert store.find_equal("None") is None
        assert store.find_equal("") is None

    def test_a_waiting_run_is_completed_by_an_equal_one_and_stays_itself(self, store):
        run, waiting = recorded_run(store), new_run(store, fingerprint="f1", name="mine", owner="ben")
        twin = new_run(store, role="baseline", twin_id=waiting.id)
        filled = store.fill_run(waiting.id, run.id)
        kept = {name: getattr(waiting, name) for name in ("id", "seq", "name", "role", "owner", "created_at")}
        times = {name: getattr(filled, name) for name in ("started_at", "ended_at")}
        recorded = {"recorded_from": run.id, "recorded_at": run.ended_at, "twin_id": twin.id}
        assert filled == store.get(waiting.id) == replace(run, **kept, **times, **recorded)
        assert (store.epochs(waiting.id), store.trace(waiting.id)) == ([EPOCH], [[1, 2.0]])
        assert (store.run_folder(waiting.id) / WEIGHTS_FILE).read_bytes() == b"weights"

    def test_a_run_that_has_begun_is_not_completed_by_another(self, store):
        run, running, stopped = recorded_run(store), start(store, new_run(store)), ended_run(store, RunState.STOPPED)
        assert code_of(StoreError, store.fill_run, running.id, run.id) == "run_is_active"
        assert code_of(StoreError, store.fill_run, stopped.id, run.id) == "run_already_finished"
        assert code_of(StoreError, store.fill_run, run.id, run.id) == "run_already_finished"
        assert store.epochs(running.id) == []

    @pytest.mark.parametrize("state", [RunState.STOPPED, RunState.FAILED, RunState.INTERRUPTED])
    def test_only_completed_runs_stand_for_others(self, store, state):
        run = start(store, new_run(store, fingerprint="f1"))
        (store.run_folder(run.id) / WEIGHTS_FILE).write_bytes(b"weights")
        assert store.find_equal("f1") is None
        store.finish_run(run.id, state, test_accuracy=0.5)
        assert store.find_equal("f1") is None

    def test_a_run_without_test_accuracy_or_weights_or_with_a_partial_epoch_gives_way_to_an_older_one(self, store):
        good = recorded_run(store)
        recorded_run(store, test_accuracy=math.nan)
        lost = recorded_run(store)
        (store.run_folder(lost.id) / WEIGHTS_FILE).unlink()
        partial = start(store, new_run(store, fingerprint="f1"))
        store.add_epoch(partial.id, replace(EPOCH, is_partial=True))
        (store.run_folder(partial.id) / WEIGHTS_FILE).write_bytes(b"weights")
        store.finish_run(partial.id, RunState.COMPLETED, test_accuracy=0.5)
        assert store.find_equal("f1") == good


class TestCopies:
    def copy(self, store, run, **more):
        return store.copy_run(run.id, **{"name": "a copy", "owner": "ben", "role": "run"} | more)

    def test_a_copy_is_a_run_of_its_own_with_the_results_of_the_other(self, store):
        run = recorded_run(store)
        twin = self.copy(store, run)
        assert store.get(twin.id) == twin
        own = {
            name: getattr(twin, name) for name in ("id", "seq", "name", "owner", "created_at", "started_at", "ended_at")
        }
        assert twin == replace(run, **own, recorded_from=run.id, recorded_at=run.ended_at)
        assert (twin.name, twin.owner) == ("a copy", "ben")
        assert twin.id != run.id
        assert twin.seq > run.seq
        assert run.ended_at <= twin.created_at == twin.started_at == twin.ended_at
        assert (store.epochs(twin.id), store.trace(twin.id)) == ([EPOCH], [[1, 2.0]])
        assert (store.run_folder(twin.id) / WEIGHTS_FILE).read_bytes() == b"weights"
        assert store.get(run.id) == run

    def test_a_copy_of_a_copy_names_the_run_that_was_trained(self, store):
        run = recorded_run(store)
        second = self.copy(store, self.copy(store, run))
        assert (second.recorded_from, second.recorded_at) == (run.id, run.ended_at)
        assert store.find_equal("f1") == second

    def test_either_can_be_deleted_without_the_other(self, store):
        run = recorded_run(store)
        first, second = self.copy(store, run), self.copy(store, run)
        store.delete(first.id, by=OPERATOR)
        assert store.find_equal("f1") == second
        store.delete(run.id, by=OPERATOR)
        assert store.get(second.id) == second
        assert store.epochs(second.id) == [EPOCH]
        assert (store.run_folder(second.id) / WEIGHTS_FILE).read_bytes() == b"weights"

    def test_the_weights_of_one_can_be_replaced_without_the_other(self, store):
        run = recorded_run(store)
        twin = self.copy(store, run)
        (store.run_folder(twin.id) / "other").write_bytes(b"new")
        (store.run_folder(twin.id) / "other").replace(store.run_folder(twin.id) / WEIGHTS_FILE)
        assert (store.run_folder(run.id) / WEIGHTS_FILE).read_bytes() == b"weights"

    def test_a_copied_baseline_is_linked_to_its_run(self, store):
        run, baseline = new_run(store), recorded_run(store)
        twin = self.copy(store, baseline, role="baseline", twin_id=run.id)
        assert (twin.role, twin.twin_id, store.get(run.id).twin_id) == ("baseline", run.id, twin.id)

    @pytest.mark.parametrize("state", [RunState.STOPPED, RunState.FAILED, RunState.INTERRUPTED])
    def test_only_completed_runs_are_copied(self, store, state):
        run = ended_run(store, state)
        assert code_of(StoreError, self.copy, store, run) == "run_not_completed"
        assert store.list_runs() == [run]

    def test_a_copy_that_cannot_be_made_leaves_nothing_behind(self, store):
        run, gone = recorded_run(store), recorded_run(store)
        folders = store.run_folder(run.id).parent
        (store.run_folder(gone.id) / WEIGHTS_FILE).unlink()
        assert code_of(StoreError, self.copy, store, gone) == "file_damaged"
        assert code_of(InputError, self.copy, store, run, name="") == "bad_run_name"
        assert code_of(UnknownIdError, self.copy, store, run, twin_id="0" * 32) == "unknown_run"
        assert [listed.id for listed in store.list_runs()] == [gone.id, run.id]
        assert {path.name for path in folders.iterdir()} == {run.id, gone.id}


class TestThreadsOfARun:
    def test_a_waiting_run_is_told_its_threads_in_spec_and_environment(self, store):
        run = new_run(store)
        told = store.set_threads(run.id, 1)
        assert told == replace(run, spec=run.spec | {"threads": 1}, environment={"threads": 1})
        assert store.get(run.id) == told

    def test_a_stopped_run_may_go_on_with_other_threads(self, store):
        run = ended_run(store, RunState.STOPPED)
        assert store.set_threads(run.id, 2).spec["threads"] == 2
        assert store.get(run.id).state is RunState.STOPPED

    def test_what_runs_or_is_final_keeps_its_threads(self, store):
        running, ended = start(store, new_run(store)), ended_run(store)
        assert code_of(StoreError, store.set_threads, running.id, 1) == "run_is_active"
        assert code_of(StoreError, store.set_threads, ended.id, 1) == "run_already_finished"


class TestThreads:
    def test_of_many_threads_exactly_one_starts_and_one_ends_a_run(self, store):
        run = new_run(store)
        assert self._winners(lambda: start(store, run)) == 1
        assert self._winners(lambda: store.finish_run(run.id, RunState.COMPLETED)) == 1

    def test_readers_and_writers_do_not_disturb_each_other(self, store):
        runs = [start(store, new_run(store)) for _ in range(4)]
        failures = []

        def work(run):
            try:
                for number in range(1, 26):
                    store.add_epoch(run.id, replace(EPOCH, epoch=number))
                    assert len(store.epochs(run.id)) == number
                    assert len(store.list_runs()) == 4
            except (StoreError, sqlite3.Error, AssertionError) as error:
                failures.append(error)

        self._together([lambda run=run: work(run) for run in runs])
        assert failures == []

    def _winners(self, call):
        won, barrier = [], threading.Barrier(8)

        def attempt():
            barrier.wait()
            try:
                won.append(call())
            except StoreError:
                return

        self._together([attempt] * 8)
        return len(won)

    def _together(self, calls):
        threads = [threading.Thread(target=call) for call in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


# ---- going on ----


def completed_run(store, epochs=2):
    made = store.create_run({"epochs": epochs}, role="run", name="n", environment={}, fingerprint="two")
    start(store, made)
    store.add_epoch(made.id, EPOCH)
    return store.finish_run(made.id, RunState.COMPLETED, best_epoch=1, test_accuracy=0.5, scores={"n": 3}, seconds=4.0)


def test_a_completed_run_goes_on_and_its_record_says_what_it_was(store):
    before = completed_run(store)
    waiting = store.lengthen(before.id, 5, "five")
    assert (waiting.state, waiting.spec["epochs"], waiting.fingerprint) == (RunState.QUEUED, 5, "five")
    assert (waiting.test_accuracy, waiting.scores) == (0.5, {"n": 3})
    assert start(store, before).test_accuracy is None
    store.add_epoch(before.id, replace(EPOCH, epoch=2))
    ended = store.finish_run(before.id, RunState.COMPLETED, best_epoch=2, test_accuracy=0.75, seconds=9.0)
    assert [epoch.epoch for epoch in store.epochs(before.id)] == [1, 2]
    assert ended.earlier == [
        {
            "epochs": 2,
            "fingerprint": "two",
            "recorded_from": None,
            "recorded_at": None,
            "best_epoch": 1,
            "test_accuracy": 0.5,
            "seconds": 4.0,
            "ended_at": before.ended_at,
        }
    ]
    assert store.get(before.id) == ended
    assert len(store.lengthen(before.id, 6).earlier) == 2


@pytest.mark.parametrize("state", [state for state in FINISHED if state is not RunState.COMPLETED])
def test_a_run_that_ends_before_it_goes_on_is_what_it_was(store, state):
    before = completed_run(store)
    store.lengthen(before.id, 5, "five")
    assert store.finish_run(before.id, state) == before == store.get(before.id)


def test_a_copy_that_goes_on_is_no_copy_any_more(store):
    source = completed_run(store)
    (store.run_folder(source.id) / WEIGHTS_FILE).write_bytes(b"weights")
    copy = store.copy_run(source.id, name="copy", owner="ben", role="run")
    copy = store.lengthen(copy.id, 3)
    assert (copy.recorded_from, copy.earlier[0]["recorded_from"]) == (None, source.id)


@pytest.mark.parametrize("epochs", [0, 1, 2])
def test_a_run_goes_on_for_more_epochs_only(store, epochs):
    run = completed_run(store)
    with pytest.raises(InputError) as caught:
        store.lengthen(run.id, epochs)
    assert (caught.value.code, caught.value.values["received"], caught.value.values["low"]) == ("not_longer", epochs, 3)
    assert store.get(run.id) == run


@pytest.mark.parametrize("state", [RunState.STOPPED, RunState.FAILED, RunState.INTERRUPTED])
def test_only_a_completed_run_goes_on(store, state):
    run = ended_run(store, state)
    with pytest.raises(StoreError) as caught:
        store.lengthen(run.id, 5)
    assert caught.value.code == "run_not_completed"


@pytest.mark.parametrize("has_begun", [False, True])
def test_a_run_whose_process_dies_before_it_goes_on_is_what_it_was(tmp_path, has_begun):
    with SqliteStore(tmp_path) as first:
        before = completed_run(first)
        first.lengthen(before.id, 5)
        if has_begun:
            start(first, before)
    with SqliteStore(tmp_path) as second:
        found = second.get(before.id)
    assert (found == before) != has_begun
    assert not has_begun or (found.state, found.spec["epochs"]) == (RunState.INTERRUPTED, 5)


def test_records_turn_into_plain_data_and_back(store):
    run = ended_run(store, scores={"f1": math.nan})
    data = run.to_dict()
    assert (data["state"], data["scores"]) == ("completed", {"f1": None})
    assert type(data["state"]) is str
    assert type(run).from_dict(data) == run
    assert EpochRecord(**EPOCH.to_dict()) == EPOCH
