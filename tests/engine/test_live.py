"""How long the rest of a run takes."""

import pytest
from engine_bench import Clock

from tl_core.engine.live import Pace


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_nothing_is_said_before_two_moments_are_known(clock):
    pace = Pace(clock)
    assert pace.remaining_s(100) is None
    pace.mark(63)
    clock.pass_s(5)
    assert pace.remaining_s(100) is None
    pace.mark(63)
    assert pace.remaining_s(100) is None


def test_many_steps_that_arrive_at_once_are_one_moment(clock):
    pace = Pace(clock)
    for step in (63, 126, 189):
        clock.pass_s(2)
        pace.mark(step)
    assert pace.remaining_s(630) == pytest.approx((630 - 189) / 63 * 2)


def test_pauses_do_not_count(clock):
    pace = Pace(clock)
    pace.mark(1)
    clock.pass_s(1)
    pace.pause()
    clock.pass_s(100)
    assert pace.paused_s() == 100
    pace.resume()
    clock.pass_s(1)
    pace.mark(3)
    assert (pace.remaining_s(13), pace.paused_s()) == (pytest.approx(10), 0)


def test_a_step_done_during_a_pause_takes_no_time(clock):
    pace = Pace(clock)
    pace.mark(0)
    clock.pass_s(4)
    pace.mark(2)
    pace.pause()
    clock.pass_s(50)
    pace.mark(3)
    pace.resume()
    clock.pass_s(4)
    pace.mark(5)
    assert pace.remaining_s(10) == pytest.approx(8 / 5 * 5)


def test_going_on_without_a_pause_changes_nothing(clock):
    pace = Pace(clock)
    pace.mark(1)
    clock.pass_s(3)
    pace.resume()
    pace.mark(2)
    assert pace.remaining_s(3) == pytest.approx(3)
