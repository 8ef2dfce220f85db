"""Workers on other machines: their leases, their losses, their versions; with workers that say what the test says."""

import pytest
from patience import PATIENCE_S

from tests.engine.engine_bench import Bench, Clock, FakeWorker, epoch
from tests.store.memory_store import MemoryStore
from tl_core.engine import supervisor
from tl_core.engine.environment import code_version, environment, ready
from tl_core.engine.executors.contract import LEASE_S, LOST
from tl_core.engine.pool.pool import MAX_BAD_STARTS
from tl_core.engine.pool.worker_handle import SILENCE_S, START_S
from tl_core.store.access import OPERATOR
from tl_core.store.records import RunState


class FarWorker(FakeWorker):
    """One on another machine."""

    lease_s = LEASE_S


class FarBench(Bench):
    def _start(self, *arguments, **threads) -> FakeWorker:
        self.workers.append(FarWorker(*arguments, **threads))
        return self.workers[-1]

    def begun(self) -> str:
        run_id = self.submit()
        self.worker.say(ready("CPU"))
        self.worker.say({"say": "heartbeat", "turn_s": 0.0, "said_s": 5.0})
        self.worker.begin(run_id)
        self.worker.tell(run_id, epoch(1))
        return run_id


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bench(tmp_path, monkeypatch, clock):
    monkeypatch.setenv("TL_WORKERS", "1")
    monkeypatch.setattr(supervisor, "STOP_PATIENCE_S", PATIENCE_S)
    monkeypatch.setattr(supervisor, "WATCH_S", 10 * PATIENCE_S)  # the test looks
    made = FarBench(MemoryStore(), tmp_path, clock)
    yield made
    made.engine.close()


def look(bench: Bench) -> None:
    bench.engine._supervisor.watch()


def test_each_heartbeat_that_is_heard_renews_the_lease_from_when_it_was_said(bench):
    bench.worker.say({"say": "heartbeat", "turn_s": 0.0, "said_s": 123.4})
    assert bench.worker.sent == [
        {"do": "renew", "said_s": None, "seconds": LEASE_S},  # from when it can hear
        {"do": "renew", "said_s": 123.4, "seconds": LEASE_S},
    ]


def test_a_worker_that_ends_with_its_pipe_is_told_of_no_lease(tmp_path, monkeypatch):
    monkeypatch.setenv("TL_WORKERS", "1")
    bench = Bench(MemoryStore(), tmp_path)
    bench.worker.say({"say": "heartbeat", "turn_s": 0.0, "said_s": 123.4})
    assert not [message for message in bench.worker.sent if message["do"] == "renew"]
    bench.engine.close()


def test_a_worker_elsewhere_that_never_said_that_it_lives_is_given_up_as_well(bench, clock):
    bench.submit()
    first = bench.worker
    first.say(ready("CPU"))
    for _ in range(4):
        clock.pass_s(SILENCE_S / 3)
        look(bench)
    assert first.is_closed


def test_a_silent_worker_is_given_up_only_when_its_lease_is_over():
    assert LEASE_S < SILENCE_S


def test_a_run_of_a_lost_machine_is_interrupted_and_begins_elsewhere_when_its_worker_has_ended_for_certain(
    bench, clock
):
    run_id = bench.begun()
    clock.pass_s(3.0)
    bench.worker.die(LOST)
    assert [state for _, state in bench.engine.store.events(run_id)][-1] is RunState.INTERRUPTED
    assert bench.worker.trained() == []
    clock.pass_s(LEASE_S - 3.0 - 0.1)
    look(bench)
    assert bench.worker.trained() == []
    clock.pass_s(0.2)
    look(bench)
    assert bench.worker.trained() == [run_id]
    assert bench.worker.sent[-1]["is_resumed"]
    assert bench.engine.runs.snapshot(run_id, by=OPERATOR).n_lost == 1


def test_a_worker_that_died_where_one_can_see_it_is_not_waited_for(bench):
    run_id = bench.begun()
    bench.worker.die(-9)
    assert bench.engine.store.events(run_id)[-1][1] is RunState.INTERRUPTED
    assert bench.engine._trainings.get(run_id) is not None


def test_a_run_survives_two_lost_machines_and_the_third_leaves_it_interrupted_never_failed(bench, clock):
    run_id = bench.begun()
    for _ in range(2):
        bench.worker.die(LOST)
        clock.pass_s(LEASE_S + 1.0)
        look(bench)
        assert bench.worker.trained() == [run_id]
        bench.worker.say(ready("CPU"))
        bench.worker.begin(run_id)
    bench.worker.die(LOST)
    record = bench.engine.store.get(run_id)
    assert (record.state, record.error["code"], record.is_resumable) == (RunState.INTERRUPTED, "worker_lost", True)
    assert bench.engine._trainings.get(run_id) is None


def test_each_time_that_a_run_is_given_away_counts_as_another_attempt(bench, clock):
    run_id = bench.begun()
    attempts = [message["attempt"] for message in bench.worker.sent if message["do"] == "train"]
    for _ in range(2):
        bench.worker.die(LOST)
        clock.pass_s(LEASE_S + 1.0)
        look(bench)
        bench.worker.say(ready("CPU"))
        attempts += [message["attempt"] for message in bench.worker.sent if message["do"] == "train"]
        bench.worker.begin(run_id)
    assert attempts == sorted(set(attempts))
    assert len(attempts) == 3


def test_a_worker_of_another_version_gets_nothing_to_train(bench):
    run_id = bench.submit()
    refused = bench.worker
    refused.say(ready("CPU") | {"code": "another"})
    assert refused.is_closed
    assert bench.worker is not refused
    bench.worker.say(ready("CPU"))
    assert bench.worker.trained() == [run_id]


def test_where_every_worker_is_of_another_version_the_run_says_so(bench):
    run_id = bench.submit()
    for _ in range(MAX_BAD_STARTS):
        bench.worker.say(ready("CPU") | {"code": "another"})
    assert bench.engine.store.get(run_id).error["code"] == "worker_other_code"
    assert bench.state(run_id) is RunState.FAILED


def test_a_record_names_the_machine_that_trained(bench):
    run_id = bench.submit()
    bench.worker.say({"say": "ready", "device": "GPU", "environment": {"machine": "Linux far away", "cores": 64}})
    bench.worker.begin(run_id)
    told = bench.engine.store.get(run_id).environment
    assert (told["machine"], told["cores"], told["backend"]) == ("Linux far away", 64, environment()["backend"])


def test_a_worker_that_waits_for_a_machine_has_all_the_time_in_the_world(bench, clock):
    first = bench.worker
    for _ in range(5):
        first.say({"say": "waiting"})
        clock.pass_s(START_S)
        look(bench)
    assert bench.worker is first
    first.say({"say": "progress", "request_id": "x", "done": 0, "total": 0})  # it has one now, and loads
    clock.pass_s(START_S + 1.0)
    look(bench)
    assert bench.worker is not first


def test_the_code_that_a_worker_names_is_that_of_this_process():
    assert ready("CPU")["code"] == code_version()


def test_a_machine_that_was_never_reached_counts_for_no_loss_of_a_run(bench, clock):
    run_id = bench.submit()
    bench.worker.die(LOST)
    clock.pass_s(LEASE_S + 1.0)
    look(bench)
    assert bench.worker.trained() == [run_id]
    assert bench.engine.runs.snapshot(run_id, by=OPERATOR).n_lost == 0
