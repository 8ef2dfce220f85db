"""Arrays in files: NumPy's .npy and .npz, and IDX as MNIST has it. Mapped, never read whole, and never unpickled."""

import gzip
import math
import struct
import zlib
from tokenize import TokenError
from typing import BinaryIO

import numpy as np

from tl_core.errors import InputError
from tl_core.ingest.containers.room import PIECE_BYTES, Room
from tl_core.ingest.trees import Zip

_IDX_TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_MAX_DIMENSIONS = 5
_NO_HEADER = (
    *(ValueError, TypeError, EOFError, RecursionError, MemoryError, OverflowError),
    *(struct.error, SyntaxError, TokenError),
)


def read_npy(file: BinaryIO, name: str) -> np.ndarray:
    """Returns the array of a .npy file, mapped into memory.

    Raises:
        InputError: "import_array_objects": it holds Python objects. "import_damaged": its header is not true.
    """
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, is_fortran, dtype = read(file)
        start = file.tell()
    except _NO_HEADER as error:
        raise InputError("import_damaged", file=name) from error
    if dtype.hasobject:
        raise InputError("import_array_objects", file=name)
    if dtype.kind not in "uifbUS" or len(shape) > _MAX_DIMENSIONS:
        return np.empty(0)
    return _mapped(file, dtype, shape, start, name, order="F" if is_fortran else "C")


def read_npz(archive: Zip, opened: list[BinaryIO]) -> dict[str, np.ndarray]:
    """Returns the arrays of a .npz by their names.

    Args:
        archive: The .npz.
        opened: Takes the files that they are mapped from, also where this fails.

    Raises:
        InputError: As `read_npy`. ArchiveError: "member_damaged". StoreError: "disk_full".
    """
    arrays = {}
    for file in archive.files:
        if file.endswith(".npy"):
            opened.append(archive.open(file))
            arrays[file.removesuffix(".npy")] = read_npy(opened[-1], file)
    return arrays


def read_idx(file: BinaryIO, name: str, room: Room) -> tuple[np.ndarray, BinaryIO]:
    """Returns the array of an IDX file, with or without gzip around it, and the file that it is mapped from.

    Raises:
        InputError: "import_damaged", "import_unpacked". StoreError: "disk_full".
    """
    is_packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    plain = gzip.GzipFile(fileobj=file) if is_packed else file
    try:
        head = plain.read(4)
        if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _IDX_TYPES or not 0 < head[3] <= _MAX_DIMENSIONS:
            raise InputError("import_damaged", file=name)
        shape = struct.unpack(f">{head[3]}I", plain.read(4 * head[3]))
        dtype, start = np.dtype(_IDX_TYPES[head[2]]), 4 + 4 * head[3]
        if is_packed:
            packed, file, start = file, _unpacked(plain, math.prod(shape) * dtype.itemsize, name, room), 0
            packed.close()
    except (OSError, EOFError, zlib.error, struct.error) as error:
        raise InputError("import_damaged", file=name) from error
    return _mapped(file, dtype, shape, start, name), file


def _unpacked(plain: gzip.GzipFile | BinaryIO, n_bytes: int, name: str, room: Room) -> BinaryIO:
    """Returns so many bytes of a stream in a file of their own: what the header promises, whatever else is packed."""
    target = room.open_file(n_bytes, name)
    left = n_bytes
    while left:
        data = plain.read(min(left, PIECE_BYTES))
        if not data:
            target.close()
            raise InputError("import_damaged", file=name)
        with room.storage():
            target.write(data)
        left -= len(data)
    target.flush()
    return target


def _mapped(
    file: BinaryIO, dtype: np.dtype, shape: tuple[int, ...], start: int, name: str, order: str = "C"
) -> np.ndarray:
    """Returns a file's numbers without reading them; the file must have what its header promises."""
    size = file.seek(0, 2)
    if any(n < 0 for n in shape) or math.prod(shape) * dtype.itemsize > size - start:
        raise InputError("import_damaged", file=name)
    if not math.prod(shape) or not dtype.itemsize:
        return np.empty(shape if len(shape) and not math.prod(shape) else 0, dtype if dtype.itemsize else "u1")
    return np.memmap(file, dtype, "r", start, shape, "F" if order == "F" else "C")


def is_arrays(archive: Zip) -> bool:
    """Says whether an archive is a .npz: nothing but arrays in it."""
    return bool(archive.files) and all(file.endswith(".npy") and "/" not in file for file in archive.files)
