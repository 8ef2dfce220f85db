"""Workers that hang, runs that pause, and what the main worker is told when it is ready."""

from collections.abc import Callable, Iterator

import pytest
from patience import PATIENCE_S

from tests.engine.engine_bench import SCRATCH, SPEC, Bench, Clock, step
from tests.store.memory_store import MemoryStore
from tl_core.engine import supervisor
from tl_core.engine.pool import worker_handle
from tl_core.engine.pool.worker_handle import SILENCE_S, START_S, TURN_S
from tl_core.engine.runs.active import PAUSE_S
from tl_core.planning.plan import plan_run
from tl_core.store.access import OPERATOR
from tl_core.store.records import RunState


class Watched(Bench):
    """An engine with one worker, and time that passes when the test says so."""

    def __init__(self, home) -> None:
        self.clock = Clock()
        super().__init__(MemoryStore(), home, self.clock)

    def ready(self) -> None:
        self.worker.say({"say": "ready", "device": "CPU", "threads": 2})

    def alive(self, turn_s: float = 0.0) -> None:
        self.worker.say({"say": "heartbeat", "turn_s": turn_s})

    def look(self, seconds: float, *, turn_s: float | None = None) -> None:
        """Lets time pass; with `turn_s` the worker says each second that it is alive, in a turn of at least that."""
        for second in range(1, int(seconds) + 1):
            self.clock.pass_s(1.0)
            if turn_s is not None:
                self.alive(turn_s + second)
            self.engine._supervisor.watch()

    def training(self) -> str:
        """The id of a run under way in a worker that has said that it is alive."""
        self.ready()
        self.alive()
        run_id = self.submit()
        self.worker.begin(run_id)
        return run_id

    def told(self, *kinds: str) -> list[str]:
        return [message["do"] for message in self.worker.sent if message["do"] in kinds]

    def error(self, run_id: str) -> dict | None:
        return self.engine.runs.snapshot(run_id, by=OPERATOR).record.error


@pytest.fixture
def make(tmp_path, monkeypatch) -> Iterator[Callable[[], Watched]]:
    monkeypatch.setenv("TL_WORKERS", "1")
    monkeypatch.setattr(supervisor, "STOP_PATIENCE_S", PATIENCE_S)
    made: list[Watched] = []

    def start() -> Watched:
        made.append(Watched(tmp_path))
        return made[-1]

    yield start
    for bench in made:
        bench.engine.close()


@pytest.fixture
def bench(make) -> Watched:
    return make()


# ---- hanging ----


def test_a_worker_that_falls_silent_is_ended_and_its_runs_are_interrupted_with_the_reason(bench):
    run_id = bench.training()
    bench.look(SILENCE_S)
    assert bench.state(run_id) is RunState.RUNNING
    bench.look(1)
    assert (bench.state(run_id), bench.error(run_id)["code"]) == (RunState.INTERRUPTED, "worker_hung")
    assert bench.error(run_id)["values"] == {"seconds": 11}
    assert [worker.is_closed for worker in bench.workers] == [True, False]


def test_a_worker_in_a_turn_without_end_is_ended_although_it_says_that_it_is_alive(bench):
    run_id = bench.training()
    bench.look(TURN_S, turn_s=0)
    assert bench.state(run_id) is RunState.RUNNING
    bench.look(1, turn_s=TURN_S)
    assert bench.error(run_id) == {"code": "worker_hung", "values": {"seconds": 301}}


def test_a_long_turn_that_has_something_to_say_is_not_taken_for_a_hang(bench):
    run_id = bench.training()
    for minute in range(10):
        bench.look(60, turn_s=60 * minute)
        bench.worker.tell(run_id, {"event": "phase", "name": "download", "done": minute, "total": 10})
    assert bench.state(run_id) is RunState.RUNNING


def test_a_worker_that_is_alive_is_left_alone(bench):
    run_id = bench.training()
    for _ in range(20):
        bench.look(30, turn_s=0)
    assert bench.state(run_id) is RunState.RUNNING
    assert len(bench.workers) == 1


def test_a_worker_that_never_said_that_it_is_alive_is_not_expected_to(bench):
    bench.ready()
    run_id = bench.submit()
    bench.look(100)
    assert bench.state(run_id) is RunState.QUEUED


def test_a_worker_that_starts_has_more_time_but_not_for_ever(bench):
    run_id = bench.submit()
    bench.look(START_S)
    assert len(bench.workers) == 1
    bench.look(1)
    assert len(bench.workers) == 2
    assert bench.worker.trained() == [run_id]
    bench.look(START_S + 1)
    assert bench.error(run_id)["code"] == "worker_hung"


def test_a_server_that_was_asleep_itself_does_not_blame_its_worker(bench):
    run_id = bench.training()
    bench.clock.pass_s(3600)
    bench.engine._supervisor.watch()
    bench.look(5)
    assert bench.state(run_id) is RunState.RUNNING


def test_the_next_run_is_sent_to_the_worker_that_takes_the_place_of_one_that_hung(bench):
    run_id = bench.training()
    bench.look(SILENCE_S + 1)
    bench.ready()
    assert bench.worker.trained() == [run_id]
    following = bench.submit("next")
    assert bench.worker.trained() == [run_id, following]
    bench.worker.begin(following)
    bench.worker.end(following)
    assert bench.state(following) is RunState.COMPLETED


def test_a_question_to_a_worker_that_hangs_is_answered_with_the_reason(bench):
    bench.training()
    future = bench.engine.requests.classify("backbone:squeezenet", [], by=OPERATOR)
    bench.look(SILENCE_S + 1)
    assert future.exception(timeout=PATIENCE_S).code == "worker_hung"


@pytest.mark.parametrize(
    ("status", "counts", "code"),
    [
        *((-9, (3, 4), "worker_out_of_memory"), (137, (0, 1), "worker_out_of_memory")),
        *((-9, (3, 3), "worker_killed"), (137, (None, None), "worker_killed"), (-9, (None, 7), "worker_killed")),
        *((-11, (3, 4), "worker_died"), (1, (3, 3), "worker_died")),
    ],
)
def test_the_reason_tells_a_lack_of_memory_from_another_kill_and_from_a_crash(monkeypatch, make, status, counts, code):
    monkeypatch.setattr(worker_handle, "n_out_of_memory", lambda: counts[0])
    bench = make()
    run_id = bench.training()
    monkeypatch.setattr(worker_handle, "n_out_of_memory", lambda: counts[1])
    bench.worker.die(status)
    assert bench.error(run_id) == {"code": code, "values": {"status": status}}


# ---- warm ----


def test_the_main_worker_is_told_to_build_the_default_network_when_it_is_ready(bench):
    bench.ready()
    assert bench.worker.sent == [{"do": "warm_up", "spec": plan_run({}).to_dict()}]


# ---- pausing ----


def test_a_run_is_paused_and_goes_on(bench):
    run_id = bench.training()
    before = bench.engine.runs.version(run_id)
    bench.engine.runs.pause(run_id, by=OPERATOR)
    seen = bench.engine.runs.snapshot(run_id, by=OPERATOR)
    assert (seen.is_paused, seen.phase, seen.is_active) == (True, "training", True)
    assert seen.version != before
    bench.engine.runs.resume_paused(run_id, by=OPERATOR)
    assert not bench.engine.runs.snapshot(run_id, by=OPERATOR).is_paused
    assert bench.told("pause", "continue") == ["pause", "continue"]


def test_a_paused_run_does_one_step_at_a_time_and_stays_paused(bench):
    run_id = bench.training()
    bench.engine.runs.pause(run_id, by=OPERATOR)
    bench.engine.runs.step(run_id, by=OPERATOR)
    bench.worker.tell(run_id, step(2))
    seen = bench.engine.runs.snapshot(run_id, by=OPERATOR)
    assert (seen.is_paused, seen.step) == (True, 2)
    assert bench.told("pause", "step", "continue") == ["pause", "step"]


def test_pausing_twice_asks_the_worker_once(bench):
    run_id = bench.training()
    bench.engine.runs.pause(run_id, by=OPERATOR)
    bench.engine.runs.pause(run_id, by=OPERATOR)
    assert bench.told("pause") == ["pause"]


def test_what_does_not_train_or_is_not_paused_cannot_be_paused_continued_or_stepped(bench):
    run_id = bench.training()
    twin_id = bench.engine.runs.submit(SPEC, by=OPERATOR, name="x", baseline=SCRATCH).twin_id
    for wish in (bench.engine.runs.resume_paused, bench.engine.runs.step):
        wish(run_id, by=OPERATOR)
    for wish in (bench.engine.runs.pause, bench.engine.runs.resume_paused, bench.engine.runs.step):
        wish(twin_id, by=OPERATOR)
    assert bench.told("pause", "step", "continue") == []
    assert not bench.engine.runs.snapshot(twin_id, by=OPERATOR).is_paused


def test_a_paused_run_can_be_stopped(bench):
    run_id = bench.training()
    bench.engine.runs.pause(run_id, by=OPERATOR)
    bench.engine.runs.stop(run_id, by=OPERATOR)
    bench.engine.runs.pause(run_id, by=OPERATOR)
    seen = bench.engine.runs.snapshot(run_id, by=OPERATOR)
    assert (seen.is_stopping, seen.is_paused) == (True, False)
    assert bench.told("pause", "stop") == ["pause", "stop"]


def test_a_paused_run_leaves_its_turns_to_those_who_wait(bench):
    runs = bench.fill()
    waiting = bench.submit("late")
    assert waiting not in bench.worker.trained()
    bench.engine.runs.pause(runs[0], by=OPERATOR)
    assert bench.worker.trained()[-1] == waiting


def test_a_worker_holds_only_so_many_paused_runs(bench):
    for _ in range(3):
        for run_id in bench.fill():
            bench.engine.runs.pause(run_id, by=OPERATOR)
    assert len(bench.worker.trained()) == 8
    assert bench.engine.status().n_waiting == 4


def test_a_run_paused_for_long_is_stopped_when_others_wait_for_its_place(bench):
    bench.ready()
    first = bench.fill()
    for run_id in first:
        bench.engine.runs.pause(run_id, by=OPERATOR)
    bench.look(PAUSE_S + 5)
    assert {bench.state(run_id) for run_id in first} == {RunState.RUNNING}  # nobody waits
    bench.fill()
    bench.submit("late")
    bench.look(1)
    assert sorted(bench.worker.stopped()) == sorted(first)


def test_the_time_of_a_pause_does_not_count_for_what_remains(bench):
    run_id = bench.training()  # 1 of 8 steps
    bench.clock.pass_s(10)
    bench.worker.tell(run_id, step(2))
    assert bench.engine.runs.snapshot(run_id, by=OPERATOR).remaining_s == pytest.approx(60)
    bench.engine.runs.pause(run_id, by=OPERATOR)
    bench.clock.pass_s(500)
    bench.engine.runs.resume_paused(run_id, by=OPERATOR)
    bench.clock.pass_s(10)
    bench.worker.tell(run_id, step(3))
    assert bench.engine.runs.snapshot(run_id, by=OPERATOR).remaining_s == pytest.approx(50)
