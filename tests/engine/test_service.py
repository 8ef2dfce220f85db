"""The engine with a worker that only says what the test tells it to say."""

import random
import threading

import numpy as np
import pytest
from patience import PATIENCE_S, until

from tests.engine.engine_bench import SCRATCH, SPEC, STARTED, Bench, FakeWorker, ended, epoch, step, train
from tests.store.memory_store import MemoryStore
from tl_core.disk.files import WEIGHTS_FILE, latest_checkpoint, save_checkpoint
from tl_core.engine import supervisor
from tl_core.engine.pool.pool import MAX_ACTIVE, MAX_BAD_STARTS
from tl_core.engine.runs.estimates import Pending
from tl_core.engine.service import Engine
from tl_core.errors import InputError, StoreError, UnknownIdError, WorkerError
from tl_core.spec import RunSpec
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.records import RunState
from tl_core.store.sqlite.store import SqliteStore

FULL = StoreError("disk_full", needed_bytes=1, free_bytes=0)


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """Only the main worker: what several do is tested in test_pool."""
    monkeypatch.setenv("TL_WORKERS", "1")


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "STOP_PATIENCE_S", PATIENCE_S)  # a stop is recorded when its worker confirms it
    made = Bench(MemoryStore(), tmp_path)
    yield made
    made.engine.close()


@pytest.fixture
def unconfirmed(bench, monkeypatch):
    """Records a stop in a moment, whatever its worker says."""
    monkeypatch.setattr(supervisor, "STOP_PATIENCE_S", 0.05)


# ---- submitting ----


def test_a_run_is_sent_to_the_worker_at_once_and_its_events_reach_the_snapshot(bench):
    run_id = bench.submit()
    assert bench.worker.sent == [train(run_id, SPEC)]
    bench.worker.tell(run_id, {"event": "phase", "name": "features", "done": 3, "total": 10})
    seen = bench.engine.runs.snapshot(run_id, by=OPERATOR)
    assert (seen.phase, seen.done, seen.total, seen.is_active) == ("features", 3, 10, True)
    bench.worker.begin(run_id, n_steps=3)
    bench.worker.tell(run_id, epoch(1))
    seen = bench.engine.runs.snapshot(run_id, by=OPERATOR)
    assert (seen.record.state, seen.phase, seen.step, seen.n_steps) == (RunState.RUNNING, "training", 3, 8)
    assert [row[0] for row in seen.trace] == [1, 2, 3]
    assert [done.epoch for done in seen.epochs] == [1]


def test_a_snapshot_is_a_copy_that_later_events_do_not_change(bench):
    run_id = bench.submit()
    bench.worker.begin(run_id)
    before = bench.engine.runs.snapshot(run_id, by=OPERATOR)
    bench.worker.tell(run_id, step(2), epoch(1))
    after = bench.engine.runs.snapshot(run_id, by=OPERATOR)
    assert (before.step, len(before.trace), len(before.epochs)) == (1, 1, 0)
    assert after.version > before.version


def test_equal_versions_mean_that_nothing_was_said_in_between(bench):
    run_id = bench.submit()
    assert (
        bench.engine.runs.snapshot(run_id, by=OPERATOR).version
        == bench.engine.runs.snapshot(run_id, by=OPERATOR).version
    )


def test_a_run_is_found_by_the_beginning_of_its_id_as_well(bench):
    run_id = bench.submit()
    assert bench.engine.runs.snapshot(run_id[:10], by=OPERATOR).phase == "queued"


@pytest.mark.parametrize("received", ["", "../../etc/passwd", "0" * 32, "%", "1 OR 1=1"])
def test_an_unknown_id_is_refused(bench, received):
    with pytest.raises(UnknownIdError):
        bench.engine.runs.snapshot(received, by=OPERATOR)
    with pytest.raises(UnknownIdError):
        bench.engine.requests.classify(received, [np.zeros((4, 4, 3), np.uint8)], by=OPERATOR)


def test_a_run_that_ends_leaves_the_live_ones_and_is_complete(bench):
    run_id = bench.submit()
    bench.worker.begin(run_id)
    bench.worker.end(run_id)
    seen = bench.engine.runs.snapshot(run_id, by=OPERATOR)
    assert (seen.record.state, seen.record.test_accuracy, seen.is_active) == (RunState.COMPLETED, 0.75, False)
    assert bench.engine.status().n_active == 0


def test_the_status_names_the_device_once_the_worker_is_ready(bench):
    assert bench.engine.status().device is None
    bench.worker.say({"say": "ready", "device": "CPU"})
    assert bench.engine.status().device == "CPU"


# ---- baselines ----


def pair(bench: Bench) -> tuple[str, str]:
    record = bench.engine.runs.submit(SPEC, by=OPERATOR, name="run", baseline=SCRATCH, baseline_name="twin")
    return record.id, record.twin_id


def test_a_baseline_waits_for_the_first_step_of_its_run(bench):
    run_id, twin_id = pair(bench)
    bench.worker.tell(run_id, {"event": "phase", "name": "features", "done": 1, "total": 9}, STARTED)
    assert bench.worker.trained() == [run_id]
    bench.worker.tell(run_id, step(1))
    assert bench.worker.trained() == [run_id, twin_id]
    assert bench.worker.sent[-1] == train(twin_id, SCRATCH)
    twin = bench.engine.store.get(twin_id)
    assert (twin.role, twin.twin_id, twin.name) == ("baseline", run_id, "twin")


@pytest.mark.parametrize("state", ["failed", "stopped", "completed"])
def test_a_baseline_begins_when_its_run_ends_before_any_step(bench, state):
    run_id, twin_id = pair(bench)
    bench.worker.tell(run_id, STARTED)
    bench.worker.end(run_id, state)
    assert bench.worker.trained() == [run_id, twin_id]


def test_a_baseline_begins_when_its_waiting_run_is_stopped(bench):
    first = bench.fill()
    run_id, twin_id = pair(bench)
    bench.engine.runs.stop(run_id, by=OPERATOR)
    assert bench.position(twin_id) == 1
    bench.worker.end(first[0])
    assert bench.worker.trained()[-1] == twin_id


def test_a_baseline_begins_when_two_workers_die_under_its_run(bench):
    run_id, twin_id = pair(bench)
    bench.worker.say({"say": "ready", "device": "CPU"})
    bench.worker.die(-9)
    assert bench.worker.trained() == [run_id]
    bench.worker.die(-9)
    assert bench.state(run_id) is RunState.FAILED
    assert bench.worker.trained() == [twin_id]


@pytest.mark.usefixtures("unconfirmed")
def test_a_baseline_begins_when_the_stop_of_its_run_is_not_confirmed(bench):
    run_id, twin_id = pair(bench)
    bench.worker.tell(run_id, STARTED)
    bench.engine.runs.stop(run_id, by=OPERATOR)
    until("the baseline begins", lambda: bench.worker.trained() == [run_id, twin_id])
    assert bench.state(run_id) is RunState.STOPPED


def test_a_pair_whose_baseline_is_refused_is_refused_whole(bench):
    with pytest.raises(InputError):
        bench.engine.runs.submit(SPEC, by=OPERATOR, name="run", baseline=SCRATCH, baseline_name="\n")
    assert [record.state for record in bench.engine.store.list_runs()] == [RunState.FAILED]
    assert bench.engine.status().n_waiting == 0


# ---- the queue ----


def test_runs_beyond_the_limit_wait_in_the_order_in_which_they_came(bench):
    ids = [bench.submit(f"run {number}") for number in range(MAX_ACTIVE + 3)]
    assert bench.worker.trained() == ids[:MAX_ACTIVE]
    assert [bench.position(run_id) for run_id in ids] == [None] * MAX_ACTIVE + [1, 2, 3]
    assert bench.engine.status().n_waiting == 3
    bench.worker.end(ids[1])
    assert bench.worker.trained() == ids[: MAX_ACTIVE + 1]
    assert [bench.position(run_id) for run_id in ids[MAX_ACTIVE:]] == [None, 1, 2]


def test_a_run_that_moves_up_in_the_queue_has_a_new_version(bench):
    ids = [bench.submit(f"run {number}") for number in range(MAX_ACTIVE + 2)]
    before = bench.engine.runs.snapshot(ids[-1], by=OPERATOR)
    bench.worker.end(ids[0])
    after = bench.engine.runs.snapshot(ids[-1], by=OPERATOR)
    assert (before.queue_position, after.queue_position) == (2, 1)
    assert after.version > before.version


def test_the_slot_of_a_run_is_free_only_when_the_worker_has_let_go_of_it(bench):
    ids = [bench.submit(f"run {number}") for number in range(MAX_ACTIVE + 1)]
    bench.worker.tell(ids[0], ended("failed"))
    assert len(bench.worker.trained()) == MAX_ACTIVE
    bench.worker.say({"say": "ended", "run_id": ids[0]})
    assert bench.worker.trained() == ids


# ---- stopping ----


def test_a_waiting_run_is_stopped_without_the_worker(bench):
    bench.fill()
    waiting = bench.submit("late")
    bench.engine.runs.stop(waiting, by=OPERATOR)
    assert bench.state(waiting) is RunState.STOPPED
    assert bench.worker.stopped() == []
    assert waiting not in bench.worker.trained()


def test_a_stop_that_the_worker_confirms_is_recorded_as_it_says(bench):
    run_id = bench.submit()
    bench.worker.begin(run_id)
    bench.engine.runs.stop(run_id, by=OPERATOR)
    assert bench.worker.stopped() == [run_id]
    assert bench.engine.runs.snapshot(run_id, by=OPERATOR).is_stopping
    bench.worker.tell(run_id, epoch(1), ended("stopped") | {"best_epoch": 1})
    record = bench.engine.runs.snapshot(run_id, by=OPERATOR).record
    assert (record.state, record.best_epoch, record.seconds) == (RunState.STOPPED, 1, 9.5)


def test_pressing_stop_twice_asks_the_worker_once(bench):
    run_id = bench.submit()
    bench.engine.runs.stop(run_id, by=OPERATOR)
    bench.engine.runs.stop(run_id, by=OPERATOR)
    assert bench.worker.stopped() == [run_id]


@pytest.mark.usefixtures("unconfirmed")
def test_a_stop_that_nobody_confirms_is_recorded_anyway_with_what_is_on_the_disk(bench):
    run_id = bench.submit()
    bench.worker.begin(run_id, n_steps=4)
    bench.worker.tell(run_id, epoch(1))
    bench.engine.runs.stop(run_id, by=OPERATOR)
    until("the stop is recorded", lambda: bench.state(run_id) is RunState.STOPPED)
    record = bench.engine.runs.snapshot(run_id, by=OPERATOR).record
    assert (record.best_epoch, record.seconds) == (None, 0.4)  # no weights are on the disk yet
    assert [row[0] for row in bench.engine.runs.snapshot(run_id, by=OPERATOR).trace] == [1, 2, 3, 4]


def test_a_stop_is_recorded_within_a_second_though_the_worker_says_nothing(tmp_path, monkeypatch):
    timers: list[threading.Timer] = []

    class TurnedByHand(threading.Timer):
        def start(self) -> None:
            timers.append(self)

    bench = Bench(MemoryStore(), tmp_path)
    run_id = bench.submit()
    bench.worker.begin(run_id)
    monkeypatch.setattr(threading, "Timer", TurnedByHand)
    bench.engine.runs.stop(run_id, by=OPERATOR)
    assert bench.state(run_id) is not RunState.STOPPED
    (timer,) = timers
    assert 0 < timer.interval < 1.0
    timer.function(*timer.args)
    assert bench.state(run_id) is RunState.STOPPED
    bench.engine.close()


@pytest.mark.usefixtures("unconfirmed")
def test_what_the_worker_says_after_an_unconfirmed_stop_changes_nothing(bench):
    run_id = bench.submit()
    bench.worker.begin(run_id)
    bench.engine.runs.stop(run_id, by=OPERATOR)
    until("the stop is recorded", lambda: bench.state(run_id) is RunState.STOPPED)
    before = bench.engine.runs.snapshot(run_id, by=OPERATOR)
    bench.worker.tell(run_id, step(2), epoch(1), ended("completed"))
    bench.worker.say({"say": "ended", "run_id": run_id})
    assert bench.engine.runs.snapshot(run_id, by=OPERATOR) == before


@pytest.mark.usefixtures("unconfirmed")
def test_an_unconfirmed_stop_keeps_its_slot_until_the_worker_lets_go(bench):
    ids = bench.fill()
    waiting = bench.submit("late")
    bench.engine.runs.stop(ids[0], by=OPERATOR)
    until("the stop is recorded", lambda: bench.state(ids[0]) is RunState.STOPPED)
    assert waiting not in bench.worker.trained()
    bench.worker.end(ids[0], "stopped")
    assert bench.worker.trained()[-1] == waiting


def test_stopping_a_finished_run_does_nothing_and_an_unknown_one_is_refused(bench):
    run_id = bench.submit()
    bench.worker.begin(run_id)
    bench.worker.end(run_id)
    bench.engine.runs.stop(run_id, by=OPERATOR)
    with pytest.raises(UnknownIdError):
        bench.engine.runs.stop("nobody", by=OPERATOR)
    assert bench.worker.stopped() == []


# ---- resuming ----


def stopped_run(bench: Bench) -> str:
    run_id = bench.submit()
    bench.worker.begin(run_id, n_steps=2)
    bench.engine.runs.stop(run_id, by=OPERATOR)
    bench.worker.end(run_id, "stopped")
    return run_id


def test_a_stopped_run_is_sent_again_and_goes_on_with_its_curve(bench):
    run_id = stopped_run(bench)
    bench.engine.runs.resume(run_id, by=OPERATOR)
    assert bench.worker.sent[-1] == train(run_id, SPEC, is_resumed=True, attempt=3)
    assert bench.engine.runs.snapshot(run_id, by=OPERATOR).is_active
    bench.worker.tell(run_id, STARTED, step(3))
    assert [row[0] for row in bench.engine.runs.snapshot(run_id, by=OPERATOR).trace] == [1, 2, 3]
    bench.worker.end(run_id)
    assert bench.state(run_id) is RunState.COMPLETED


@pytest.mark.usefixtures("unconfirmed")
def test_a_run_that_the_worker_has_not_let_go_of_is_resumed_only_afterwards(bench):
    run_id = bench.submit()
    bench.worker.begin(run_id)
    bench.engine.runs.stop(run_id, by=OPERATOR)
    until("the stop is recorded", lambda: bench.state(run_id) is RunState.STOPPED)
    bench.engine.runs.resume(run_id, by=OPERATOR)
    assert bench.worker.trained() == [run_id]  # the first time
    bench.worker.tell(run_id, step(2), ended("stopped"))  # of the earlier part: late
    bench.worker.say({"say": "ended", "run_id": run_id})
    assert bench.worker.trained() == [run_id, run_id]
    assert bench.engine.runs.snapshot(run_id, by=OPERATOR).is_active
    bench.worker.begin(run_id)
    assert bench.state(run_id) is RunState.RUNNING


def test_only_what_was_stopped_or_interrupted_can_be_resumed(bench):
    active, done = bench.submit(), bench.submit()
    bench.worker.begin(done)
    bench.worker.end(done)
    with pytest.raises(StoreError) as caught:
        bench.engine.runs.resume(active, by=OPERATOR)
    assert caught.value.code == "run_is_active"
    with pytest.raises(StoreError) as caught:
        bench.engine.runs.resume(done, by=OPERATOR)
    assert caught.value.code == "run_already_finished"


def completed(bench: Bench, run_id: str, n_epochs: int = 2) -> str:
    bench.worker.begin(run_id, n_steps=2)
    bench.worker.tell(run_id, *(epoch(number + 1) for number in range(n_epochs)))
    bench.worker.end(run_id)
    return run_id


def completed_pair(bench: Bench, **more) -> tuple[str, str]:
    """A run and its baseline that have both completed."""
    run_id = bench.submit(baseline=SCRATCH, **more)
    twin_id = bench.engine.runs.find(run_id, by=OPERATOR).twin_id
    return completed(bench, run_id), completed(bench, twin_id)


def test_a_completed_run_goes_on_for_more_epochs_and_its_baseline_with_it(bench):
    run_id, twin_id = completed_pair(bench)
    bench.engine.runs.go_on(run_id, 5, by=OPERATOR)
    assert bench.worker.sent[-1] == train(run_id, SPEC.with_changes(epochs=5), is_resumed=True, attempt=4)
    seen = bench.engine.runs.snapshot(run_id, by=OPERATOR)
    assert (seen.is_active, [done.epoch for done in seen.epochs]) == (True, [1, 2])
    assert bench.position(twin_id) == 1
    bench.worker.tell(run_id, STARTED, step(3))
    assert bench.worker.sent[-1] == train(twin_id, SCRATCH.with_changes(epochs=5), is_resumed=True, attempt=4)
    bench.worker.tell(run_id, epoch(3), epoch(4), epoch(5))
    bench.worker.end(run_id)
    record = bench.engine.runs.snapshot(run_id, by=OPERATOR).record
    assert (record.state, record.earlier[0]["epochs"], record.twin_id) == (RunState.COMPLETED, 2, twin_id)


def test_of_a_pair_either_may_be_asked_to_go_on(bench):
    run_id, twin_id = completed_pair(bench)
    bench.engine.runs.go_on(twin_id, 3, by=OPERATOR)
    assert bench.worker.trained()[-1] == twin_id
    assert bench.engine.runs.snapshot(run_id, by=OPERATOR).record.spec["epochs"] == 3


def test_a_run_that_is_stopped_before_it_goes_on_is_what_it_was(bench):
    run_id, twin_id = completed_pair(bench)
    before = [bench.engine.runs.find(id, by=OPERATOR) for id in (run_id, twin_id)]
    bench.fill()
    bench.engine.runs.go_on(run_id, 5, by=OPERATOR)
    for id in (run_id, twin_id):
        bench.engine.runs.stop(id, by=OPERATOR)
    assert [bench.engine.runs.find(id, by=OPERATOR) for id in (run_id, twin_id)] == before


def test_a_run_whose_rate_has_come_down_to_nothing_cannot_go_on(bench):
    run_id = completed(bench, bench.submit(spec=SPEC.with_changes(schedule="cosine")))
    with pytest.raises(InputError) as caught:
        bench.engine.runs.go_on(run_id, 5, by=OPERATOR)
    assert caught.value.code == "cosine_is_over"


def test_a_run_that_patience_has_ended_or_that_waits_cannot_go_on(bench):
    early = completed(bench, bench.submit(), n_epochs=1)
    with pytest.raises(InputError) as caught:
        bench.engine.runs.go_on(early, 5, by=OPERATOR)
    assert (caught.value.code, caught.value.values["epochs"]) == ("ended_early", 1)
    run_id, _ = completed_pair(bench)
    bench.engine.runs.go_on(run_id, 5, by=OPERATOR)
    with pytest.raises(StoreError) as caught:
        bench.engine.runs.go_on(run_id, 6, by=OPERATOR)
    assert caught.value.code == "run_is_active"


def test_a_run_whose_pictures_are_gone_cannot_go_on_and_keeps_what_it_found(bench):
    run_id = bench.submit(spec=SPEC.with_changes(dataset="own-0123456789abcdef"), by=OPERATOR)
    completed(bench, run_id)
    before = bench.engine.runs.find(run_id, by=OPERATOR)
    with pytest.raises(UnknownIdError):
        bench.engine.runs.go_on(run_id, 5, by=OPERATOR)
    assert bench.engine.runs.find(run_id, by=OPERATOR) == before


@pytest.mark.parametrize(("epochs", "code"), [(2, "not_longer"), (0, "not_longer"), (501, "spec_range")])
def test_a_run_goes_on_only_for_more_epochs_than_it_had_and_no_more_than_a_run_may_have(bench, epochs, code):
    run_id, twin_id = completed_pair(bench)
    before = [bench.engine.runs.find(id, by=OPERATOR) for id in (run_id, twin_id)]
    with pytest.raises(InputError) as caught:
        bench.engine.runs.go_on(run_id, epochs, by=OPERATOR)
    assert caught.value.code == code
    assert [bench.engine.runs.find(id, by=OPERATOR) for id in (run_id, twin_id)] == before


def test_a_copy_goes_on_from_where_the_run_that_was_trained_has_ended(bench):
    source = completed(bench, bench.submit(is_afresh=False))
    save_checkpoint(bench.engine.store.run_folder(source), 2, {"w": np.ones(2)}, {})
    weights = bench.engine.store.run_folder(source) / WEIGHTS_FILE
    weights.write_bytes(b"weights")
    copy = bench.submit(is_afresh=False)
    assert bench.engine.runs.find(copy, by=OPERATOR).recorded_from == source
    bench.engine.runs.go_on(copy, 3, by=OPERATOR)
    assert latest_checkpoint(bench.engine.store.run_folder(copy))[0] == 2
    assert bench.engine.runs.find(copy, by=OPERATOR).recorded_from is None


def test_a_copy_takes_no_checkpoint_of_a_run_that_has_gone_on_since(bench):
    source = completed(bench, bench.submit(is_afresh=False))
    (bench.engine.store.run_folder(source) / WEIGHTS_FILE).write_bytes(b"weights")
    copy = bench.submit(is_afresh=False)
    save_checkpoint(bench.engine.store.run_folder(source), 5, {"w": np.ones(2)}, {})
    bench.engine.runs.go_on(copy, 3, by=OPERATOR)
    assert latest_checkpoint(bench.engine.store.run_folder(copy)) is None


def test_half_a_pair_that_the_disk_refuses_leaves_the_whole_as_it_was(bench, monkeypatch):
    run_id, twin_id = completed_pair(bench)
    before = [bench.engine.runs.find(id, by=OPERATOR) for id in (run_id, twin_id)]
    store, lengthen = bench.engine.store, bench.engine.store.lengthen

    def refuse_the_twin(id, *told):
        if id == twin_id:
            raise FULL
        return lengthen(id, *told)

    monkeypatch.setattr(store, "lengthen", refuse_the_twin)
    with pytest.raises(StoreError):
        bench.engine.runs.go_on(run_id, 5, by=OPERATOR)
    assert [bench.engine.runs.find(id, by=OPERATOR) for id in (run_id, twin_id)] == before


def test_a_resumed_run_that_is_stopped_while_it_waits_stays_as_it_was(bench):
    run_id = stopped_run(bench)
    before = bench.engine.runs.snapshot(run_id, by=OPERATOR)
    bench.fill()
    bench.engine.runs.resume(run_id, by=OPERATOR)
    bench.engine.runs.stop(run_id, by=OPERATOR)
    assert bench.engine.runs.snapshot(run_id, by=OPERATOR) == before


# ---- the worker dies ----


def begun(bench: Bench) -> str:
    """The id of a run under way that has finished an epoch."""
    run_id = bench.submit()
    bench.worker.say({"say": "ready", "device": "CPU"})
    bench.worker.begin(run_id)
    bench.worker.tell(run_id, epoch(1))
    return run_id


def test_runs_of_a_dead_worker_go_on_by_themselves_before_all_that_wait(bench):
    ids = [bench.submit(f"run {number}") for number in range(MAX_ACTIVE + 2)]
    bench.worker.say({"say": "ready", "device": "CPU"})
    for run_id in ids[:2]:
        bench.worker.begin(run_id)
    bench.worker.die(-9)
    assert len(bench.workers) == 2
    assert bench.worker.trained() == ids[:MAX_ACTIVE]
    resumed = {message["run_id"]: message["is_resumed"] for message in bench.worker.sent if message["do"] == "train"}
    assert [resumed[run_id] for run_id in ids[:MAX_ACTIVE]] == [True, True, False, False]
    for run_id in ids[:MAX_ACTIVE]:
        seen = bench.engine.runs.snapshot(run_id, by=OPERATOR)
        assert (seen.is_active, seen.n_lost) == (True, 1)
    bench.worker.begin(ids[0])
    bench.worker.end(ids[0])
    assert bench.state(ids[0]) is RunState.COMPLETED


def test_what_a_run_has_finished_is_there_while_it_waits_and_its_record_says_what_happened(bench):
    run_id = begun(bench)
    bench.engine.classroom.hold(True, by=OPERATOR)
    bench.worker.die(-11)
    seen = bench.engine.runs.snapshot(run_id, by=OPERATOR)
    assert (seen.is_active, seen.phase, [one.epoch for one in seen.epochs]) == (True, "queued", [1])
    assert (seen.record.state, seen.record.error["code"]) == (RunState.INTERRUPTED, "worker_died")
    bench.engine.classroom.hold(False, by=OPERATOR)
    bench.worker.begin(run_id)
    seen = bench.engine.runs.snapshot(run_id, by=OPERATOR)
    assert (seen.record.state, seen.record.error, seen.n_lost) == (RunState.RUNNING, None, 1)


def test_the_second_lost_worker_ends_a_run_with_the_reason_and_it_is_resumed_by_hand(bench):
    run_id = begun(bench)
    checkpoint = bench.engine.store.run_folder(run_id) / "checkpoint-000001.safetensors"
    checkpoint.touch()
    bench.worker.die(-11)
    bench.worker.begin(run_id)
    bench.worker.die(-11)
    seen = bench.engine.runs.snapshot(run_id, by=OPERATOR)
    assert (seen.is_active, seen.record.state) == (False, RunState.FAILED)
    assert seen.record.error == {"code": "worker_died", "values": {"status": -11}}
    assert checkpoint.exists()
    bench.engine.runs.resume(run_id, by=OPERATOR)
    assert bench.worker.trained() == [run_id]
    bench.worker.begin(run_id)
    bench.worker.die(-11)
    assert bench.worker.trained() == [run_id]  # what was resumed by hand has its own second try
    assert bench.engine.runs.snapshot(run_id, by=OPERATOR).n_lost == 1


def test_a_run_that_failed_by_itself_is_not_resumed(bench):
    run_id = begun(bench)
    bench.worker.tell(run_id, ended("failed", {"code": "loss_not_finite", "values": {}}))
    with pytest.raises(StoreError, match="run_already_finished"):
        bench.engine.runs.resume(run_id, by=OPERATOR)


def test_a_run_that_somebody_was_stopping_is_stopped_when_its_worker_dies(bench):
    run_id = begun(bench)
    bench.engine.runs.stop(run_id, by=OPERATOR)
    bench.worker.die(-9)
    assert bench.state(run_id) is RunState.STOPPED
    assert bench.worker.trained() == []


def test_a_run_that_somebody_paused_waits_for_a_hand_when_its_worker_dies(bench):
    run_id = begun(bench)
    bench.engine.runs.pause(run_id, by=OPERATOR)
    bench.worker.die(-9)
    assert bench.state(run_id) is RunState.INTERRUPTED
    assert bench.worker.trained() == []
    bench.engine.runs.resume(run_id, by=OPERATOR)
    assert bench.worker.trained() == [run_id]


def test_a_store_that_does_not_answer_leaves_no_run_of_a_dead_worker_without_an_end(bench, monkeypatch):
    ids = [begun(bench), bench.submit("not begun"), begun(bench)]
    real, refused = bench.engine.store.epochs, ids[:2]

    def refuse(id: str) -> list:
        if id in refused:
            raise StoreError("store_busy", path="runs.sqlite")
        return real(id)

    monkeypatch.setattr(bench.engine.store, "epochs", refuse)
    bench.worker.die(-9)
    assert [bench.engine.store.get(run_id).state for run_id in refused] == [RunState.INTERRUPTED] * 2
    assert bench.worker.trained() == ids[2:]
    refused.clear()
    bench.engine.runs.resume(ids[1], by=OPERATOR)
    assert ids[1] in bench.worker.trained()


def test_a_completed_run_that_was_to_go_on_does_so_although_its_worker_dies_before_it_begins(bench):
    run_id = begun(bench)
    bench.worker.tell(run_id, *(epoch(number) for number in range(2, SPEC.epochs + 1)))
    bench.worker.end(run_id)
    bench.engine.runs.go_on(run_id, SPEC.epochs + 2, by=OPERATOR)
    bench.worker.die(-9)
    assert bench.worker.trained() == [run_id]
    assert bench.state(run_id) is RunState.QUEUED


def test_the_worker_is_told_which_epochs_are_recorded(bench):
    run_id = begun(bench)
    told = [message for message in bench.worker.sent if message["do"] == "recorded"]
    assert told == [{"do": "recorded", "run_id": run_id, "epoch": 1}]


def test_epochs_that_a_checkpoint_hands_over_are_in_the_record_and_on_the_page(bench):
    run_id = begun(bench)
    rows = [{name: value for name, value in epoch(number).items() if name != "event"} for number in (1, 2)]
    bench.worker.tell(run_id, {"event": "recovered", "epochs": rows})
    assert [one.epoch for one in bench.engine.store.epochs(run_id)] == [1, 2]
    assert [one.epoch for one in bench.engine.runs.snapshot(run_id, by=OPERATOR).epochs] == [1, 2]
    assert bench.worker.sent[-1] == {"do": "recorded", "run_id": run_id, "epoch": 2}


@pytest.mark.usefixtures("unconfirmed")
def test_a_dead_worker_frees_the_slots_of_unconfirmed_stops(bench):
    ids = bench.fill()
    waiting = bench.submit("late")
    bench.engine.runs.stop(ids[0], by=OPERATOR)
    until("the stop is recorded", lambda: bench.state(ids[0]) is RunState.STOPPED)
    bench.worker.die(-9)
    assert bench.state(ids[0]) is RunState.STOPPED
    assert bench.worker.trained() == [*ids[1:], waiting]


def test_a_dead_worker_leaves_no_question_unanswered(bench):
    future = bench.engine.requests.classify("backbone:squeezenet", [np.zeros((4, 4, 3), np.uint8)], by=OPERATOR)
    bench.worker.die(-11)
    assert isinstance(future.exception(timeout=PATIENCE_S), WorkerError)
    assert list((bench.home / "uploads").iterdir()) == []


def test_workers_that_never_get_ready_are_not_started_for_ever(bench):
    waiting = [bench.submit(f"run {number}") for number in range(MAX_ACTIVE + 1)]
    for _ in range(MAX_BAD_STARTS):
        bench.worker.die(1)
    assert len(bench.workers) == MAX_BAD_STARTS
    assert {bench.state(run_id) for run_id in waiting} == {RunState.FAILED}
    run_id = bench.submit("another try")
    assert len(bench.workers) == MAX_BAD_STARTS + 1
    bench.worker.say({"say": "ready", "device": "CPU"})
    bench.worker.begin(run_id)
    bench.worker.die(-9)
    assert len(bench.workers) == MAX_BAD_STARTS + 2  # it was ready once, so the next one is started at once


def test_a_run_that_ends_without_a_word_has_failed(bench):
    run_id = bench.submit()
    bench.worker.say({"say": "ended", "run_id": run_id, "error": {"code": "request_failed", "values": {"reason": "x"}}})
    record = bench.engine.runs.snapshot(run_id, by=OPERATOR).record
    assert (record.state, record.error["code"]) == (RunState.FAILED, "request_failed")


# ---- a store that refuses ----


@pytest.mark.parametrize("refusing", ["start_run", "add_epoch"])
def test_a_full_disk_interrupts_the_run_and_nothing_else(bench, monkeypatch, refusing):
    run_id, other = bench.submit(), bench.submit()

    def refuse(*_: object, **__: object) -> None:
        raise FULL

    with monkeypatch.context() as patch:
        patch.setattr(bench.engine.store, refusing, refuse)
        bench.worker.tell(run_id, STARTED, step(1), epoch(1))
    record = bench.engine.runs.snapshot(run_id, by=OPERATOR).record
    assert (record.state, record.error["code"]) == (RunState.INTERRUPTED, "disk_full")
    assert bench.worker.stopped() == [run_id]
    bench.worker.end(run_id, "stopped")  # late: ignored
    assert bench.state(run_id) is RunState.INTERRUPTED
    bench.worker.begin(other)
    bench.worker.end(other)
    assert bench.state(other) is RunState.COMPLETED


def test_an_end_that_cannot_be_written_is_shown_at_once_and_written_when_there_is_room(bench, monkeypatch):
    run_id, other = bench.submit(), bench.submit()
    bench.worker.begin(run_id)

    def refuse(*_: object, **__: object) -> None:
        raise FULL

    with monkeypatch.context() as patch:
        patch.setattr(bench.engine.store, "finish_run", refuse)
        bench.worker.end(run_id)
        assert bench.state(run_id) is RunState.INTERRUPTED
        assert bench.engine.store.get(run_id).state is RunState.RUNNING
        bench.worker.begin(other)
        assert bench.engine.store.get(run_id).state is RunState.RUNNING
    bench.worker.tell(other, step(2))
    record = bench.engine.store.get(run_id)
    assert (record.state, record.error["code"]) == (RunState.INTERRUPTED, "disk_full")


def test_an_end_is_written_when_there_is_room_even_if_no_worker_says_anything_any_more(tmp_path):
    bench = Bench(SqliteStore(tmp_path / "home"), tmp_path)
    run_id = bench.submit()
    bench.worker.begin(run_id)
    (tmp_path / "home").rename(tmp_path / "away")
    assert bench.engine.store.trouble().code == "home_not_writable"
    bench.worker.tell(run_id, epoch(1))
    bench.worker.say({"say": "ended", "run_id": run_id})
    record = bench.engine.runs.snapshot(run_id, by=OPERATOR).record
    assert (record.state, record.error["code"]) == (RunState.INTERRUPTED, "home_not_writable")
    (tmp_path / "away").rename(tmp_path / "home")
    until("the end is written", lambda: bench.engine.store.get(run_id).state is RunState.INTERRUPTED)
    bench.engine.runs.resume(run_id, by=OPERATOR)
    bench.worker.begin(run_id)
    bench.worker.end(run_id)
    assert bench.state(run_id) is RunState.COMPLETED
    bench.engine.close()


def test_a_run_whose_folder_cannot_be_made_is_interrupted_and_the_next_one_is_sent(bench, monkeypatch):
    store = bench.engine.store
    make = store.run_folder
    refused = iter([FULL])

    def refuse_once(run_id: str):
        error = next(refused, None)
        if error is not None:
            raise error
        return make(run_id)

    monkeypatch.setattr(store, "run_folder", refuse_once)
    first, second = bench.submit(), bench.submit()
    assert bench.state(first) is RunState.INTERRUPTED
    assert bench.worker.trained() == [second]


def test_a_run_that_another_process_trains_is_left_alone(bench):
    run_id = stopped_run(bench)
    bench.engine.runs.resume(run_id, by=OPERATOR)
    bench.engine.store.start_run(run_id, frozen_params=0, trainable_params=1, is_cached=False)  # the other process
    bench.worker.tell(run_id, STARTED)
    assert bench.engine.store.get(run_id).state is RunState.RUNNING
    assert bench.worker.stopped()[-1] == run_id
    assert bench.engine.status().n_active == 0


# ---- after a restart ----


def test_a_finished_run_looks_the_same_after_a_restart(tmp_path):
    first = Bench(SqliteStore(tmp_path), tmp_path)
    run_id = first.submit()
    first.worker.begin(run_id, n_steps=1000)
    first.worker.tell(run_id, epoch(1))
    live = first.engine.runs.snapshot(run_id, by=OPERATOR)
    first.worker.end(run_id)
    done = first.engine.runs.snapshot(run_id, by=OPERATOR)
    assert (done.trace, done.epochs) == (live.trace, live.epochs)
    first.engine.close()
    second = Bench(SqliteStore(tmp_path), tmp_path)
    assert second.engine.runs.snapshot(run_id, by=OPERATOR) == done
    second.engine.close()


def test_closing_interrupts_what_runs_and_what_waits_and_both_can_be_resumed(tmp_path):
    first = Bench(SqliteStore(tmp_path), tmp_path)
    ids = [first.submit(f"run {number}") for number in range(MAX_ACTIVE + 1)]
    first.worker.begin(ids[0], n_steps=3)
    future = first.engine.requests.classify("backbone:squeezenet", [np.zeros((4, 4, 3), np.uint8)], by=OPERATOR)
    first.engine.close()
    first.engine.close()
    assert first.worker.is_closed
    assert isinstance(future.exception(timeout=PATIENCE_S), WorkerError)
    second = Bench(SqliteStore(tmp_path), tmp_path)
    assert {second.state(run_id) for run_id in ids} == {RunState.INTERRUPTED}
    assert len(second.engine.runs.snapshot(ids[0], by=OPERATOR).trace) == 3
    for run_id in (ids[0], ids[-1]):
        second.engine.runs.resume(run_id, by=OPERATOR)
    assert second.worker.trained() == [ids[0], ids[-1]]
    second.engine.close()


def test_a_closed_engine_hears_and_starts_nothing_any_more(bench):
    run_id = bench.submit()
    worker = bench.worker
    bench.engine.close()
    worker.begin(run_id)
    worker.die(-9)
    assert len(bench.workers) == 1


def test_a_renamed_run_shows_its_new_name_and_a_deleted_one_is_gone(bench):
    run_id = bench.submit()
    bench.worker.begin(run_id)
    bench.worker.end(run_id)
    bench.engine.runs.snapshot(run_id, by=OPERATOR)
    bench.engine.store.rename(run_id, "new name", by=OPERATOR)
    assert bench.engine.runs.snapshot(run_id, by=OPERATOR).record.name == "new name"
    bench.engine.store.delete(run_id, by=OPERATOR)
    with pytest.raises(UnknownIdError):
        bench.engine.runs.snapshot(run_id, by=OPERATOR)


# ---- requests ----


def test_pictures_travel_by_file_and_the_file_is_gone_after_the_answer(bench):
    images = [np.full((size, 5, 3), size, np.uint8) for size in (3, 12, 2)]
    future = bench.engine.requests.classify("backbone:squeezenet", images, by=OPERATOR)
    (message,) = bench.worker.sent
    with np.load(message["images"]) as file:
        assert [file[name].shape for name in sorted(file.files)] == [(3, 5, 3), (12, 5, 3), (2, 5, 3)]
    bench.worker.say({"say": "answer", "request_id": message["request_id"], "value": [[0.5, 0.5]]})
    assert future.result(timeout=PATIENCE_S) == [[0.5, 0.5]]
    assert list((bench.home / "uploads").iterdir()) == []


def test_an_answer_may_be_an_error_and_an_unexpected_answer_is_ignored(bench):
    future = bench.engine.requests.classify("backbone:nothing", [np.zeros((4, 4, 3), np.uint8)], by=OPERATOR)
    error = {"code": "unknown_backbone", "values": {"received": "nothing", "allowed": []}}
    for request_id in (bench.worker.sent[-1]["request_id"], "request:nobody"):
        bench.worker.say({"say": "answer", "request_id": request_id, "error": error})
    assert future.exception(timeout=PATIENCE_S).code == "unknown_backbone"


def test_a_question_cannot_be_cancelled_under_the_worker(bench):
    future = bench.engine.requests.classify("backbone:squeezenet", [np.zeros((4, 4, 3), np.uint8)], by=OPERATOR)
    assert not future.cancel()
    bench.worker.say({"say": "answer", "request_id": bench.worker.sent[-1]["request_id"], "value": []})
    assert future.result(timeout=PATIENCE_S) == []


def test_why_is_asked_with_one_picture_by_file_and_with_every_parameter(bench):
    run_id = bench.submit()
    future = bench.engine.requests.explain(run_id[:8], np.full((6, 5, 3), 7, np.uint8), by=OPERATOR, method="occlusion")
    message = bench.worker.sent[-1]
    assert (message["do"], message["subject"]) == ("explain_picture", run_id)
    assert message["parameters"] == {"image": 0, "block": "", "method": "occlusion", "target": None}
    with np.load(message["images"]) as file:
        assert [file[name].shape for name in file.files] == [(6, 5, 3)]
    bench.worker.say({"say": "answer", "request_id": message["request_id"], "value": {"cells": [[1.0]]}})
    assert future.result(timeout=PATIENCE_S) == {"cells": [[1.0]]}
    assert list((bench.home / "uploads").iterdir()) == []


def test_who_may_not_see_a_run_cannot_ask_it_why_nor_have_it_built_ahead(bench):
    run_id, n_sent = bench.submit(), len(bench.worker.sent)
    by = Visitor("somebody")
    with pytest.raises(UnknownIdError):
        bench.engine.requests.explain(run_id, np.zeros((4, 4, 3), np.uint8), by=by)
    with pytest.raises(UnknownIdError):
        bench.engine.requests.explain_ahead([run_id], by=by)
    with pytest.raises(InputError):
        bench.engine.requests.explain(run_id, np.zeros((4, 4, 3), np.uint8), by=OPERATOR, colour="red")
    assert len(bench.worker.sent) == n_sent
    assert not (bench.home / "uploads").exists() or list((bench.home / "uploads").iterdir()) == []


def test_the_beginning_of_an_id_reaches_the_worker_as_the_whole_id(bench):
    run_id = bench.submit()
    bench.engine.requests.classify(run_id[:8], [np.zeros((4, 4, 3), np.uint8)], by=OPERATOR)
    assert bench.worker.sent[-1]["subject"] == run_id


def test_a_split_is_scored_once_for_everybody_who_may_see_the_run(bench):
    run_id = bench.submit()
    bench.worker.begin(run_id, n_steps=2)
    bench.worker.tell(run_id, epoch(1), ended() | {"best_epoch": 1})
    future = bench.engine.requests.evaluate(run_id, "train", by=OPERATOR)
    asked = bench.worker.sent[-1]
    record = bench.engine.runs.find(run_id, by=OPERATOR)
    assert (asked["do"], asked["subject"], asked["split"], asked["spec"]) == ("evaluate", run_id, "train", record.spec)
    bench.worker.say({"say": "answer", "request_id": asked["request_id"], "value": {"accuracy": 0.9}})
    assert future.result(timeout=PATIENCE_S) == {"accuracy": 0.9}
    n_sent = len(bench.worker.sent)
    assert bench.engine.requests.evaluate(run_id, "train", by=OPERATOR).result(timeout=0) == {"accuracy": 0.9}
    assert len(bench.worker.sent) == n_sent
    assert bench.engine.requests.known_scores(run_id, by=OPERATOR)["train"] == {"accuracy": 0.9}
    stranger = Visitor("stranger")
    for ask in (bench.engine.requests.evaluate, lambda id, split, by: bench.engine.requests.known_scores(id, by=by)):
        with pytest.raises(UnknownIdError):
            ask(run_id, "train", by=stranger)


def test_a_run_without_weights_has_nothing_to_score(bench):
    with pytest.raises(InputError) as caught:
        bench.engine.requests.evaluate(bench.submit(), "train", by=OPERATOR)
    assert caught.value.code == "run_without_weights"


# ---- estimates ----


QUICK = {"prefix_s": 0.01, "step_s": 0.4, "eval_s": 0.1, "batch_size": 20, "is_bound": True}


def measured(bench: Bench, spec: RunSpec = SPEC):
    return bench.engine.requests.estimate(spec)


def measurements(bench: Bench) -> list[dict]:
    return [message for message in bench.worker.sent if message["do"] == "measure"]


def answer(bench: Bench, **what: object) -> None:
    bench.worker.say({"say": "answer", "request_id": measurements(bench)[-1]["request_id"], **what})


def test_an_estimate_is_measured_once_and_then_known(bench):
    assert measured(bench) is Pending.MEASURING
    assert measured(bench) is Pending.MEASURING
    assert len(measurements(bench)) == 1
    answer(bench, value=QUICK)
    estimate = measured(bench)  # 586 + 146 pictures in batches of 20; 1,393 through the prefix
    assert estimate.epoch_s == pytest.approx(30 * 0.4 + 8 * 0.1)
    assert estimate.prefix_s == pytest.approx(13.93)
    assert (estimate.is_from_run, estimate.is_bound) == (False, True)
    assert len(measurements(bench)) == 1


def test_kinds_of_runs_are_measured_one_after_the_other(bench):
    other = SPEC.with_changes(n_frozen=3)
    assert measured(bench) is Pending.MEASURING
    assert measured(bench, other) is Pending.WAITING
    assert len(measurements(bench)) == 1
    answer(bench, value=QUICK)
    assert measured(bench, other) is Pending.MEASURING
    assert [message["spec"]["n_frozen"] for message in measurements(bench)] == [9, 3]


def test_nothing_is_measured_while_something_trains(bench):
    run_id = bench.submit()
    assert measured(bench) is Pending.WAITING
    assert measurements(bench) == []
    bench.worker.begin(run_id)
    bench.worker.end(run_id)
    assert measured(bench) is Pending.MEASURING
    assert len(measurements(bench)) == 1


def test_what_cannot_be_measured_is_not_tried_again(bench):
    measured(bench)
    answer(bench, error={"code": "request_failed", "values": {"reason": "x"}})
    assert measured(bench) is Pending.FAILED
    assert len(measurements(bench)) == 1


def test_a_measurement_that_kills_the_worker_does_not_kill_the_next_one(bench):
    measured(bench)
    bench.worker.die(-9)
    assert measured(bench) is Pending.FAILED
    assert measurements(bench) == []


def test_a_finished_run_is_a_better_estimate_than_a_quick_measurement(bench):
    measured(bench)
    answer(bench, value=QUICK)
    run_id = bench.submit()
    bench.worker.begin(run_id)
    bench.worker.tell(run_id, epoch(1), epoch(2))  # 2 s for 100 pictures
    estimate = measured(bench)
    assert (estimate.epoch_s, estimate.is_from_run) == (pytest.approx(586 * 0.02), True)
    assert estimate.prefix_s == pytest.approx(13.93)


def test_how_long_a_head_is_fitted_is_not_known_before_the_first_fit_but_its_pass_is(bench):
    fit = SPEC.with_changes(head="svm")
    assert measured(bench, fit) is Pending.MEASURING
    answer(bench, value={**QUICK, "step_s": 0.0, "eval_s": 0.0})
    estimate = measured(bench, fit)
    assert (estimate.epoch_s, estimate.run_s(fit)) == (None, None)
    assert estimate.prefix_s == pytest.approx(13.93)


def test_a_whole_run_takes_its_epochs_and_the_passes_before_and_between_them(bench):
    measured(bench)
    answer(bench, value=QUICK)
    measured(bench, rolling := SPEC.with_changes(augment="light", epochs=6))
    answer(bench, value=QUICK)
    epochs_s = 30 * 0.4 + 8 * 0.1
    assert measured(bench).run_s(SPEC) == pytest.approx(13.93 + SPEC.epochs * epochs_s)
    again_s = 5 * 0.1 * 586 * 0.01  # after the first epoch a tenth of the training pictures in each
    assert measured(bench, rolling).run_s(rolling) == pytest.approx(13.93 + again_s + 6 * epochs_s)


def test_the_speed_of_a_run_on_few_pictures_is_not_that_of_a_run_on_all(bench):
    few = SPEC.with_changes(per_class=2)
    run_id = bench.engine.runs.submit(few, by=OPERATOR, name="few").id
    bench.worker.begin(run_id)
    bench.worker.tell(run_id, epoch(1), epoch(2))
    bench.worker.end(run_id)
    assert measured(bench, few).is_from_run
    assert measured(bench) is Pending.MEASURING


# ---- deleting, and stops that complete late ----


def test_a_resumed_run_cannot_be_deleted_before_the_worker_has_begun_it(bench):
    run_id = bench.submit()
    bench.engine.runs.stop(run_id, by=OPERATOR)
    assert bench.state(run_id) is RunState.STOPPED or bench.engine.runs.snapshot(run_id, by=OPERATOR).is_stopping
    bench.worker.end(run_id, "stopped")
    bench.engine.runs.resume(run_id, by=OPERATOR)
    with pytest.raises(StoreError) as caught:
        bench.engine.runs.delete(run_id, by=OPERATOR)
    assert caught.value.code == "run_is_active"


def test_a_finished_run_is_deleted_for_good(bench):
    run_id = bench.submit()
    bench.worker.begin(run_id)
    bench.worker.end(run_id)
    bench.engine.runs.delete(run_id, by=OPERATOR)
    with pytest.raises(UnknownIdError):
        bench.engine.runs.snapshot(run_id, by=OPERATOR)


def test_a_run_that_vanishes_from_the_store_does_not_hold_up_the_queue(bench):
    ids = bench.fill()
    waiting = bench.submit("next")
    bench.engine.store.finish_run(ids[0], RunState.STOPPED)
    bench.engine.store.delete(ids[0], by=OPERATOR)
    bench.worker.end(ids[0])
    assert waiting in bench.worker.trained()


@pytest.mark.usefixtures("unconfirmed")
def test_a_stop_recorded_before_the_worker_confirms_gets_its_proof_from_the_late_confirmation(bench):
    run_id = bench.submit()
    bench.worker.begin(run_id)
    bench.worker.tell(run_id, epoch(1))
    bench.engine.runs.stop(run_id, by=OPERATOR)
    until("the stop is recorded", lambda: bench.state(run_id) is RunState.STOPPED)
    assert bench.engine.runs.snapshot(run_id, by=OPERATOR).record.best_epoch is None
    proof = [{"block": "head", "changed": True}]
    bench.worker.tell(run_id, {**ended("stopped"), "best_epoch": 1, "proof": proof})
    record = bench.engine.runs.snapshot(run_id, by=OPERATOR).record
    assert (record.state, record.best_epoch, record.proof) == (RunState.STOPPED, 1, proof)


# ---- many threads ----


def test_an_answer_may_be_handled_by_asking_the_engine_again(bench):
    run_id, seen = bench.submit(), []
    future = bench.engine.requests.classify("backbone:squeezenet", [np.zeros((4, 4, 3), np.uint8)], by=OPERATOR)
    future.add_done_callback(lambda _: seen.append(bench.engine.runs.snapshot(run_id, by=OPERATOR).phase))
    bench.worker.say({"say": "answer", "request_id": bench.worker.sent[-1]["request_id"], "value": []})
    assert seen == ["queued"]


class BusyWorker(FakeWorker):
    """Trains every run on a thread of its own, with random pauses, and dies now and then."""

    def __init__(self, *arguments, **threads) -> None:
        super().__init__(*arguments, **threads)
        self.lock, self.active, self.most, self.is_dead = threading.Lock(), set(), 0, False
        self.say({"say": "ready", "device": "CPU"})  # else the third death in a row would end all runs

    def send(self, message: dict) -> None:
        super().send(message)
        if message["do"] == "train" and not self.is_dead:
            with self.lock:
                self.active.add(message["run_id"])
                self.most = max(self.most, len(self.active))
            threading.Thread(target=self._train, args=[message["run_id"]], daemon=True).start()

    def _train(self, run_id: str) -> None:
        pause, chance = threading.Event(), random.Random(run_id)
        for events in ([STARTED], [step(1)], [step(2), epoch(1)], [ended()]):
            pause.wait(chance.uniform(0, 0.01))
            if self.is_dead:
                return
            if run_id in self.stopped() and chance.random() < 0.5:
                events = [ended("stopped")]
            self.tell(run_id, *events)
            if events[0]["event"] == "ended":
                break
        with self.lock:
            self.active.discard(run_id)
        if not self.is_dead:
            self.say({"say": "ended", "run_id": run_id})


@pytest.mark.parametrize("n_workers", [1, 3])
def test_many_threads_that_submit_stop_and_look_leave_every_run_in_a_final_state(tmp_path, monkeypatch, n_workers):
    monkeypatch.setenv("TL_WORKERS", str(n_workers))
    monkeypatch.setattr(supervisor, "STOP_PATIENCE_S", 0.005)
    workers: list[BusyWorker] = []

    def start(*arguments, **threads) -> BusyWorker:
        workers.append(BusyWorker(*arguments, **threads))
        return workers[-1]

    engine = Engine(MemoryStore(), tmp_path, start)
    ids: list[str] = []

    def visit(seed: int) -> None:
        chance = random.Random(seed)
        for number in range(12):
            twin = SCRATCH if chance.random() < 0.5 else None
            told = {"by": Visitor(str(seed % 4)), "name": f"{seed} {number}"}
            record = engine.runs.submit(SPEC, baseline=twin, **told)
            ids.extend(run_id for run_id in (record.id, record.twin_id) if run_id)
            for run_id in chance.sample(ids, min(3, len(ids))):
                engine.runs.snapshot(run_id, by=OPERATOR)
            if chance.random() < 0.4:
                engine.runs.stop(chance.choice(ids), by=OPERATOR)
            if chance.random() < 0.4:
                chance.choice([engine.runs.pause, engine.runs.resume_paused, engine.runs.step])(
                    chance.choice(ids), by=OPERATOR
                )

    def kill() -> None:
        for _ in range(3):
            threading.Event().wait(0.05)
            workers[-1].is_dead = True
            workers[-1].die(-9)

    visitors = [threading.Thread(target=visit, args=[seed], daemon=True) for seed in range(6)]
    visitors.append(threading.Thread(target=kill, daemon=True))
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join(timeout=PATIENCE_S)
    assert not any(visitor.is_alive() for visitor in visitors), "deadlock"
    until("all runs are over", lambda: engine.status().n_active + engine.status().n_waiting == 0)
    assert all(engine.runs.snapshot(run_id, by=OPERATOR).record.state.is_finished for run_id in ids)
    assert max(worker.most for worker in workers) <= 2 * MAX_ACTIVE  # half of them paused
    assert RunState.COMPLETED in {engine.runs.snapshot(run_id, by=OPERATOR).record.state for run_id in ids}
    engine.close()
