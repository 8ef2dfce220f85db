import pytest

from tl_core.training import clock as module
from tl_core.training.clock import Clock


@pytest.fixture
def wall(monkeypatch):
    """A monotonic clock that the test turns."""
    hands = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: hands[0])
    return hands


def test_only_the_time_between_resume_and_pause_counts(wall):
    clock = Clock()
    wall[0] += 50
    assert clock.elapsed_s == 0
    clock.resume()
    wall[0] += 2
    assert clock.elapsed_s == 2
    clock.pause()
    wall[0] += 100
    assert clock.elapsed_s == 2
    clock.resume()
    wall[0] += 3
    clock.pause()
    assert clock.elapsed_s == 5


def test_a_resumed_run_goes_on_from_what_an_earlier_process_measured(wall):
    clock = Clock()
    clock.resume()
    wall[0] += 7  # building and loading again
    clock.set(40.0)
    wall[0] += 2
    assert clock.elapsed_s == 42
    clock.pause()
    clock.set(10.0)
    assert clock.elapsed_s == 10
    assert Clock(3.5).elapsed_s == 3.5
