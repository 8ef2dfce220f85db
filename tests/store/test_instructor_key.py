import threading

import pytest

from tl_core.errors import StoreError
from tl_core.store.instructor_key import MOST_WRONG, WITHIN_S, InstructorKey, has_instructor_key


class Clock:
    def __init__(self) -> None:
        self.now_s = 50.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch) -> Clock:
    monkeypatch.setenv("TL_INSTRUCTOR_KEY", "open sesame")
    return Clock()


def test_the_right_key_is_admitted_and_a_wrong_one_is_not(clock):
    door = InstructorKey(clock)
    assert [door.check(key) for key in ("open sesame", "", "open", "open sesame ")] == [True, False, False, False]


def test_after_five_wrong_keys_in_a_minute_not_even_the_right_one_is_tried(clock):
    door = InstructorKey(clock)
    for _ in range(MOST_WRONG):
        assert not door.check("guess")
        clock.now_s += 1
    for key in ("guess", "open sesame"):
        with pytest.raises(StoreError) as caught:
            door.check(key)
        assert (caught.value.code, caught.value.values) == ("too_many_keys", {"seconds": 55})


def test_a_minute_after_the_first_wrong_key_one_more_may_be_tried(clock):
    door = InstructorKey(clock)
    for _ in range(MOST_WRONG):
        door.check("guess")
        clock.now_s += 10
    clock.now_s += WITHIN_S - 50
    assert not door.check("guess")
    with pytest.raises(StoreError):
        door.check("open sesame")
    clock.now_s += 10
    assert door.check("open sesame")


def test_right_keys_never_count_as_wrong_ones(clock):
    door = InstructorKey(clock)
    assert all(door.check("open sesame") for _ in range(20))


def test_many_who_guess_at_the_same_time_have_five_tries_together(clock):
    door, refused = InstructorKey(clock), []

    def guess() -> None:
        try:
            door.check("guess")
        except StoreError:
            refused.append(1)

    threads = [threading.Thread(target=guess) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 40 - MOST_WRONG


@pytest.mark.parametrize("key", [None, ""])
def test_where_no_key_was_set_none_is_right(monkeypatch, key):
    monkeypatch.delenv("TL_INSTRUCTOR_KEY", raising=False)
    if key is not None:
        monkeypatch.setenv("TL_INSTRUCTOR_KEY", key)
    assert not has_instructor_key()
    assert not InstructorKey().check("")


def test_a_key_that_was_set_is_known_to_be_there(clock):
    assert has_instructor_key()
