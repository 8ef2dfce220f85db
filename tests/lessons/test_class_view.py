"""A mission as a class is in it: who is where, against a class made by hand."""

from tl_core.lessons.class_view import Place, explanations, n_at, of_mission, places, predictions, together
from tl_core.lessons.mission import Measure, Mission, Step
from tl_core.lessons.progress import Progress
from tl_core.store.progress_records import ProgressRecord

BET = Step("bet", "predict", "choice", "winner", choices=("a", "b", "noise"))
NUMBER = Step("number", "predict", "number", "gap")
SKETCH = Step("sketch", "predict", "sketch", "curve")
ORDER = Step("order", "predict", "order", "ranking")
WHY = Step("why", "explain")
MISSION = Mission(
    "m", 5, 1, {}, {}, {"winner": Measure("winner", "best", ("a", "b"))}, (Step("idea", "read"), BET, WHY)
)
CLASS = {
    "carl": Progress(),
    "anna": Progress(passed=("idea", "bet", "why"), answers={"bet": "a", "why": "so"}, ended_at="then"),
    "ben": Progress(at="bet", passed=("idea",)),
    "dora": Progress(at="why", passed=("idea",)),  # of a mission that has been changed since
}


def record(owner: str, lesson: str = "m", **data) -> ProgressRecord:
    return ProgressRecord(owner, lesson, data, "now")


def test_of_all_that_is_kept_a_mission_takes_its_own_and_what_is_damaged_has_not_begun():
    found = of_mission([record("b", at="bet"), record("a", passed=7), record("c", "other")], MISSION)
    assert found == {"a": Progress(), "b": Progress(at="bet")}


def test_everybody_is_at_one_step_and_who_is_furthest_comes_last():
    found = places(MISSION, CLASS)
    assert found == [
        Place("carl", "idea", frozenset()),
        Place("ben", "bet", frozenset({"idea"})),
        Place("dora", "bet", frozenset({"idea"})),
        Place("anna", "", frozenset({"idea", "bet", "why"})),
    ]
    assert n_at(found) == {"idea": 1, "bet": 2, "": 1}
    assert places(MISSION, {}) == []


def test_predictions_and_explanations_are_gathered_from_those_who_gave_some():
    assert predictions(BET, CLASS) == ["a"]
    assert explanations(MISSION, CLASS) == [("anna", "why", "so")]


def test_a_class_measures_the_median_or_what_most_of_it_measured():
    assert together(BET, []) is None
    assert together(BET, ["a", "b", "b"]) == "b"
    assert together(NUMBER, [0.1, 0.2, 0.6]) == 0.2
    assert together(SKETCH, [{"x": 0.1}, {"x": 0.3}, {"x": 0.9}]) == {"x": 0.3}
    assert together(ORDER, [["a", "b"], ["b", "a"], ["a", "b"]]) == ["a", "b"]
