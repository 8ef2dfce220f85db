"""Which worker a run goes to, when workers are started, and when they are ended."""

import pytest

from tests.engine.engine_bench import SCRATCH, SPEC, Bench, Clock, FakeWorker
from tests.store.memory_store import MemoryStore
from tl_core.engine.pool import pool
from tl_core.engine.pool.capacity import RUN_BYTES, WORKER_BYTES
from tl_core.engine.pool.pool import EXTRA_IDLE_S, MAX_ACTIVE, MAX_ACTIVE_EXTRA, MAX_BAD_STARTS
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.records import RunState

CORES = 2


class Machine(Bench):
    """An engine on two cores whose main worker is ready, with room for one worker a core beside it."""

    def __init__(self, home, device: str = "CPU") -> None:
        self.clock = Clock()
        super().__init__(MemoryStore(), home, self.clock)
        self.main.say({"say": "ready", "device": device})

    @property
    def main(self) -> FakeWorker:
        return next(worker for worker in reversed(self.workers) if worker.threads is None)

    @property
    def extras(self) -> list[FakeWorker]:
        return [worker for worker in self.workers if worker.threads is not None]

    def run(self, owner: str, **changes) -> str:
        return self.engine.runs.submit(SPEC.with_changes(**changes), by=Visitor(owner), name=owner, is_afresh=True).id

    def worker_of(self, run_id: str) -> FakeWorker | None:
        """The worker that a run was sent to last."""
        having = [worker for worker in self.workers if run_id in worker.trained()]
        return having[-1] if having else None

    def begun(self, owner: str, **changes) -> str:
        run_id = self.run(owner, **changes)
        self.worker_of(run_id).begin(run_id)
        return run_id

    def ends(self, run_id: str) -> None:
        self.worker_of(run_id).end(run_id)

    def look(self, seconds: float) -> None:
        """Lets time pass as it does for an engine that watches every second."""
        for _ in range(int(seconds)):
            self.clock.pass_s(1.0)
            self.engine._supervisor.watch()


@pytest.fixture
def make(tmp_path, monkeypatch):
    monkeypatch.delenv("TL_WORKERS", raising=False)
    monkeypatch.delenv("TL_IDLE_S", raising=False)
    monkeypatch.setattr(pool, "n_threads", lambda: CORES)
    monkeypatch.setattr("tl_core.engine.pool.capacity.os.cpu_count", lambda: CORES)
    made = []

    def machine(**more) -> Machine:
        made.append(Machine(tmp_path, **more))
        return made[-1]

    yield machine
    for one in made:
        one.engine.close()


@pytest.fixture
def machine(make) -> Machine:
    return make()


# ---- choosing ----


def test_a_run_and_its_baseline_alone_share_the_main_worker_with_all_threads(machine):
    record = machine.engine.runs.submit(SPEC, by=OPERATOR, name="run", baseline=SCRATCH)
    machine.main.begin(record.id)
    assert machine.main.trained() == [record.id, record.twin_id]
    assert [message["spec"]["threads"] for message in machine.main.sent if message["do"] == "train"] == [CORES, CORES]
    assert machine.extras == []


def test_the_number_of_threads_is_in_the_record_before_the_run_starts(machine):
    first, second = machine.run("a"), machine.run("b")
    assert [machine.engine.store.get(run).spec["threads"] for run in (first, second)] == [CORES, 1]
    assert machine.engine.runs.snapshot(second, by=OPERATOR).spec.threads == 1
    assert machine.worker_of(second).sent[-1]["spec"]["threads"] == 1


def test_the_run_of_a_second_owner_goes_to_a_worker_with_one_thread(machine):
    first, second = machine.run("a"), machine.run("b")
    assert machine.worker_of(first) is machine.main
    assert [worker.threads for worker in machine.extras] == [1]
    assert machine.worker_of(second) is machine.extras[0]


def test_a_third_run_of_one_owner_goes_to_a_worker_with_one_thread(machine):
    runs = [machine.run("a") for _ in range(3)]
    assert machine.main.trained() == runs[:2]
    assert machine.extras[0].trained() == runs[2:]


def test_runs_of_a_class_are_spread_before_they_are_piled(machine):
    machine.run("a")
    for owner in "bcde":
        machine.run(owner)
    waiting = machine.run("f")
    assert [len(worker.trained()) for worker in machine.extras] == [2, 2]
    assert machine.worker_of(waiting) is None
    assert machine.position(waiting) == 1
    assert len(machine.main.trained()) == 1


def test_whoever_waits_goes_to_the_worker_that_has_room_again(machine):
    machine.run("a")
    runs = [machine.begun(owner) for owner in "bcde"]
    waiting = machine.run("f")
    machine.ends(runs[1])
    assert machine.worker_of(waiting) is machine.extras[1]


def test_all_owners_are_served_before_anybody_has_a_second_run(machine):
    told = {"baseline": SCRATCH, "is_afresh": True}
    pairs = [machine.engine.runs.submit(SPEC, by=Visitor(owner), name=owner, **told) for owner in "abcdefg"]
    for pair in pairs:
        if machine.worker_of(pair.id):
            machine.worker_of(pair.id).begin(pair.id)
    machine.ends(pairs[1].id)
    machine.ends(pairs[2].id)
    assert all(machine.worker_of(pair.id) for pair in pairs)
    assert not any(machine.worker_of(pair.twin_id) for pair in pairs[1:])


def test_whoever_is_alone_again_gets_all_threads_again(machine):
    first, second = machine.begun("a"), machine.begun("b")
    machine.ends(first)
    machine.ends(second)
    assert machine.worker_of(machine.run("b")) is machine.main


def test_before_the_main_worker_has_said_what_it_computes_on_only_one_owner_begins(machine):
    machine.main.die(1)
    machine.engine._pool._is_gpu = None
    first, second = machine.run("a"), machine.run("b")
    assert machine.main.trained() == [first]
    machine.main.say({"say": "ready", "device": "CPU"})
    assert machine.worker_of(second) is machine.extras[0]


def test_on_a_gpu_the_main_worker_serves_everybody(make):
    machine = make(device="GPU: x")
    runs = [machine.run(owner) for owner in "abcde"]
    assert machine.main.trained() == runs[:MAX_ACTIVE]
    assert machine.extras == []


def test_with_one_worker_the_main_one_serves_everybody(make, monkeypatch):
    monkeypatch.setenv("TL_WORKERS", "1")
    machine = make()
    runs = [machine.run(owner) for owner in "abcde"]
    assert machine.main.trained() == runs[:MAX_ACTIVE]
    assert machine.extras == []


# ---- memory ----


def test_without_memory_for_another_worker_the_main_one_serves_everybody(machine):
    machine.free_bytes = WORKER_BYTES - 1
    runs = [machine.run(owner) for owner in "ab"]
    assert machine.main.trained() == runs
    assert machine.extras == []


def test_without_memory_for_another_run_it_waits_until_the_worker_has_none(machine):
    machine.free_bytes = RUN_BYTES - 1
    first, second = machine.begun("a"), machine.run("b")
    assert machine.worker_of(second) is None
    machine.ends(first)
    assert machine.worker_of(second) is machine.main


def test_a_run_that_waits_for_memory_begins_when_there_is_some(machine):
    machine.free_bytes = 0
    machine.begun("a")
    second = machine.run("b")
    machine.free_bytes = WORKER_BYTES
    machine.main.say({"say": "heartbeat", "turn_s": 0.1})
    assert machine.worker_of(second) is machine.extras[0]


# ---- a number of threads that was asked for ----


def test_a_run_that_asks_for_a_number_of_threads_gets_a_worker_with_it(machine):
    run = machine.run("a", threads=7)
    assert machine.worker_of(run).threads == 7
    assert machine.engine.store.get(run).spec["threads"] == 7


def test_a_run_that_asks_for_all_threads_goes_to_the_main_worker_in_a_class_too(machine):
    machine.run("a")
    assert machine.worker_of(machine.run("b", threads=CORES)) is machine.main


def test_a_run_that_asks_for_one_thread_shares_the_workers_of_the_class(machine):
    machine.run("a", threads=1)
    assert [worker.threads for worker in machine.extras] == [1]
    assert machine.main.trained() == []


def test_two_odd_numbers_of_threads_are_served_one_after_the_other(machine):
    first, second = machine.begun("a", threads=7), machine.run("b", threads=5)
    assert machine.worker_of(second) is None
    machine.ends(first)
    assert machine.worker_of(second).threads == 5
    assert machine.extras[0].is_closed


def test_a_run_that_asks_for_threads_gets_its_worker_although_there_is_to_be_only_one(make, monkeypatch):
    monkeypatch.setenv("TL_WORKERS", "1")
    machine = make()
    assert machine.worker_of(machine.run("a", threads=1)).threads == 1


def test_a_resumed_run_keeps_its_number_of_threads(machine):
    machine.begun("a")
    run = machine.begun("b")
    machine.engine.runs.stop(run, by=OPERATOR)
    machine.worker_of(run).end(run, "stopped")
    machine.ends(machine.main.trained()[0])
    machine.engine.runs.resume(run, by=OPERATOR)
    assert machine.extras[0].trained() == [run, run]
    assert machine.extras[0].sent[-1]["spec"]["threads"] == 1


# ---- ends ----


def test_a_worker_with_one_thread_is_ended_when_nobody_has_needed_it_for_a_while(machine):
    machine.run("a")
    run = machine.begun("b")
    machine.look(EXTRA_IDLE_S + 2)
    assert not machine.extras[0].is_closed
    machine.ends(run)
    machine.look(EXTRA_IDLE_S - 1)
    assert not machine.extras[0].is_closed
    machine.look(2)
    assert machine.extras[0].is_closed
    assert machine.engine.status().n_workers == 1
    assert machine.worker_of(machine.run("c")) is machine.extras[1]


def test_the_main_worker_on_a_processor_stays(machine):
    machine.look(1000)
    assert not machine.main.is_closed


def test_the_main_worker_on_a_gpu_gives_its_memory_back_and_returns_with_the_next_visit(make):
    machine = make(device="GPU: x")
    machine.ends(machine.begun("a"))
    machine.look(299)
    assert not machine.workers[0].is_closed
    machine.look(2)
    assert machine.workers[0].is_closed
    assert len(machine.workers) == 1
    assert machine.engine.status().device is None  # a visit: it starts
    assert len(machine.workers) == 2
    machine.main.say({"say": "ready", "device": "GPU: x"})
    assert machine.engine.status().device == "GPU: x"


def test_a_run_or_a_question_wakes_the_main_worker_of_a_gpu(make):
    machine = make(device="GPU: x")
    machine.look(301)
    run = machine.run("a")
    assert machine.main.trained() == [run]
    assert len(machine.workers) == 2


def test_a_visit_keeps_the_main_worker_of_a_gpu_awake(make, monkeypatch):
    monkeypatch.setenv("TL_IDLE_S", "10")
    machine = make(device="GPU: x")
    for _ in range(5):
        machine.look(8)
        machine.engine.status()
    assert not machine.main.is_closed
    machine.look(11)
    assert machine.main.is_closed


def test_whoever_watches_keeps_no_worker_of_a_gpu_awake_and_one_that_rests_is_well(make):
    machine = make(device="GPU: x")
    for _ in range(301):
        machine.look(1)
        machine.engine.vital_signs()
    assert machine.main.is_closed
    signs = machine.engine.vital_signs()
    assert (signs.n_workers, signs.trouble, len(machine.workers)) == (0, None, 1)


def test_a_worker_that_never_gets_ready_is_trouble_once_no_other_is_started(make):
    machine = make()
    for _ in range(MAX_BAD_STARTS):
        assert machine.engine.vital_signs().trouble is None
        machine.main.die(1)
    assert machine.engine.vital_signs().trouble is None  # the last one to be tried, since the first had been ready
    machine.main.die(1)
    assert machine.engine.vital_signs().trouble == "no_worker"


def test_what_trains_and_what_waits_is_counted(machine):
    for owner in "abcdefg":
        machine.run(owner)
    signs = machine.engine.vital_signs()
    assert (signs.n_training, signs.n_waiting, signs.n_workers) == (5, 2, 3)


def test_a_gpu_with_an_open_question_is_not_idle(make):
    machine = make(device="GPU: x")
    machine.engine.requests.classify("backbone:squeezenet", [], by=OPERATOR)
    machine.look(400)
    assert not machine.main.is_closed


def test_an_extra_worker_that_dies_takes_only_its_own_runs_along(machine):
    runs = [machine.begun(owner) for owner in "abc"]
    machine.worker_of(runs[1]).die(-9)
    assert [machine.state(run) for run in runs] == [RunState.RUNNING, RunState.INTERRUPTED, RunState.RUNNING]
    assert machine.engine.runs.snapshot(runs[1], by=OPERATOR).record.error["code"] == "worker_killed"
    assert machine.worker_of(machine.run("d")).threads == 1


def test_a_main_worker_that_dies_leaves_the_others_alone(machine):
    runs = [machine.begun(owner) for owner in "abc"]
    machine.main.die(1)
    assert [machine.state(run) for run in runs] == [RunState.INTERRUPTED, RunState.RUNNING, RunState.RUNNING]
    assert sum(worker.threads is None for worker in machine.workers) == 2


def test_extra_workers_that_never_get_ready_are_given_up(machine):
    machine.begun("a")
    first = machine.run("b")
    for _ in range(2):
        machine.worker_of(first).die(1)
    machine.worker_of(machine.run("c")).die(1)
    assert machine.worker_of(machine.run("d")) is machine.main
    assert len(machine.extras) == MAX_BAD_STARTS + 1  # the last for the run that was to be trained with one thread


def test_what_a_worker_says_after_its_end_changes_nothing(machine):
    machine.begun("a")
    run = machine.begun("b")
    dead = machine.extras[0]
    dead.die(-9)
    dead.end(run)
    dead.die(-9)
    assert machine.state(run) is RunState.INTERRUPTED


def test_closing_ends_all_workers(machine):
    for owner in "abc":
        machine.run(owner)
    machine.engine.close()
    assert [worker.is_closed for worker in machine.workers] == [True] * 3


def test_a_worker_with_one_thread_takes_no_more_runs_than_it_should(machine):
    for number in range(20):
        machine.run(str(number))
    assert [len(worker.trained()) for worker in machine.workers] == [1, MAX_ACTIVE_EXTRA, MAX_ACTIVE_EXTRA]
