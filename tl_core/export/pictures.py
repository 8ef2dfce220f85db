"""The pictures that a run was trained, validated and tested with, as files to take along: as they are kept."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tl_core.datasets import keras_sets
from tl_core.datasets.arrays import read_bundled, select_per_class
from tl_core.datasets.catalog import DatasetInfo
from tl_core.datasets.known import is_here, known_dataset
from tl_core.datasets.own.album import PackedPictures, own_folder, read_album
from tl_core.datasets.own.splits import SPLITS
from tl_core.errors import UnavailableError
from tl_core.seeds import generator
from tl_core.spec import RunSpec

_ENDINGS = ((b"\xff\xd8", ".jpg"), (b"\x89PNG", ".png"), (b"RIFF", ".webp"))
MOST_NAME = 60


@dataclass(frozen=True, eq=False)
class Pictures:
    """Some pictures of a data set.

    Attributes:
        info: The data set.
        numbers: int (n,), ascending: their numbers in the data set.
        labels: int (n,), the class of each.
        splits: int (n,), 0 train, 1 validation, 2 test.
        encoded: Returns a picture of the data set, by its number, as a file.
    """

    info: DatasetInfo
    numbers: np.ndarray
    labels: np.ndarray
    splits: np.ndarray
    encoded: Callable[[int], bytes]

    def row(self, at: int, data: bytes | None) -> list[str]:
        """Returns what the list of pictures says of one: its file, split and class."""
        name = self.info.classes[self.labels[at]]
        split = SPLITS[self.splits[at]]
        return [f"pictures/{split}/{_folder(name)}/{at:05d}{_ending(data)}", split, name]

    def order(self, spec: RunSpec) -> np.ndarray:
        """Returns which pictures each epoch shows, one after the other: int (epochs, n), places among these.

        The last batch is filled up with the first pictures of the same order.

        Random:
            The order of epoch e is the child "order/e" of `spec.seed`, as in `training.trainer`.
        """
        train = np.flatnonzero(self.splits == 0)
        n_shown = -(-len(train) // spec.batch_size) * spec.batch_size
        epochs = range(1, spec.all_epochs + 1)
        return np.array([np.resize(generator(spec.seed, f"order/{e}").permutation(train), n_shown) for e in epochs])


def pictures_of(spec: RunSpec, home: Path) -> Pictures:
    """Returns the pictures of a run.

    Raises:
        UnknownIdError: "unknown_dataset".
        UnavailableError: "dataset_damaged", or "dataset_unavailable" for a set that is not on this machine.
    """
    info = known_dataset(spec.dataset, home)
    if not is_here(spec.dataset, home):
        raise UnavailableError("dataset_unavailable", dataset=spec.dataset, reason="offline")
    read = {"bundled": _bundled, "own": _own, "keras": _keras}[info.origin]
    encoded, labels, splits = read(info, home)
    train = select_per_class(labels, np.flatnonzero(splits == 0), spec.per_class, spec.seed)
    numbers = np.union1d(train, np.flatnonzero(splits > 0))
    return Pictures(info, numbers, labels[numbers], splits[numbers], encoded)


def _bundled(info: DatasetInfo, home: Path) -> tuple[Callable[[int], bytes], np.ndarray, np.ndarray]:
    images, labels, splits = read_bundled(info)
    return (lambda at: images[int(at)].as_py()), labels, splits


def _own(info: DatasetInfo, home: Path) -> tuple[Callable[[int], bytes], np.ndarray, np.ndarray]:
    album = read_album(own_folder(home, info.id))
    kept = PackedPictures(own_folder(home, info.id), album.packs, album.used)
    return kept.encoded, album.labels, np.asarray(album.used.split)


def _keras(info: DatasetInfo, home: Path) -> tuple[Callable[[int], bytes], np.ndarray, np.ndarray]:
    pixels, labels, *parts = keras_sets.load_parts(info, home)
    splits = np.zeros(len(labels), np.int8)
    for split, part in enumerate(parts):
        splits[part] = split
    return (lambda at: _png(pixels[at])), labels, splits


def _png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def _ending(data: bytes | None) -> str:
    """Returns how a picture's name ends; that of one that somebody else has to bring, a usual one."""
    return next((ending for start, ending in _ENDINGS if data is not None and data.startswith(start)), ".png")


def _folder(name: str) -> str:
    """Returns a class's name as that of a folder, on any system."""
    return re.sub(r"[^\w \-.]", "_", name)[:MOST_NAME].strip(" .") or "_"
