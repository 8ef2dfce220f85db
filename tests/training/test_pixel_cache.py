"""Pictures at the size of a run, decoded once and mapped from disk."""

import errno
import os
import threading
from pathlib import Path

import numpy as np
import pytest

from tests.ingest.pictures import take, tree
from tl_core.datasets.arrays import Dataset, batch, load_dataset
from tl_core.errors import StoreError
from tl_core.store.albums import Albums
from tl_core.training import pixel_cache as module
from tl_core.training.pixel_cache import map_pixels

PLENTY = 10**12
N, SIZE = 24, 32


def silent(done: int, total: int | None) -> None:
    return


@pytest.fixture
def dataset(tmp_path) -> Dataset:
    return load_dataset(take(Albums(tmp_path / "home"), tree(apple=12, pear=12)).id, tmp_path / "home")


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "cache"


def decoded(dataset: Dataset) -> np.ndarray:
    return batch(dataset, np.arange(N), SIZE)


def test_the_pictures_are_those_that_decoding_gives_and_lie_on_the_disk(dataset, folder):
    found = map_pixels(dataset, SIZE, folder, PLENTY, silent)
    assert isinstance(found.pixels, np.memmap)
    assert (found.pixels.shape, found.pixels.dtype) == ((N, SIZE, SIZE, 3), np.uint8)
    assert (found.pixels == decoded(dataset)).all()
    assert (batch(found, np.arange(N), SIZE) == decoded(dataset)).all()
    assert not found.pixels.flags.writeable
    assert (found.labels is dataset.labels, found.info is dataset.info) == (True, True)


def test_the_second_run_decodes_nothing(dataset, folder, monkeypatch):
    first = map_pixels(dataset, SIZE, folder, PLENTY, silent)
    monkeypatch.setattr(module, "_sized", None)
    said = []
    second = map_pixels(dataset, SIZE, folder, PLENTY, lambda *step: said.append(step))
    assert (second.pixels == first.pixels).all()
    assert said == []


def test_each_size_has_a_file_of_its_own(dataset, folder):
    for size in (32, 48):
        map_pixels(dataset, size, folder, PLENTY, silent)
    assert sorted(path.name for path in folder.iterdir()) == [
        f"pixels-{dataset.info.id}-{size}.npy" for size in (32, 48)
    ]


def test_a_file_that_was_used_is_the_last_to_be_dropped(dataset, folder):
    map_pixels(dataset, SIZE, folder, PLENTY, silent)
    (path,) = folder.iterdir()
    os.utime(path, (1, 1))
    map_pixels(dataset, SIZE, folder, PLENTY, silent)
    assert path.stat().st_mtime > 1


@pytest.mark.parametrize("content", [b"", b"no array", b"\x93NUMPY\1\0", None])
def test_a_file_that_is_damaged_is_made_again(dataset, folder, content):
    map_pixels(dataset, SIZE, folder, PLENTY, silent)
    (path,) = folder.iterdir()
    path.write_bytes(path.read_bytes()[:2000] if content is None else content)
    assert (map_pixels(dataset, SIZE, folder, PLENTY, silent).pixels == decoded(dataset)).all()


def test_a_file_of_another_shape_is_made_again(dataset, folder):
    folder.mkdir()
    np.save(folder / f"pixels-{dataset.info.id}-{SIZE}.npy", np.zeros((3, 2), np.uint8))
    assert (map_pixels(dataset, SIZE, folder, PLENTY, silent).pixels == decoded(dataset)).all()


def test_a_set_of_the_catalogue_stays_as_it_is(tmp_path_factory, folder):
    digits = load_dataset("mnist-small", tmp_path_factory.getbasetemp())
    assert map_pixels(digits, SIZE, folder, PLENTY, silent) is digits
    assert not folder.exists()


def test_one_that_would_take_more_than_half_of_the_cache_is_decoded_each_time(dataset, folder):
    n_bytes = N * SIZE * SIZE * 3
    assert map_pixels(dataset, SIZE, folder, 2 * n_bytes - 2, silent) is dataset
    assert map_pixels(dataset, SIZE, folder, 2 * n_bytes, silent) is not dataset


def test_a_stop_is_heard_while_pictures_are_decoded_and_leaves_no_file(dataset, folder, monkeypatch):
    class Stop(Exception):
        pass

    def stop(done: int, total: int | None) -> None:
        raise Stop

    monkeypatch.setattr(module, "AT_ONCE", 5)
    with pytest.raises(Stop):
        map_pixels(dataset, SIZE, folder, PLENTY, stop)
    assert list(folder.iterdir()) == []


def test_progress_counts_all_pictures(dataset, folder, monkeypatch):
    monkeypatch.setattr(module, "AT_ONCE", 10)
    said = []
    map_pixels(dataset, SIZE, folder, PLENTY, lambda *step: said.append(step))
    assert said == [(10, N), (20, N), (N, N)]


def test_a_disk_without_room_is_said(dataset, folder, monkeypatch):
    monkeypatch.setattr("tl_core.disk.space.free_bytes", lambda path: 1)
    with pytest.raises(StoreError) as caught:
        map_pixels(dataset, SIZE, folder, PLENTY, silent)
    assert caught.value.code == "disk_full"


def test_a_disk_that_fills_up_is_said_and_nothing_is_left(dataset, folder, monkeypatch):
    def fill_up(one, other):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module.os, "replace", fill_up)
    with pytest.raises(StoreError) as caught:
        map_pixels(dataset, SIZE, folder, PLENTY, silent)
    assert caught.value.code == "disk_full"
    assert list(folder.iterdir()) == []


def test_two_who_make_the_same_file_at_once_both_have_it_whole(dataset, folder):
    found = {}

    def make(number: int) -> None:
        found[number] = map_pixels(dataset, SIZE, folder, PLENTY, silent).pixels

    threads = [threading.Thread(target=make, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all((pixels == decoded(dataset)).all() for pixels in found.values())
    assert (len(found), len(list(folder.iterdir()))) == (3, 1)
