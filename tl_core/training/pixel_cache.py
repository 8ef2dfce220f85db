"""Visitors' own pictures at the size of a run, decoded once and mapped from disk: training never waits for a decoder.

The file lies beside the cached features, is counted with them, and is dropped and made again like them.
"""

import os
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from tl_core.datasets.arrays import Dataset
from tl_core.datasets.images.decode import fit_image
from tl_core.disk.home import ensure_folder
from tl_core.disk.space import storage_error
from tl_core.training.eviction import evict

AT_ONCE = 64  # pictures that the threads decode before they are written
OnProgress = Callable[[int, int | None], None]


def map_pixels(dataset: Dataset, size: int, folder: Path, limit_bytes: int, on_progress: OnProgress) -> Dataset:
    """Returns an album with its pictures at one size, mapped from disk; any other data set as it is.

    Args:
        dataset: Whose pictures.
        size: Side in px.
        folder: Of the cache.
        limit_bytes: Size that the cache is kept below; an album that would take more than half of it stays as it is,
            and its pictures are decoded each time.
        on_progress: Called with (done, total), pictures.

    Raises:
        StoreError: "disk_full" or "home_not_writable".
    """
    shape = (len(dataset.labels), size, size, 3)
    if dataset.info.origin != "own" or int(np.prod(shape)) > limit_bytes // 2:
        return dataset
    path = ensure_folder(folder) / f"pixels-{dataset.info.id}-{size}.npy"
    pixels = _read(path, shape)
    if pixels is None:
        evict(folder, int(np.prod(shape)), limit_bytes)
        _write(dataset, size, path, shape, on_progress)
        pixels = np.load(path, mmap_mode="r", allow_pickle=False)
    return replace(dataset, pixels=pixels)


def _read(path: Path, shape: tuple[int, ...]) -> np.ndarray | None:
    with suppress(OSError, ValueError, EOFError):
        pixels = np.load(path, mmap_mode="r", allow_pickle=False)
        if pixels.shape == shape and pixels.dtype == np.uint8:
            os.utime(path)
            return pixels
    return None


def _write(dataset: Dataset, size: int, path: Path, shape: tuple[int, ...], on_progress: OnProgress) -> None:
    """Decodes all pictures into a file that gets its name when it is whole."""
    beside = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.tmp")
    try:
        with open(beside, "xb") as file, ThreadPoolExecutor(os.cpu_count()) as threads:
            header = {"descr": "|u1", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            waiting, done = iter(range(shape[0])), 0
            while chosen := list(islice(waiting, AT_ONCE)):
                for picture in threads.map(partial(_sized, dataset, size), chosen):
                    file.write(picture.tobytes())
                done += len(chosen)
                on_progress(done, shape[0])
        os.replace(beside, path)
    except OSError as error:
        raise storage_error(path.parent, error, int(np.prod(shape))) from error
    finally:
        beside.unlink(missing_ok=True)


def _sized(dataset: Dataset, size: int, at: int) -> np.ndarray:
    return fit_image(dataset.pixels[at], size)
