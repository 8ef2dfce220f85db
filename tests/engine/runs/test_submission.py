"""What was computed before is copied, not computed again."""

import pytest

from tests.engine.engine_bench import SCRATCH, SPEC, Bench, epoch
from tests.store.memory_store import MemoryStore
from tl_core.disk.files import WEIGHTS_FILE
from tl_core.engine.runs import reuse
from tl_core.errors import InputError
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.records import RunState


class Known(Bench):
    """An engine whose trainings leave weights behind, so that they may stand for others."""

    def train(self, run_id: str) -> None:
        self.worker.begin(run_id, n_steps=4)
        self.worker.tell(run_id, epoch(1))
        (self.engine.store.run_folder(run_id) / WEIGHTS_FILE).write_bytes(b"weights")
        self.worker.end(run_id)

    def submit(self, name: str = "run", **more) -> str:
        return self.engine.runs.submit(SPEC, name=name, **{"by": OPERATOR} | more).id

    def pair(self, **more):
        return self.engine.runs.submit(
            SPEC, name="run", baseline=SCRATCH, baseline_name="twin", **{"by": OPERATOR} | more
        )


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.setenv("TL_WORKERS", "1")
    made = Known(MemoryStore(), tmp_path)
    yield made
    made.engine.close()


def test_a_run_that_equals_a_finished_one_is_complete_at_once_and_says_where_it_comes_from(bench):
    first = bench.submit()
    bench.train(first)
    copy = bench.engine.runs.submit(SPEC, by=Visitor("b"), name="again")
    assert (copy.state, copy.recorded_from, copy.name, copy.owner) == (RunState.COMPLETED, first, "again", "b")
    assert bench.worker.trained() == [first]
    seen, original = bench.engine.runs.snapshot(copy.id, by=OPERATOR), bench.engine.runs.snapshot(first, by=OPERATOR)
    assert (seen.trace, seen.epochs, seen.is_active) == (original.trace, original.epochs, False)


def test_a_run_is_trained_afresh_when_that_is_asked_for(bench):
    first = bench.submit()
    bench.train(first)
    again = bench.engine.runs.submit(SPEC, by=OPERATOR, name="again", is_afresh=True)
    assert bench.worker.trained() == [first, again.id]
    assert again.recorded_from is None


def test_a_run_with_another_seed_is_trained(bench):
    first = bench.submit()
    bench.train(first)
    other = bench.engine.runs.submit(SPEC.with_changes(seed=1), by=OPERATOR, name="other")
    assert bench.worker.trained() == [first, other.id]


def test_a_pair_that_is_known_is_complete_at_once_and_linked(bench):
    known = bench.pair()
    bench.train(known.id)
    bench.train(known.twin_id)
    run = bench.pair()
    twin = bench.engine.store.get(run.twin_id)
    assert (run.state, twin.state) == (RunState.COMPLETED, RunState.COMPLETED)
    assert (run.recorded_from, twin.recorded_from) == (known.id, known.twin_id)
    assert (twin.twin_id, twin.role, twin.name) == (run.id, "baseline", "twin")
    assert bench.worker.trained() == [known.id, known.twin_id]


def test_a_known_baseline_is_linked_to_the_run_that_is_trained(bench):
    known = bench.pair()
    bench.train(known.id)
    bench.train(known.twin_id)
    run = bench.engine.runs.submit(SPEC.with_changes(learning_rate=0.5), by=OPERATOR, name="run", baseline=SCRATCH)
    twin = bench.engine.store.get(run.twin_id)
    assert (run.state, twin.state, twin.twin_id) == (RunState.QUEUED, RunState.COMPLETED, run.id)
    assert bench.worker.trained()[-1] == run.id


def test_a_baseline_begins_at_once_when_its_run_is_known(bench):
    known = bench.submit()
    bench.train(known)
    run = bench.pair()
    assert run.state is RunState.COMPLETED
    assert bench.worker.trained() == [known, run.twin_id]
    assert bench.engine.store.get(run.twin_id).twin_id == run.id


def test_half_a_pair_that_is_known_is_refused_whole(bench):
    known = bench.submit()
    bench.train(known)
    with pytest.raises(InputError):
        bench.engine.runs.submit(SPEC, by=OPERATOR, name="run", baseline=SCRATCH, baseline_name="\n")
    assert [record.id for record in bench.engine.store.list_runs()] == [known]


@pytest.mark.parametrize("error", [OSError(), InputError("unknown_dataset", received="x", allowed=[])])
def test_pictures_that_are_not_here_are_left_to_the_worker_to_complain_about(bench, monkeypatch, error):
    def refuse(spec, store) -> None:
        raise error

    monkeypatch.setattr(reuse, "fingerprint", refuse)
    run_id = bench.submit()
    assert bench.worker.trained() == [run_id]


def test_a_class_of_thirty_that_clicks_at_once_pays_for_one_pair(bench):
    runs = [bench.pair(by=Visitor(f"student {number}")) for number in range(30)]
    for known in (runs[0].id, runs[0].twin_id):
        assert bench.worker.trained()[-1] == known
        bench.train(known)
    assert bench.worker.trained() == [runs[0].id, runs[0].twin_id]
    for run in runs[1:]:
        mine, twin = bench.engine.store.get(run.id), bench.engine.store.get(run.twin_id)
        assert (mine.state, twin.state) == (RunState.COMPLETED, RunState.COMPLETED)
        assert (mine.recorded_from, twin.recorded_from) == (runs[0].id, runs[0].twin_id)
        assert (mine.owner, twin.twin_id) == (run.owner, run.id)


@pytest.mark.parametrize("state", ["failed", "stopped"])
def test_when_the_run_that_others_wait_for_ends_without_a_result_the_next_one_trains(bench, state):
    first, second = bench.submit(), bench.engine.runs.submit(SPEC, by=Visitor("b"), name="again").id
    assert bench.worker.trained() == [first]
    bench.worker.begin(first, n_steps=4)
    bench.worker.end(first, state)
    assert bench.worker.trained() == [first, second]


def test_nobody_waits_for_a_run_that_is_paused(bench):
    first, second = bench.submit(), bench.engine.runs.submit(SPEC, by=Visitor("b"), name="again").id
    bench.worker.begin(first, n_steps=4)
    assert bench.worker.trained() == [first]
    bench.engine.runs.pause(first, by=OPERATOR)
    assert bench.worker.trained() == [first, second]
