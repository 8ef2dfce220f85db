"""The prefix cache: the frozen prefix is a fixed function, so it is computed once per picture and kept on disk."""

import hashlib
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import keras
import numpy as np

from tl_core.store.files import check_space
from tl_core.training.events import Event, Phase
from tl_core.training.sources import Source

BATCH = 32
LEFTOVER_S = 24 * 3600  # then an unfinished file belongs to nobody
Pictures = Callable[[np.ndarray], np.ndarray]  # picture numbers (B,) → uint8 (B, S, S, 3)


@dataclass(frozen=True)
class FeatureSource(Source):
    """Feeds cached outputs of the frozen prefix.

    Attributes:
        parts: For each of train, validation and test: picture numbers int (n,), ascending, and their features (n, …).
    """

    parts: tuple[tuple[np.ndarray, np.ndarray], ...]
    is_cached: ClassVar[bool] = True

    def train_batch(self, indices: np.ndarray, epoch: int) -> np.ndarray:
        return self.eval_batch(indices)

    def eval_batch(self, indices: np.ndarray) -> np.ndarray:
        """Returns float (B, …); all pictures must belong to one part."""
        for numbers, features in self.parts:
            rows = np.searchsorted(numbers, indices)
            if rows.max() < len(numbers) and np.array_equal(numbers[rows], indices):
                return features[rows]
        raise KeyError(indices)


class FeatureCache:
    """Features on disk, one file for each (prefix, pictures), shared by all runs.

    A file is written under another name and renamed when whole; a damaged one is computed again; the least recently
    used are dropped when the folder would grow beyond its limit.

    Args:
        folder: Where the files lie; made when needed.
        limit_bytes: Size that the folder is kept below.

    Thread: worker.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self.folder, self.limit_bytes = folder, limit_bytes

    def is_worth_it(self, n_pictures: int, shape: tuple[int, ...]) -> bool:
        """Says whether the features of so many pictures fit half of the cache; if not, the run trains uncached."""
        return n_pictures * int(np.prod(shape)) * 4 <= self.limit_bytes // 2

    def features(
        self, prefix: keras.Model, key: str, pictures: Pictures, chosen: np.ndarray, superset: np.ndarray
    ) -> Iterator[Event]:
        """Returns the features of pictures, from disk where they are there.

        Args:
            prefix: The compiled frozen prefix.
            key: From `prefix_key`.
            pictures: Gives the pictures of a batch.
            chosen: int (n,), ascending: the pictures wanted.
            superset: int (m,), ascending: pictures among which they are; their file serves too.

        Yields:
            `Phase("features")` after every batch that had to be computed.

        Returns:
            float (n, …), mapped from disk where possible.

        Raises:
            StoreError: "disk_full".
        """
        for numbers in (superset, chosen):
            stored = self._load(self._path(key, numbers), len(numbers))
            if stored is not None:
                return stored if numbers is chosen else stored[np.searchsorted(superset, chosen)]
        return (yield from self._compute(prefix, self._path(key, chosen), pictures, chosen))

    def _path(self, key: str, numbers: np.ndarray) -> Path:
        chosen = hashlib.sha256(np.ascontiguousarray(numbers, dtype=np.int64).tobytes()).hexdigest()
        return self.folder / f"{key[:32]}-{chosen[:16]}.npy"

    def _load(self, path: Path, n_rows: int) -> np.ndarray | None:
        try:
            features = np.load(path, mmap_mode="r", allow_pickle=False)
            os.utime(path)
        except (OSError, ValueError, EOFError):
            return None
        return features if len(features) == n_rows else None

    def _compute(self, prefix: keras.Model, path: Path, pictures: Pictures, chosen: np.ndarray) -> Iterator[Event]:
        shape = (len(chosen), *prefix.output_shape[1:])
        dtype = np.dtype(prefix.compute_dtype)
        self._make_room(int(np.prod(shape)) * dtype.itemsize)
        beside = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.tmp")
        try:
            yield from _write(beside, shape, dtype, prefix, pictures, chosen)
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)
        return np.load(path, mmap_mode="r", allow_pickle=False)

    def _make_room(self, needed_bytes: int) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for leftover, status in _files(self.folder, ".*.tmp"):  # of processes that were killed while they wrote
            if time.time() - status.st_mtime > LEFTOVER_S:
                leftover.unlink(missing_ok=True)
        files = _files(self.folder, "*.npy")
        used = sum(status.st_size for _, status in files)
        for path, status in files:
            if used + needed_bytes > self.limit_bytes:
                used -= status.st_size
                path.unlink(missing_ok=True)
        check_space(self.folder, needed_bytes)  # a mapped file that finds the disk full ends the whole process


def _write(
    path: Path, shape: tuple[int, ...], dtype: np.dtype, prefix: keras.Model, pictures: Pictures, chosen: np.ndarray
) -> Iterator[Event]:
    """Fills a new file; it is closed at the end, because Windows renames and removes no file that is open."""
    features = np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
    for start in range(0, len(chosen), BATCH):
        numbers = chosen[start : start + BATCH]
        filled = np.resize(numbers, BATCH)  # always a full batch: another shape would be compiled anew
        features[start : start + len(numbers)] = prefix.predict_on_batch(pictures(filled))[: len(numbers)]
        yield Phase("features", start + len(numbers), len(chosen))
    features.flush()


def _files(folder: Path, pattern: str) -> list[tuple[Path, os.stat_result]]:
    """Returns the files of a folder with what is known of them, oldest first; one that just vanished is left out."""
    found = []
    for path in folder.glob(pattern):
        with suppress(OSError):
            found.append((path, path.stat()))
    return sorted(found, key=lambda file: file[1].st_mtime)


def prefix_key(prefix: keras.Model, dataset_fingerprint: str, image_size: int, machine: str) -> str:
    """Returns the name of what a prefix computes on a dataset: equal only where every bit that decides it is equal.

    The weights themselves are hashed, so no rule about where they came from can be forgotten.

    Args:
        prefix: The frozen prefix.
        dataset_fingerprint: From `datasets.arrays.fingerprint`.
        image_size: Side of the pictures, in px.
        machine: Device and number of threads, which decide the last bits.
    """
    weights = hashlib.sha256()
    for array in prefix.get_weights():
        weights.update(array.tobytes())
    parts = [
        dataset_fingerprint,
        image_size,
        machine,
        list(prefix.output_shape[1:]),
        prefix.compute_dtype,
        [layer.name for layer in prefix.layers],
        weights.hexdigest(),
        keras.__version__,
        keras.backend.backend(),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
