"""What the advisor and its check may say of the bundled pictures, measured with real runs and fixed seeds."""

import numpy as np
import pytest

from tests.engine.worker.tasks.finished import finished
from tests.experiments.presets.trained import Trainer
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.presets.backbones import networks
from tl_core.experiments.ranks import kendall_tau
from tl_core.experiments.sweep import SEED

pytestmark = pytest.mark.slow
BACKBONES, ADVISED = PRESETS["backbones"], PRESETS["advised"]
LIGHT = ("mobilenet_v2", "efficientnet_lite0", "squeezenet")


@pytest.fixture(scope="module")
def trainer(tmp_path_factory):
    return Trainer(tmp_path_factory.mktemp("advisor"))


def test_larger_pictures_help_a_light_network_on_groceries(trainer):
    sweep = BACKBONES.sweep({"backbone": "mobilenet_v2"}, 1)
    rows = trainer.rows(sweep, block=("top",))
    small, large = (row["test_accuracy"] for row in rows)
    assert large - small >= 0.08


@pytest.mark.full
def test_the_best_of_the_light_networks_is_told_with_what_is_within_noise_of_it_and_the_worse_ones(trainer):
    sweep = BACKBONES.sweep({}, 3)
    rows = trainer.rows(sweep, backbone=(*LIGHT, "vgg16"))
    found = {one.backbone: one for one in reversed(networks(rows))}  # each at its best size and block
    assert found["mobilenet_v2"].mean - found["vgg16"].mean >= 0.08
    answer = BACKBONES.answer(rows)
    assert answer is not None
    assert answer.code == "backbones_shared"
    assert answer.values["worst"] == "VGG16 64 px"
    assert answer.values["difference"] >= 0.08
    assert BACKBONES.verdict(rows) == "several"


@pytest.mark.full
def test_log_me_ranks_the_places_of_light_networks_as_probes_do(trainer):
    from tl_core.engine.worker.kept import Kept
    from tl_core.engine.worker.tasks.advice import run

    sweep = BACKBONES.sweep({"dataset": "cifar10-small"}, 2)
    rows = trainer.rows(sweep, backbone=LIGHT)
    cells: dict[tuple, list[float]] = {}
    for row in rows:
        cells.setdefault((row["backbone"], row["image_size"], row["block"]), []).append(row["test_accuracy"])
    first = [one for one in sweep.trials() if one.factors["backbone"] in LIGHT and one.factors[SEED] == 0]
    asked = [{"id": str(at), "spec": one.spec.to_dict()} for at, one in enumerate(first)]
    said = finished(run(Kept.empty(trainer.home), runs=asked, parameters={}))["scores"]
    probes = [float(np.mean(scores)) for scores in cells.values()]
    assert kendall_tau(probes, [row["logme"] for row in said]) >= 0.7


@pytest.mark.full
def test_the_order_of_the_probes_holds_coarsely_once_networks_are_tuned(trainer):
    rows = trainer.rows(ADVISED.sweep({}, ADVISED.n_seeds))
    answer = ADVISED.answer(rows)
    assert answer is not None
    assert (answer.code, answer.values["n_turned"]) in (("advised_some", 0), ("advised_same", 0))
    (first,) = answer.more
    assert (first.code, first.values["first"]) == ("advised_first_better", "MobileNetV2 128 px")
    assert first.values["difference"] >= 0.08
