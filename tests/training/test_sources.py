from dataclasses import replace

import numpy as np
import pytest

from tl_core.datasets.arrays import Dataset
from tl_core.datasets.catalog import dataset_info
from tl_core.training.sources import PictureSource

EDGE = np.concatenate([np.zeros((8, 20, 10, 3), np.uint8), np.full((8, 20, 10, 3), 255, np.uint8)], axis=2)


@pytest.fixture
def dataset() -> Dataset:
    numbers = np.arange(8)
    return Dataset(replace(dataset_info("groceries")), EDGE, numbers % 2, numbers[:4], numbers[4:6], numbers[6:])


def test_pictures_are_resized_to_what_the_network_sees(dataset):
    batch = PictureSource(dataset, 10, is_augmented=False, seed=0).train_batch(np.array([1, 3]), epoch=1)
    assert (batch.shape, batch.dtype) == ((2, 10, 10, 3), np.uint8)
    assert not PictureSource.is_cached


def test_without_augmentation_training_and_judging_see_the_same(dataset):
    source, chosen = PictureSource(dataset, 20, is_augmented=False, seed=0), np.array([0, 5])
    np.testing.assert_array_equal(source.train_batch(chosen, epoch=1), EDGE[chosen])
    np.testing.assert_array_equal(source.eval_batch(chosen), EDGE[chosen])


def test_augmentation_changes_training_pictures_and_never_what_is_judged(dataset):
    source, chosen = PictureSource(dataset, 20, is_augmented=True, seed=0), np.arange(8)
    assert not np.array_equal(source.train_batch(chosen, epoch=1), EDGE)
    assert not np.array_equal(source.train_batch(chosen, epoch=1), source.train_batch(chosen, epoch=2))
    np.testing.assert_array_equal(source.eval_batch(chosen), EDGE)


@pytest.mark.parametrize(("dataset_id", "can_flip"), [("groceries", True), ("mnist-small", False)])
def test_the_dataset_decides_whether_pictures_are_mirrored(dataset, dataset_id, can_flip):
    source = PictureSource(replace(dataset, info=dataset_info(dataset_id)), 20, is_augmented=True, seed=0)
    seen = np.concatenate([source.train_batch(np.arange(8), epoch) for epoch in range(1, 6)])
    is_mirrored = seen[:, :, :5].mean(axis=(1, 2, 3)) > 128
    assert is_mirrored.any() == can_flip
