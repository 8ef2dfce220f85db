"""How far somebody is in a mission: in order, and what was predicted stays as it was first said."""

import json

import pytest

from tl_core.errors import InputError
from tl_core.lessons.mission import Measure, Mission, Step
from tl_core.lessons.progress import Progress

READ = Step("idea", "read")
BET = Step("bet", "predict", "choice", "winner", choices=("a", "b", "noise"))
ORDER = Step("order", "predict", "order", "ranking")
NUMBER = Step("number", "predict", "number", "gap", tolerance=0.1)
SKETCH = Step("sketch", "predict", "sketch", "curve")
RUN = Step("race", "run", runs=("a", "b"))
WHY = Step("why", "explain")
MEASURES = {
    "winner": Measure("winner", "best", ("a", "b")),
    "ranking": Measure("ranking", "order", ("a", "b")),
    "gap": Measure("gap", "difference", ("a", "b")),
    "curve": Measure("curve", "curve", ("a", "b")),
}
MISSION = Mission("m", 5, 1, {"a": {}, "b": {}}, {}, MEASURES, (READ, BET, RUN, WHY))


def done(*steps: str, **told) -> Progress:
    return Progress(passed=steps, **told)


def test_one_begins_at_the_first_step_and_goes_on_where_one_left_off():
    assert Progress().open_step(MISSION) is READ
    after = Progress().went_on(MISSION, READ, "now")
    assert (after.open_step(MISSION), after.began_at, after.n_done(MISSION)) == (BET, "now", 1)


def test_no_step_opens_before_those_before_it_are_done():
    assert Progress(at="race").open_step(MISSION) is READ
    assert not done("idea").may_open(MISSION, RUN)
    assert Progress(at="why").open_step(MISSION) is READ
    told = done("idea", "bet", answers={"bet": "a"})
    assert told.may_open(MISSION, RUN)
    assert told.may_open(MISSION, READ)


def test_a_question_is_not_left_without_an_answer_and_a_run_not_before_it_was_started():
    told = done("idea")
    assert told.went_on(MISSION, BET, "now") is told
    told = told.answered(BET, "b", mission=MISSION).went_on(MISSION, BET, "now")
    assert told.open_step(MISSION) is RUN
    assert told.went_on(MISSION, RUN, "now").open_step(MISSION) is RUN
    told = told.with_run("a", "1" * 32)
    assert not told.is_started(RUN)
    assert told.with_run("b", "2" * 32).went_on(MISSION, RUN, "now").open_step(MISSION) is WHY


def test_a_look_that_asks_about_what_was_not_measured_is_left_without_an_answer_and_no_other_question_is():
    look = Step("look", "look", measure="winner", runs=("a", "b"), show="curves", choices=("a", "b", "noise"))
    mission = Mission("m", 5, 1, {"a": {}, "b": {}}, {}, MEASURES, (READ, look, WHY))
    told = done("idea")
    assert told.went_on(mission, look, "now") is told
    without = told.went_on(mission, look, "now", is_measured=False)
    assert without.open_step(mission) is WHY
    assert Progress.from_dict(json.loads(json.dumps(without.to_dict()))) == without
    assert without.answered(look, "a", mission=mission).answers == {"look": "a"}
    assert without.went_on(mission, WHY, "now", is_measured=False) is without


def test_what_was_predicted_stays_and_an_explanation_may_be_said_anew():
    told = done("idea").answered(BET, "b", mission=MISSION)
    with pytest.raises(InputError) as caught:
        told.answered(BET, "a", mission=MISSION)
    assert caught.value.code == "answer_kept"
    told = told.answered(WHY, " because \n of it", mission=MISSION)
    assert told.answers["why"] == "because of it"
    assert told.answered(WHY, "otherwise", mission=MISSION).answers["why"] == "otherwise"


def test_the_end_is_noted_once():
    told = done("idea", "bet", "race", answers={"bet": "a", "why": "x"}, runs={"a": "1", "b": "2"})
    over = told.went_on(MISSION, WHY, "then")
    assert (over.ended_at, over.n_done(MISSION)) == ("then", 4)
    assert over.went_on(MISSION, WHY, "later").ended_at == "then"


@pytest.mark.parametrize(
    ("step", "given", "kept"),
    [
        (BET, "noise", "noise"),
        (NUMBER, 3, 3.0),
        (ORDER, ("b", "a"), ["b", "a"]),
        (SKETCH, {"a": 0.5, "b": 1}, {"a": 0.5, "b": 1.0}),
    ],
)
def test_an_answer_is_kept_as_plain_data(step, given, kept):
    told = Progress().answered(step, given, mission=MISSION)
    assert told.answers[step.id] == kept
    assert Progress.from_dict(json.loads(json.dumps(told.to_dict()))) == told


@pytest.mark.parametrize(
    ("step", "given"),
    [
        (BET, "c"),
        (BET, None),
        (NUMBER, "3"),
        (NUMBER, True),
        (NUMBER, float("nan")),
        (ORDER, ["a", "a"]),
        (ORDER, ["a"]),
        (ORDER, "ab"),
        (SKETCH, {"a": 0.5}),
        (SKETCH, {"a": 0.5, "b": float("inf")}),
        (WHY, "  "),
        (WHY, "x" * 2001),
        (WHY, 3),
    ],
)
def test_what_is_no_answer_is_refused(step, given):
    with pytest.raises(InputError) as caught:
        Progress().answered(step, given, mission=MISSION)
    assert caught.value.code == "bad_answer"


def test_of_a_mission_that_was_changed_since_only_what_still_fits_is_kept():
    told = Progress(
        at="why",
        answers={"idea": 3, "bet": 0.5, "number": "a", "order": ["a", "c"], "why": "x", "gone": 1},
        passed=("idea", "bet"),
        runs={"a": "1" * 32, "c": "2" * 32},
        sweeps={"depth": "3" * 32},
    )
    changed = Mission("m", 5, 1, {"a": {}, "b": {}}, {}, MEASURES, (READ, BET, NUMBER, ORDER, RUN, WHY))
    fitting = told.fitting(changed)
    assert fitting.answers == {"why": "x"}
    assert (fitting.runs, fitting.sweeps) == ({"a": "1" * 32}, {})
    assert fitting.open_step(changed) is BET


@pytest.mark.parametrize("kept", [None, {}, {"at": 3, "answers": None}, {"answers": [1]}, {"passed": 3}])
def test_what_cannot_be_read_is_a_fresh_beginning_or_what_can_be_read_of_it(kept):
    assert Progress.from_dict(kept).open_step(MISSION) is READ
