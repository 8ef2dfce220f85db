"""What the preset of the data size may say of the bundled pictures, measured with real runs and fixed seeds."""

import numpy as np
import pytest

from tests.experiments.presets.trained import Trainer
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.rows import scores

pytestmark = pytest.mark.slow
SIZE = PRESETS["data-size"]


@pytest.fixture(scope="module")
def trainer(tmp_path_factory):
    return Trainer(tmp_path_factory.mktemp("data-size"))


@pytest.mark.full
def test_tenfold_fruits_gain_ten_points_and_then_the_curve_levels_off(trainer):
    rows = trainer.rows(SIZE.sweep({}, SIZE.n_seeds))
    mean = {size: np.mean(list(known.values())) for size, known in scores(rows, "per_class").items()}
    answer = SIZE.answer(rows)
    assert mean[20] - mean[2] >= 0.10
    assert answer is not None
    assert answer.code == "size_levels"
    assert answer.values["low"] > 0.05
    assert answer.values["enough"] <= 10
    assert SIZE.verdict(rows) in ("much", None)


@pytest.mark.full
def test_small_photographs_gain_to_the_end(trainer):
    rows = trainer.rows(SIZE.sweep({"dataset": "cifar10-small"}, SIZE.n_seeds), per_class=(2, 20, 50))
    answer = SIZE.answer(rows)
    assert answer is not None
    assert answer.code == "size_grows"
    assert answer.values["difference"] >= 0.20
    assert SIZE.verdict(rows) == "much"


@pytest.mark.full  # from scratch, every picture passes the whole network in every epoch
def test_from_scratch_50_pictures_a_class_are_far_from_what_frozen_features_make_of_them(trainer):
    given = {"dataset": "cifar10-small", "arms": ("frozen", "scratch"), "image_size": 64}
    rows = trainer.rows(SIZE.sweep(given, 3), arm=("frozen",), per_class=(2, 50))
    answer = SIZE.answer(rows + trainer.rows(SIZE.sweep(given, 3), arm=("scratch",), per_class=(50,)))
    assert answer is not None
    assert [one.code for one in answer.more] == ["arm_worse"]
    assert answer.more[0].values["difference"] >= 0.25
