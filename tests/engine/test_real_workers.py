"""Workers that are killed, frozen or many, in processes of their own."""

import os
import signal
from collections.abc import Iterator

import pytest
from patience import PATIENCE_S, slowness, until

from tl_core.engine.pool import worker_handle
from tl_core.engine.service import Engine
from tl_core.spec import RunSpec
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.records import RunRecord, RunState
from tl_core.store.sqlite.store import SqliteStore

TINY = RunSpec(backbone="squeezenet", image_size=64, n_frozen=9, per_class=2, epochs=2, batch_size=16)
LONG = TINY.with_changes(weights="random", n_frozen=0, per_class=None, epochs=200)
SILENCE_S = 3.0 + 2.0 * slowness()  # of a worker that is frozen, and of none that only computes


@pytest.fixture(scope="module")
def engine(tmp_path_factory) -> Iterator[Engine]:
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TL_WORKERS", "3")
        patch.setattr(worker_handle, "SILENCE_S", SILENCE_S)
        made = Engine(SqliteStore(home), home)
        until("a worker is ready", lambda: made.status().device is not None)
        yield made
        made.close()


def finished(engine: Engine, run_id: str) -> RunRecord:
    until("the run is over", lambda: not engine.runs.snapshot(run_id, by=OPERATOR).is_active)
    return engine.runs.snapshot(run_id, by=OPERATOR).record


def under_way(engine: Engine, owner: str) -> str:
    run_id = engine.runs.submit(LONG, by=Visitor(owner), name=owner, is_afresh=True).id
    until("a first step", lambda: engine.runs.snapshot(run_id, by=OPERATOR).step > 0)
    return run_id


@pytest.mark.processes
@pytest.mark.slow
def test_two_owners_train_at_once_in_two_processes_with_the_threads_that_their_records_name(engine):
    first, second = under_way(engine, "a"), under_way(engine, "b")
    assert len(engine.pids()) == 2
    assert [engine.store.get(run).spec["threads"] for run in (first, second)] == [os.cpu_count(), 1]
    for run in (first, second):
        engine.runs.stop(run, by=OPERATOR)
        assert finished(engine, run).state is RunState.STOPPED
    until("the workers let go", lambda: not any(engine._pool.holder(run) for run in (first, second)))
    engine.runs.resume(second, by=OPERATOR)
    assert engine.store.get(second).spec["threads"] == 1
    until("it trains again", lambda: engine.runs.snapshot(second, by=OPERATOR).phase == "training")
    engine.runs.stop(second, by=OPERATOR)
    assert finished(engine, second).state is RunState.STOPPED


@pytest.mark.processes
@pytest.mark.slow
@pytest.mark.parametrize("sign", [signal.SIGKILL, pytest.param(signal.SIGSTOP, marks=pytest.mark.full)], ids=str)
def test_the_run_of_a_worker_that_is_killed_or_freezes_goes_on_by_itself_to_the_end_it_would_have_had(engine, sign):
    spec = LONG.with_changes(per_class=4, epochs=12, seed=sign)
    run_id = engine.runs.submit(spec, by=Visitor("a"), name="a", is_afresh=True).id
    until("some epochs", lambda: len(engine.runs.snapshot(run_id, by=OPERATOR).epochs) > 1)
    until("the worker was heard", lambda: engine._pool.main().has_heartbeat)
    pid = engine.pids()[0]
    os.kill(pid, sign)
    until("it is lost", lambda: engine.runs.snapshot(run_id, by=OPERATOR).n_lost == 1)
    assert finished(engine, run_id).state is RunState.COMPLETED
    assert engine.pids()[0] != pid
    other = engine.runs.submit(spec, by=Visitor("a"), name="b", is_afresh=True).id
    assert finished(engine, other).state is RunState.COMPLETED
    curves = [
        [(one.epoch, one.step, one.train_loss, one.val_loss, one.val_accuracy) for one in engine.store.epochs(id)]
        for id in (run_id, other)
    ]
    assert [row[0] for row in curves[0]] == list(range(1, 13))
    assert curves[0] == curves[1]


@pytest.mark.processes
@pytest.mark.slow
def test_a_paused_run_stands_still_does_one_step_when_told_and_goes_on(engine):
    run = under_way(engine, "a")
    engine.runs.pause(run, by=OPERATOR)
    engine.requests.classify("backbone:squeezenet", [], by=OPERATOR).exception(timeout=PATIENCE_S)  # all before is said
    before = engine.runs.snapshot(run, by=OPERATOR).step
    engine.runs.step(run, by=OPERATOR)
    until("one step more", lambda: engine.runs.snapshot(run, by=OPERATOR).step == before + 1)
    engine.runs.resume_paused(run, by=OPERATOR)
    until("it goes on", lambda: engine.runs.snapshot(run, by=OPERATOR).step > before + 1)
    engine.runs.stop(run, by=OPERATOR)
    assert finished(engine, run).state is RunState.STOPPED
