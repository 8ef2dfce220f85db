"""How long the rest of a run takes, and which part of it is under way."""

import pytest

from tests.engine.engine_bench import SPEC, STARTED, Bench, Clock, epoch, step
from tests.store.memory_store import MemoryStore
from tl_core.engine.runs.live_run import MEMORY_S, Pace
from tl_core.store.access import OPERATOR


@pytest.fixture
def clock() -> Clock:
    return Clock()


def arrived(pace: Pace, clock: Clock, *moments: tuple[float, dict]) -> None:
    """Has work arrive: pairs of the seconds that passed before it, and what is done by then."""
    for seconds, done in moments:
        clock.pass_s(seconds)
        pace.mark(**done)


# ---- the pace ----


def test_nothing_is_said_before_two_moments_are_known(clock):
    pace = Pace(clock)
    assert pace.remaining_s(trained=100) is None
    arrived(pace, clock, (0, {"trained": 63}))
    assert pace.remaining_s(trained=37) is None
    arrived(pace, clock, (5, {"trained": 63}))
    assert pace.remaining_s(trained=37) is None


def test_much_that_arrives_at_once_is_one_moment(clock):
    pace = Pace(clock)
    arrived(pace, clock, *((2, {"trained": n}) for n in (63, 126, 189)))
    assert pace.remaining_s(trained=441) == pytest.approx(441 / 63 * 2)


def test_pauses_do_not_count(clock):
    pace = Pace(clock)
    arrived(pace, clock, (0, {"trained": 1}), (1, {"trained": 2}))
    pace.pause()
    clock.pass_s(100)
    assert (pace.paused_s(), pace.remaining_s(trained=10)) == (100, pytest.approx(10))
    pace.resume()
    arrived(pace, clock, (1, {"trained": 3}))
    assert (pace.remaining_s(trained=10), pace.paused_s()) == (pytest.approx(10), 0)


def test_a_step_done_during_a_pause_takes_no_time(clock):
    pace = Pace(clock)
    arrived(pace, clock, (0, {"trained": 1}), (4, {"trained": 3}))
    pace.pause()
    arrived(pace, clock, (50, {"trained": 4}))
    pace.resume()
    assert pace.remaining_s(trained=3) == pytest.approx(4)


def test_going_on_without_a_pause_changes_nothing(clock):
    pace = Pace(clock)
    arrived(pace, clock, (0, {"trained": 1}))
    pace.resume()
    arrived(pace, clock, (3, {"trained": 2}))
    assert pace.remaining_s(trained=1) == pytest.approx(3)


def test_each_kind_of_work_has_its_own_speed_without_what_it_took_to_compile(clock):
    pace = Pace(clock)
    arrived(pace, clock, (60, {"trained": 10}), (10, {"trained": 20}))
    assert pace.remaining_s(trained=0, judged=30) == pytest.approx(30)  # as much as training, until it is measured
    arrived(pace, clock, (40, {"judged": 5}), (1, {"judged": 15}))
    assert pace.remaining_s(trained=10, judged=30) == pytest.approx(10 + 3)


def test_time_in_which_several_kinds_arrived_is_shared_by_what_each_took_before(clock):
    pace = Pace(clock)
    arrived(pace, clock, (0, {"trained": 10}), (10, {"trained": 20}), (9, {"judged": 5}), (1, {"judged": 15}))
    arrived(pace, clock, (11, {"trained": 30, "judged": 25}))
    assert pace.remaining_s(trained=10, judged=10) == pytest.approx(11)


def test_the_estimate_runs_while_nothing_is_heard_and_out_and_is_then_corrected_by_the_present_speed(clock):
    pace = Pace(clock)
    arrived(pace, clock, *((1, {"trained": n}) for n in range(1, 6)))
    seen = []
    for _ in range(4):
        clock.pass_s(1)
        seen.append(pace.remaining_s(trained=2))
    assert seen == pytest.approx([1, 0, -1, -2])
    clock.pass_s(2 * MEMORY_S)
    pace.mark(trained=5)  # nothing new: it is as late as before
    assert pace.remaining_s(trained=2) < -2 * MEMORY_S
    pace.mark(trained=6)
    assert 20 < pace.remaining_s(trained=1) < 64  # the seconds of the late step, and a little of those before
    arrived(pace, clock, *((1, {"trained": n}) for n in range(7, 307)))
    assert pace.remaining_s(trained=1) == pytest.approx(1, abs=0.1)


# ---- a run ----


STORY = {**STARTED, "n_validation": 64, "n_test": 128}  # 8 steps of 32 pictures in 2 epochs


@pytest.fixture
def bench(tmp_path, monkeypatch, clock):
    monkeypatch.setenv("TL_WORKERS", "1")
    made = Bench(MemoryStore(), tmp_path, clock)
    yield made
    made.engine.close()


def phase(name: str, done: int = 0, total: int = 0) -> dict:
    return {"event": "phase", "name": name, "done": done, "total": total}


def test_what_remains_is_all_that_is_to_come_and_never_nothing_before_the_test(bench, clock):
    """A second for 32 pictures in training, a quarter in validation and test, and 9 s of compiling before each."""
    run_id = bench.submit()
    bench.worker.tell(run_id, STORY)
    said = []
    for seconds, event in (
        (9, step(1)),
        (1, step(2)),
        (1, step(3)),
        (1, step(4)),
        (0, phase("validating", 0, 64)),
        (9, phase("validating", 32, 64)),
        (0.25, phase("validating", 64, 64)),
        (0, epoch(1)),
        (1, step(5)),
        (1, step(6)),
        (1, step(7)),
        (1, step(8)),
        (0, phase("validating", 0, 64)),
        (0.25, phase("validating", 32, 64)),
        (0.25, phase("validating", 64, 64)),
        (0, epoch(2)),
        (0, phase("testing", 0, 128)),
        (0.25, phase("testing", 32, 128)),
        (0.75, phase("testing", 128, 128)),
        (0, phase("saving")),
    ):
        clock.pass_s(seconds)
        bench.worker.tell(run_id, event)
        seen = bench.engine.runs.snapshot(run_id, by=OPERATOR)
        said.append((seen.phase, seen.done, seen.remaining_s))
    assert SPEC.epochs == 2
    assert [left for _, _, left in said[:6]] == [None, *(pytest.approx(n) for n in (14, 13, 12, 12, 11))]
    assert said[6:8] == [("validating", 64, pytest.approx(5.5)), ("training", 0, pytest.approx(5.5))]
    assert said[11:16] == [
        ("training", 0, pytest.approx(1.5)),
        ("validating", 0, pytest.approx(1.5)),
        ("validating", 32, pytest.approx(1.25)),
        ("validating", 64, pytest.approx(1)),
        ("training", 0, pytest.approx(1)),
    ]
    assert said[16:19] == [
        ("testing", 0, pytest.approx(1)),
        ("testing", 32, pytest.approx(0.75)),
        ("testing", 128, pytest.approx(0)),
    ]
    assert said[19] == ("saving", 0, pytest.approx(0))


def test_a_run_that_lost_patience_has_only_its_test_left(bench, clock):
    run_id = bench.submit()
    bench.worker.tell(run_id, STORY, step(1))
    for event in (step(2), phase("validating", 64, 64), epoch(1), phase("testing", 0, 128)):
        clock.pass_s(1)
        bench.worker.tell(run_id, event)
    assert bench.engine.runs.snapshot(run_id, by=OPERATOR).remaining_s == pytest.approx(128 / 32 - 2)


def test_while_the_head_is_trained_alone_nothing_is_said_of_the_time_that_the_blocks_will_take(bench, clock):
    spec = SPEC.with_changes(phases=2, head_epochs=2, n_frozen=1)  # 4 steps in each of 2 + 2 epochs
    run_id = bench.submit(spec=spec)
    bench.worker.tell(run_id, {**STORY, "n_steps": 16})
    said = []
    for seconds, event in (
        *((0.001, step(n)) for n in range(1, 5)),
        (0, epoch(1)),
        *((0.001, step(n)) for n in range(5, 9)),
        (0, epoch(2)),
        (1, phase("suffix")),
        (9, step(9)),
        (1, step(10)),
        (1, step(11)),
    ):
        clock.pass_s(seconds)
        bench.worker.tell(run_id, event)
        said.append(bench.engine.runs.snapshot(run_id, by=OPERATOR).remaining_s)
    assert said[:12] == [None] * 12
    assert said[12:] == [pytest.approx(6 + 8), pytest.approx(5 + 8)]  # validations and test as if they were training


def test_a_run_that_others_look_at_late_is_told_as_late(bench, clock):
    run_id = bench.submit()
    bench.worker.tell(run_id, STARTED, step(1))
    clock.pass_s(10)
    bench.worker.tell(run_id, step(2))
    seen = bench.engine.runs.snapshot(run_id, by=OPERATOR)
    clock.pass_s(70)
    assert bench.engine.runs.snapshot(run_id, by=OPERATOR) is seen
    assert [seen.left_s(clock() + later) for later in (-70, -10, 0)] == pytest.approx([60, 0, -10])
    (place,) = bench.engine.classroom.queue(by=OPERATOR)
    assert place.left_s == pytest.approx(-10)
    clock.pass_s(30)
    bench.worker.tell(run_id, step(3))
    assert bench.engine.classroom.queue(by=OPERATOR)[0].left_s > 60
