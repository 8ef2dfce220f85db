"""Maps against what can be computed without them: by moving each feature a little, by hand, and on real weights."""

import keras
import numpy as np
import pytest
from keras import layers

from tests.engine.worker.tasks.finished import finished
from tl_core.errors import InputError, SpecError
from tl_core.evaluation.explain.explained import KEPT_CUTS, Explained
from tl_core.evaluation.explain.maps import cam, channel_shares, covered, grad_cam, occlusion
from tl_core.evaluation.scores import softmax
from tl_core.models.build import build
from tl_core.models.catalog import backbones
from tl_core.models.fold import folded
from tl_core.models.networks import network
from tl_core.models.weights import BUNDLED, load_pretrained
from tl_core.spec import RunSpec

FULL = pytest.mark.full
SMALL = ("squeezenet", "mobilenet_v2")
EVERY_BUNDLED = [one if one in SMALL else pytest.param(one, marks=FULL) for one in BUNDLED]
EVERY_KERAS = [one if one in SMALL else pytest.param(one, marks=FULL) for one in backbones()]


def pictures(n: int, side: int) -> np.ndarray:
    """Returns smooth patches of colour: uint8 (n, side, side, 3)."""
    patches = np.random.default_rng(3).integers(0, 256, (n, 8, 8, 3))
    return np.kron(patches, np.ones((1, side // 8, side // 8, 1))).astype(np.uint8)


def tiny() -> keras.Model:
    """A smooth network of two convolutions and a head with a hidden layer."""
    keras.utils.set_random_seed(5)
    image = keras.Input((12, 12, 3), dtype="uint8")
    x = layers.Rescaling(1 / 255)(image)
    x = layers.Conv2D(4, 3, activation="tanh", name="block1_conv")(x)
    x = layers.Conv2D(5, 3, strides=2, activation="tanh", name="block2_conv")(x)
    x = layers.GlobalAveragePooling2D(name="head_pool")(x)
    x = layers.Dense(6, activation="tanh", name="head_hidden")(x)
    model = keras.Model(image, layers.Dense(3, name="head_logits")(x))
    model.compile(jit_compile=False)  # pyright: ignore[reportArgumentType]
    return model


@pytest.mark.parametrize("block", ["block1", "block2"])
@pytest.mark.parametrize("target", [0, 2])
def test_slopes_are_what_moving_each_feature_a_little_does_to_the_logit(block, target):
    cut = Explained(tiny()).at(block)
    traced = cut.trace(pictures(1, 16)[0, :12, :12], target)
    step = 1e-2
    slopes = np.zeros_like(traced.features)
    for at in np.ndindex(traced.features.shape):
        moved = np.repeat(traced.features[None], 2, axis=0)
        moved[(0, *at)] += step
        moved[(1, *at)] -= step
        above, below = np.asarray(cut.back(moved))[:, target]
        slopes[at] = (above - below) / (2 * step)
    np.testing.assert_allclose(traced.slopes, slopes, atol=1e-3 * np.abs(slopes).max())  # in float32
    by_hand = sum(slopes[..., k].mean() * traced.features[..., k] for k in range(slopes.shape[-1]))
    np.testing.assert_allclose(grad_cam(traced), by_hand, atol=1e-3 * np.abs(by_hand).max())


def test_a_map_of_weights_made_by_hand_is_the_picture_that_they_look_at():
    image = keras.Input((4, 4, 3), dtype="uint8")
    x = layers.Conv2D(3, 1, use_bias=False, name="block1_conv")(layers.Rescaling(1.0)(image))
    x = layers.GlobalAveragePooling2D()(x)
    head = layers.Dense(2, name="head_logits")
    model = keras.Model(image, head(x))
    model.get_layer("block1_conv").set_weights([np.eye(3)[None, None]])  # each channel is a colour
    head.set_weights([np.array([[1.0, 0], [0, 1], [-1, 0]]), np.zeros(2)])  # class 0: red, not blue; class 1: green
    picture = np.zeros((4, 4, 3), np.uint8)
    picture[0, 0], picture[1, 2], picture[3, 3] = (200, 0, 0), (0, 90, 0), (0, 0, 60)
    cut = Explained(model).at()
    red, green = (grad_cam(cut.trace(picture, target)) for target in (0, 1))
    expected = np.zeros((4, 4))
    expected[0, 0], expected[3, 3] = 200 / 16, -60 / 16
    np.testing.assert_allclose(red, expected, atol=1e-5)
    assert np.argwhere(green).tolist() == [[1, 2]]
    np.testing.assert_allclose(channel_shares(cut.trace(picture, 0)), [200 / 256, 0, -60 / 256], atol=1e-6)
    assert cut.trace(picture).target == 0


@pytest.mark.parametrize("backbone", EVERY_BUNDLED)
def test_cam_equals_the_gradient_method_and_adds_up_to_the_logit(backbone):
    spec = RunSpec(backbone=backbone, image_size=64, n_frozen=1)
    built = build(spec, 5)
    cut = Explained(built.full, built.blocks).at()
    for picture in pictures(2, 64):
        traced = cut.trace(picture)
        exact = cam(cut, traced.features, traced.target)
        assert np.abs(exact - grad_cam(traced)).max() <= 1e-4 * np.abs(exact).max()
        bias = float(built.full.get_layer("head_logits").bias.numpy()[traced.target])
        assert exact.sum() + bias == pytest.approx(traced.logits[traced.target], rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("head", ["dense", "flatten-dense"])
def test_there_is_no_cam_where_other_layers_stand_before_the_logits(head):
    built = build(RunSpec(backbone="squeezenet", image_size=64, n_frozen=9, head=head, hidden=8), 3)
    explained = Explained(built.full, built.blocks)
    for block in ("", "fire5"):
        cut = explained.at(block)
        with pytest.raises(InputError) as caught:
            cam(cut, cut.trace(pictures(1, 64)[0]).features, 0)
        assert caught.value.code == "no_cam"
    assert grad_cam(explained.at().trace(pictures(1, 64)[0])).shape == explained.at().front.output_shape[1:3]


@pytest.mark.parametrize("backbone", ["squeezenet", pytest.param("mobilenet_v2", marks=pytest.mark.full)])
def test_cached_folded_and_plain_networks_have_the_same_maps_wherever_they_are_cut(backbone):
    picture = pictures(1, 96)[0]
    maps = []
    for n_frozen in (0, 5, backbones()[backbone].n_blocks):
        built = build(RunSpec(backbone=backbone, image_size=96, n_frozen=n_frozen, seed=4), 4)
        explained = Explained(built.full, built.blocks)
        block = explained.names[7]
        maps.append([grad_cam(explained.at(one).trace(picture, 1)) for one in (block, "")])
        if built.prefix is not None:  # what was cached leads to the same answer
            features = built.prefix.predict_on_batch(picture[None])
            logits = np.asarray(built.suffix(features))[0]
            np.testing.assert_allclose(explained.at().trace(picture, 1).logits, logits, atol=1e-4)
    light = Explained(folded(built.full), None)
    maps.append([grad_cam(light.at(one).trace(picture, 1)) for one in (block, light.names[-1])])
    for middle, last in maps[1:]:
        np.testing.assert_allclose(middle, maps[0][0], atol=1e-3 * np.abs(maps[0][0]).max())
        np.testing.assert_allclose(last, maps[0][1], atol=1e-3 * np.abs(maps[0][1]).max())


@pytest.mark.parametrize("backbone", EVERY_KERAS)
def test_every_block_of_every_backbone_has_a_feature_map(backbone):
    info = backbones()[backbone]
    side = max(64, info.min_image_size + 5)
    built = build(RunSpec(backbone=backbone, image_size=side, weights="random", n_frozen=0), 3)
    explained = Explained(built.full, built.blocks)
    assert explained.names == tuple(block.name for block in info.blocks)
    for block in (explained.names[len(explained.names) // 2], ""):
        traced = explained.at(block).trace(np.full((side, side, 3), 90, np.uint8))
        assert np.isfinite(traced.slopes).all()
        assert traced.features.shape == traced.slopes.shape


@pytest.mark.parametrize("backbone", ["squeezenet", pytest.param("mobilenet_v2", marks=pytest.mark.full)])
def test_of_an_untouched_backbone_the_logits_are_explained_and_not_the_probabilities(backbone):
    model = network(backbone, 224, top=True)
    load_pretrained(model, backbone)
    model.compile(jit_compile=False)  # pyright: ignore[reportArgumentType]
    explained, picture = Explained(model), pictures(1, 224)[0]
    probabilities = np.asarray(model.predict_on_batch(picture[None]))
    np.testing.assert_allclose(softmax(explained.logits(picture[None])), probabilities, atol=1e-5)
    traced = explained.at().trace(picture)
    assert traced.logits.argmax() == probabilities.argmax() == traced.target
    assert traced.features.shape[0] > 1


def test_an_unknown_block_and_class_are_refused_with_those_that_there_are():
    explained = Explained(tiny())
    with pytest.raises(SpecError) as caught:
        explained.at("block9")
    assert caught.value.code == "spec_choice"
    assert explained.checked_target(2) == 2
    assert explained.checked_target(None) is None
    with pytest.raises(SpecError) as caught:
        explained.checked_target(3)
    assert caught.value.code == "spec_range"


def test_a_cut_is_kept_until_others_were_used_since():
    built = build(RunSpec(backbone="squeezenet", image_size=64, n_frozen=1), 3)
    explained = Explained(built.full, built.blocks)
    first = explained.at("fire2")
    for name in explained.names[2 : 2 + KEPT_CUTS - 1]:
        explained.at(name)
    assert explained.at("fire2") is first
    for name in explained.names[-KEPT_CUTS:]:
        explained.at(name)
    assert explained.at("fire2") is not first


def test_occlusion_finds_the_only_field_that_a_network_looks_at():
    image = keras.Input((16, 16, 3), dtype="uint8")
    x = layers.Rescaling(1 / 255)(image)
    x = layers.Cropping2D(((4, 10), (6, 8)))(x)  # rows 4 and 5, columns 6 and 7: field (2, 3) of 8 × 8
    head = layers.Dense(2)
    model = keras.Model(image, head(layers.GlobalAveragePooling2D()(x)))
    head.set_weights([np.array([[4.0, 0], [0, 0], [0, 0]]), np.array([0.0, 1])])
    model.compile(jit_compile=False)  # pyright: ignore[reportArgumentType]
    picture = np.zeros((16, 16, 3), np.uint8)
    picture[4:6, 6:8, 0] = 255
    losses, logits, target = finished(occlusion(Explained(model, []), picture))
    mean = round(255 / 64)
    before, after = (softmax(np.array([[4 * red, 1.0]]))[0, 0] for red in (1.0, mean / 255))
    expected = np.zeros((8, 8))
    expected[2, 3] = before - after
    np.testing.assert_allclose(losses, expected, atol=1e-6)
    np.testing.assert_allclose(logits, [4, 1], atol=1e-6)
    assert target == 0
    opposite, _, _ = finished(occlusion(Explained(model, []), picture, 1))
    np.testing.assert_allclose(opposite, -expected, atol=1e-6)


def test_the_fields_that_are_covered_lie_side_by_side_and_take_the_mean_colour():
    picture = pictures(1, 24)[0, :20, :20]
    copies = covered(picture, 8)
    changed = np.stack([(copy != picture).any(axis=-1) for copy in copies])
    assert len(copies) == 64
    assert (changed.sum(axis=0) <= 1).all()
    assert changed.any(axis=0).mean() > 0.9
    assert {tuple(colour) for copy, at in zip(copies, changed, strict=True) for colour in copy[at]} == {
        tuple(picture.mean(axis=(0, 1)).round().astype(int))
    }
