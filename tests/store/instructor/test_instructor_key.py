"""The instructor's key: who may try it, when, and that nobody who guesses keeps anybody else out for long."""

import threading
from collections.abc import Iterator

import pytest

from tl_core.errors import StoreError
from tl_core.store.instructor.key import (
    FORGOTTEN_S,
    LEAST_LENGTH,
    MOST_WRONG,
    InstructorKey,
    client_address,
    is_too_short,
    key_in_use,
)

KEY = "open sesame, please"
ADMITTED = {"address": "10.0.0.9", "browser": "teacher", "admission": "a" * 32}


class Clock:
    def __init__(self) -> None:
        self.now_s = 50.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch) -> Clock:
    monkeypatch.setenv("TL_INSTRUCTOR_KEY", KEY)
    return Clock()


def wait_s(door: InstructorKey, received: str = "guess", address: str = "10.0.0.1", browser: str = "b", **more) -> int:
    """Tries a key; returns for how many seconds it is not tried, 0 if it was, -1 if it was right."""
    try:
        return -door.check(received, address=address, browser=browser, **more)
    except StoreError as error:
        return error.values["seconds"]


def seconds(n: float) -> Iterator[float]:
    """Yields every tenth of a second."""
    return (tick / 10 for tick in range(round(n * 10)))


def most_in_a_minute(times: list[float]) -> int:
    return max((sum(begin <= time < begin + 60 for time in times) for begin in times), default=0)


def test_the_right_key_is_admitted_and_a_wrong_one_is_not(clock):
    wrong = ("", "open", f"{KEY} ", KEY.upper(), "\udcff")
    assert [wait_s(InstructorKey(clock), key) for key in (KEY, *wrong)] == [-1, 0, 0, 0, 0, 0]


def test_each_wrong_key_makes_the_wait_longer_also_for_the_right_one(clock):
    door, waits = InstructorKey(clock), []
    for _ in range(6):
        assert wait_s(door) == 0
        waits.append(wait_s(door, KEY))
        clock.now_s += waits[-1]
    assert waits == [5, 15, 45, 60, 60, 60]


def test_wrong_keys_of_a_browser_follow_it_to_another_address_and_those_of_an_address_to_another_browser(clock):
    door = InstructorKey(clock)
    assert wait_s(door) == 0
    assert wait_s(door, KEY, address="10.0.0.2") == 5
    assert wait_s(door, KEY, browser="c") == 5
    assert wait_s(door, KEY, address="10.0.0.2", browser="c") == -1


def test_wrong_keys_are_forgotten_after_an_hour(clock):
    door = InstructorKey(clock)
    for _ in range(3):
        wait_s(door)
        clock.now_s += 60
    clock.now_s += FORGOTTEN_S
    assert wait_s(door) == 0
    assert wait_s(door) == 5


def test_right_keys_never_count_as_wrong_ones(clock):
    door = InstructorKey(clock)
    assert {wait_s(door, KEY) for _ in range(20)} == {-1}


@pytest.mark.parametrize("n_addresses", [1, 2, 3, 40])
def test_however_many_guess_there_are_five_guesses_a_minute_and_an_admitted_browser_is_never_kept_out(
    clock, n_addresses
):
    door, guesses = InstructorKey(clock), []
    began_s = clock.now_s
    for second in seconds(300):
        clock.now_s = began_s + second
        for tab in range(max(5, n_addresses)):  # each with a browser of its own: cookies are thrown away easily
            if wait_s(door, address=f"10.0.1.{tab % n_addresses}", browser=f"{tab} {second}") == 0:
                guesses.append(second)
        assert wait_s(door, KEY, **ADMITTED) == -1
    assert most_in_a_minute(guesses) <= MOST_WRONG
    assert len(guesses) <= 5 * MOST_WRONG


def test_while_five_tabs_of_one_address_guess_a_newcomer_at_another_one_is_let_in_at_once_at_any_moment(clock):
    door = InstructorKey(clock)
    began_s = clock.now_s
    for second in seconds(300):
        clock.now_s = began_s + second
        for tab in range(5):
            wait_s(door, browser=f"tab {tab}")
        assert wait_s(door, KEY, address="10.0.0.2", browser="new") == -1


def test_who_goes_on_guessing_from_many_addresses_keeps_a_newcomer_out_for_their_first_keys_only(clock):
    door, began_s, kept_out = InstructorKey(clock), clock.now_s, []
    for second in seconds(300):
        clock.now_s = began_s + second
        for tab in range(10):
            wait_s(door, address=f"10.0.1.{tab}", browser=f"tab {tab}")
        if wait_s(door, KEY, address="10.0.0.2", browser="new") != -1:
            kept_out.append(second)
    assert max(kept_out) < 180  # ten first keys, of which two a minute are tried at the worst


def test_an_admitted_browser_waits_for_its_own_wrong_keys_only_and_these_count_for_nobody_else(clock):
    door = InstructorKey(clock)
    for _ in range(MOST_WRONG):
        assert wait_s(door, **ADMITTED) == 0
        clock.now_s += wait_s(door, KEY, **ADMITTED)
    assert wait_s(door, **ADMITTED) == 0
    assert wait_s(door, KEY, **ADMITTED) == 60
    assert wait_s(door, KEY, **{**ADMITTED, "admission": "b" * 32}) == -1
    assert wait_s(door, KEY) == -1


def test_many_who_guess_at_the_same_time_have_five_tries_together(clock):
    door, refused = InstructorKey(clock), []

    def guess(number: int) -> None:
        if wait_s(door, address=f"10.0.0.{number}", browser=str(number)):
            refused.append(number)

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 40 - MOST_WRONG


@pytest.mark.parametrize(
    ("key", "used", "is_short"),
    [
        (None, "", False),
        ("", "", False),
        ("a" * (LEAST_LENGTH - 1), "", True),
        ("a" * LEAST_LENGTH, "a" * LEAST_LENGTH, False),
        ("教师的密钥要足够长才好用", "教师的密钥要足够长才好用", False),
    ],
)
def test_a_key_that_could_be_guessed_is_not_used(monkeypatch, key, used, is_short):
    monkeypatch.delenv("TL_INSTRUCTOR_KEY", raising=False)
    if key is not None:
        monkeypatch.setenv("TL_INSTRUCTOR_KEY", key)
    assert (key_in_use(), is_too_short()) == (used, is_short)
    assert wait_s(InstructorKey(), key or "") == (-1 if used else 0)


@pytest.mark.parametrize(
    ("n_proxies", "peer", "forwarded", "address"),
    [
        (None, None, [], "local"),
        (None, "192.168.1.7", [], "192.168.1.7"),
        (None, "192.168.1.7", ["10.1.1.1"], "forwarded"),
        ("none", "192.168.1.7", ["10.1.1.1"], "forwarded"),
        ("1", "192.168.1.7", ["10.1.1.1, 10.2.2.2"], "10.2.2.2"),
        ("2", "192.168.1.7", ["10.1.1.1, 10.2.2.2", "10.3.3.3"], "10.2.2.2"),
        ("2", "192.168.1.7", ["10.1.1.1"], "192.168.1.7"),
        ("1", None, [], "local"),
        (None, "2001:db8:1:2:3:4:5:6", [], "2001:db8:1:2::/64"),
        (None, "::ffff:192.168.1.7", [], "192.168.1.7"),
        ("1", None, ["<b>unknown"], "<b>unknown"),
    ],
)
def test_what_a_visitor_says_of_the_address_is_believed_as_far_as_the_operator_says(
    monkeypatch, n_proxies, peer, forwarded, address
):
    monkeypatch.delenv("TL_PROXIES", raising=False)
    if n_proxies is not None:
        monkeypatch.setenv("TL_PROXIES", n_proxies)
    assert client_address(peer, forwarded) == address
