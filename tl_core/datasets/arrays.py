"""Data sets as NumPy arrays: loading, choosing training pictures, making batches."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tl_core.datasets import keras_sets
from tl_core.datasets.catalog import LEFT_OUT, DatasetInfo, is_part
from tl_core.datasets.images.decode import decode_image, fit_image
from tl_core.datasets.known import known_dataset
from tl_core.datasets.own.album import PackedPictures, own_folder, read_album
from tl_core.datasets.own.splits import SPLITS
from tl_core.errors import UnavailableError
from tl_core.paths import ASSETS
from tl_core.seeds import generator

FOLDER = ASSETS / "datasets"


@dataclass(frozen=True, eq=False)
class Dataset:
    """All pictures of a data set, decoded, with their labels and splits.

    Attributes:
        info: Its entry in the catalogue.
        pixels: uint8 (N, S, S, 3), 0–255, RGB; or a sequence of N arrays uint8 (H, W, 3) when sizes differ.
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
        id: Id in the catalogue, or of an album.
        home: The data folder.
        on_progress: Called with (done, total): pictures decoded; while downloading bytes, total None where not known.

    Raises:
        UnknownIdError: No data set has this id.
        UnavailableError: Its file is missing, damaged, or could not be downloaded.
    """
    info = known_dataset(id, home)
    if info.origin == "own":
        return _own(id, home)
    if info.origin == "keras":
        return Dataset(info, *keras_sets.load_parts(info, home, on_progress=on_progress))
    images, labels, splits = read_bundled(info)
    positions = [np.flatnonzero(splits == split) for split in range(len(SPLITS))]
    return Dataset(info, _decode_all(images, info, on_progress), labels, *positions)


def read_bundled(info: DatasetInfo) -> tuple[pa.ChunkedArray, np.ndarray, np.ndarray]:
    """Returns what the file of a bundled data set holds: encoded pictures, labels int64 (N,), splits int8 (N,).

    Raises:
        UnavailableError: "dataset_damaged".
    """
    table = _read(info, ["image", "label", "split"])
    labels = _labels(table, info)
    if is_part(info):
        kept = np.flatnonzero(labels != LEFT_OUT)
        table, labels = table.take(kept), labels[kept]
    splits = np.array([SPLITS.index(split) for split in table["split"].to_pylist()], np.int8)
    if info.is_shuffled:
        train = np.flatnonzero(splits == SPLITS.index("train"))
        labels[train] = labels[generator(0, "shuffled").permutation(train)]
    return table["image"], labels, splits


def _own(id: str, home: Path) -> Dataset:
    """Returns an album as a data set: its pictures are decoded as they are asked for."""
    folder = own_folder(home, id)
    album = read_album(folder)
    positions = [np.flatnonzero(album.used.split == split) for split in range(3)]
    return Dataset(album.info, PackedPictures(folder, album.packs, album.used), album.labels, *positions)


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
        "sha256:…" of the bundled file, and the id of a set that has only some of its pictures; the published hash of a
        downloaded one (which the download checked); the id of an album, which follows from its content.
    """
    if info.origin == "own":
        return info.id
    if info.origin == "keras":
        return keras_sets.published_hash(info)
    with open(FOLDER / info.file, "rb") as file:
        found = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    return f"{found} {info.id}" if is_part(info) else found
