"""What the presets that fine-tune may say of the bundled pictures, measured with real runs and fixed seeds."""

import numpy as np
import pytest

from tests.experiments.presets.trained import Trainer
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.rows import scores

pytestmark = pytest.mark.slow
RATES, BATCHNORM = PRESETS["rates"], PRESETS["batchnorm"]
SMALL, USUAL = 1e-5, 1e-4


@pytest.fixture(scope="module")
def trainer(tmp_path_factory):
    return Trainer(tmp_path_factory.mktemp("tuning"))


@pytest.mark.full
def test_at_a_small_rate_a_head_that_was_trained_first_is_far_ahead(trainer):
    rows = trainer.rows(RATES.sweep({}, 1), learning_rate=(SMALL,))
    first, at_once = (row["test_accuracy"] for row in rows)
    assert first - at_once >= 0.10


@pytest.mark.full
def test_statistics_that_move_although_all_is_frozen_cost_ten_points(trainer):
    rows = trainer.rows(BATCHNORM.sweep({}, 1), policy=("probe", "probe-updating"))
    probe, trap = (row["test_accuracy"] for row in rows)
    assert probe - trap >= 0.10


@pytest.mark.full
def test_the_head_first_helps_where_the_rate_is_small_and_all_at_once_depends_on_it(trainer):
    rows = trainer.rows(RATES.sweep({}, RATES.n_seeds), learning_rate=(SMALL, USUAL))
    answer = RATES.answer(rows)
    assert answer is not None
    assert (answer.code, answer.values["rate"], answer.values["n_worse"]) == ("rates_better", "1e-5", 0)
    assert answer.values["difference"] >= 0.10
    at_once = next(one for one in answer.more if one.values["arm"] == "at-once")
    assert (at_once.code, at_once.values["best"]) == ("rate_matters", "0.0001")
    assert RATES.verdict(rows) in ("always", "some", None)


@pytest.mark.full
def test_stored_statistics_tune_better_and_the_trap_costs_ten_points(trainer):
    rows = trainer.rows(BATCHNORM.sweep({}, BATCHNORM.n_seeds))
    answer = BATCHNORM.answer(rows)
    mean = {policy: np.mean(list(known.values())) for policy, known in scores(rows, "policy").items()}
    assert mean["frozen"] - mean["quick"] >= 0.03
    assert mean["probe"] - mean["probe-updating"] >= 0.10
    assert answer is not None
    assert [one.code for one in (answer, *answer.more)] == ["policy_better"] * 3
    assert BATCHNORM.verdict(rows) == "stored"
