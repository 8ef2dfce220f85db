"""The sanity check: with random weights the maps of real networks are others, and afterwards nothing has changed."""

import numpy as np
import pytest

from tl_core.datasets.arrays import batch, load_dataset
from tl_core.evaluation.explain.explained import Explained
from tl_core.evaluation.explain.maps import grad_cam
from tl_core.evaluation.explain.randomised import drawn, randomised, stages
from tl_core.evaluation.insight.relevance import rank_correlation
from tl_core.models.build import build
from tl_core.models.weights import BUNDLED
from tl_core.spec import RunSpec

SMALL = ("squeezenet", "mobilenet_v2")
EVERY_BUNDLED = [one if one in SMALL else pytest.param(one, marks=pytest.mark.full) for one in BUNDLED]
N_PICTURES = 6


@pytest.mark.parametrize("backbone", EVERY_BUNDLED)
def test_random_weights_change_the_map_of_every_bundled_network(backbone, home):
    side = 160 if backbone in SMALL else 128
    built = build(RunSpec(backbone=backbone, image_size=side, n_frozen=1), 14)
    explained, dataset = Explained(built.full, built.blocks), load_dataset("groceries", home)
    shown = batch(dataset, dataset.test[:: len(dataset.test) // N_PICTURES][:N_PICTURES], side)
    cut = explained.at()
    trained = [cut.trace(picture) for picture in shown]
    weights = {layer: drawn(layer, 0) for _, layers in stages(explained) for layer in layers}
    with randomised(weights):
        random = [cut.trace(picture, one.target) for picture, one in zip(shown, trained, strict=True)]
    found = [rank_correlation(grad_cam(one), grad_cam(other)) for one, other in zip(trained, random, strict=True)]
    assert np.mean(found) < 0.5  # measured: −.22 to .09 in single draws of four networks


@pytest.mark.parametrize("is_broken_off", [False, True])
def test_a_network_has_its_own_weights_again_also_after_an_error(is_broken_off):
    built = build(RunSpec(backbone="mobilenet_v2", image_size=64, n_frozen=1), 3)
    before = [variable.numpy() for variable in built.full.variables]
    explained = Explained(built.full, built.blocks)
    layers = [layer for _, some in stages(explained) for layer in some]
    try:
        with randomised({layer: drawn(layer, 1) for layer in layers}):
            changed = [
                not np.array_equal(old, new.numpy()) for old, new in zip(before, built.full.variables, strict=True)
            ]
            if is_broken_off:
                raise RuntimeError
    except RuntimeError:
        assert is_broken_off
    assert np.mean(changed) > 0.9
    assert all(
        np.array_equal(old, variable.numpy()) for old, variable in zip(before, built.full.variables, strict=True)
    )


def test_stages_go_from_the_head_to_the_first_block_and_hold_every_layer_once():
    built = build(RunSpec(backbone="squeezenet", image_size=64, n_frozen=1, head="dense", hidden=8), 3)
    parts = stages(Explained(built.full, built.blocks))
    assert [name for name, _ in parts] == ["head", *(block.name for block in reversed(built.blocks))]
    names = [layer.name for _, layers in parts for layer in layers]
    assert sorted(names) == sorted(layer.name for layer in built.full.layers if layer.weights)
    assert set(names[:2]) == {"head_hidden", "head_logits"}


def test_a_seed_decides_each_layer_by_itself_and_signals_keep_their_size():
    built = build(RunSpec(backbone="squeezenet", image_size=64, n_frozen=1), 3)
    layer, other = built.full.get_layer("fire5_expand3x3"), built.full.get_layer("fire6_expand3x3")
    one, again, another = drawn(layer, 7), drawn(layer, 7), drawn(layer, 8)
    assert np.array_equal(one[0], again[0])
    assert not np.array_equal(one[0], another[0])
    assert not np.array_equal(one[0].ravel()[:9], drawn(other, 7)[0].ravel()[:9])
    assert one[0].std() == pytest.approx(np.sqrt(2 / np.prod(one[0].shape[:-1])), rel=0.05)
    assert not one[1].any()
