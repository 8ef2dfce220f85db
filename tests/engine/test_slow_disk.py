"""While a record is being written nobody else waits, and what happens meanwhile leaves nothing half done."""

import threading
from collections.abc import Callable
from contextlib import contextmanager

import pytest
from patience import PATIENCE_S, until

from tests.engine.engine_bench import SCRATCH, SPEC, STARTED, Bench, ended, epoch
from tests.store.memory_store import MemoryStore
from tl_core.disk.files import WEIGHTS_FILE
from tl_core.engine import supervisor
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.records import RunState

WRITES = ("create_run", "start_run", "add_epoch", "finish_run", "fill_run")


class SlowStore(MemoryStore):
    """Keeps who writes waiting, before the method that it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.slow = ""
        self.arrived, self.may_go_on = threading.Event(), threading.Event()

    def be_slow(self, method: str) -> None:
        self.arrived.clear()
        self.may_go_on.clear()
        self.slow = method


def _waiting(method: str) -> Callable:
    def write(store: SlowStore, *arguments, **named):
        if store.slow == method:
            store.slow = ""
            store.arrived.set()
            assert store.may_go_on.wait(PATIENCE_S)
        return getattr(MemoryStore, method)(store, *arguments, **named)

    return write


for _method in WRITES:
    setattr(SlowStore, _method, _waiting(_method))


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.setenv("TL_WORKERS", "1")
    monkeypatch.setattr(supervisor, "STOP_PATIENCE_S", 0.05)
    made = Bench(SlowStore(), tmp_path)
    yield made
    made.engine.store.may_go_on.set()
    made.engine.close()


@contextmanager
def written_slowly(bench: Bench, method: str, act: Callable, *arguments):
    """Does something on a thread of its own that is kept waiting in a method of the store until the block is over."""
    store = bench.engine.store
    store.be_slow(method)
    acting = threading.Thread(target=act, args=arguments, daemon=True)
    acting.start()
    assert store.arrived.wait(PATIENCE_S)
    yield
    store.may_go_on.set()
    acting.join(PATIENCE_S)
    assert not acting.is_alive()


def begun(bench: Bench, name: str = "run") -> str:
    run_id = bench.submit(name)
    bench.worker.begin(run_id)
    return run_id


def looks(bench: Bench, run_id: str) -> None:
    """Looks at a run and asks for what every page asks for, as often as something has changed."""
    done = threading.Event()

    def look() -> None:
        bench.engine.runs.snapshot(run_id, by=OPERATOR)
        bench.engine.status()
        done.set()

    threading.Thread(target=look, daemon=True).start()
    assert done.wait(PATIENCE_S / 4), "a page waits for the disk"


@pytest.mark.parametrize("method", ["add_epoch", "finish_run"])
def test_a_page_does_not_wait_for_what_a_worker_says_to_be_written(bench, method):
    run_id, other = begun(bench), begun(bench, "other")
    said = epoch(1) if method == "add_epoch" else ended()
    with written_slowly(bench, method, bench.worker.tell, run_id, said):
        looks(bench, other)
        looks(bench, run_id)
        assert bench.state(run_id) is RunState.RUNNING
    seen = bench.engine.runs.snapshot(run_id, by=OPERATOR)
    assert (len(seen.epochs), seen.is_active) == ((1, True) if method == "add_epoch" else (0, False))


def test_a_page_does_not_wait_for_a_run_that_somebody_submits(bench):
    run_id = begun(bench)
    with written_slowly(bench, "create_run", bench.submit, "another"):
        looks(bench, run_id)
    assert [run.name for run in bench.engine.store.list_runs()] == ["another", "run"]


def test_a_page_does_not_wait_while_a_class_gets_its_copies_of_one_result(bench):
    ids = [bench.submit(str(number), by=Visitor(f"student {number}"), is_afresh=False) for number in range(4)]
    bench.worker.begin(ids[0])
    (bench.engine.store.run_folder(ids[0]) / WEIGHTS_FILE).write_bytes(b"weights")
    with written_slowly(bench, "fill_run", bench.worker.end, ids[0]):
        looks(bench, ids[1])
        assert [bench.state(run_id) for run_id in ids] == [RunState.COMPLETED, *[RunState.QUEUED] * 3]
        bench.engine.runs.stop(ids[2], by=OPERATOR)
        assert bench.worker.trained() == ids[:1]  # what is being copied is not trained
    assert [bench.state(run_id) for run_id in ids] == [
        RunState.COMPLETED,
        RunState.COMPLETED,
        RunState.STOPPED,
        RunState.COMPLETED,
    ]
    assert bench.worker.trained() == ids[:1]


def test_a_copy_that_breaks_down_leaves_a_run_that_is_trained(bench, monkeypatch):
    ids = [bench.submit(str(number), by=Visitor(f"student {number}"), is_afresh=False) for number in range(2)]
    bench.worker.begin(ids[0])

    def break_down(*_: object) -> None:
        raise OSError("a bad block")

    monkeypatch.setattr(bench.engine.store, "fill_run", break_down)
    with pytest.raises(OSError, match="a bad block"):
        bench.worker.end(ids[0])
    bench.submit("another")  # whatever happens next has the line looked through
    assert ids[1] in bench.worker.trained()


def test_where_there_is_nothing_to_copy_the_next_of_those_that_wait_is_trained(bench):
    ids = [bench.submit(str(number), by=Visitor(f"student {number}"), is_afresh=False) for number in range(3)]
    bench.worker.begin(ids[0])
    bench.worker.end(ids[0], "stopped")
    assert bench.worker.trained() == ids[:2]
    assert bench.state(ids[2]) is RunState.QUEUED


@pytest.mark.parametrize(
    ("method", "said"), [("start_run", STARTED), ("add_epoch", epoch(1)), ("finish_run", ended("stopped"))]
)
def test_a_stop_that_comes_while_a_record_is_written_is_the_last_word(bench, method, said):
    run_id = bench.submit()
    if method != "start_run":
        bench.worker.begin(run_id)
    with written_slowly(bench, method, bench.worker.tell, run_id, said):
        stopping = threading.Thread(target=bench.engine.runs.stop, args=[run_id], kwargs={"by": OPERATOR}, daemon=True)
        stopping.start()
        until("the worker is asked to stop", lambda: bench.worker.stopped() == [run_id])
    until("the stop is recorded", lambda: bench.engine.store.get(run_id).state is RunState.STOPPED)
    stopping.join(PATIENCE_S)
    assert not bench.engine.runs.snapshot(run_id, by=OPERATOR).is_active


def test_a_worker_that_is_lost_while_its_words_are_written_loses_none_of_them(bench):
    run_id, first = begun(bench), bench.worker
    with written_slowly(bench, "add_epoch", first.tell, run_id, epoch(1)):
        losing = threading.Thread(target=first.die, args=[-9], daemon=True)
        losing.start()
    losing.join(PATIENCE_S)
    until("the run is sent to the next worker", lambda: bench.worker.trained() == [run_id])
    assert [one.epoch for one in bench.engine.store.epochs(run_id)] == [1]
    assert [one.epoch for one in bench.engine.runs.snapshot(run_id, by=OPERATOR).epochs] == [1]
    first.tell(run_id, epoch(2))  # a ghost
    assert [one.epoch for one in bench.engine.store.epochs(run_id)] == [1]


def test_a_worker_that_is_lost_while_a_run_begins_leaves_one_that_goes_on(bench):
    run_id, first = bench.submit(), bench.worker
    with written_slowly(bench, "start_run", first.tell, run_id, STARTED):
        losing = threading.Thread(target=first.die, args=[-9], daemon=True)
        losing.start()
    losing.join(PATIENCE_S)
    until("the run is sent to the next worker", lambda: bench.worker.trained() == [run_id])
    bench.worker.begin(run_id)
    bench.worker.end(run_id)
    assert bench.state(run_id) is RunState.COMPLETED


def test_an_engine_that_closes_lets_a_record_be_finished_first(bench):
    run_id = begun(bench)
    with written_slowly(bench, "finish_run", bench.worker.tell, run_id, ended()):
        closing = threading.Thread(target=bench.engine.close, daemon=True)
        closing.start()
        until("no message is heard any more", lambda: bench.worker.is_closed)
    closing.join(PATIENCE_S)
    assert bench.engine.store.get(run_id).state is RunState.COMPLETED


def test_half_a_pair_that_is_refused_after_its_run_has_begun_is_told_to_stop(bench, monkeypatch):
    def refuse(spec, *, role, **about):
        if role == "baseline":
            bench.engine._trainings.dispatch()  # a worker says something meanwhile
            raise supervisor.TransferLabError("disk_full", needed_bytes=1, free_bytes=0)
        return MemoryStore.create_run(bench.engine.store, spec, role=role, **about)

    monkeypatch.setattr(bench.engine.store, "create_run", refuse)
    with pytest.raises(supervisor.TransferLabError):
        bench.engine.runs.submit(SPEC, by=OPERATOR, name="run", baseline=SCRATCH, is_afresh=True)
    assert bench.worker.stopped() == bench.worker.trained()
    assert [run.state for run in bench.engine.store.list_runs()] == [RunState.FAILED]
