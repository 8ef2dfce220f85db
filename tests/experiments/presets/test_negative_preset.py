"""What may be said of sources that do not help, from made-up scores."""

from typing import Any

import pytest

from tests.experiments.presets.made_up import rows
from tl_core.experiments.preset import Answer
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.sentence import sentence

NEGATIVE = PRESETS["negative"]


def scored(near: Any = 0.6, shuffled: Any = 0.4, random: Any = 0.4, xray: Any = 0.9) -> list[dict]:
    offered = {"near": near, "far": 0.45, "shuffled": shuffled, "random": random}
    found = [*rows({"near": 0.6, "far": 0.9, "shuffled": 0.2}, "start", target="source")]
    found += rows(offered, "start", target="cifar10-b")
    for target, level in (("groceries", 0.6), ("chest-xray-small", xray), ("mnist-small", 0.9)):
        found += rows({"imagenet": level, "random": 0.5}, "start", target=target, shift=1)
    return found


def said(given: list[dict]) -> Answer:
    answer = NEGATIVE.answer(given)
    assert answer is not None
    return answer


def test_sources_are_trained_from_scratch_and_probed_on_other_pictures():
    trials = NEGATIVE.sweep({}, 1).trials()
    by = {(trial.factors["target"], trial.factors["start"]): trial for trial in trials}
    for start, dataset in (("near", "cifar10-a"), ("far", "mnist-small"), ("shuffled", "cifar10-a-shuffled")):
        source = by["source", start]
        assert (source.spec.dataset, source.spec.weights, source.spec.n_frozen) == (dataset, "random", 0)
        assert trials[by["cifar10-b", start].source or 0] is source
    probes = [trial.spec for trial in trials if trial.factors["target"] != "source"]
    assert {(spec.head, spec.n_frozen) for spec in probes} == {("logistic", 9)}
    assert [by[target, "imagenet"].spec.weights for target in ("groceries", "mnist-small")] == ["pretrained"] * 2
    assert by["groceries", "random"].spec.weights == "random"


def test_a_real_source_is_compared_with_shuffled_labels_and_chance_and_near_and_far_are_not():
    answer = said(scored())
    told = [(one.values["target"], one.values["first"], one.values["other"]) for one in (answer, *answer.more)]
    assert told == [
        ("cifar10-b", "near", "shuffled"),
        ("cifar10-b", "near", "random"),
        ("groceries", "imagenet", "random"),
        ("chest-xray-small", "imagenet", "random"),
        ("mnist-small", "imagenet", "random"),
    ]
    assert {one.code for one in (answer, *answer.more)} == {"offered_better"}
    assert sentence("negative", answer, "en").startswith("CIFAR-10, classes B: features from “Classes A” are ")


def test_what_cannot_be_told_apart_is_said_to_be_noise():
    assert said(scored(near=[0.2, 0.6, 0.4, 0.5, 0.3])).code == "offered_noise"


@pytest.mark.parametrize(
    ("xray", "choice"), [(0.9, "always"), (0.5, "sometimes"), (0.3, "sometimes"), ([0.1, 0.9, 0.5, 0.7, 0.4], None)]
)
def test_only_a_prediction_that_the_numbers_bear_out_is_right(xray, choice):
    assert NEGATIVE.verdict(scored(xray=xray)) == choice
    few = [row for row in scored(xray=xray) if row["seed"] == 0]
    assert (NEGATIVE.answer(few), NEGATIVE.verdict(few)) == (None, None)
