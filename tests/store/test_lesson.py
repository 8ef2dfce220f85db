import pytest

from tests.store.memory_store import MemoryStore
from tl_core.errors import StoreError
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.lesson import LENGTH, SIGNS, board_start, lesson_code, lesson_of_code, start_board
from tl_core.store.sqlite.store import SqliteStore

QUERY = {"v": "2", "backbone": "squeezenet", "n_frozen": "9"}
PUPIL = Visitor("a" * 32)


@pytest.fixture(params=["sqlite", "memory"])
def store(request, home):
    made = SqliteStore(home) if request.param == "sqlite" else MemoryStore()
    yield made
    made.close()


def test_the_same_settings_have_the_same_short_code_for_ever(store):
    code = lesson_code(store, QUERY, by=OPERATOR)
    assert len(code) == LENGTH
    assert set(code) <= set(SIGNS)
    assert lesson_code(store, dict(reversed(QUERY.items())), by=PUPIL) == code
    assert lesson_code(store, QUERY | {"n_frozen": "8"}, by=OPERATOR) != code


def test_a_code_is_found_however_it_was_typed(store):
    code = lesson_code(store, QUERY, by=OPERATOR)
    assert lesson_of_code(store, f" {code.upper()} ") == QUERY


@pytest.mark.parametrize("typed", ["", "abc", "aaaa", "limits", "../limits", "o0o0", "a" * 500, "课堂代码"])
def test_what_nobody_gave_is_no_lesson(store, typed):
    assert lesson_of_code(store, typed) is None


def test_a_student_gives_no_new_code(store):
    with pytest.raises(StoreError, match="instructor_only"):
        lesson_code(store, QUERY, by=PUPIL)


def test_two_lessons_whose_codes_would_be_equal_are_told_apart_by_one_sign_more(store):
    code = lesson_code(store, QUERY, by=OPERATOR)
    store.save_setting(f"lesson/{code}", {"v": "other"}, by=OPERATOR)
    longer = lesson_code(store, QUERY, by=OPERATOR)
    assert (longer[:LENGTH], len(longer)) == (code, LENGTH + 1)
    assert lesson_of_code(store, longer) == QUERY
    assert lesson_of_code(store, code) == {"v": "other"}


def test_codes_outlive_the_database(home):
    store = SqliteStore(home)
    code = lesson_code(store, QUERY, by=OPERATOR)
    store.close()
    (home / "runs.sqlite").unlink()
    store = SqliteStore(home)
    assert lesson_of_code(store, code) == QUERY
    store.close()


def test_a_lesson_begins_when_the_instructor_says_so(store):
    assert board_start(store) is None
    with pytest.raises(StoreError, match="instructor_only"):
        start_board(store, by=PUPIL)
    assert board_start(store) is None
    start_board(store, by=OPERATOR)
    first = board_start(store)
    assert first.endswith("+00:00")
    start_board(store, by=OPERATOR)
    assert board_start(store) >= first
