"""How often pages ask again: a class asks no more in all than the server answers at once."""

import pytest

from pages.ui import pace

SIZES = (1, 30, 40, 41, 100, 400)


@pytest.fixture
def open_pages(monkeypatch):
    """Sets how many pages are open."""
    return lambda n: monkeypatch.setattr(pace, "n_visits", lambda: n)


@pytest.fixture
def told(monkeypatch) -> list[float]:
    """What the browser is told of its pace, in a visit that remembers what it was told."""
    said, kept = [], {}
    monkeypatch.setattr(pace, "ask_again", said.append)
    monkeypatch.setattr(pace.state, "put", kept.__setitem__)
    monkeypatch.setattr(pace.state, "get", kept.get)
    return said


def test_up_to_forty_pages_are_asked_for_each_second_and_of_more_each_one_less_often(open_pages):
    found = {}
    for n in SIZES:
        open_pages(n)
        found[n] = pace.slowed(1.0)
    assert found == {1: 1.0, 30: 1.0, 40: 1.0, 41: 2.0, 100: 3.0, 400: 10.0}


@pytest.mark.parametrize("n", SIZES)
def test_however_many_pages_are_open_all_together_ask_no_more_than_forty_times_a_second(open_pages, n):
    open_pages(n)
    assert n / pace.slowed(1.0) <= pace.AT_EASE
    assert not pace.is_calm() or n / 0.4 <= pace.AT_EASE


def test_what_moves_no_more_is_not_asked_for_again(open_pages):
    open_pages(100)
    assert pace.slowed(None) is None


def test_a_browser_is_told_of_another_pace_once(open_pages, told):
    for n in (30, 31, 41, 60, 100, 101, 30, 30):
        open_pages(n)
        pace.keep_pace("panel", 1.0)
    assert told == [1.0, 2.0, 3.0, 1.0]
