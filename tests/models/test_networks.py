import keras
import numpy as np
import pytest

from tl_core.models.networks import KERAS, PREPROCESSING, network
from tl_core.models.preprocess import MODES, Preprocess

SIZE = 96
PIXELS = np.random.default_rng(0).integers(0, 256, (2, SIZE, SIZE, 3), np.uint8)

# published counts of all weights, less the classifier: keras.applications' documentation (EfficientNetB0 less 7 numbers
# of its normalisation, constants here); EfficientNet-Lite0 has 4,652,008 trainable weights and 42,016 moving statistics
N_PARAMS = {
    "mobilenet_v2": 2_257_984,
    "efficientnet_lite0": 4_652_008 - 1_281_000 + 42_016,
    "squeezenet": 1_235_496 - 513_000,
    "vgg16": 14_714_688,
    "resnet50": 23_587_712,
    "inception_v3": 21_802_784,
    "efficientnet_b0": 4_049_571 - 7,
}
CHANNELS = {"squeezenet": 512, "vgg16": 512, "resnet50": 2048, "inception_v3": 2048}

SLOW_TO_BUILD, FULL = ("inception_v3", "efficientnet_b0"), pytest.mark.full


@pytest.mark.parametrize("backbone_id", PREPROCESSING)
def test_a_backbone_is_one_flat_graph_from_raw_pixels_to_a_feature_map(backbone_id):
    model = network(backbone_id, SIZE)
    assert model.name == backbone_id
    assert model.inputs[0].name == "image"
    assert model.inputs[0].dtype == "uint8"
    assert model.layers[1].name == "preprocess"
    assert not any(isinstance(layer, keras.Model) for layer in model.layers)
    assert model.count_params() == N_PARAMS[backbone_id]
    assert model.output_shape[0] is None
    assert len(model.output_shape) == 4
    assert model.output_shape[-1] == CHANNELS.get(backbone_id, 1280)


@pytest.mark.parametrize(
    "backbone_id", [pytest.param(id_, marks=FULL) if id_ in SLOW_TO_BUILD else id_ for id_ in PREPROCESSING]
)
def test_building_twice_gives_the_same_names(backbone_id):
    first, second = (network(backbone_id, SIZE) for _ in range(2))
    assert [layer.name for layer in first.layers] == [layer.name for layer in second.layers]
    assert [variable.path for variable in first.variables] == [variable.path for variable in second.variables]
    assert len({variable.path for variable in first.variables}) == len(first.variables)


@pytest.mark.parametrize("backbone_id", ["mobilenet_v2", "efficientnet_lite0", "squeezenet", "efficientnet_b0"])
def test_the_top_ends_in_a_thousand_probabilities(backbone_id):
    model = network(backbone_id, SIZE, top=True)
    probabilities = np.asarray(model(PIXELS, training=False))
    assert probabilities.shape == (2, 1000)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-4)


@pytest.mark.parametrize("backbone_id", ["mobilenet_v2", "resnet50", pytest.param("inception_v3", marks=FULL)])
def test_a_network_computes_what_keras_computes_after_its_own_preprocessing(backbone_id):
    module = getattr(keras.applications, backbone_id)
    model = network(backbone_id, SIZE)
    original = KERAS[backbone_id](include_top=False, weights=None, input_shape=(SIZE, SIZE, 3))
    original.set_weights(model.get_weights())
    expected = np.asarray(original(module.preprocess_input(PIXELS.astype("float32")), training=False))
    np.testing.assert_allclose(model(PIXELS, training=False), expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize(
    ("mode", "pixel", "expected"),
    [
        ("none", (0, 128, 255), (0, 128, 255)),
        ("tf", (0, 51, 255), (-1, -0.6, 1)),
        ("lite", (127, 255, 63), (0, 1, -0.5)),
        ("caffe", (0, 0, 255), (255 - 103.939, -116.779, -123.68)),
        ("squeezenet", (0, 0, 255), (255 - 104.006, -116.669, -122.679)),
        ("tf-twice", (0, 51, 255), (-1, 0.2 / 127.5 - 1, 1 / 127.5 - 1)),
        ("caffe-twice", (0, 0, 255), (1 - 103.939, -116.779, -123.68)),
        ("tf-bgr", (0, 51, 255), (1, -0.6, -1)),
        ("caffe-bgr", (0, 0, 255), (-103.939, -116.779, 255 - 123.68)),
    ],
)
def test_preprocessing_agrees_with_a_calculation_by_hand(mode, pixel, expected):
    image = np.array(pixel, "float32").reshape(1, 1, 1, 3)
    np.testing.assert_allclose(np.ravel(Preprocess(mode)(image)), expected, rtol=1e-6)


def test_preprocessing_works_in_the_dtype_of_its_layer():
    double, half = Preprocess("tf", dtype="float64"), Preprocess("tf", dtype="mixed_float16")
    assert keras.backend.standardize_dtype(double(PIXELS).dtype) == "float64"
    assert keras.backend.standardize_dtype(half(PIXELS).dtype) == "float16"
    np.testing.assert_array_equal(double(PIXELS), (PIXELS - 127.5) / 127.5)


def test_a_saved_preprocessing_comes_back_with_its_mode():
    layer = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(Preprocess("caffe")))
    assert (layer.mode, layer.name) == ("caffe", "preprocess")


def test_an_unknown_preprocessing_is_refused():
    with pytest.raises(ValueError, match=r"'torch'.*squeezenet"):
        Preprocess("torch")
    assert set(PREPROCESSING.values()) <= set(MODES)


def test_efficientnet_b0_normalises_as_its_authors_did():
    model = network("efficientnet_b0", SIZE)
    inner = keras.Model(model.inputs[0], model.get_layer("normalization").output)
    white = np.full((1, SIZE, SIZE, 3), 255, np.uint8)
    expected = [(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225]
    np.testing.assert_allclose(np.asarray(inner(white))[0, 0, 0], expected, rtol=1e-5)


def test_nothing_in_a_backbone_is_drawn_at_random_during_training():
    model = network("efficientnet_b0", SIZE)
    rates = {layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)}
    assert rates == {0.0}
