"""What the rates may say, from made-up scores."""

from typing import Any

import pytest

from tests.experiments.presets.made_up import rows
from tl_core.experiments.preset import Answer
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.sentence import sentence
from tl_core.models.catalog import backbone_info

RATES = PRESETS["rates"]
SMALL, LARGE = 1e-5, 1e-3


def scored(first: dict, other: dict, **more: Any) -> list[dict]:
    given = rows(first, "learning_rate", arm="head-first", **more)
    return given + rows(other, "learning_rate", arm="at-once", shift=1, **more)


def said(first: dict, other: dict, **more: Any) -> Answer:
    answer = RATES.answer(scored(first, other, **more))
    assert answer is not None
    return answer


def test_both_orders_are_trained_at_each_rate_and_differ_in_nothing_else():
    trials = RATES.sweep({}, 1).trials()
    assert len(trials) == 10
    for first, other in zip(trials[::2], trials[1::2], strict=True):
        assert (first.spec.phases, other.spec.phases) == (2, 1)
        assert first.spec.learning_rate == other.spec.learning_rate == first.factors["learning_rate"]
        assert first.spec.with_changes(phases=1, head_epochs=5, head_learning_rate=2e-3) == other.spec.with_changes(
            head_epochs=5, head_learning_rate=2e-3
        )


@pytest.mark.parametrize("backbone", ["mobilenet_v2", "squeezenet"])
def test_the_last_two_thirds_are_tuned_unless_it_is_said_otherwise(backbone):
    n_blocks = backbone_info(backbone).n_blocks
    assert RATES.sweep({"backbone": backbone}, 1).trials()[0].spec.n_frozen == n_blocks // 3
    assert RATES.sweep({"backbone": backbone, "freeze": 1}, 1).trials()[0].spec.n_frozen == 1
    assert RATES.sweep({"arms": "at-once"}, 1).n_trials == 5


def test_small_photographs_are_kept_small_and_others_have_their_usual_size():
    assert RATES.sweep({}, 1).trials()[0].spec.image_size == 64
    assert RATES.sweep({"dataset": "groceries"}, 1).trials()[0].spec.image_size == 160
    assert RATES.sweep({"image_size": 96, "dataset": None}, 1).trials()[0].spec.image_size == 96


def test_it_is_told_where_the_head_first_helps_most_and_at_how_many_rates():
    answer = said({SMALL: 0.6, 1e-4: 0.65, LARGE: 0.6}, {SMALL: 0.3, 1e-4: 0.6, LARGE: 0.6})
    assert (answer.code, answer.values["rate"]) == ("rates_better", "1e-5")
    assert (answer.values["n_better"], answer.values["n_worse"], answer.values["n"]) == (2, 0, 3)
    assert answer.values["difference"] == pytest.approx(0.3, abs=0.01)
    assert [one.code for one in answer.more] == ["rate_matters", "rate_matters"]
    assert "Head first: at 0.0001 it is" in sentence("rates", answer, "en")


def test_a_head_first_that_hurts_is_told_as_a_loss_above_0():
    answer = said({SMALL: 0.5, LARGE: 0.6}, {SMALL: 0.6, LARGE: 0.6})
    assert (answer.code, answer.values["n_worse"]) == ("rates_worse", 1)
    assert answer.values["difference"] == pytest.approx(0.1, abs=0.01)
    assert 0 < answer.values["low"] < answer.values["high"]


def test_what_chance_explains_is_not_claimed():
    noisy = [0.5, 0.7, 0.6]
    answer = said({SMALL: noisy, LARGE: 0.6}, {SMALL: 0.6, LARGE: 0.6}, n_seeds=3)
    assert answer.code == "rates_noise"
    assert [one.code for one in answer.more] == ["rate_noise", "rate_noise"]


def test_an_arm_alone_is_told_of_its_rates():
    answer = RATES.answer(rows({SMALL: 0.3, LARGE: 0.6}, "learning_rate", arm="at-once"))
    assert answer is not None
    assert (answer.code, answer.values["best"], answer.values["worst"]) == ("rate_matters", "0.001", "1e-5")
    assert RATES.verdict(rows({SMALL: 0.3, LARGE: 0.6}, "learning_rate", arm="at-once")) is None


def test_one_seed_allows_no_answer():
    assert RATES.answer(scored({SMALL: 0.6, LARGE: 0.7}, {SMALL: 0.3, LARGE: 0.6}, n_seeds=1)) is None
    assert RATES.verdict(scored({SMALL: 0.6, LARGE: 0.7}, {SMALL: 0.3, LARGE: 0.6}, n_seeds=1)) is None


@pytest.mark.parametrize(
    ("first", "choice"),
    [
        ({SMALL: 0.6, LARGE: 0.7}, "always"),
        ({SMALL: 0.6, LARGE: 0.5}, "some"),
        ({SMALL: 0.5, LARGE: 0.7}, "some"),  # at the other it makes no difference for sure
        ({SMALL: 0.5, LARGE: 0.4}, "never"),
        ({SMALL: 0.6, LARGE: [0.3, 0.7, 0.5, 0.4, 0.6]}, None),  # of the other nothing is known
        ({SMALL: [0.3, 0.7, 0.5, 0.4, 0.6], LARGE: 0.4}, None),
    ],
)
def test_a_prediction_is_right_only_where_each_rate_has_been_decided(first, choice):
    assert RATES.verdict(scored(first, {SMALL: 0.5, LARGE: 0.6})) == choice
