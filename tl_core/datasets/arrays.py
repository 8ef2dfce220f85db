"""Data sets as NumPy arrays: loading, choosing training pictures, making batches."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tl_core.datasets import keras_sets
from tl_core.datasets.catalog import DatasetInfo, dataset_info
from tl_core.datasets.images import decode_image, fit_image
from tl_core.errors import UnavailableError
from tl_core.seeds import generator

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "datasets"


@dataclass(frozen=True, eq=False)
class Dataset:
    """All pictures of a data set, decoded, with their labels and splits.

    Attributes:
        info: Its entry in the catalogue.
        pixels: uint8 (N, S, S, 3), 0–255, RGB; or a list of N arrays uint8 (H, W, 3) when sizes differ.
        labels: int64 (N,), index into `info.classes`.
        train: int64 (n_train,), positions of the training pictures, ascending.
        validation: int64 (n_validation,), likewise.
        test: int64 (n_test,), likewise.
    """

    info: DatasetInfo
    pixels: np.ndarray | Sequence[np.ndarray]
    labels: np.ndarray
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def load_dataset(id: str, home: Path, *, on_progress: keras_sets.Progress | None = None) -> Dataset:
    """Loads a data set; one that is not bundled is downloaded into the data folder first.

    Args:
        id: Id in the catalogue.
        home: The data folder.
        on_progress: Called with (done, total): pictures decoded; while downloading bytes, total None where not known.

    Raises:
        UnknownIdError: No data set has this id.
        UnavailableError: Its file is missing, damaged, or could not be downloaded.
    """
    info = dataset_info(id)
    if info.origin == "keras":
        return Dataset(info, *keras_sets.load_parts(info, home, on_progress=on_progress))
    table = _read(info, ["image", "label", "split"])
    splits = np.asarray(table["split"].to_pylist())
    positions = [np.flatnonzero(splits == split) for split in ("train", "validation", "test")]
    return Dataset(info, _decode_all(table["image"], info, on_progress), _labels(table, info), *positions)


def _read(info: DatasetInfo, columns: list[str]) -> pa.Table:
    try:
        return pq.read_table(FOLDER / info.file, columns=columns)
    except (OSError, pa.ArrowException) as error:
        raise UnavailableError("dataset_damaged", dataset=info.id, file=info.file) from error


def _labels(table: pa.Table, info: DatasetInfo) -> np.ndarray:
    labels = table["label"].to_numpy().astype(np.int64)
    return labels if info.merge is None else np.asarray(info.merge)[labels]


def _decode_all(images: pa.ChunkedArray, info: DatasetInfo, on_progress: keras_sets.Progress | None) -> np.ndarray:
    side = info.image_size
    pixels = np.empty((len(images), side, side, 3), np.uint8)
    for at, data in enumerate(images):
        pixels[at] = decode_image(data.as_py(), info.file)
        if on_progress:
            on_progress(at + 1, len(images))
    return pixels


def select_per_class(labels: np.ndarray, indices: np.ndarray, per_class: int | None, seed: int) -> np.ndarray:
    """Chooses at most `per_class` of the given pictures from every class.

    The choices are nested: those for K are among those for K + 1, so a larger run only adds pictures.

    Args:
        labels: int (N,), labels of the whole data set.
        indices: int (M,), positions to choose from, in any order.
        per_class: Most pictures of one class; None takes all.
        seed: Seed of the run.

    Returns:
        The chosen positions, int64, ascending.

    Random:
        `seed`, one child "per_class/<label>" for every class.
    """
    indices = np.sort(np.asarray(indices, np.int64))
    keep = np.zeros(len(indices), bool)
    for label in np.unique(labels[indices]):
        members = np.flatnonzero(labels[indices] == label)
        keep[generator(seed, f"per_class/{label}").permutation(members)[:per_class]] = True
    return indices[keep]


def batch(dataset: Dataset, indices: np.ndarray, image_size: int) -> np.ndarray:
    """Returns the pictures at these positions, square and of one size; resized only where the size differs.

    Returns:
        uint8 (B, image_size, image_size, 3), 0–255.
    """
    images = np.empty((len(indices), image_size, image_size, 3), np.uint8)
    for row, at in enumerate(indices):
        images[row] = fit_image(dataset.pixels[at], image_size)
    return images


def fingerprint(info: DatasetInfo) -> str:
    """Returns the hash that tells which file the pictures came from, for the record of a run.

    Returns:
        "sha256:…" of the bundled file; the published hash of a downloaded one (which the download checked).
    """
    if info.origin == "keras":
        return keras_sets.published_hash(info)
    with open(FOLDER / info.file, "rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def thumbnails(id: str, home: Path, n_per_class: int = 1, seed: int = 0) -> list[tuple[int, np.ndarray]]:
    """Returns a few training pictures of every class for a sample strip, decoding no others.

    The full sets show pictures of their bundled excerpt, once they have been downloaded.

    Returns:
        (label, uint8 (S, S, 3)) in the order of the classes; empty for a set that is not on this machine.

    Random:
        `seed`, as in `select_per_class`.
    """
    info = dataset_info(id)
    if not keras_sets.is_available(id, home):
        return []
    if info.origin == "keras":
        info = dataset_info(f"{id}-small")
    table = _read(info, ["image", "label", "split"])
    labels = _labels(table, info)
    train = np.flatnonzero(np.asarray(table["split"].to_pylist()) == "train")
    chosen = select_per_class(labels, train, n_per_class, seed)
    ordered = sorted(chosen.tolist(), key=lambda at: (labels[at], at))
    return [(int(labels[at]), decode_image(table["image"][at].as_py(), info.file)) for at in ordered]


def class_counts(id: str, home: Path) -> list[int]:
    """Returns how many training pictures each class has, decoding none.

    Returns:
        One count a class, in the order of the classes; empty for a set that is not on this machine.
    """
    info = dataset_info(id)
    if not keras_sets.is_available(id, home):
        return []
    if info.origin == "keras":
        labels = keras_sets.load_parts(info, home)[1:3]
        return np.bincount(labels[0][labels[1]], minlength=len(info.classes)).tolist()
    table = _read(info, ["label", "split"])
    is_train = np.asarray(table["split"].to_pylist()) == "train"
    return np.bincount(_labels(table, info)[is_train], minlength=len(info.classes)).tolist()
