"""What the preset of the depth may say of the bundled pictures, measured with real runs and fixed seeds."""

import numpy as np
import pytest

from tests.experiments.presets.trained import Trainer
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.rows import scores

pytestmark = pytest.mark.slow
DEPTH = PRESETS["depth"]


@pytest.fixture(scope="module")
def trainer(tmp_path_factory):
    return Trainer(tmp_path_factory.mktemp("depth"))


def means(rows: list[dict]) -> dict:
    return {block: np.mean(list(known.values())) for block, known in scores(rows, "block").items()}


def test_a_block_inside_beats_the_last_one_on_small_photographs(trainer):
    rows = trainer.rows(DEPTH.sweep({}, DEPTH.n_seeds), block=("block_14", "top"))
    mean, answer = means(rows), DEPTH.answer(rows)
    assert mean["block_14"] - mean["top"] >= 0.03
    assert answer is not None
    assert (answer.code, answer.values["block"]) == ("depth_inside", "block_14")
    assert answer.values["low"] > 0
    assert DEPTH.verdict(rows) == "inside"


@pytest.mark.full
def test_it_does_so_also_as_the_best_of_all_blocks(trainer):
    rows = trainer.rows(DEPTH.sweep({}, DEPTH.n_seeds))
    mean, answer = means(rows), DEPTH.answer(rows)
    assert mean["top"] - mean["stem"] >= 0.20
    assert answer is not None
    assert answer.code == "depth_inside"
    assert answer.values["block"] in ("block_13", "block_14", "block_15")
    assert answer.values["difference"] >= 0.03


@pytest.mark.full
def test_of_fruits_at_full_size_the_last_block_is_not_beaten(trainer):
    rows = trainer.rows(DEPTH.sweep({"dataset": "groceries"}, DEPTH.n_seeds))
    answer = DEPTH.answer(rows)
    assert answer is not None
    assert answer.code in ("depth_last", "depth_last_alone")
    assert answer.values["block"] == "stem"
    assert answer.values["difference"] >= 0.20
    assert DEPTH.verdict(rows) == "last"
