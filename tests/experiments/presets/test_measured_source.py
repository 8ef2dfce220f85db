"""What copied blocks and odd sources may claim of the bundled pictures, measured with fixed seeds."""

import numpy as np
import pytest

from tests.experiments.presets.trained import Trainer
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.rows import scores

pytestmark = pytest.mark.slow


def mean(rows: list[dict], factor: str, **fixed) -> dict[str, float]:
    return {level: float(np.mean(list(known.values()))) for level, known in scores(rows, factor, **fixed).items()}


@pytest.mark.full
def test_frozen_blocks_of_a_are_worse_on_b_than_blocks_that_learned_b_and_those_are_not(tmp_path):
    rows = Trainer(tmp_path).rows(PRESETS["source"].sweep({"arms": "a-frozen,b-frozen"}, 3))
    scratch, last = mean(rows, "arm", blocks=0)["base-b"], mean(rows, "arm", blocks=9)
    assert last["a-frozen"] - scratch <= -0.05
    assert abs(last["b-frozen"] - scratch) <= 0.05
    assert last["b-frozen"] > last["a-frozen"]


@pytest.mark.full
def test_features_of_a_real_source_beat_those_of_shuffled_labels(tmp_path):
    rows = Trainer(tmp_path).rows(PRESETS["negative"].sweep({}, 3))
    offered = mean(rows, "start", target="cifar10-b")
    assert offered["near"] - offered["shuffled"] >= 0.03
    for target in ("groceries", "mnist-small"):
        levels = mean(rows, "start", target=target)
        assert levels["imagenet"] - levels["random"] >= 0.05


def test_a_small_source_and_its_copy_are_trained_in_their_order(tmp_path):
    options = {"arms": "a-frozen", "epochs": 1, "batch_size": 256}
    sweep = PRESETS["source"].sweep(options, 1)
    rows = Trainer(tmp_path).rows(sweep, blocks=(0, 9))
    assert [row["arm"] for row in rows] == ["base-a", "base-b", "a-frozen"]
    assert min(row["test_accuracy"] for row in rows) > 0.1
