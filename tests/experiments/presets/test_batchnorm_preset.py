"""What the policies of BatchNorm may say, from made-up scores."""

from typing import Any

import pytest

from tests.experiments.presets.made_up import rows
from tl_core.experiments.preset import Answer
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.sentence import sentence

BATCHNORM = PRESETS["batchnorm"]


def scored(frozen: Any = 0.6, slow: Any = 0.6, quick: Any = 0.6, probe: Any = 0.5, trap: Any = 0.5) -> list[dict]:
    levels = {"frozen": frozen, "slow": slow, "quick": quick, "probe": probe, "probe-updating": trap}
    return rows(levels, "policy")


def said(given: list[dict]) -> Answer:
    answer = BATCHNORM.answer(given)
    assert answer is not None
    return answer


def test_each_policy_is_what_its_name_says():
    specs = {trial.factors["policy"]: trial.spec for trial in BATCHNORM.sweep({}, 1).trials()}
    tuned = {name: specs[name] for name in ("frozen", "slow", "quick")}
    assert [(spec.batchnorm, spec.batchnorm_momentum) for spec in tuned.values()] == [
        ("frozen", None),
        ("trained", 0.999),
        ("trained", 0.9),
    ]
    assert {(spec.phases, spec.n_frozen) for spec in tuned.values()} == {(2, 6)}
    heads = specs["probe"], specs["probe-updating"]
    assert [spec.batchnorm for spec in heads] == ["frozen", "updating"]
    assert {(spec.phases, spec.n_frozen, spec.is_fitted, spec.epochs) for spec in heads} == {(1, 19, False, 5)}
    assert heads[0].learning_rate == heads[1].learning_rate


def test_the_stored_statistics_are_compared_with_both_others_and_the_head_with_its_trap():
    answer = said(scored(quick=0.5, slow=[0.55, 0.65, 0.6, 0.5, 0.7], trap=0.3))
    assert [one.code for one in (answer, *answer.more)] == ["policy_better", "policy_noise", "policy_better"]
    assert [one.values["other"] for one in (answer, *answer.more)] == ["quick", "slow", "probe-updating"]
    assert answer.values["difference"] == pytest.approx(0.1, abs=0.01)
    assert sentence("batchnorm", answer, "en").startswith("“Tuned, BatchNorm frozen” is 10")


def test_where_the_batches_do_better_that_is_told():
    answer = said(scored(quick=0.7))
    assert (answer.code, BATCHNORM.verdict(scored(quick=0.7))) == ("policy_worse", "batch")
    assert 0 < answer.values["low"] < answer.values["difference"]


def test_too_few_seeds_allow_no_answer_and_a_policy_that_failed_leaves_the_others():
    few = [row for row in scored() if row["seed"] == 0]
    assert BATCHNORM.answer(few) is None
    assert BATCHNORM.verdict(few) is None
    failed = [
        row | {"test_accuracy": None, "state": "failed"} if row["policy"] == "quick" else row
        for row in scored(slow=0.5)
    ]
    answer = said(failed)
    assert (answer.code, answer.values["other"]) == ("policy_better", "slow")
    assert BATCHNORM.verdict(failed) is None


@pytest.mark.parametrize(
    ("quick", "choice"), [(0.5, "stored"), (0.7, "batch"), (0.6, "same"), ([0.3, 0.9, 0.6, 0.5, 0.7], None)]
)
def test_only_a_prediction_that_the_numbers_bear_out_is_right(quick, choice):
    assert BATCHNORM.verdict(scored(quick=quick)) == choice
