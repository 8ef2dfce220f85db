"""The one limit of all waits."""

import patience
import pytest
from patience import PATIENCE_S, TEST_LIMIT_S, until


def test_what_was_waited_for_is_returned():
    looks = iter([None, [], 0, "there"])
    assert until("it is there", lambda: next(looks)) == "there"


def test_a_wait_in_vain_names_what_it_was_for(monkeypatch):
    monkeypatch.setattr(patience, "PATIENCE_S", 0.0)
    with pytest.raises(AssertionError, match="in vain: the moon"):
        until("the moon", lambda: False)


def test_a_wait_ends_before_its_test_does_and_never_before_what_a_quick_machine_allows():
    assert patience.ON_QUICK_S <= PATIENCE_S < TEST_LIMIT_S


@pytest.mark.parametrize(("work_s", "expected"), [(0.001, 1.0), (0.015, 2.5), (9.0, 8.0)])
def test_a_slow_machine_is_given_more_time_within_bounds(monkeypatch, work_s, expected):
    monkeypatch.delenv("TL_TESTS_SLOWNESS")
    monkeypatch.setattr(patience, "work_s", lambda: work_s)
    assert patience.slowness() == expected
    monkeypatch.undo()
    assert "TL_TESTS_SLOWNESS" in patience.os.environ
