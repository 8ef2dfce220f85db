"""Which of several readings is taken."""

from tl_core.datasets.own.notes import Note
from tl_core.ingest.readings.choose import rank
from tl_core.ingest.readings.reading import Placed, Reading

DOUBT = (Note("doubt_level", {"names": []}),)


def reading(*names: str, doubts: tuple[Note, ...] = (), why: str = "folders") -> Reading:
    placed = tuple(Placed(f"{at}.jpg", name) for at, name in enumerate(names))
    return Reading((), "folders", placed, (), tuple(sorted(set(names))), doubts=doubts, why=why)


def test_one_reading_without_doubts_stands_out():
    readings = rank([reading("a", "b", doubts=DOUBT), reading("x"), reading("c", "d")])
    assert (readings.is_clear, [one.classes for one in readings.all]) == (True, [("c", "d"), ("a", "b"), ("x",)])


def test_two_without_doubts_are_a_question_unless_they_say_the_same():
    assert not rank([reading("a", "b"), reading("b", "a")]).is_clear
    assert rank([reading("a", "b"), reading("a", "b", why="names")]).is_clear


def test_a_doubted_reading_is_a_question_even_alone():
    assert not rank([reading("a", "b", doubts=DOUBT)]).is_clear


def test_without_two_classes_there_is_nothing_to_choose():
    assert rank([reading(), reading("a", doubts=DOUBT)]).is_clear
