import json

import keras
import numpy as np
import pytest

from tl_core.disk.files import read_tensors, write_tensors
from tl_core.errors import StoreError
from tl_core.models.build import build
from tl_core.models.imagenet import imagenet_classes
from tl_core.models.trained import WEIGHTS_FILE, copies, load_trained, put_back, save_trained
from tl_core.spec import RunSpec

SPEC = RunSpec(backbone="squeezenet", image_size=64, n_frozen=6, head="dense", hidden=8, dropout=0.5, seed=3)
IMAGES = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), np.uint8)


def disturbed(model: keras.Model) -> keras.Model:
    """Gives every trainable weight another value, as training would."""
    random = np.random.default_rng(1)
    for weight in model.trainable_weights:
        weight.assign(weight + random.normal(0, 0.01, weight.shape))
    return model


@pytest.fixture
def saved(tmp_path):
    """A run's folder with its weights, and the network that was saved."""
    network = build(SPEC, 5)
    save_trained(tmp_path, disturbed(network.suffix), SPEC, 5)
    return tmp_path, network


def damage(folder, change) -> str:
    """Rewrites the file with a valid checksum but other content; returns the code of the error that follows."""
    arrays, metadata = read_tensors(folder / WEIGHTS_FILE)
    write_tensors(folder / WEIGHTS_FILE, *change(arrays, metadata))
    return code_of(folder)


def code_of(folder) -> str:
    with pytest.raises(StoreError) as caught:
        load_trained(folder)
    assert caught.value.values == {"path": WEIGHTS_FILE}
    return caught.value.code


def test_a_loaded_run_answers_as_the_trained_one_did(saved):
    folder, network = saved
    loaded, spec = load_trained(folder)
    assert spec == SPEC
    np.testing.assert_array_equal(loaded.full.predict_on_batch(IMAGES), predictions(network.full))


def predictions(model: keras.Model) -> np.ndarray:
    model.compile(jit_compile=False)
    return model.predict_on_batch(IMAGES)


def test_the_frozen_prefix_is_not_stored(saved):
    folder, network = saved
    arrays, metadata = read_tensors(folder / WEIGHTS_FILE)
    assert sum(array.size for array in arrays.values()) - network.trainable_params < 10  # the state of dropout
    assert json.loads(metadata["about"])["spec"] == SPEC.to_dict()


def test_a_run_that_was_trained_whole_comes_back_whole(tmp_path):
    network = build(SPEC, 5)
    save_trained(tmp_path, disturbed(network.full), SPEC, 5)
    loaded, _ = load_trained(tmp_path)
    np.testing.assert_array_equal(loaded.full.predict_on_batch(IMAGES), predictions(network.full))


def test_a_missing_and_a_broken_file_are_damaged(saved, tmp_path_factory):
    assert code_of(tmp_path_factory.mktemp("empty")) == "file_damaged"
    folder, _ = saved
    path = folder / WEIGHTS_FILE
    path.write_bytes(path.read_bytes()[:-10])
    assert code_of(folder) == "file_damaged"


@pytest.mark.parametrize(
    "change",
    [
        lambda arrays, metadata: (arrays, {}),
        lambda arrays, metadata: (arrays, {"about": "no JSON"}),
        lambda arrays, metadata: (arrays, {"about": "[]"}),
        lambda arrays, metadata: (arrays, {"about": json.dumps({"spec": {"epochs": 0}, "model": "x", "n_classes": 5})}),
        lambda arrays, metadata: ({"0000": arrays["0000"]}, metadata),
        lambda arrays, metadata: ({**arrays, "0000": arrays["0000"][..., :1]}, metadata),
    ],
)
def test_a_file_of_something_else_is_damaged(saved, change):
    assert damage(saved[0], change) == "file_damaged"


def test_copies_stay_as_they_were_and_can_be_put_back():
    model = build(SPEC, 5).suffix
    before = copies(model.variables)
    kept = [array.copy() for array in before]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss=loss, jit_compile=False)
    inputs = np.random.default_rng(2).normal(size=(4, *model.input_shape[1:])).astype(np.float32)
    for _ in range(2):
        model.train_on_batch(inputs, np.arange(4))
    assert all(map(np.array_equal, before, kept))
    assert not all(map(np.array_equal, copies(model.variables), kept))
    put_back(model.variables, before)
    assert all(map(np.array_equal, copies(model.variables), kept))


def test_values_of_another_network_cannot_be_put_back():
    model = build(SPEC, 5).suffix
    values = copies(model.variables)
    with pytest.raises(ValueError, match="shorter"):
        put_back(model.variables, values[:-1])


def test_imagenet_has_a_thousand_named_classes():
    names = imagenet_classes()
    assert len(names) == 1000
    assert [names[at].split(",")[0] for at in (0, 281, 954, 999)] == ["tench", "tabby", "banana", "toilet tissue"]
