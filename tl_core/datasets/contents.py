"""What is in a data set, to be looked at picture by picture: the same for those of the catalogue and one's own."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from tl_core.datasets import keras_sets
from tl_core.datasets.arrays import read_bundled, select_per_class
from tl_core.datasets.catalog import DatasetInfo, dataset_info
from tl_core.datasets.images.decode import decode_image
from tl_core.datasets.known import is_here, known_dataset
from tl_core.datasets.own.album import Album, PackedPictures, is_own, own_folder, read_album


@dataclass(frozen=True, eq=False)
class Contents:
    """All pictures of a data set; each is decoded when it is looked at.

    Attributes:
        info: What is known of the data set.
        pictures: N pictures, uint8 (H, W, 3).
        names: str (N,), the class of each.
        splits: int8 (N,), 0 train, 1 validation, 2 test.
        widths: int32 (N,), of the original in px; None where it is not known.
        heights: int32 (N,), likewise.
        files: str (N,), the name that each was brought under; None where it has none.
        is_dropped: bool (N,), taken out by hand.
        album: Where it is one's own.
        is_excerpt: Whether the data set has more pictures than these.
    """

    info: DatasetInfo
    pictures: Sequence[np.ndarray]
    names: np.ndarray
    splits: np.ndarray
    widths: np.ndarray | None = None
    heights: np.ndarray | None = None
    files: np.ndarray | None = None
    is_dropped: np.ndarray | None = None
    album: Album | None = None
    is_excerpt: bool = False

    def places(self, name: str | None = None, split: int | None = None, *, is_dropped: bool = False) -> np.ndarray:
        """Returns which pictures belong to a class and a split, None taking all: int (n,)."""
        marks = np.zeros(len(self.names), bool) if self.is_dropped is None else self.is_dropped
        fits = marks == is_dropped
        if name is not None:
            fits &= self.names == name
        if split is not None:
            fits &= self.splits == split
        return np.flatnonzero(fits)

    @property
    def labels(self) -> np.ndarray:
        """Returns int64 (N,), the class of each as its place in `info.classes`; -1 for what belongs to none."""
        place = {name: label for label, name in enumerate(self.info.classes)}
        return np.array([place.get(name, -1) for name in self.names], np.int64)


class _Bundled(Sequence):
    """Pictures of a Parquet file of ours, decoded one by one."""

    def __init__(self, images: pa.ChunkedArray, file: str) -> None:
        self._images, self._file = images, file

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, at: int) -> np.ndarray:
        return decode_image(self._images[at].as_py(), self._file)


def contents(id: str, home: Path) -> Contents | None:
    """Returns what is in a data set; None where it is not on this machine.

    The full sets show the pictures of their bundled excerpt, once they have been downloaded.

    Raises:
        UnknownIdError: No data set has this id.
        UnavailableError: "dataset_damaged".
    """
    info = known_dataset(id, home)
    if not is_here(id, home):
        return None
    if is_own(id):
        return _own(own_folder(home, id))
    shown = dataset_info(f"{id}-small") if info.origin == "keras" else info
    images, labels, splits = read_bundled(shown)
    names = np.array(info.classes, object)[labels]
    sides = np.full(len(labels), shown.image_size, np.int32)
    pictures = _Bundled(images, shown.file)
    return Contents(info, pictures, names, splits, sides, sides, is_excerpt=shown is not info)


def _own(folder: Path) -> Contents:
    album = read_album(folder)
    rows = album.rows
    return Contents(
        album.info,
        PackedPictures(folder, album.packs, rows),
        rows.name,
        rows.split,
        rows.width,
        rows.height,
        files=rows.file,
        is_dropped=rows.is_dropped,
        album=album,
    )


def thumbnails(
    id: str, home: Path, n_per_class: int = 1, seed: int = 0, most: int | None = None
) -> list[tuple[int, np.ndarray]]:
    """Returns a few training pictures of every class for a sample strip, decoding no others.

    Args:
        id: Id of the data set.
        home: The data folder.
        n_per_class: Pictures of each class, at most.
        seed: Decides which.
        most: Pictures in all; None is no limit.

    Returns:
        (label, uint8 (H, W, 3)) in the order of the classes; empty for a set that is not on this machine.

    Random:
        `seed`, as in `select_per_class`.
    """
    found = contents(id, home)
    if found is None:
        return []
    labels = found.labels
    chosen = split_places(found, n_per_class, seed)[0]
    return [(int(labels[at]), found.pictures[at]) for at in sorted(chosen, key=lambda at: (labels[at], at))[:most]]


def split_places(found: Contents, per_class: int | None, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the pictures that a run trains, validates and tests with, in its order: three times int (n,).

    Args:
        found: What is in the data set.
        per_class: Most training pictures of one class; None takes all.
        seed: Of the run; decides which.
    """
    labels = found.labels
    train, validation, test = (places[labels[places] >= 0] for places in map(partial(found.places, None), range(3)))
    return select_per_class(labels, train, per_class, seed), validation, test


def class_counts(id: str, home: Path) -> list[int]:
    """Returns how many training pictures each class has, decoding none.

    Returns:
        One count a class, in the order of the classes; empty for a set that is not on this machine.
    """
    info = known_dataset(id, home)
    if info.origin == "keras" and is_here(id, home):
        _, labels, train, *_ = keras_sets.load_parts(info, home)
        return np.bincount(labels[train], minlength=len(info.classes)).tolist()
    found = contents(id, home)
    counts = Counter(found.names[found.places(split=0)]) if found else {}
    return [counts[name] for name in info.classes] if found else []
