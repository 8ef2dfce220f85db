"""Where the check of code says that Keras 3 stops, it does; and what it says to be ignored is ignored."""

import re
import warnings

import numpy as np
import pytest

from tests.lessons.test_code_check import FAULTY, MARK, found, marked

pytestmark = pytest.mark.slow
STOPPING = {
    "trainable_of_list": "base.layers[:3].trainable = False",
    "trainable_called": "base.trainable(False)",
    "layers_no_tensor": "layers.Flatten()(base.layers[:2])",
    "top_classes": "keras.applications.VGG16(weights='imagenet', classes=10)",
    "top_shape": "keras.applications.VGG16(weights='imagenet', include_top=True, input_shape=(64, 64, 3))",
    "shape_channels": "keras.applications.VGG16(include_top=False, input_shape=(64, 64, 1))",
    "shape_small": "keras.applications.Xception(include_top=False, input_shape=(70, 70, 3))",
    "old_rate": "keras.optimizers.Adam(lr=0.1)",
    "old_method": "made(10, 'softmax', 'categorical_crossentropy').fit_generator(x)",
    "old_argument": "keras.Model(input=base.input, output=base.output)",
    "integer_labels": "made(10, 'softmax', 'categorical_crossentropy').fit(x, y, verbose=0)",
    "onehot_labels": "made(10, 'softmax', 'sparse_categorical_crossentropy').fit(x, rows, verbose=0)",
    "binary_labels": "made(2, 'softmax', 'binary_crossentropy').fit(x, y, verbose=0)",
    "outputs_classes": "made(3, 'softmax', 'categorical_crossentropy').fit(x, rows, verbose=0)",
    "picture_shape": "made(10, 'softmax', 'sparse_categorical_crossentropy').fit(x[:, :5], y, verbose=0)",
}


@pytest.fixture(scope="module")
def names() -> dict[str, object]:
    """What the snippets use: a small network, eight pictures, their labels as numbers and as rows."""
    import keras

    base = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3), keras.layers.Flatten()])

    def made(units: int, activation: str, loss: str):
        head = keras.layers.Dense(units, activation=activation)
        model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(), head])
        model.compile("adam", loss)
        return model

    y = np.arange(8)
    rows = np.eye(10)[y]
    x = np.zeros((8, 8, 8, 3), "float32")
    return {"keras": keras, "layers": keras.layers, "base": base, "made": made, "x": x, "y": y, "rows": rows}


@pytest.mark.parametrize("code", STOPPING)
def test_keras_stops(names, code):
    with pytest.raises((ValueError, AttributeError, TypeError)):
        exec(STOPPING[code], dict(names))


def test_what_is_marked_as_stopping_is_tried_here():
    from tl_core.lessons.code_check.check import check

    texts = [MARK.sub("", path.read_text()) for path in FAULTY]
    stopping = {one.code for text in texts for one in check(text).findings if one.level == "error"}
    assert stopping <= set(STOPPING)


def test_decay_is_ignored(names):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        optimizer = names["keras"].optimizers.SGD(learning_rate=0.1, decay=0.5)
    assert "decay" not in {name for name, value in optimizer.get_config().items() if value == 0.5}


def test_every_old_import_fails():
    path = next(path for path in FAULTY if path.stem == "old_imports")
    lines = path.read_text().splitlines()
    old = [lines[number - 1] for number, code in marked(path.read_text()) if code == "old_import"]
    assert old
    for line in old:
        with pytest.raises((ImportError, AttributeError)):
            exec(re.sub(r"  #!.*", "", line), {})


def test_a_change_after_training_needs_compile_and_before_it_does_not(names):
    keras = names["keras"]

    def weights_change(program: str) -> bool:
        model = names["made"](10, "softmax", "sparse_categorical_crossentropy")
        x = np.random.default_rng(0).normal(size=(8, 8, 8, 3)).astype("float32")
        exec(program, {"model": model, "x": x, "y": names["y"], "keras": keras})
        before = model.get_weights()
        model.fit(x, names["y"], verbose=0)
        return any((old != new).any() for old, new in zip(before, model.get_weights(), strict=True))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras notices that nothing is left to train
        frozen_late = weights_change("model.fit(x, y, verbose=0)\nmodel.layers[-1].trainable = False")
        frozen_in_time = weights_change("model.layers[-1].trainable = False")
    assert (frozen_late, frozen_in_time) == (True, False)
    assert found("import keras\n" + "base.trainable = False") == set()
