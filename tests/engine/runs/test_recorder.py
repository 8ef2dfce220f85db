"""What a training says, and what the store then holds."""

import numpy as np
import pytest

from tests.store.memory_store import MemoryStore
from tl_core.disk.files import latest_checkpoint, save_checkpoint
from tl_core.engine.runs import going_on
from tl_core.engine.runs.recorder import Recorder, timing_key
from tl_core.errors import StoreError
from tl_core.spec import RunSpec
from tl_core.store.records import RunState
from tl_core.training.events import Ended, Epoch, Phase, Started, Step

SPEC = RunSpec(backbone="squeezenet", image_size=64, epochs=3)


def started() -> Started:
    return Started(10, 5, is_cached=True, n_train=100, n_steps=12, device="CPU")


def step(number: int, loss: float = 1.0) -> Step:
    return Step(number, 1, loss, 0.5, elapsed_s=number / 10, images=number * 32)


def epoch(number: int, seconds: float = 2.0, phase: int = 1) -> Epoch:
    return Epoch(
        number,
        train_loss=1.0,
        train_accuracy=0.4,
        val_loss=1.5,
        val_accuracy=0.3,
        seconds=seconds,
        elapsed_s=number * seconds,
        step=number * 4,
        images=number * 128,
        is_best=True,
        phase=phase,
    )


def ended(state: str = "completed", error: dict | None = None) -> Ended:
    scores = {"accuracy": 0.75, "n": 8} if state == "completed" else None
    return Ended(state, best_epoch=2, seconds=9.5, scores=scores, proof=[], error=error)


@pytest.fixture
def store():
    with MemoryStore() as store:
        yield store


def new_run(store: MemoryStore, owner: str = "local") -> str:
    return store.create_run(SPEC.to_dict(), role="run", name="test", environment={}, owner=owner).id


def test_a_whole_run_is_kept_as_it_was_told(store):
    run_id = new_run(store)
    recorder = Recorder(store, run_id, SPEC)
    for event in (started(), step(1), step(2, 0.5), epoch(1), epoch(2), ended()):
        recorder.record(event)
    record = store.get(run_id)
    assert (record.state, record.best_epoch, record.test_accuracy, record.seconds) == (RunState.COMPLETED, 2, 0.75, 9.5)
    assert (record.frozen_params, record.trainable_params, record.is_cached) == (10, 5, True)
    assert [epoch.val_loss for epoch in store.epochs(run_id)] == [1.5, 1.5]
    assert store.trace(run_id) == [[1, 0.1, 32, 1.0, 0.5], [2, 0.2, 64, 0.5, 0.5]]


def test_phases_leave_nothing_in_the_store(store):
    run_id = new_run(store)
    Recorder(store, run_id, SPEC).record(Phase("data"))
    assert store.get(run_id).state is RunState.QUEUED


def test_a_failure_keeps_its_reason_and_has_no_test_accuracy(store):
    run_id = new_run(store)
    Recorder(store, run_id, SPEC).record(ended("failed", {"code": "out_of_memory", "values": {"batch_size": 32}}))
    record = store.get(run_id)
    assert (record.state, record.test_accuracy) == (RunState.FAILED, None)
    assert record.error["code"] == "out_of_memory"


@pytest.mark.parametrize(("code", "state"), [("disk_full", RunState.INTERRUPTED), ("loss_not_finite", RunState.FAILED)])
def test_a_run_that_only_the_disk_refused_keeps_its_checkpoints_and_can_be_resumed(store, code, state):
    run_id = new_run(store)
    save_checkpoint(store.run_folder(run_id), 1, {"w": np.ones(3)}, {})
    Recorder(store, run_id, SPEC).record(ended("failed", {"code": code, "values": {}}))
    assert (store.get(run_id).state, store.get(run_id).error["code"]) == (state, code)
    assert (latest_checkpoint(store.run_folder(run_id)) is not None) == state.is_resumable


def completed(store, owner="local", size=3) -> str:
    """A run that has completed, with two checkpoints before it did."""
    run_id = new_run(store, owner)
    for number in (1, 2):
        save_checkpoint(store.run_folder(run_id), number, {"w": np.full(size, float(number))}, {})
    recorder = Recorder(store, run_id, SPEC)
    for event in (started(), ended()):
        recorder.record(event)
    return run_id


def test_a_completed_run_keeps_its_newest_checkpoint_to_go_on_from(store):
    run_id = completed(store)
    assert [path.name for path in store.run_folder(run_id).glob("checkpoint-*")] == [
        "checkpoint-0000-000002.safetensors"
    ]


def test_only_the_newest_runs_of_an_owner_keep_one(store):
    other = completed(store, "ben")
    runs = [completed(store) for _ in range(going_on.KEPT_RUNS + 2)]
    kept = [run_id for run_id in runs if latest_checkpoint(store.run_folder(run_id))]
    assert kept == runs[2:]
    assert latest_checkpoint(store.run_folder(other))


def test_a_checkpoint_that_takes_much_is_not_kept(store, monkeypatch):
    monkeypatch.setattr(going_on, "KEPT_BYTES", 1000)
    assert latest_checkpoint(store.run_folder(completed(store, size=10)))
    assert not latest_checkpoint(store.run_folder(completed(store, size=1000)))


def test_the_curve_is_kept_with_an_epoch_once_a_second_of_training(store):
    run_id = new_run(store)
    recorder = Recorder(store, run_id, SPEC)
    for event in (started(), step(1), epoch(1, seconds=0.4), step(2), epoch(2, seconds=0.4)):
        recorder.record(event)
    assert store.trace(run_id) == []
    recorder.record(epoch(3, seconds=0.4))
    assert [row[0] for row in store.trace(run_id)] == [1, 2]


def test_the_speed_is_noted_from_the_second_epoch_as_the_first_one_compiles(store):
    recorder = Recorder(store, new_run(store), SPEC)
    recorder.record(started())
    recorder.record(epoch(1, seconds=30.0))
    assert store.timing(timing_key(SPEC)) is None
    recorder.record(epoch(2, seconds=2.0))
    assert store.timing(timing_key(SPEC)) == {"epoch_s_per_image": 0.02}


def test_the_speed_of_a_head_alone_is_not_that_of_the_phase_after_it(store):
    spec = SPEC.with_changes(phases=2, n_frozen=1)
    recorder = Recorder(store, new_run(store), spec)
    recorder.record(started())
    for number in (1, 2):
        recorder.record(epoch(number, seconds=0.01))
    recorder.record(epoch(3, seconds=30.0, phase=2))
    assert store.timing(timing_key(spec)) is None
    recorder.record(epoch(4, seconds=5.0, phase=2))
    assert store.timing(timing_key(spec)) == {"epoch_s_per_image": 0.05}


def test_after_a_resume_the_first_epoch_compiles_again_and_is_not_noted(store):
    recorder = Recorder(store, new_run(store), SPEC)
    recorder.record(started())
    recorder.record(epoch(3, seconds=30.0))
    assert store.timing(timing_key(SPEC)) is None


def test_a_resumed_run_keeps_the_curve_of_its_first_part_and_replaces_what_is_done_again(store):
    run_id = new_run(store)
    first = Recorder(store, run_id, SPEC)
    for event in (started(), step(1), step(2), step(3, 7.0), ended("stopped")):
        first.record(event)
    second = Recorder(store, run_id, SPEC)
    for event in (started(), step(3, 0.2), step(4, 0.1), ended()):
        second.record(event)
    assert [(row[0], row[3]) for row in store.trace(run_id)] == [(1, 1.0), (2, 1.0), (3, 0.2), (4, 0.1)]


def test_a_resumed_run_that_cannot_begin_stays_stopped_and_keeps_its_curve(store):
    run_id = new_run(store)
    first = Recorder(store, run_id, SPEC)
    for event in (started(), step(1), ended("stopped")):
        first.record(event)
    Recorder(store, run_id, SPEC).record(ended("failed", {"code": "weights_unavailable", "values": {}}))
    assert store.get(run_id).state is RunState.STOPPED
    assert len(store.trace(run_id)) == 1


def test_a_disk_without_room_for_the_curve_costs_only_the_curve(store, monkeypatch):
    run_id = new_run(store)
    recorder = Recorder(store, run_id, SPEC)

    def refuse(*_: object) -> None:
        raise StoreError("disk_full", needed_bytes=1, free_bytes=0)

    monkeypatch.setattr(store, "save_trace", refuse)
    for event in (started(), step(1), ended()):
        recorder.record(event)
    assert store.get(run_id).state is RunState.COMPLETED


def test_runs_that_cost_the_same_share_a_speed_and_others_do_not(monkeypatch):
    key = timing_key(SPEC)
    assert timing_key(SPEC.with_changes(seed=3, epochs=99, learning_rate=0.5, head_epochs=9)) == key
    assert timing_key(SPEC.with_changes(batchnorm="frozen")) != key
    assert timing_key(SPEC.with_changes(n_frozen=1)) != key
    assert timing_key(SPEC.with_changes(image_size=96)) != key
    monkeypatch.setenv("TL_THREADS", "7")
    assert timing_key(SPEC) != key
