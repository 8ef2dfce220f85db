"""The start of a backbone: pretrained, random, matched in mean and variance, and the first blocks alone."""

import keras
import numpy as np
import pytest

from tl_core.models.build import Backbone, build, make_backbone
from tl_core.models.initial import SCRATCH_BATCHNORM_MOMENTUM
from tl_core.spec import RunSpec
from tl_core.training.feature_cache import prefix_key


def started(**how) -> Backbone:
    return make_backbone(RunSpec(backbone="mobilenet_v2", image_size=32, **how))


def weights(backbone: Backbone, block: int) -> list[np.ndarray]:
    return [array for layer in backbone.blocks[block].layers for array in layer.get_weights()]


def are_equal(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return all(map(np.array_equal, one, other))


@pytest.fixture(scope="module")
def pretrained() -> Backbone:
    return started()


def test_the_first_blocks_start_pretrained_and_those_behind_them_as_from_scratch(pretrained):
    partly, scratch = started(n_pretrained=10, seed=3), started(weights="random", seed=3)
    for block in range(19):
        same, other = (pretrained, scratch) if block < 10 else (scratch, pretrained)
        assert are_equal(weights(partly, block), weights(same, block))
        assert not are_equal(weights(partly, block), weights(other, block))
    assert momenta(partly) == {SCRATCH_BATCHNORM_MOMENTUM}


def momenta(backbone: Backbone) -> set[float]:
    norms = [layer for layer in backbone.model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    return {norm.momentum for norm in norms}


def test_matched_weights_have_the_mean_and_variance_of_the_pretrained_and_nothing_else_of_them(pretrained):
    matched = started(weights="matched", seed=3)
    assert momenta(matched) == {SCRATCH_BATCHNORM_MOMENTUM}
    n_large = 0
    for mine, theirs in zip(matched.model.layers, pretrained.model.layers, strict=True):
        for one, other in zip(mine.trainable_variables, theirs.trainable_variables, strict=True):
            drawn, model = one.numpy().ravel(), other.numpy().ravel()
            assert not np.array_equal(drawn, model)
            if drawn.size > 5_000:
                n_large += 1
                assert drawn.mean() == pytest.approx(model.mean(), abs=float(4 * model.std() / drawn.size**0.5))
                assert drawn.std() == pytest.approx(model.std(), rel=0.05)
                assert abs(np.corrcoef(drawn, model)[0, 1]) < 0.06
    assert n_large > 20


def test_matched_batchnorm_starts_with_statistics_of_its_own(pretrained):
    norm = next(layer for layer in started(weights="matched").model.layers if "bn" in layer.name.lower())
    assert set(norm.moving_mean.numpy()) == {0.0}
    assert set(norm.moving_variance.numpy()) == {1.0}
    assert pretrained.model.get_layer(norm.name).moving_variance.numpy().std() > 0


def test_the_seed_decides_what_is_drawn():
    one, again, other = (started(weights="matched", seed=seed) for seed in (3, 3, 4))
    assert are_equal(weights(one, 5), weights(again, 5))
    assert not are_equal(weights(one, 5), weights(other, 5))


def test_the_features_of_a_frozen_prefix_are_kept_apart_by_its_start():
    ways = ({}, {"weights": "random"}, {"weights": "matched"}, {"n_pretrained": 2}, {"weights": "matched", "seed": 1})
    prefixes = [build(RunSpec(image_size=32, n_frozen=4, **way), 3).prefix for way in ways]
    assert len({prefix_key(prefix, "pictures", 32, "cpu") for prefix in prefixes if prefix}) == len(ways)
    inside = build(RunSpec(image_size=32, n_frozen=4, n_pretrained=4), 3).prefix  # all that it holds is pretrained
    assert inside is not None
    assert prefixes[0] is not None
    assert are_equal(inside.get_weights(), prefixes[0].get_weights())
