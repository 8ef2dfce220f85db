"""What the race between scratch and pretraining may say, from made-up scores."""

from typing import Any

import pytest

from tests.experiments.presets.made_up import rows
from tl_core.experiments.preset import Answer
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.presets.catch_up import longer
from tl_core.experiments.sentence import sentence

CATCH_UP = PRESETS["catch-up"]


def scored(pretrained: Any, scratch: Any, **more: Any) -> list[dict]:
    given = rows(pretrained, "epochs", start="pretrained", **more)
    return given + rows(scratch, "epochs", start="scratch", shift=1, **more)


def said(pretrained: Any, scratch: Any, **more: Any) -> Answer:
    answer = CATCH_UP.answer(scored(pretrained, scratch, **more))
    assert answer is not None
    return answer


def test_both_are_trained_for_as_many_epochs_on_the_same_pictures():
    trials = CATCH_UP.sweep({}, 1).trials()
    assert [trial.spec.epochs for trial in trials] == [5, 5, 15, 15, 45, 45]
    first, other = trials[0].spec, trials[1].spec
    assert (first.weights, first.n_frozen, first.phases) == ("pretrained", 6, 2)
    assert (other.weights, other.n_frozen, other.phases, other.batchnorm) == ("random", 0, 1, "trained")
    assert (first.dataset, first.image_size, first.per_class) == (other.dataset, other.image_size, other.per_class)


def test_another_data_set_has_its_own_usual_pictures():
    spec = CATCH_UP.sweep({"dataset": "groceries", "freeze": "all", "epochs": 3}, 1).trials()[0].spec
    assert (spec.image_size, spec.per_class, spec.n_frozen, spec.epochs) == (160, 20, 6, 5)


@pytest.mark.parametrize(
    ("scratch", "code", "choice"),
    [
        (0.5, "catch_up_behind", "no"),
        (0.9, "catch_up_ahead", "yes"),
        (0.7, "catch_up_even", "yes"),
        ([0.5, 0.9, 0.7, 0.6, 0.8], "catch_up_noise", None),
    ],
)
def test_the_longest_training_decides(scratch, code, choice):
    given = {5: 0.7, 45: 0.7}, {5: 0.7, 45: scratch}
    assert said(*given).code == code
    assert CATCH_UP.verdict(scored(*given)) == choice


def test_a_gap_that_has_become_smaller_is_told_and_one_that_has_not_is_not():
    answer = said({5: 0.7, 45: 0.8}, {5: 0.1, 45: 0.5})
    assert [one.code for one in (answer, *answer.more)] == ["catch_up_behind", "catch_up_nearer"]
    assert answer.values["difference"] == pytest.approx(0.3, abs=0.01)
    assert answer.more[0].values["difference"] == pytest.approx(0.3, abs=0.01)
    assert "scratch is still 30" in sentence("catch-up", answer, "en")
    assert said({5: 0.7, 45: 0.8}, {5: 0.4, 45: 0.5}).more == ()
    assert said({5: 0.7, 45: 0.8}, {5: 0.6, 45: 0.5}).more == ()


def test_where_scratch_is_ahead_the_lead_is_told_above_0():
    answer = said({45: 0.7}, {45: 0.8})
    assert (answer.code, answer.more) == ("catch_up_ahead", ())
    assert 0 < answer.values["low"] < answer.values["difference"]


def test_too_little_allows_no_answer():
    assert CATCH_UP.answer(scored({5: 0.7}, {5: 0.5}, n_seeds=1)) is None
    assert CATCH_UP.answer(rows({5: 0.7}, "epochs", start="pretrained")) is None
    assert CATCH_UP.verdict([]) is None


def test_the_race_goes_on_with_a_budget_more_until_no_run_may_take_longer():
    asked = CATCH_UP.sweep({}, 2)
    more = longer(asked)
    assert more is not None
    assert more.cells[: len(asked.cells)] == asked.cells
    assert [(cell.factors["epochs"], cell.factors["start"]) for cell in more.cells[len(asked.cells) :]] == [
        (135, "pretrained"),
        (135, "scratch"),
    ]
    assert {trial.spec.epochs for trial in more.trials()} == {5, 15, 45, 135}
    furthest = longer(more)
    assert furthest is not None
    assert longer(furthest) is None
