"""What ours is compared with is the guide's recipe: the same network, the same numbers frozen, nothing slower in it."""

import math

import numpy as np
import pytest

from tl_core.bench.plain import PlainTraining, plain_model
from tl_core.bench.settings import BATCH, Settings
from tl_core.bench.specs import spec_of
from tl_core.datasets.arrays import Dataset
from tl_core.datasets.catalog import dataset_info
from tl_core.models.build import build

SETTINGS = Settings.quick()


@pytest.fixture
def dataset() -> Dataset:
    numbers, random = np.arange(3 * BATCH), np.random.default_rng(0)
    pixels = random.integers(0, 256, (len(numbers), SETTINGS.image_size, SETTINGS.image_size, 3), np.uint8)
    train, validation = numbers[: 2 * BATCH], numbers[2 * BATCH :]
    return Dataset(dataset_info("groceries"), pixels, numbers % 14, train, validation, validation)


def test_plain_keras_computes_what_ours_does(dataset):
    spec = spec_of("squeezenet", "last_block", SETTINGS).with_changes(arithmetic="exact")
    plain, ours = plain_model(spec, 14), build(spec, 14)
    plain.layers[-1].set_weights(ours.head_layers[-1].get_weights())
    images = dataset.pixels[:BATCH]
    assert plain.predict_on_batch(images) == pytest.approx(ours.full.predict_on_batch(images), rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("cut", ["all", "last_block", "none"])
def test_plain_keras_trains_as_many_numbers_as_ours(cut):
    spec = spec_of("squeezenet", cut, SETTINGS)
    plain, ours = plain_model(spec, 14), build(spec, 14)
    n_plain, n_ours = (
        sum(math.prod(weight.shape) for weight in model.trainable_weights) for model in (plain, ours.suffix)
    )
    assert n_plain == n_ours


def test_an_epoch_of_plain_keras_moves_only_what_is_not_frozen(dataset):
    model = plain_model(spec_of("squeezenet", "all", SETTINGS).with_changes(learning_rate=0.1), 14)
    before = model.get_weights()
    seconds = PlainTraining(model, dataset, 2 * BATCH, BATCH).epoch()
    moved = [not np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True)]
    assert seconds > 0
    assert sum(moved) == 2  # the kernel and the bias of the linear layer
