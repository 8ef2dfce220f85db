"""What may be said of copied blocks, from made-up scores."""

from typing import Any

import pytest

from tests.experiments.presets.made_up import rows
from tl_core.errors import InputError
from tl_core.experiments.preset import Answer
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.sentence import sentence
from tl_core.experiments.sweep import Sweep

SOURCE = PRESETS["source"]


def scored(**changed: Any) -> list[dict]:
    copied = {"a-frozen": 0.4, "b-frozen": 0.6, "a-tuned": 0.6, "b-tuned": 0.6, "a-few": 0.5}
    scratch = {"base-a": 0.7, "base-b": 0.6, "few": 0.45}
    levels = copied | scratch | changed
    middle = rows(dict.fromkeys(copied, 0.55), "arm", blocks=3, shift=1)
    return [
        *rows({name: levels[name] for name in scratch}, "arm", blocks=0),
        *middle,
        *rows({name: levels[name] for name in copied}, "arm", blocks=9, shift=1),
    ]


def said(given: list[dict]) -> Answer:
    answer = SOURCE.answer(given)
    assert answer is not None
    return answer


def test_blocks_are_copied_from_the_networks_that_the_sweep_trains_itself():
    sweep = SOURCE.sweep({}, 2)
    trials = sweep.trials()
    assert Sweep.from_dict(sweep.to_dict()) == sweep
    by = {(trial.factors["arm"], trial.factors["blocks"], trial.factors["seed"]): trial for trial in trials}
    for seed in (0, 1):
        for half in ("a", "b"):
            base = trials.index(by[f"base-{half}", 0, seed])
            assert trials[base].spec.weights == "random"
            assert trials[base].spec.dataset == f"cifar10-{half}"
            for n in (3, 6, 9):
                frozen, tuned = (by[f"{half}-{way}", n, seed] for way in ("frozen", "tuned"))
                assert (frozen.source, tuned.source) == (base, base)
                assert (frozen.spec.n_frozen, tuned.spec.n_frozen) == (n, 0)
                assert frozen.spec.n_pretrained == tuned.spec.n_pretrained == (None if n == 9 else n)
                assert frozen.spec.dataset == tuned.spec.dataset == "cifar10-b"
    few, scratch = by["a-few", 9, 0], by["few", 0, 0]
    assert few.spec.with_changes(weights="random") == scratch.spec
    assert {trial.spec.phases for trial in trials} == {1}
    assert {trial.spec.learning_rate for trial in trials if trial.spec.n_frozen < 9} == {3e-4}


def test_only_the_arms_that_are_asked_for_are_trained_and_others_are_refused():
    few = SOURCE.sweep({"arms": "a-frozen"}, 1)
    assert {cell.factors["arm"] for cell in few.cells} == {"base-a", "base-b", "a-frozen"}
    with pytest.raises(InputError, match="bad_arms"):
        SOURCE.sweep({"arms": "c-frozen"}, 1)


def test_each_arm_is_compared_with_the_network_from_scratch_on_as_many_pictures():
    answer = said(scored())
    told = {one.values["first"]: (one.code, one.values["other"]) for one in (answer, *answer.more)}
    assert told == {
        "a-frozen": ("copied_worse", "base-b"),
        "b-frozen": ("copied_noise", "base-b"),
        "a-tuned": ("copied_noise", "base-b"),
        "b-tuned": ("copied_noise", "base-b"),
        "a-few": ("copied_better", "few"),
    }
    text = sentence("source", answer, "en")
    assert text.startswith("“A copied, frozen”, all blocks: ")
    assert "Not reproduced here: “B copied, frozen”" in text


def test_too_few_seeds_allow_no_answer():
    few = [row for row in scored() if row["seed"] == 0]
    assert (SOURCE.answer(few), SOURCE.verdict(few)) == (None, None)


@pytest.mark.parametrize(
    ("frozen", "choice"), [(0.4, "specific"), (0.8, "better"), (0.6, "general"), ([0.2, 0.9, 0.6, 0.5, 0.7], None)]
)
def test_only_a_prediction_that_the_numbers_bear_out_is_right(frozen, choice):
    assert SOURCE.verdict(scored(**{"a-frozen": frozen})) == choice
