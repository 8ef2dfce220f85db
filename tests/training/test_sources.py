from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from tl_core.datasets.arrays import Dataset
from tl_core.datasets.catalog import dataset_info
from tl_core.spec import RunSpec
from tl_core.training.augment import view_key
from tl_core.training.events import Phase
from tl_core.training.feature_cache import FeatureCache
from tl_core.training.sources import MOST_PICTURES, PictureSource, PrefixSource, Source, ViewSource
from tl_core.training.views import make_schedule

EDGE = np.concatenate([np.zeros((8, 20, 10, 3), np.uint8), np.full((8, 20, 10, 3), 255, np.uint8)], axis=2)


@pytest.fixture
def dataset() -> Dataset:
    numbers = np.arange(8)
    return Dataset(replace(dataset_info("groceries")), EDGE, numbers % 2, numbers[:4], numbers[4:6], numbers[6:])


def test_pictures_are_resized_to_what_the_network_sees(dataset):
    batch = PictureSource(dataset, 10, augment="none", seed=0).train_batch(np.array([1, 3]), epoch=1)
    assert (batch.shape, batch.dtype) == ((2, 10, 10, 3), np.uint8)
    assert not PictureSource.is_cached


def test_without_augmentation_training_and_judging_see_the_same(dataset):
    source, chosen = PictureSource(dataset, 20, augment="none", seed=0), np.array([0, 5])
    np.testing.assert_array_equal(source.train_batch(chosen, epoch=1), EDGE[chosen])
    np.testing.assert_array_equal(source.eval_batch(chosen), EDGE[chosen])


def test_augmentation_changes_training_pictures_and_never_what_is_judged(dataset):
    source, chosen = PictureSource(dataset, 20, augment="light", seed=0), np.arange(8)
    assert not np.array_equal(source.train_batch(chosen, epoch=1), EDGE)
    assert not np.array_equal(source.train_batch(chosen, epoch=1), source.train_batch(chosen, epoch=2))
    np.testing.assert_array_equal(source.eval_batch(chosen), EDGE)


@pytest.mark.parametrize(("dataset_id", "can_flip"), [("groceries", True), ("mnist-small", False)])
def test_the_dataset_decides_whether_pictures_are_mirrored(dataset, dataset_id, can_flip):
    source = PictureSource(replace(dataset, info=dataset_info(dataset_id)), 20, augment="light", seed=0)
    seen = np.concatenate([source.train_batch(np.arange(8), epoch) for epoch in range(1, 6)])
    is_mirrored = seen[:, :, :5].mean(axis=(1, 2, 3)) > 128
    assert is_mirrored.any() == can_flip


class Prefix:
    """Stands for the cache: a picture's features are (number, view); counts what had to be computed."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, list[int]]] = []

    def __call__(self, view: int, numbers: np.ndarray):
        self.asked.append((view, numbers.tolist()))
        for done in range(2, len(numbers) + 1, 2):
            yield Phase("features", done, len(numbers))
        return np.stack([numbers, np.full(len(numbers), view)], axis=1).astype(np.float32)

    @property
    def n_computed(self) -> int:
        return sum(len(numbers) for _, numbers in self.asked)


TRAIN = np.arange(3, 43, 2)  # 20 pictures, two of them renewed in each epoch


def view_source(**changes) -> tuple[ViewSource, Prefix]:
    prefix = Prefix()
    schedule = make_schedule(RunSpec(augment="light", **changes), TRAIN)
    return ViewSource(schedule, prefix, Plain()), prefix


class Plain(Source):
    """Stands for the features of validation and test."""

    def eval_batch(self, indices: np.ndarray) -> np.ndarray:
        return indices * 1000


def all_epochs(source: ViewSource, epochs: range) -> list[list]:
    """Returns what the pictures, out of order, are shown as in each epoch."""
    rows = []
    for epoch in epochs:
        list(source.prepare(epoch))
        rows.append(source.train_batch(TRAIN[::-1], epoch).tolist())
    return rows


@pytest.mark.parametrize("changes", [{"views": "rolling"}, {"views": "fixed", "n_views": 3}])
def test_cached_views_are_those_of_the_schedule(changes):
    source, _ = view_source(**changes)
    schedule = make_schedule(RunSpec(**changes), TRAIN)
    for epoch, rows in enumerate(all_epochs(source, range(1, 25)), start=1):
        assert rows == np.stack([TRAIN, schedule.views(TRAIN, epoch)], axis=1)[::-1].tolist()


def test_a_rolling_cache_computes_all_pictures_once_and_then_a_tenth_an_epoch():
    source, prefix = view_source(views="rolling")
    n_computed = [(all_epochs(source, range(epoch, epoch + 1)), prefix.n_computed)[1] for epoch in range(1, 25)]
    assert np.diff([0, *n_computed]).tolist() == [20] + 23 * [2]
    assert prefix.asked[0] == (1, TRAIN.tolist())


def test_each_fixed_view_is_asked_for_whole_and_not_before_its_epoch():
    source, prefix = view_source(views="fixed", n_views=3)
    all_epochs(source, range(1, 3))
    assert prefix.asked == [(1, TRAIN.tolist()), (2, TRAIN.tolist())]


@pytest.mark.parametrize("epoch", [5, 11, 12, 23])
def test_a_resumed_run_sees_the_same_and_computes_only_the_present_views(epoch):
    whole, _ = view_source(views="rolling")
    resumed, prefix = view_source(views="rolling")
    expected = all_epochs(whole, range(1, 26))[epoch - 1 :]
    assert all_epochs(resumed, range(epoch, epoch + 1)) == expected[:1]
    assert prefix.n_computed == 20
    assert all_epochs(resumed, range(epoch + 1, 26)) == expected[1:]


def test_progress_is_counted_over_all_that_is_missing():
    source, _ = view_source(views="rolling")
    assert list(source.prepare(1))[-1] == Phase("features", 20, 20)
    assert list(source.prepare(1)) == []
    assert list(source.prepare(2)) == [Phase("views", 2, 2)]
    assert list(source.prepare(4)) == [Phase("views", 2, 4), Phase("views", 4, 4)]


def test_a_small_set_has_epochs_that_renew_nothing():
    prefix = Prefix()
    source = ViewSource(make_schedule(RunSpec(), np.arange(3)), prefix, Plain())
    for epoch in range(1, 12):
        list(source.prepare(epoch))
        assert source.train_batch(np.arange(3), epoch)[:, 0].tolist() == [0, 1, 2]
    assert prefix.n_computed == 6


def test_what_is_judged_is_never_augmented():
    source, _ = view_source()
    assert source.is_cached
    assert source.eval_batch(np.array([1, 2])).tolist() == [1000, 2000]


def test_a_computation_that_is_stopped_is_closed_at_once():
    closed = []

    def features(view, numbers):
        try:
            yield Phase("features", 1, 20)
        finally:
            closed.append(view)

    events = ViewSource(make_schedule(RunSpec(), TRAIN), features, Plain()).prepare(1)
    next(events)
    events.close()
    assert closed == [1]


def test_a_source_with_nothing_to_prepare_yields_nothing(dataset):
    assert list(PictureSource(dataset, 20, augment="light", seed=0).prepare(1)) == []


def test_uncached_pictures_follow_the_same_schedule(dataset):
    train = np.arange(8)
    schedule = make_schedule(RunSpec(views="fixed", n_views=2), train)
    source = PictureSource(dataset, 20, augment="light", seed=0, schedule=schedule)
    first, second, third = (source.train_batch(train, epoch) for epoch in (1, 2, 3))
    np.testing.assert_array_equal(first, third)
    np.testing.assert_array_equal(second, source.view_batch(train, 2))
    assert not np.array_equal(first, second)


@pytest.fixture(scope="module")
def tiny_prefix() -> keras.Model:
    image = keras.Input((20, 20, 3), dtype="uint8")
    x = keras.layers.Conv2D(2, 5, strides=5, kernel_initializer=keras.initializers.GlorotUniform(seed=1))(
        keras.layers.Rescaling(1 / 255)(image)
    )
    model = keras.Model(image, x)
    model.compile(jit_compile=False)
    return model


def cached_views(tiny_prefix, folder: Path, dataset: Dataset, **changes) -> tuple[ViewSource, list[int]]:
    """Returns a source over a cache on disk, and the numbers of the pictures that it reads."""
    spec, numbers, read = RunSpec(augment="light", **changes), np.arange(8), []
    pictures, cache = PictureSource(dataset, 20, augment="light", seed=spec.seed), FeatureCache(folder, 10**9)

    def features(view: int, chosen: np.ndarray):
        def shown(batch: np.ndarray) -> np.ndarray:
            read.extend(batch.tolist())
            return pictures.view_batch(batch, view)

        key = view_key("prefix", view=view, seed=spec.seed, can_flip=True)
        return cache.features(tiny_prefix, key, shown, chosen)

    return ViewSource(make_schedule(spec, numbers), features, pictures), read


def test_cached_features_are_those_of_the_augmented_pictures(tiny_prefix, tmp_path, dataset):
    source, _ = cached_views(tiny_prefix, tmp_path, dataset)
    uncached = PictureSource(dataset, 20, "light", seed=0, schedule=make_schedule(RunSpec(), np.arange(8)))
    for epoch in range(1, 8):
        list(source.prepare(epoch))
        expected = tiny_prefix.predict(uncached.train_batch(np.arange(8), epoch), verbose=0)
        np.testing.assert_allclose(source.train_batch(np.arange(8), epoch), expected, rtol=1e-5, atol=1e-6)


def test_a_second_run_with_the_same_seed_computes_nothing(tiny_prefix, tmp_path, dataset):
    for seed, is_computed in ((0, True), (0, False), (1, True)):
        source, read = cached_views(tiny_prefix, tmp_path, dataset, seed=seed)
        for epoch in range(1, 8):
            list(source.prepare(epoch))
        assert bool(read) == is_computed


def test_fixed_views_serve_a_rolling_cache(tiny_prefix, tmp_path, dataset):
    fixed, _ = cached_views(tiny_prefix, tmp_path, dataset, views="fixed", n_views=2)
    rolling, read = cached_views(tiny_prefix, tmp_path, dataset, views="rolling")
    for source in (fixed, rolling):
        for epoch in (1, 2):
            list(source.prepare(epoch))
    n_first = len(read)
    for epoch in range(3, 12):
        list(rolling.prepare(epoch))
    assert (n_first, len(read)) == (0, 0)


def mean_colours(images: np.ndarray) -> np.ndarray:
    """Stands for a prefix."""
    assert len(images) <= MOST_PICTURES
    return images.mean(axis=(1, 2))


@pytest.mark.parametrize("n", [1, 8, 32, 33, 64, 90])
def test_a_prefix_computes_anew_what_a_step_needs(dataset, n):
    pictures = PictureSource(dataset, 20, augment="light", seed=0)
    source, indices = PrefixSource(mean_colours, pictures), np.arange(n) % 8
    for epoch in (1, 2):
        expected = pictures.train_batch(indices, epoch).mean(axis=(1, 2))
        np.testing.assert_allclose(source.train_batch(indices, epoch), expected)
    np.testing.assert_allclose(source.eval_batch(indices), EDGE[indices].mean(axis=(1, 2)))


def test_judging_takes_cached_features_where_there_are_some(dataset):
    pictures = PictureSource(dataset, 20, augment="light", seed=0)
    source = PrefixSource(mean_colours, pictures, Plain())
    assert source.eval_batch(np.array([1, 2])).tolist() == [1000, 2000]
    assert not source.is_cached


def test_the_prefix_meets_batches_of_one_size_whatever_is_asked_for(dataset):
    sizes = []
    pictures = PictureSource(dataset, 20, augment="none", seed=0)
    source = PrefixSource(lambda images: sizes.append(len(images)) or mean_colours(images), pictures)
    source.train_batch(np.zeros(96, int), 1)
    assert sizes == [32, 32, 32]
