"""Reads a weights file of PyTorch before version 1.6 into NumPy arrays, without PyTorch.

Layout: pickles of a magic number, a protocol number, facts about the machine, the state dictionary and the list of
storage keys; then, for each key in that order, the number of elements (8 bytes) and the raw elements, little-endian.
Tensors are views of storages (offset, shape, stride), so a stride must be obeyed, and checked first.
"""

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
DTYPES = {"FloatStorage": "<f4", "LongStorage": "<i8"}


class View(NamedTuple):
    """A tensor as the file describes it: a window into one storage."""

    storage: str
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


class _Reader(pickle.Unpickler):
    """Allows the three names that a state dictionary needs, and builds nothing of PyTorch's own."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.storages: dict[str, tuple[str, int]] = {}

    def find_class(self, module: str, name: str) -> object:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, stride, *_: View(storage, offset, tuple(shape), tuple(stride))
        if module == "torch" and name in DTYPES:
            return DTYPES[name]
        raise pickle.UnpicklingError(f"{module}.{name} is not allowed")

    def persistent_load(self, pid: tuple) -> str:
        kind, dtype, key, _location, n_elements, view = pid
        if kind != "storage" or view is not None:
            raise pickle.UnpicklingError("unknown persistent id")
        self.storages[key] = (dtype, n_elements)
        return key


def read_state(path: Path) -> dict[str, np.ndarray]:
    """Returns the state dictionary of a legacy PyTorch file as arrays.

    Raises:
        ValueError: The file is something else or damaged.
        pickle.UnpicklingError: The file names anything beyond tensors.
    """
    with open(path, "rb") as file:
        _check_head(file)
        reader = _Reader(file)
        views = reader.load()
        storages = {key: _storage(file, *reader.storages[key]) for key in _Reader(file).load()}
    return {name: _array(storages[view.storage], view) for name, view in views.items()}


def _check_head(file: BinaryIO) -> None:
    if _Reader(file).load() != MAGIC or _Reader(file).load() != PROTOCOL:
        raise ValueError("not a legacy PyTorch file")
    if not _Reader(file).load()["little_endian"]:
        raise ValueError("big-endian file")


def _storage(file: BinaryIO, dtype: str, n_elements: int) -> np.ndarray:
    if int.from_bytes(file.read(8), "little") != n_elements:
        raise ValueError("damaged storage")
    return np.frombuffer(file.read(n_elements * np.dtype(dtype).itemsize), dtype)


def _array(storage: np.ndarray, view: View) -> np.ndarray:
    elements = storage[view.offset :]
    last = sum((n - 1) * step for n, step in zip(view.shape, view.stride, strict=True))
    if view.offset < 0 or min(view.stride, default=0) < 0 or last >= elements.size:
        raise ValueError("a tensor reaches beyond its storage")
    steps = [step * elements.itemsize for step in view.stride]
    return np.lib.stride_tricks.as_strided(elements, view.shape, steps, writeable=False).copy()
