"""The full CIFAR-10 and MNIST, downloaded when they are first used and read without pickle.

References:
    CIFAR-10's binary format and MD5: https://www.cs.toronto.edu/~kriz/cifar.html.
    MNIST as one npz file and its SHA-256: `keras.datasets.mnist`, Keras 3.15.
"""

import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from tl_core.datasets.catalog import DatasetInfo, dataset_info
from tl_core.download import download
from tl_core.errors import UnavailableError
from tl_core.seeds import generator

HASHES = MappingProxyType(
    {
        "cifar10": ("md5", "c32a1d4ab5d03f1284b67883e8d87530"),
        "mnist": ("sha256", "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"),
    }
)
CIFAR10_FOLDER = "cifar-10-batches-bin"
CIFAR10_TRAIN = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
CIFAR10_TEST = ("test_batch.bin",)
CIFAR10_RECORD_BYTES = 1 + 3 * 32 * 32
SPLIT_SEED = 0

Progress = Callable[[int, int | None], None]
Part = tuple[np.ndarray, np.ndarray]  # pixels uint8 (N, S, S, 3), labels int64 (N,)


class Parts(NamedTuple):
    """A data set as plain arrays, with the fields of `arrays.Dataset` but `info`."""

    pixels: np.ndarray
    labels: np.ndarray
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def is_available(id: str, home: Path) -> bool:
    """Tells whether a data set is bundled or already downloaded into the data folder."""
    info = dataset_info(id)
    return info.origin == "bundled" or _path(info, home).is_file()


def published_hash(info: DatasetInfo) -> str:
    """Returns "algorithm:hexdigest" of the file that is downloaded, as its publisher gives it."""
    return ":".join(HASHES[info.id])


def load_parts(info: DatasetInfo, home: Path, *, on_progress: Progress | None = None) -> Parts:
    """Reads one of the full sets, after downloading it if it is not in the data folder yet.

    A tenth of every class of the official training part is the validation split.

    Args:
        info: Entry of the set in the catalogue.
        home: The data folder; the file is kept in its folder "datasets".
        on_progress: Called while downloading with the bytes so far and in all (None where the server does not say).

    Raises:
        UnavailableError: "dataset_unavailable" if it could not be downloaded, "dataset_damaged" if not readable.

    Random:
        The split is the same for every run: it has a seed of its own.
    """
    path = _path(info, home)
    if not path.is_file():
        _fetch(info, path, on_progress)
    try:
        return joined(*(read_cifar10(path) if info.id == "cifar10" else read_mnist(path)))
    except (OSError, EOFError, KeyError, ValueError, tarfile.TarError, zipfile.BadZipFile, zlib.error) as error:
        raise UnavailableError("dataset_damaged", dataset=info.id, file=info.file) from error


def _path(info: DatasetInfo, home: Path) -> Path:
    return Path(home) / "datasets" / info.file


def _fetch(info: DatasetInfo, path: Path, on_progress: Progress | None) -> None:
    hashes = dict([HASHES[info.id]])
    assert info.url is not None  # as that of every set of Keras
    try:
        download(info.url, path, sha256=hashes.get("sha256"), md5=hashes.get("md5"), on_progress=on_progress)
    except UnavailableError as error:
        raise UnavailableError("dataset_unavailable", dataset=info.id, reason=error.values["reason"]) from error


def read_cifar10(path: Path) -> tuple[Part, Part]:
    """Reads the train and the test part from the official binary archive (.tar.gz), unpacking nothing to disk.

    Shape:
        A record is one label byte, then 1,024 bytes each of red, green and blue, row by row.
    """
    with tarfile.open(path, "r:gz") as archive:
        content = {one.name: file.read() for one in archive if one.isfile() and (file := archive.extractfile(one))}
    return _cifar10_part(content, CIFAR10_TRAIN), _cifar10_part(content, CIFAR10_TEST)


def _cifar10_part(content: dict[str, bytes], files: tuple[str, ...]) -> Part:
    data = b"".join(content[f"{CIFAR10_FOLDER}/{file}"] for file in files)
    records = np.frombuffer(data, np.uint8).reshape(-1, CIFAR10_RECORD_BYTES)
    pixels = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)  # (N, 32, 32, 3)
    return np.ascontiguousarray(pixels), records[:, 0].astype(np.int64)


def read_mnist(path: Path) -> tuple[Part, Part]:
    """Reads the train and the test part from Keras' npz file; grey becomes three equal channels."""
    with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
        return _mnist_part(arrays["x_train"], arrays["y_train"]), _mnist_part(arrays["x_test"], arrays["y_test"])


def _mnist_part(grey: np.ndarray, labels: np.ndarray) -> Part:
    return np.repeat(grey[..., np.newaxis], 3, axis=-1), labels.astype(np.int64)


def joined(train: Part, test: Part) -> Parts:
    """Puts the two official parts one after the other and takes a tenth of the first for validation."""
    pixels, labels = (np.concatenate(pair) for pair in zip(train, test, strict=True))
    n_train = len(train[1])
    validation = tenth_of_each_class(train[1])
    rest = np.setdiff1d(np.arange(n_train), validation)
    return Parts(pixels, labels, rest, validation, np.arange(n_train, len(labels)))


def tenth_of_each_class(labels: np.ndarray) -> np.ndarray:
    """Returns the positions, ascending, of a seeded tenth (rounded) of every class."""
    chosen = []
    for label in np.unique(labels):
        members = generator(SPLIT_SEED, f"validation/{label}").permutation(np.flatnonzero(labels == label))
        chosen.append(members[: round(len(members) / 10)])
    return np.sort(np.concatenate(chosen))
