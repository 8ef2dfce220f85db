"""A look at a live run costs next to nothing, and versions say when there is something new."""

import pytest

from tests.engine.engine_bench import STARTED, Bench, epoch, step
from tests.store.memory_store import MemoryStore
from tl_core.store.access import OPERATOR


class CountingStore(MemoryStore):
    """A store that counts how often it is read."""

    n_reads = 0

    def get(self, id: str):
        self.n_reads += 1
        return super().get(id)

    def epochs(self, id: str):
        self.n_reads += 1
        return super().epochs(id)

    def trace(self, id: str):
        self.n_reads += 1
        return super().trace(id)


@pytest.fixture
def counting(tmp_path, monkeypatch):
    monkeypatch.setenv("TL_WORKERS", "1")
    made = Bench(CountingStore(), tmp_path)
    yield made
    made.engine.close()


def test_a_look_at_a_run_of_which_nothing_was_said_reads_nothing_and_copies_nothing(counting):
    run_id = counting.submit()
    counting.worker.begin(run_id, n_steps=3)
    first, n_reads = counting.engine.runs.snapshot(run_id, by=OPERATOR), counting.engine.store.n_reads
    assert counting.engine.runs.snapshot(run_id, by=OPERATOR) is first
    assert counting.engine.runs.version(run_id) == first.version
    counting.worker.tell(run_id, step(4))
    assert counting.engine.runs.snapshot(run_id, by=OPERATOR).step == 4
    assert counting.engine.store.n_reads == n_reads


def test_epochs_reach_the_snapshot_without_being_read_back(counting):
    run_id = counting.submit()
    counting.worker.begin(run_id)
    counting.engine.runs.snapshot(run_id, by=OPERATOR)
    n_reads = counting.engine.store.n_reads
    counting.worker.tell(run_id, epoch(1) | {"val_loss": float("nan")}, epoch(2))
    seen = counting.engine.runs.snapshot(run_id, by=OPERATOR).epochs
    assert counting.engine.store.n_reads == n_reads
    assert seen == tuple(counting.engine.store.epochs(run_id))
    assert seen[0].val_loss is None


def test_a_version_never_comes_again_for_a_run_that_is_resumed(counting):
    run_id, seen = counting.submit(), set()
    for state in ("stopped", "stopped", "completed"):
        for number in range(1, 4):
            counting.worker.tell(run_id, *([] if number > 1 else [STARTED]), step(number))
            assert counting.engine.runs.version(run_id) not in seen
            seen.add(counting.engine.runs.version(run_id))
        counting.worker.end(run_id, state)
        assert counting.engine.runs.version(run_id) == counting.engine.runs.snapshot(run_id, by=OPERATOR).version == 0
        if state == "stopped":
            counting.engine.runs.resume(run_id, by=OPERATOR)


def test_an_unknown_run_has_no_version(counting):
    assert counting.engine.runs.version("nobody") == 0


def test_a_live_run_that_was_renamed_shows_its_new_name(counting):
    run_id = counting.submit()
    before = counting.engine.runs.snapshot(run_id, by=OPERATOR)
    counting.engine.runs.rename(run_id, "new name", by=OPERATOR)
    after = counting.engine.runs.snapshot(run_id, by=OPERATOR)
    assert (after.record.name, after.version == before.version) == ("new name", False)
