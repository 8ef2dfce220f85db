"""What may be said of starts, from made-up scores."""

from typing import Any

import pytest

from tests.experiments.presets.made_up import rows
from tl_core.experiments.preset import Answer
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.sentence import sentence

STARTS = PRESETS["initialisation"]


def scored(pretrained: Any = 0.7, first: Any = 0.6, matched: Any = 0.3, random: Any = 0.3) -> list[dict]:
    return rows({"pretrained": pretrained, "first": first, "matched": matched, "random": random}, "start")


def said(given: list[dict]) -> Answer:
    answer = STARTS.answer(given)
    assert answer is not None
    return answer


def test_the_four_starts_differ_by_nothing_else():
    specs = {trial.factors["start"]: trial.spec for trial in STARTS.sweep({}, 1).trials()}
    assert {name: (spec.started_as, spec.n_pretrained) for name, spec in specs.items()} == {
        "pretrained": ("pretrained", None),
        "first": ("partly", 10),
        "matched": ("matched", None),
        "random": ("random", None),
    }
    assert len({spec.with_changes(weights="random", n_pretrained=None) for spec in specs.values()}) == 1
    spec = specs["random"]
    assert (spec.phases, spec.n_frozen, spec.batchnorm, spec.batchnorm_momentum) == (1, 0, "trained", 0.9)
    other = STARTS.sweep({"backbone": "squeezenet", "dataset": "groceries", "epochs": 3, "weights": "random"}, 1)
    assert [trial.spec.n_pretrained for trial in other.trials()] == [None, 5, None, None]
    assert {trial.spec.epochs for trial in other.trials()} == {3}


def test_whole_and_first_blocks_are_compared_with_random_and_of_the_scale_nothing_is_claimed():
    answer = said(scored())
    assert [one.code for one in (answer, *answer.more)] == ["start_better", "start_better", "start_scale"]
    text = sentence("initialisation", answer, "en")
    assert "“First half pretrained” is 29." in text
    assert text.endswith("nothing is concluded here.")


def test_what_cannot_be_told_apart_is_said_to_be_noise():
    answer = said(scored(pretrained=[0.3, 0.5, 0.2, 0.4, 0.1], first=0.3))
    assert [one.code for one in (answer, *answer.more)][:2] == ["start_noise", "start_noise"]


def test_too_few_seeds_allow_no_answer_and_a_start_that_failed_leaves_the_others():
    few = [row for row in scored() if row["seed"] == 0]
    assert (STARTS.answer(few), STARTS.verdict(few)) == (None, None)
    failed = [row | {"test_accuracy": None, "state": "failed"} if row["start"] == "first" else row for row in scored()]
    answer = said(failed)
    assert [one.code for one in (answer, *answer.more)] == ["start_better", "start_scale"]
    assert STARTS.verdict(failed) is None


@pytest.mark.parametrize(
    ("levels", "choice"),
    [
        ({"first": 0.6}, "most"),
        ({"first": 0.4}, "little"),
        ({"first": 0.5}, None),
        ({"pretrained": 0.3}, "none"),
        ({"pretrained": [0.3, 0.9, 0.1, 0.5, 0.2]}, None),
    ],
)
def test_only_a_prediction_that_the_numbers_bear_out_is_right(levels, choice):
    assert STARTS.verdict(scored(**levels)) == choice
