import functools
import random

import keras
import numpy as np
import pytest
from keras import layers

from tl_core.models.batchnorm import with_fast_batchnorm
from tl_core.models.build import build
from tl_core.models.fold import folded
from tl_core.models.networks import PREPROCESSING, network
from tl_core.models.weights import BUNDLED, load_pretrained
from tl_core.spec import RunSpec

SIDE = 80  # InceptionV3 takes no less than 75
RANDOM = np.random.default_rng(0)
FULL = pytest.mark.full
FLOAT_ERROR = 2e-5  # of the largest output


def pictures(n: int, side: int = SIDE) -> np.ndarray:
    """Returns smooth patches of colour: uint8 (n, side, side, 3)."""
    patches = np.kron(RANDOM.integers(0, 256, (n, 8, 8, 3)), np.ones((1, -(-side // 8), -(-side // 8), 1)))
    return patches[:, :side, :side].astype(np.uint8)


def calibrate(model: keras.Model, images: np.ndarray) -> keras.Model:
    """Gives a random network the statistics of the data and scales of its own, as a trained one has them."""
    norms = [layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)]
    for norm in norms:
        norm.momentum, norm.trainable = 0.0, True
        for weight in norm.trainable_variables:
            weight.assign(weight + RANDOM.uniform(-0.3, 0.3, weight.shape))
    model(images, training=True)
    for layer in model.layers:
        layer.trainable = False
    return model


@functools.cache
def backbone(backbone_id: str) -> keras.Model:
    """Returns a whole frozen backbone, with real weights where they are bundled."""
    model = network(backbone_id, SIDE)
    if backbone_id not in BUNDLED:
        return calibrate(model, pictures(8))
    load_pretrained(model, backbone_id)
    model.trainable = False
    return model


def mobilenet(n_frozen: int, side: int = 64) -> keras.Model:
    return build(RunSpec(backbone="mobilenet_v2", image_size=side, n_frozen=n_frozen), 3).prefix


def outputs(model: keras.Model, images: np.ndarray) -> np.ndarray:
    return np.asarray(model(images, training=False))


def in_float64(model: keras.Model) -> keras.Model:
    """Returns the same network, unfolded, in float64."""

    def copy(layer):
        return type(layer).from_config({**layer.get_config(), "dtype": "float64"})

    double = keras.models.clone_model(model, clone_function=copy)
    double.set_weights(model.get_weights())
    return double


def norms_in(model: keras.Model) -> list[str]:
    return [layer.name for layer in model.layers if isinstance(layer, layers.BatchNormalization)]


def rms(difference: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(difference, dtype=np.float64))))


@pytest.mark.parametrize("backbone_id", BUNDLED)
def test_with_real_weights_outputs_differ_by_float_error(backbone_id):
    model, images = backbone(backbone_id), pictures(4)
    plain, fast = outputs(model, images), outputs(folded(model), images)
    assert plain.shape == fast.shape
    assert fast.dtype == np.float32
    assert np.abs(fast - plain).max() <= FLOAT_ERROR * np.abs(plain).max()


@pytest.mark.slow
@pytest.mark.parametrize(
    "backbone_id",
    ["mobilenet_v2", "resnet50", *(pytest.param(id_, marks=FULL) for id_ in ("inception_v3", "efficientnet_b0"))],
)
def test_folded_weights_are_as_near_to_float64_as_keras_own_layers(backbone_id):
    """Untrained networks magnify float error many times, so the measure is what Keras' own layers make of it."""
    model, images = backbone(backbone_id), pictures(4)
    right = outputs(in_float64(model), images)
    plain, fast = (rms(outputs(found, images) - right) for found in (model, folded(model)))
    assert fast <= 1.5 * plain
    assert fast <= 1e-3 * rms(right)


@pytest.mark.parametrize("backbone_id", PREPROCESSING)
def test_no_batchnorm_is_left_in_any_backbone(backbone_id):
    model = backbone(backbone_id)
    fast = folded(model)
    assert norms_in(fast) == []
    assert {layer.name for layer in fast.layers} <= {layer.name for layer in model.layers}
    assert fast.name == model.name
    assert (fast is model) == (norms_in(model) == [])


@pytest.mark.parametrize("n_frozen", [1, 2, 7, 18])
def test_a_prefix_can_be_folded_at_any_cut(n_frozen):
    prefix, images = mobilenet(n_frozen), pictures(4, 64)
    plain, fast = outputs(prefix, images), outputs(folded(prefix), images)
    assert np.abs(fast - plain).max() <= FLOAT_ERROR * np.abs(plain).max()


@pytest.mark.parametrize("side", [64, 65])
def test_padding_that_a_convolution_adds_by_itself_is_left_to_it(side):
    prefix = mobilenet(3, side)
    assert any(isinstance(layer, layers.ZeroPadding2D) for layer in prefix.layers)
    fast = folded(prefix)
    assert not any(isinstance(layer, layers.ZeroPadding2D) for layer in fast.layers)
    assert fast.output_shape == prefix.output_shape


def test_the_original_keeps_its_weights_and_its_layers():
    prefix = mobilenet(3)
    weights, names = prefix.get_weights(), [layer.name for layer in prefix.layers]
    fast = folded(prefix)
    for variable in fast.variables:
        variable.assign(variable * 0)
    assert all(np.array_equal(*pair) for pair in zip(prefix.get_weights(), weights, strict=True))
    assert [layer.name for layer in prefix.layers] == names
    assert not {id(layer) for layer in fast.layers} & {id(layer) for layer in prefix.layers}


def test_the_global_seed_is_not_touched():
    model = backbone("efficientnet_b0")
    before = random.getstate()
    folded(model)
    assert random.getstate() == before


def test_the_faster_batchnorm_is_folded_too():
    prefix, images = mobilenet(3), pictures(4, 64)
    expected = outputs(folded(prefix), images)
    np.testing.assert_array_equal(outputs(folded(with_fast_batchnorm(prefix)), images), expected)


def conv(**options) -> layers.Layer:
    return layers.Conv2D(4, 3, **options)


def norm(**options) -> layers.Layer:
    return layers.BatchNormalization(**options)


def chain(*members: layers.Layer) -> keras.Model:
    image = keras.Input((9, 9, 3))
    x = image
    for member in members:
        x = member(x)
    return keras.Model(image, x)


def used_twice() -> keras.Model:
    image = keras.Input((9, 9, 3))
    x = conv()(image)
    return keras.Model(image, layers.Add()([x, norm()(x)]))


def convolution_is_an_output() -> keras.Model:
    image = keras.Input((9, 9, 3))
    x = conv()(image)
    return keras.Model(image, [x, norm()(x)])


def shared_convolution() -> keras.Model:
    image, shared = keras.Input((9, 9, 3)), conv()
    return keras.Model(image, layers.Add()([norm()(shared(image)), shared(image)]))


def shared_norm() -> keras.Model:
    image, shared = keras.Input((9, 9, 3)), norm()
    return keras.Model(image, layers.Add()([shared(conv()(image)), shared(conv()(image))]))


# what → network, BatchNorm layers that stay
GRAPHS = {
    "a convolution without bias": (lambda: chain(conv(use_bias=False), norm()), 0),
    "a convolution with bias": (lambda: chain(conv(bias_initializer="ones"), norm()), 0),
    "no gamma": (lambda: chain(conv(), norm(scale=False)), 0),
    "no beta": (lambda: chain(conv(use_bias=False), norm(center=False)), 0),
    "depthwise": (lambda: chain(layers.DepthwiseConv2D(3, depth_multiplier=2, use_bias=False), norm()), 0),
    "dense": (lambda: chain(layers.Flatten(), layers.Dense(5), norm()), 0),
    "the last axis by number": (lambda: chain(conv(), norm(axis=3)), 0),
    "two in a row": (lambda: chain(conv(), norm(), norm(), conv()), 1),
    "an activation between": (lambda: chain(conv(activation="relu"), norm()), 1),
    "a pooling between": (lambda: chain(conv(), layers.MaxPooling2D(), norm()), 1),
    "another axis": (lambda: chain(conv(), norm(axis=1)), 1),
    "nothing before": (lambda: chain(norm(), conv()), 1),
    "a dropout before": (lambda: chain(conv(), layers.Dropout(0.5), norm()), 1),
    "wide padding": (lambda: chain(layers.ZeroPadding2D(2), conv(), norm()), 0),
    "same padding": (lambda: chain(layers.ZeroPadding2D(1), conv(), norm()), 0),
    "same padding, unlike sides": (lambda: chain(layers.ZeroPadding2D(((0, 1), (0, 1))), conv(strides=2), norm()), 0),
    "padding twice": (lambda: chain(layers.ZeroPadding2D(1), conv(padding="same"), norm()), 0),
    "padding, dilated": (lambda: chain(layers.ZeroPadding2D(1), conv(dilation_rate=2), norm()), 0),
    "an output read twice": (used_twice, 1),
    "an output that is wanted": (convolution_is_an_output, 1),
    "a convolution called twice": (shared_convolution, 1),
    "a norm called twice": (shared_norm, 1),
}


@pytest.mark.parametrize("what", GRAPHS)
def test_a_small_network_computes_the_same(what):
    make, n_left = GRAPHS[what]
    images = RANDOM.normal(size=(8, 9, 9, 3)).astype(np.float32)
    prefix = calibrate(make(), images)
    fast = folded(prefix)
    assert len(norms_in(fast)) == n_left
    plain, found = (keras.tree.flatten(model(images, training=False)) for model in (prefix, fast))
    for expected, outputs in zip(plain, found, strict=True):
        np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)
