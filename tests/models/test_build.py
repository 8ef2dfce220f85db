import random as python_random

import keras
import numpy as np
import pytest

from tl_core.errors import SpecError
from tl_core.models.build import build, make_backbone
from tl_core.models.catalog import backbones
from tl_core.models.initial import SCRATCH_BATCHNORM_MOMENTUM
from tl_core.models.networks import network
from tl_core.spec import RunSpec

IMAGES = np.random.default_rng(0).integers(0, 256, (8, 64, 64, 3), np.uint8)
LABELS = np.arange(8) % 3


def small(backbone="mobilenet_v2", **more) -> RunSpec:
    return RunSpec(backbone=backbone, image_size=64, **more)


def random(backbone="squeezenet", **more) -> RunSpec:
    return small(backbone, weights="random", **more)


def one_step(model: keras.Model, inputs: np.ndarray) -> None:
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.SGD(0.01), loss=loss, jit_compile=False)
    model.train_on_batch(inputs, LABELS)


def statistics(layers) -> list[np.ndarray]:
    return [
        weight
        for layer in layers
        if isinstance(layer, keras.layers.BatchNormalization)
        for weight in layer.get_weights()[2:]
    ]


@pytest.mark.parametrize("n_frozen", [0, 1, 7, 18, 19])
def test_the_counts_of_numbers_are_those_of_keras(n_frozen):
    built = build(small(n_frozen=n_frozen), 3)
    assert built.frozen_params + built.trainable_params == built.full.count_params()
    frozen = [layer for block in built.blocks[:n_frozen] for layer in block.layers]
    assert built.frozen_params == sum(layer.count_params() for layer in frozen)
    assert not any(layer.trainable for layer in frozen)
    by_keras = sum(int(np.prod(weight.shape)) for weight in built.full.trainable_weights)
    moving = sum(array.size for block in built.blocks[n_frozen:] for array in statistics(block.layers))
    assert built.trainable_params == by_keras + moving
    if built.prefix is not None:
        assert built.prefix.trainable_weights == []
        assert built.suffix.count_params() == built.trainable_params
        assert len(built.suffix.trainable_weights) == len(built.full.trainable_weights)


def test_a_linear_head_has_a_weight_for_each_channel_and_a_bias_for_each_class():
    built = build(small(n_frozen=19), 14)
    assert built.trainable_params == (1280 + 1) * 14
    assert built.full.output_shape == (None, 14)
    assert [layer.name for layer in built.head_layers] == ["head_pool", "head_logits"]


@pytest.mark.parametrize(
    ("head", "shape"),
    [("linear", (1280,)), ("dense", (1280,)), ("flatten", (5120,)), ("flatten-dense", (5120,))],
)
def test_with_everything_frozen_the_last_tensor_before_the_head_s_weights_is_cached(head, shape):
    built = build(small(n_frozen=19, head=head, hidden=8, dropout=0.5), 3)
    assert built.cached_shape == shape
    assert built.prefix.output_shape[1:] == shape


def test_in_the_middle_the_block_s_own_feature_map_is_cached():
    built = build(small(n_frozen=4), 3)
    assert built.cached_shape == built.blocks[3].tensor.shape[1:]
    assert built.suffix.input_shape[1:] == built.cached_shape


@pytest.mark.parametrize("n_frozen", [7, 4])
def test_a_head_inside_the_network_sees_what_plain_keras_gives_there(n_frozen):
    built = build(small(n_frozen=n_frozen, head_at=7), 3)
    assert [block.name for block in built.blocks][-1] == "block_5"
    backbone = make_backbone(small(n_frozen=0)).model
    there = keras.Model(backbone.inputs[0], backbone.get_layer("block_5_add").output).predict_on_batch(IMAGES)
    kernel, bias = built.full.get_layer("head_logits").get_weights()
    logits = built.suffix.predict_on_batch(built.prefix.predict_on_batch(IMAGES))
    np.testing.assert_allclose(logits, there.mean(axis=(1, 2)) @ kernel + bias, rtol=1e-4, atol=1e-5)
    assert (built.cached_shape == (32,)) == (n_frozen == 7)  # then it is pooled before the cache


def test_a_head_behind_more_blocks_than_there_are_is_refused():
    with pytest.raises(SpecError) as caught:
        build(small(head_at=20), 3)
    assert (caught.value.values["field"], caught.value.values["high"]) == ("head_at", 19)


def test_nothing_frozen_leaves_nothing_to_cache():
    built = build(random(n_frozen=0), 3)
    assert (built.prefix, built.cached_shape, built.frozen_params) == (None, None, 0)
    assert built.suffix is built.full


@pytest.mark.parametrize("n_frozen", [3, 19])
def test_suffix_after_prefix_is_the_whole_network(n_frozen):
    built = build(small(n_frozen=n_frozen), 3)
    features = built.prefix.predict_on_batch(IMAGES)
    np.testing.assert_array_equal(built.suffix.predict_on_batch(features), built.full.predict_on_batch(IMAGES))


def test_frozen_batchnorm_keeps_its_statistics_and_unfrozen_moves_them():
    built = build(small(n_frozen=16), 3)
    frozen = [layer for block in built.blocks[:16] for layer in block.layers]
    free = [layer for block in built.blocks[16:] for layer in block.layers]
    before = statistics(frozen), statistics(free)
    one_step(built.full, IMAGES)
    assert len(before[0]) > 50
    assert all(np.array_equal(*pair) for pair in zip(before[0], statistics(frozen), strict=True))
    assert not any(np.array_equal(*pair) for pair in zip(before[1], statistics(free), strict=True))


def test_frozen_batchnorm_is_in_inference_mode_also_while_training():
    built = build(small(n_frozen=5), 3)
    np.testing.assert_array_equal(built.prefix(IMAGES, training=True), built.prefix(IMAGES, training=False))
    free = build(small(n_frozen=0), 3)
    inner = keras.Model(free.full.inputs[0], free.blocks[4].tensor)
    assert not np.allclose(inner(IMAGES, training=True), inner(IMAGES, training=False))


def test_batchnorm_can_stay_frozen_in_blocks_that_are_trained():
    built = build(small(n_frozen=16, batchnorm="frozen"), 3)
    free = [layer for block in built.blocks[16:] for layer in block.layers]
    norms = [layer for layer in free if isinstance(layer, keras.layers.BatchNormalization)]
    before = [layer.get_weights() for layer in free]
    one_step(built.full, IMAGES)
    for layer, values in zip(free, before, strict=True):
        is_equal = all(map(np.array_equal, values, layer.get_weights()))
        assert is_equal == (layer in norms or not values), layer.name
    assert len(norms) == 7


def test_the_trap_moves_the_statistics_of_frozen_blocks_and_nothing_else_of_them():
    built = build(small(n_frozen=16, batchnorm="updating"), 3)
    assert built.prefix is None
    frozen = [layer for block in built.blocks[:16] for layer in block.layers if layer.weights]
    before = [layer.get_weights() for layer in frozen]
    one_step(built.full, IMAGES)
    for layer, values in zip(frozen, before, strict=True):
        is_norm = isinstance(layer, keras.layers.BatchNormalization)
        moved = [not np.array_equal(*pair) for pair in zip(values, layer.get_weights(), strict=True)]
        assert moved == ([False, False, True, True] if is_norm else [False] * len(values)), layer.name


def test_the_momentum_of_batchnorm_is_the_network_s_own_unless_it_is_given():
    built = build(small(n_frozen=16, batchnorm_momentum=0.9), 3)
    norms = [layer for layer in built.full.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert {layer.momentum for layer in norms} == {0.9}


def test_the_head_phase_is_the_same_network_cut_behind_its_last_block():
    built = build(small(n_frozen=16), 3)
    head = built.head_phase()
    assert (head.n_frozen, head.cached_shape) == (19, (1280,))
    assert [variable.path for variable in head.suffix.trainable_variables] == ["head_logits/kernel", "head_logits/bias"]
    assert head.suffix.get_layer("head_logits") is built.suffix.get_layer("head_logits")


@pytest.mark.parametrize("backbone", backbones().values(), ids=lambda backbone: backbone.id)
def test_the_catalogue_knows_which_networks_have_batchnorm(backbone):
    layers = network(backbone.id, 96).layers
    assert any(isinstance(layer, keras.layers.BatchNormalization) for layer in layers) == backbone.has_batchnorm


def test_pretrained_blocks_hold_the_bundled_weights_and_the_head_is_new():
    first, second = build(small(n_frozen=19, seed=1), 3), build(small(n_frozen=0, seed=2), 3)
    for mine, yours in zip(first.blocks, second.blocks, strict=True):
        for left, right in zip(mine.layers, yours.layers, strict=True):
            assert all(map(np.array_equal, left.get_weights(), right.get_weights()))
    kernels = [built.full.get_layer("head_logits").get_weights()[0] for built in (first, second)]
    assert not np.array_equal(*kernels)


@pytest.mark.parametrize("backbone", ["squeezenet", "mobilenet_v2"])
def test_random_initialisation_depends_on_the_seed_alone(backbone):
    first = build(random(backbone, seed=3), 3).full.get_weights()
    network("squeezenet", 64)
    keras.layers.Dense(3).build((None, 2))
    second = build(random(backbone, seed=3), 3).full.get_weights()
    other = build(random(backbone, seed=4), 3).full.get_weights()
    assert all(map(np.array_equal, first, second))
    n_equal = sum(map(np.array_equal, first, other))
    n_constant = sum(bool((array == array.flat[0]).all()) for array in first)  # biases, BatchNorm
    assert n_equal == n_constant


def test_random_initialisation_follows_the_rule_of_each_layer():
    built = build(random("mobilenet_v2", seed=0), 3)
    for layer in built.full.layers:
        if isinstance(layer, keras.layers.Conv2D) and not isinstance(layer, keras.layers.DepthwiseConv2D):
            _, _, n_in, n_out = layer.kernel.shape
            limit = np.sqrt(6 / (np.prod(layer.kernel_size) * (n_in + n_out)))  # Glorot & Bengio 2010, uniform
            largest = np.abs(layer.get_weights()[0]).max()
            assert 0.97 * limit < largest <= limit, layer.name


def test_equal_layers_of_one_network_start_differently():
    built = build(random("mobilenet_v2", seed=0), 3)
    kernels = [built.full.get_layer(f"block_{n}_expand").get_weights()[0] for n in (4, 5)]
    assert kernels[0].shape == kernels[1].shape
    assert not np.array_equal(*kernels)


def test_cut_and_head_do_not_change_how_a_random_backbone_starts():
    whole, cut = build(random(seed=3), 3), build(random(seed=3, n_frozen=5, head="dense", hidden=4), 7)
    for mine, yours in zip(whole.blocks, cut.blocks, strict=True):
        for left, right in zip(mine.layers, yours.layers, strict=True):
            assert all(map(np.array_equal, left.get_weights(), right.get_weights()))


def test_from_scratch_batchnorm_follows_its_data_faster():
    def momenta(spec):
        return {
            layer.momentum for layer in build(spec, 3).full.layers if isinstance(layer, keras.layers.BatchNormalization)
        }

    assert momenta(random("mobilenet_v2")) == {SCRATCH_BATCHNORM_MOMENTUM}
    assert momenta(small("mobilenet_v2")) == {0.999}  # as the network's authors chose


def test_building_leaves_the_global_seeds_alone():
    before = python_random.getstate(), np.random.get_state()[1].copy()
    build(random(seed=3, dropout=0.5), 3)
    build(small("efficientnet_b0", weights="random", n_frozen=2), 3)
    assert python_random.getstate() == before[0]  # Keras draws its default seeds from it
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])


def test_freezing_more_blocks_than_there_are_is_refused():
    with pytest.raises(SpecError) as caught:
        build(random(n_frozen=10), 3)
    assert caught.value.code == "spec_range"
    assert caught.value.values == {"field": "n_frozen", "received": 10, "low": 0, "high": 9}


def test_dropout_in_the_head_draws_from_the_seed_of_the_run():
    def outputs(seed):
        built = build(random(n_frozen=9, dropout=0.5, seed=seed), 3)
        built.full.set_weights(weights)
        return [np.asarray(built.full(IMAGES, training=True)) for _ in range(2)]

    weights = build(random(n_frozen=9, seed=0), 3).full.get_weights()
    first, again, other = outputs(5), outputs(5), outputs(6)
    assert all(map(np.array_equal, first, again))
    assert not np.array_equal(first[0], first[1])
    assert not np.array_equal(first[0], other[0])
