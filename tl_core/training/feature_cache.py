"""The prefix cache: the frozen prefix is a fixed function, so it is computed once per picture and kept on disk."""

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ClassVar

import keras
import numpy as np

from tl_core.models.preprocess import Preprocess
from tl_core.training.events import Phase
from tl_core.training.eviction import evict
from tl_core.training.extraction import Extractor
from tl_core.training.sources import Source

GATHERED_BYTES = 512 * 2**20  # features of this size are put together from several files; larger ones are computed
SMALL_BYTES = 64 * 2**20  # features of this size are read into memory: taking rows out of a mapped file is slower
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
    used are dropped when the folder would grow beyond its limit. Behind its rows each file names its pictures, so that
    anyone who wants some of them (another choice of training pictures, say) takes them from there.

    Args:
        folder: Where the files lie; made when needed.
        limit_bytes: Size that the folder is kept below.
        is_exact: Compute with Keras' own layers, batch by batch. Otherwise BatchNorm is folded and batches are computed
            side by side, equal up to float error; the two never share a file.
        n_threads: How many threads the backend computes with.

    Thread: worker; unless exact, TensorFlow computes in threads of its own.
    """

    def __init__(self, folder: Path, limit_bytes: int, *, is_exact: bool = True, n_threads: int = 1) -> None:
        self.folder, self.limit_bytes = folder, limit_bytes
        self.is_exact, self.n_threads = is_exact, n_threads
        self._extractor: Extractor | None = None  # the last one used: folding and tracing take a second

    def is_worth_it(self, n_pictures: int, shape: tuple[int, ...]) -> bool:
        """Says whether the features of so many pictures fit half of the cache; if not, the run trains uncached."""
        return self.n_fitting(n_pictures, [shape]) == 1

    def n_fitting(self, n_pictures: int, shapes: Sequence[tuple[int, ...]]) -> int:
        """Returns of how many cuts, from the first on, the features of so many pictures together fit half of it."""
        n_bytes = np.cumsum([n_pictures * int(np.prod(shape)) * 4 for shape in shapes])
        return int(np.searchsorted(n_bytes, self.limit_bytes // 2, side="right"))

    def features(
        self, prefix: keras.Model, key: str, pictures: Pictures, chosen: np.ndarray
    ) -> Generator[Phase, None, np.ndarray]:
        """Returns the features of pictures, from disk where they are there.

        Args:
            prefix: The compiled frozen prefix.
            key: From `prefix_key`; anyone who shows other views of the pictures adds to it which.
            pictures: Gives the pictures of a batch.
            chosen: int (n,), ascending: the pictures wanted.

        Yields:
            `Phase("features")`, several a second, while those are computed that no file has; nothing otherwise.

        Returns:
            float (n, …), mapped from disk where they are many.

        Raises:
            StoreError: "disk_full".
        """
        stored = self._load(self._path(key, chosen), chosen)
        if stored is not None:
            return stored
        rows, is_known = self._gathered(prefix, key, chosen)
        if not is_known.any():
            path = self._path(key, chosen)
            yield from self._compute([prefix], [path], pictures, chosen)
            return _read(path)
        missing = chosen[~is_known]
        if len(missing):
            path = self._path(key, missing)
            yield from self._compute([prefix], [path], pictures, missing)
            rows[~is_known] = _read(path)
        return rows

    def _gathered(self, prefix: keras.Model, key: str, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns the rows that the files of other choices have, float (n, …), and which these are, bool (n,)."""
        shape, is_known = (len(chosen), *prefix.output_shape[1:]), np.zeros(len(chosen), bool)
        rows = np.empty(shape, prefix.compute_dtype)
        for path in self.folder.glob(f"{self._name(key)}-*.npy") if self._is_gathered(prefix, len(chosen)) else ():
            with suppress(OSError, ValueError, EOFError):
                numbers, stored = _numbers(path), np.load(path, mmap_mode="r", allow_pickle=False)
                at = np.searchsorted(numbers, chosen).clip(max=len(numbers) - 1)
                is_new = (numbers[at] == chosen) & ~is_known
                if is_new.any():
                    rows[is_new] = stored[at[is_new]]
                    is_known |= is_new
                    os.utime(path)
        return rows, is_known

    def fill(
        self, prefixes: Sequence[keras.Model], keys: Sequence[str], pictures: Pictures, chosen: np.ndarray
    ) -> Generator[Phase, None, None]:
        """Computes the features at several cuts of one network in one pass, so that `features` finds them on disk.

        What the files of other choices of pictures have is not computed again.

        Args:
            prefixes: Frozen prefixes that share their layers; the pass goes as far as the longest.
            keys: The key of each.
            pictures: Gives the pictures of a batch.
            chosen: int (n,), ascending: the pictures wanted.

        Yields:
            `Phase("features")`, several a second; nothing when all are there.

        Raises:
            StoreError: "disk_full".
        """
        missing = [self._missing(prefix, key, chosen) for prefix, key in zip(prefixes, keys, strict=True)]
        lacking = [at for at, is_missing in enumerate(missing) if is_missing.any()]
        if lacking:
            numbers = chosen[np.any([missing[at] for at in lacking], axis=0)]
            paths = [self._path(keys[at], numbers) for at in lacking]
            yield from self._compute([prefixes[at] for at in lacking], paths, pictures, numbers)

    def _missing(self, prefix: keras.Model, key: str, chosen: np.ndarray) -> np.ndarray:
        """Says which pictures `features` would have to compute, bool (n,)."""
        is_missing = np.full(len(chosen), self._load(self._path(key, chosen), chosen) is None)
        if is_missing.any() and self._is_gathered(prefix, len(chosen)):
            for path in self.folder.glob(f"{self._name(key)}-*.npy"):
                with suppress(OSError, ValueError, EOFError):
                    is_missing &= ~np.isin(chosen, _numbers(path))
        return is_missing

    def _is_gathered(self, prefix: keras.Model, n_pictures: int) -> bool:
        """Says whether features are few enough to be put together from several files."""
        n_bytes = n_pictures * int(np.prod(prefix.output_shape[1:])) * np.dtype(prefix.compute_dtype).itemsize
        return n_bytes <= GATHERED_BYTES

    def _name(self, key: str) -> str:
        return hashlib.sha256(f"{key} {'exact' if self.is_exact else 'folded'}".encode()).hexdigest()[:24]

    def _path(self, key: str, numbers: np.ndarray) -> Path:
        return self.folder / f"{self._name(key)}-{hashlib.sha256(_as_bytes(numbers)).hexdigest()[:24]}.npy"

    def _load(self, path: Path, chosen: np.ndarray) -> np.ndarray | None:
        with suppress(OSError, ValueError, EOFError):
            if np.array_equal(_numbers(path), chosen):
                os.utime(path)
                return _read(path)
        return None

    def _compute(
        self, prefixes: Sequence[keras.Model], paths: Sequence[Path], pictures: Pictures, chosen: np.ndarray
    ) -> Iterator[Phase]:
        dtype = np.dtype(prefixes[0].compute_dtype)
        shapes = [(len(chosen), *prefix.output_shape[1:]) for prefix in prefixes]
        evict(self.folder, sum(int(np.prod(shape)) for shape in shapes) * dtype.itemsize, self.limit_bytes)
        beside = [path.with_name(f".{path.stem}.{secrets.token_hex(4)}.tmp") for path in paths]
        try:
            with ExitStack() as stack:  # closed before they are renamed: Windows renames no file that is open
                files = [stack.enter_context(open(path, "xb")) for path in beside]
                for file, shape in zip(files, shapes, strict=True):
                    _write_header(file, shape, dtype)
                yield from _write_rows(files, self._extractor_of(prefixes), pictures, chosen)
                for file in files:
                    file.write(_as_bytes(chosen))
            for written, path in zip(beside, paths, strict=True):
                os.replace(written, path)
        finally:
            for written in beside:
                written.unlink(missing_ok=True)

    def _extractor_of(self, prefixes: Sequence[keras.Model]) -> Extractor:
        if self._extractor is None or not self._extractor.ends_in(prefixes):
            self._extractor = Extractor(prefixes, is_exact=self.is_exact, n_threads=self.n_threads)
        return self._extractor


def _write_rows(
    files: Sequence[BinaryIO], extractor: Extractor, pictures: Pictures, chosen: np.ndarray
) -> Iterator[Phase]:
    size, done = extractor.batch, 0
    # always a full batch: another shape would be compiled anew
    batches = (pictures(np.resize(chosen[start : start + size], size)) for start in range(0, len(chosen), size))
    with closing(extractor.run(batches)) as computed:
        for outputs in computed:
            n_new = 0 if outputs is None else min(size, len(chosen) - done)
            for file, features in zip(files, outputs or [], strict=False):
                file.write(features[:n_new].tobytes())
            done += n_new
            yield Phase("features", done, len(chosen))


def _write_header(file: BinaryIO, shape: tuple[int, ...], dtype: np.dtype) -> None:
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)


def _as_bytes(numbers: np.ndarray) -> bytes:
    return np.ascontiguousarray(numbers, dtype="<i8").tobytes()


def _numbers(path: Path) -> np.ndarray:
    """Returns the picture numbers that stand behind the rows, int64 (n,), ascending.

    Raises:
        ValueError, OSError, EOFError: The file is damaged.
    """
    with open(path, "rb") as file:
        np.lib.format.read_magic(file)
        (n_rows, *_), _, _ = np.lib.format.read_array_header_1_0(file)
        file.seek(-8 * n_rows, os.SEEK_END)
        return np.frombuffer(file.read(), dtype="<i8", count=n_rows)


def _read(path: Path) -> np.ndarray:
    features = np.load(path, mmap_mode="r", allow_pickle=False)
    return np.array(features) if features.nbytes <= SMALL_BYTES else features


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
        [layer.mode for layer in prefix.layers if isinstance(layer, Preprocess)],
        weights.hexdigest(),
        keras.__version__,
        keras.backend.backend(),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
