import os
import threading
from pathlib import Path

import keras
import numpy as np
import pytest
from patience import PATIENCE_S

from tl_core.errors import StoreError
from tl_core.models.build import build, freeze
from tl_core.models.fold import folded
from tl_core.spec import RunSpec
from tl_core.training import eviction, extraction
from tl_core.training import feature_cache as module
from tl_core.training.eviction import LEFTOVER_S
from tl_core.training.extraction import BATCH, Extractor
from tl_core.training.feature_cache import FeatureCache, FeatureSource, prefix_key

IMAGES = np.random.default_rng(0).integers(0, 256, (80, 6, 6, 3), np.uint8)
ALL = np.arange(80)
ROW_BYTES = 2 * 4 * 4 * 4  # of one picture's features


@pytest.fixture(scope="module")
def prefix() -> keras.Model:
    image = keras.Input((6, 6, 3), dtype="uint8")
    start = keras.initializers.GlorotUniform(seed=1)
    x = keras.layers.Conv2D(2, 3, kernel_initializer=start)(keras.layers.Rescaling(1 / 255)(image))
    model = keras.Model(image, keras.layers.BatchNormalization(trainable=False)(x))
    model.compile(jit_compile=False)
    return model


@pytest.fixture(params=["exact", "folded"])
def cache(request, tmp_path) -> FeatureCache:
    return FeatureCache(tmp_path / "cache", 10**9, is_exact=request.param == "exact", n_threads=2)


@pytest.fixture
def folding(tmp_path) -> FeatureCache:
    return FeatureCache(tmp_path / "folding", 10**9, is_exact=False, n_threads=2)


@pytest.fixture(scope="module")
def mobilenet():
    """Returns MobileNetV2 with real weights, frozen up to a block."""
    spec = RunSpec(backbone="mobilenet_v2", image_size=64, n_frozen=12)
    network = build(spec, 3)
    freeze(network.blocks)

    def prefix(n_frozen: int) -> keras.Model:
        model = keras.Model(network.full.inputs[0], network.blocks[n_frozen - 1].tensor)
        model.compile(jit_compile=False)
        return model

    return prefix


def photographs(numbers: np.ndarray) -> np.ndarray:
    """Returns smooth patches of colour: uint8 (n, 64, 64, 3)."""
    corners = np.random.default_rng(1).integers(0, 256, (100, 4, 4, 3))
    return np.kron(corners[numbers], np.ones((1, 16, 16, 1))).astype(np.uint8)


class Reader:
    """Gives pictures and counts them."""

    def __init__(self) -> None:
        self.n_read = 0

    def __call__(self, numbers: np.ndarray) -> np.ndarray:
        self.n_read += len(numbers)
        return IMAGES[numbers]


def run(cache, prefix, chosen=ALL, key="k" * 64):
    """Returns (features, pictures read, events)."""
    reader, events = Reader(), []
    task = cache.features(prefix, key, reader, chosen)
    return drained(task, events), reader.n_read, events


def drained(task, events: list | None = None):
    """Runs a generator to its end; returns what it returns."""
    while True:
        try:
            event = next(task)
        except StopIteration as end:
            return end.value
        if events is not None:
            events.append(event)


def files(cache) -> list[Path]:
    return sorted(cache.folder.iterdir())


def test_features_are_what_the_prefix_computes(cache, prefix):
    found, _, _ = run(cache, prefix)
    np.testing.assert_allclose(found, prefix.predict(IMAGES, verbose=0), rtol=1e-5, atol=1e-6)
    assert found.dtype == np.float32


def test_progress_is_told_after_every_batch_of_one_size(cache, prefix):
    _, n_read, events = run(cache, prefix)
    assert events == sorted(events, key=lambda event: event.done)
    assert {event.done for event in events} == {0, 32, 64, 80}
    assert {(event.name, event.total) for event in events} == {("features", 80)}
    assert n_read == 3 * BATCH


def test_exact_and_folded_features_are_equal_up_to_float_error_and_never_share_a_file(tmp_path, prefix):
    caches = [FeatureCache(tmp_path, 10**9, is_exact=is_exact) for is_exact in (True, False)]
    (exact, _, _), (fast, n_read, _) = (run(cache, prefix) for cache in caches)
    assert n_read == 3 * BATCH
    np.testing.assert_allclose(fast, exact, rtol=1e-5, atol=1e-6)
    assert len(list(tmp_path.iterdir())) == 2


def test_exact_features_are_those_of_keras_own_predict_to_the_last_bit(tmp_path, mobilenet):
    prefix, cache = mobilenet(3), FeatureCache(tmp_path, 10**9, is_exact=True, n_threads=2)
    found = drained(cache.features(prefix, "k", photographs, ALL[:64]))
    np.testing.assert_array_equal(found, prefix.predict(photographs(ALL[:64]), batch_size=32, verbose=0))


def test_threads_change_no_bit_and_keep_the_order(tmp_path, mobilenet):
    found = []
    for name, n_threads in (("one", 1), ("two", 2), ("again", 2)):
        cache = FeatureCache(tmp_path / name, 10**9, is_exact=False, n_threads=n_threads)
        found.append(drained(cache.features(mobilenet(3), "k", photographs, ALL)))
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[1], found[2])
    np.testing.assert_allclose(found[0], mobilenet(3).predict(photographs(ALL), verbose=0), atol=2e-4)


def test_one_pass_fills_several_cuts_with_the_bits_that_each_has_alone(tmp_path, folding, mobilenet):
    prefixes, keys, read = [mobilenet(n) for n in (3, 6, 8)], ["a", "b", "c"], []

    def pictures(numbers):
        read.extend(numbers)
        return photographs(numbers)

    drained(folding.fill(prefixes, keys, pictures, ALL))
    assert len(read) == 96
    alone = FeatureCache(tmp_path / "alone", 10**9, is_exact=False, n_threads=2)
    for prefix, key in zip(prefixes, keys, strict=True):
        found = drained(folding.features(prefix, key, pictures, ALL))
        np.testing.assert_array_equal(found, drained(alone.features(prefix, key, photographs, ALL)))
    assert len(read) == 96


def test_only_the_cuts_that_are_missing_are_filled(folding, mobilenet):
    prefixes, chosen = [mobilenet(n) for n in (3, 6)], np.arange(8)
    drained(folding.features(prefixes[0], "a", photographs, chosen))
    (first,) = files(folding)
    before = first.stat().st_ino
    drained(folding.fill(prefixes, ["a", "b"], photographs, chosen))
    assert len(files(folding)) == 2
    assert first.stat().st_ino == before
    assert list(folding.fill(prefixes, ["a", "b"], photographs, chosen)) == []


def test_whoever_waits_for_a_batch_hears_of_it_and_may_leave_at_once(folding, prefix, monkeypatch):
    started, may_end = threading.Event(), threading.Event()

    def endless(images):
        started.set()
        may_end.wait(PATIENCE_S)
        return [images]

    monkeypatch.setattr(extraction, "_compiled", lambda model, batch: endless)
    task = folding.features(prefix, "k", Reader(), ALL)
    assert [next(task).done for _ in range(3)] == [0, 0, 0]
    assert started.is_set()
    task.close()
    assert not may_end.is_set()
    assert files(folding) == []
    may_end.set()


def test_an_error_while_computing_reaches_whoever_asked(folding, prefix, monkeypatch):
    def broken(images):
        raise MemoryError("too large")

    monkeypatch.setattr(extraction, "_compiled", lambda model, batch: broken)
    with pytest.raises(MemoryError, match="too large"):
        run(folding, prefix)
    assert files(folding) == []


def test_a_network_is_folded_once_for_all_parts_of_the_pictures(folding, prefix, monkeypatch):
    seen = []
    monkeypatch.setattr(extraction, "folded", lambda model: seen.append(model) or folded(model))
    for chosen in (ALL[:40], ALL[40:]):
        run(folding, prefix, chosen)
    assert seen == [prefix]


def test_nothing_is_folded_when_all_comes_from_disk(folding, prefix, monkeypatch):
    run(folding, prefix)
    monkeypatch.setattr(extraction, "folded", None)
    assert run(FeatureCache(folding.folder, 10**9, is_exact=False), prefix)[1] == 0


@pytest.mark.parametrize(("side", "size"), [(32, 32), (96, 32), (128, 16), (160, 16), (224, 8), (299, 8)])
def test_a_folded_pass_takes_fewer_pictures_at_once_when_they_are_large(side, size):
    image = keras.Input((side, side, 3))
    prefix = keras.Model(image, keras.layers.ReLU()(image))
    assert Extractor([prefix], is_exact=False, n_threads=2).batch == size
    assert Extractor([prefix], is_exact=True, n_threads=2).batch == BATCH


@pytest.mark.parametrize(("small_bytes", "is_mapped"), [(80 * ROW_BYTES, False), (80 * ROW_BYTES - 1, True)])
def test_few_features_are_read_into_memory_and_many_are_mapped(cache, prefix, monkeypatch, small_bytes, is_mapped):
    monkeypatch.setattr(module, "SMALL_BYTES", small_bytes)
    for _ in range(2):
        found, _, _ = run(cache, prefix)
        assert isinstance(found, np.memmap) == is_mapped


def test_another_view_of_the_pictures_has_a_file_of_its_own(cache, prefix):
    run(cache, prefix, key="k" * 64)
    assert run(cache, prefix, key="k" * 64 + "/view/3")[1] == 3 * BATCH


def test_the_second_time_nothing_is_computed(cache, prefix):
    first, _, _ = run(cache, prefix)
    again, n_read, events = run(cache, prefix)
    assert (n_read, events) == (0, [])
    np.testing.assert_array_equal(again, first)


def test_the_file_of_all_pictures_serves_a_part_of_them(cache, prefix):
    whole, _, _ = run(cache, prefix)
    chosen = np.array([3, 4, 40, 79])
    part, n_read, _ = run(cache, prefix, chosen)
    assert n_read == 0
    np.testing.assert_array_equal(part, whole[chosen])
    assert len(files(cache)) == 1


def test_only_the_pictures_that_no_file_has_are_computed(cache, prefix):
    whole, _, _ = run(cache, prefix, key="elsewhere")
    run(cache, prefix, np.array([3, 4, 40, 79]))
    run(cache, prefix, np.array([4, 5, 41]))
    chosen = np.array([4, 5, 6, 40, 42, 79])
    events: list = []
    reader = Reader()
    found = drained(cache.features(prefix, "k" * 64, reader, chosen), events)
    np.testing.assert_array_equal(found, whole[chosen])
    assert (reader.n_read, events[-1].done, events[-1].total) == (BATCH, 2, 2)
    again, n_read, events = run(cache, prefix, chosen)
    assert (n_read, events) == (0, [])
    np.testing.assert_array_equal(again, whole[chosen])


def test_a_choice_is_put_together_from_files_that_have_it_among_them(cache, prefix):
    whole, _, _ = run(cache, prefix, key="elsewhere")
    for numbers in (ALL[:30], ALL[20:50], ALL[60:]):
        run(cache, prefix, numbers)
    chosen = np.array([0, 25, 29, 30, 49, 60, 79])
    found, n_read, _ = run(cache, prefix, chosen)
    assert n_read == 0
    np.testing.assert_array_equal(found, whole[chosen])


def test_what_is_too_large_to_be_put_together_is_computed(cache, prefix, monkeypatch):
    monkeypatch.setattr(module, "GATHERED_BYTES", 3 * ROW_BYTES)
    run(cache, prefix)
    assert run(cache, prefix, ALL[:3])[1] == 0
    assert run(cache, prefix, ALL[:4])[1] == BATCH


def test_a_damaged_file_of_another_choice_is_passed_over(cache, prefix):
    run(cache, prefix, ALL[:10])
    (path,) = files(cache)
    path.write_bytes(path.read_bytes()[:-100])
    assert run(cache, prefix, ALL[:5])[1] == BATCH


def test_features_do_not_depend_on_the_other_pictures_of_the_batch(cache, prefix):
    alone, _, _ = run(cache, prefix, np.array([7]))
    together, _, _ = run(cache, prefix, np.arange(32), key="another")
    np.testing.assert_array_equal(alone[0], together[7])


@pytest.mark.parametrize("damage", [b"", b"not an array", None])
def test_a_damaged_file_is_computed_again(cache, prefix, damage):
    first = np.array(run(cache, prefix)[0])
    (path,) = files(cache)
    path.write_bytes(path.read_bytes()[:-100] if damage is None else damage)
    again, n_read, _ = run(cache, prefix)
    assert n_read == 3 * BATCH
    np.testing.assert_array_equal(again, first)
    assert run(cache, prefix)[1] == 0


def test_a_computation_that_is_stopped_leaves_no_file(cache, prefix):
    task = cache.features(prefix, "k" * 64, Reader(), ALL)
    next(task)
    assert len(files(cache)) == 1
    task.close()
    assert files(cache) == []


def test_a_computation_that_fails_leaves_no_file(cache, prefix):
    def broken(numbers):
        raise OSError("no such picture")

    with pytest.raises(OSError, match="no such picture"):
        drained(cache.features(prefix, "k" * 64, broken, ALL))
    assert files(cache) == []


def test_what_a_killed_process_left_is_removed_after_a_day(cache, prefix):
    cache.folder.mkdir()
    old, fresh = cache.folder / ".a.0.tmp", cache.folder / ".b.0.tmp"
    for path, age_s in ((old, LEFTOVER_S + 60), (fresh, 60)):
        path.write_bytes(b"x")
        os.utime(path, (path.stat().st_mtime - age_s,) * 2)
    run(cache, prefix)
    assert not old.exists()
    assert fresh.exists()


def test_the_least_recently_used_file_makes_room(tmp_path, prefix):
    cache = FeatureCache(tmp_path, 3 * (80 * (ROW_BYTES + 8) + 200))
    paths = {}
    for age_s, key in ((300, "a"), (200, "b"), (100, "c")):
        known = set(files(cache))
        run(cache, prefix, key=key * 64)
        (paths[key],) = set(files(cache)) - known
        os.utime(paths[key], (paths[key].stat().st_mtime - age_s,) * 2)
    assert run(cache, prefix, key="a" * 64)[1] == 0  # used just now, though it is the oldest
    run(cache, prefix, key="d" * 64)
    assert paths["a"].exists()
    assert not paths["b"].exists()
    assert paths["c"].exists()
    assert sum(path.stat().st_size for path in files(cache)) <= cache.limit_bytes


def test_features_are_kept_only_where_they_fit_half_of_the_cache():
    cache = FeatureCache(Path("unused"), 1000)
    assert cache.is_worth_it(25, (5,))
    assert not cache.is_worth_it(26, (5,))


def test_a_full_disk_is_an_error_of_the_store(cache, prefix, monkeypatch):
    def full(folder, needed_bytes):
        raise StoreError("disk_full", needed_bytes=needed_bytes, free_bytes=0)

    monkeypatch.setattr(eviction, "check_space", full)
    with pytest.raises(StoreError) as caught:
        run(cache, prefix)
    assert caught.value.values["needed_bytes"] == 80 * ROW_BYTES
    assert files(cache) == []


def key_of(spec: RunSpec, dataset: str = "sha256:1") -> str:
    return prefix_key(build(spec, 3).prefix, dataset, spec.image_size, "CPU")


def test_a_key_is_equal_where_the_prefix_is():
    spec = RunSpec(backbone="squeezenet", n_frozen=5, image_size=64)
    key = key_of(spec)
    assert key_of(spec) == key  # also for a network built anew
    assert key_of(spec.with_changes(seed=3, head="dense", learning_rate=0.5, batch_size=8, dropout=0.1)) == key


def test_a_key_differs_where_anything_differs_that_decides_the_features():
    spec = RunSpec(backbone="squeezenet", n_frozen=5, image_size=64)
    keys = [key_of(spec), key_of(spec, "sha256:2")] + [
        key_of(spec.with_changes(**change))
        for change in ({"n_frozen": 6}, {"image_size": 96}, {"weights": "random"}, {"backbone": "mobilenet_v2"})
    ]
    keys.append(key_of(spec.with_changes(weights="random", seed=1)))
    assert len(set(keys)) == len(keys)


def test_a_key_follows_the_weights_themselves():
    built = build(RunSpec(backbone="squeezenet", n_frozen=2, image_size=64), 3)
    before = prefix_key(built.prefix, "d", 64, "CPU")
    weight = built.prefix.weights[-1]
    weight.assign(weight + 1e-3)
    assert prefix_key(built.prefix, "d", 64, "CPU") != before


def test_a_source_gives_each_picture_its_features_in_the_order_asked_for():
    train, test = np.array([2, 5, 9]), np.array([0, 7])
    source = FeatureSource(((train, np.array([[2.0], [5.0], [9.0]])), (test, np.array([[0.0], [7.0]]))))
    assert source.is_cached
    assert list(source.prepare(epoch=1)) == []
    np.testing.assert_array_equal(source.train_batch(np.array([9, 2, 9]), epoch=1), [[9], [2], [9]])
    np.testing.assert_array_equal(source.eval_batch(np.array([7, 0])), [[7], [0]])


@pytest.mark.parametrize("numbers", [[1], [3], [10], [2, 0]])
def test_a_source_refuses_pictures_that_it_does_not_have(numbers):
    source = FeatureSource(((np.array([2, 5, 9]), np.zeros((3, 1))), (np.array([0, 7]), np.zeros((2, 1)))))
    with pytest.raises(KeyError):
        source.eval_batch(np.array(numbers))
