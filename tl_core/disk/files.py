"""Files that are whole or not there: written beside, synced, then put in place in one step.

References:
    Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014: why both the file and its folder are synced.
"""

import json
import os
import re
import secrets
import threading
import zlib
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from tl_core.disk.space import check_space, free_bytes, storage_error
from tl_core.errors import StoreError

__all__ = [
    "check_space",
    "free_bytes",
    "latest_checkpoint",
    "read_tensors",
    "save_checkpoint",
    "share_file",
    "write_atomic",
    "write_tensors",
]

WEIGHTS_FILE = "weights.safetensors"
SOURCE_FILE = "source.safetensors"  # of the run whose backbone another one started from, in the folder of that one
"""What a finished run leaves in its folder: the weights of what it trained."""

OUTPUTS_FILE = "outputs.safetensors"
"""What it leaves beside them: its logits of validation and test pictures (`evaluation.insight.outputs`)."""

_POSITION = threading.Lock()  # of open files, where reading moves it
_CHECKSUM = "crc32"
_KEPT_CHECKPOINTS = 2
_CHECKPOINT = re.compile(r"checkpoint-(?:(\d+)-)?(\d+)\.safetensors")  # attempt, which older ones lack, and number


def write_atomic(path: Path, data: bytes) -> None:
    """Writes a file so that its name holds the old content or the new one, whatever happens in between.

    Raises:
        StoreError: "disk_full", or "home_not_writable" for any other refusal. The old file is untouched.
    """
    check_space(path.parent, len(data))
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(beside, "xb") as file:
            file.write(data)
        put_in_place(beside, path)
    except OSError as error:
        raise storage_error(path.parent, error, len(data)) from error
    finally:
        forget(beside)


def put_in_place(beside: Path, path: Path) -> None:
    """Gives a file that was written beside its place that name, once its content is on the disk.

    Raises:
        OSError: The disk refuses; what had the name before still has it.
    """
    with open(beside, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(beside, path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Makes a rename last through a power cut. Windows has no such call and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def forget(path: Path) -> None:
    """Removes a file of ours if it is there; a refusal here must not hide the error before it."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return


def read_at(descriptor: int, n_bytes: int, start: int) -> bytes:
    """Returns a part of an open file, no matter who else reads it at the same time.

    Args:
        descriptor: Of the file, opened for reading.
        n_bytes: At most so many.
        start: Position of the first.
    """
    if hasattr(os, "pread"):
        return os.pread(descriptor, n_bytes, start)
    with _POSITION:  # Windows
        os.lseek(descriptor, start, os.SEEK_SET)
        return os.read(descriptor, n_bytes)


def share_file(source: Path, target: Path) -> None:
    """Makes a finished file known under a second name: one copy of the bytes where the disk can, else two.

    Neither name depends on the other: each can be replaced or removed alone.

    Raises:
        StoreError: "file_damaged" when there is no such file, else as `write_atomic`.
    """
    try:
        os.link(source, target)
        _sync_folder(target.parent)
    except FileNotFoundError as error:
        raise StoreError("file_damaged", path=source.name) from error
    except OSError:  # another disk, or one that knows no second names
        write_atomic(target, _content(source))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError("file_damaged", path=path.name) from error


def write_tensors(path: Path, arrays: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
    """Writes named arrays as one safetensors file, with a checksum over all of them.

    Args:
        arrays: Any shapes; bool, integers and floats up to 64 bits.
        metadata: Texts to keep with them; the key "crc32" is ours.

    Raises:
        StoreError: As `write_atomic`.
    """
    dense = {name: _dense(np.asarray(array)) for name, array in arrays.items()}
    write_atomic(path, save(dense, metadata={**metadata, _CHECKSUM: checksum(dense, metadata)}))


def _dense(array: np.ndarray) -> np.ndarray:
    """Returns the array in row order, little-endian: safetensors writes memory as it lies; views lie otherwise."""
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(array.shape)


def read_tensors(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Returns the arrays and texts that `write_tensors` wrote.

    Raises:
        StoreError: "file_damaged": missing, cut short, or changed since it was written.
    """
    try:
        with safe_open(path, framework="np", backend="pread") as file:
            metadata = dict(file.metadata() or {})
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except (OSError, SafetensorError, ValueError, TypeError, KeyError) as error:
        raise StoreError("file_damaged", path=path.name) from error
    stored = metadata.pop(_CHECKSUM, None)
    if stored is not None and stored != checksum(arrays, metadata):
        raise StoreError("file_damaged", path=path.name)
    return arrays, metadata


def checksum(arrays: dict[str, np.ndarray], metadata: dict[str, str]) -> str:
    """Returns a CRC-32 over the texts and over name, type, shape and bytes of every array."""
    total = zlib.crc32(json.dumps(metadata, sort_keys=True).encode())
    for name, array in sorted(arrays.items()):
        total = zlib.crc32(f"{name}|{array.dtype.name}|{array.shape}".encode(), total)
        total = zlib.crc32(array.reshape(-1).view(np.uint8).data, total)
    return f"{total:08x}"


def save_checkpoint(
    folder: Path, number: int, arrays: dict[str, np.ndarray], metadata: dict[str, str], *, attempt: int = 0
) -> Path:
    """Writes one numbered checkpoint and keeps the newest two: the older one stands in if this one is ever damaged.

    Args:
        number: Usually the epoch it was made after; the highest of the last attempt is the newest.
        attempt: Greater each time that a worker takes the run up.

    Returns:
        The file, `checkpoint-0002-000007.safetensors` for number 7 of attempt 2.

    Raises:
        StoreError: As `write_atomic`. Earlier checkpoints are untouched.

    Thread:
        One writer per folder and attempt.
    """
    for leftover in folder.glob(".checkpoint-*.tmp"):  # of a process that died while writing
        forget(leftover)
    path = folder / f"checkpoint-{attempt:04d}-{number:06d}.safetensors"
    write_tensors(path, arrays, metadata)
    for old in _checkpoints(folder)[_KEPT_CHECKPOINTS:]:
        forget(old)
    return path


def drop_leftovers(folder: Path) -> None:
    """Removes what `write_atomic` left in the folder of a run whose process died while writing."""
    for path in folder.glob(".*.tmp"):
        forget(path)


def keep_checkpoint(folder: Path, most_bytes: int) -> None:
    """Keeps only the newest checkpoint of a run that has ended, from which it may go on; none above a size."""
    for place, path in enumerate(_checkpoints(folder)):
        if place > 0 or path.stat().st_size > most_bytes:
            forget(path)


def share_checkpoint(source: Path, folder: Path, number: int) -> None:
    """Gives a run without a checkpoint that of another with this very number, where it has it."""
    if not _checkpoints(folder):
        for path in _checkpoints(source):
            if _number(path) == number:
                share_file(path, folder / path.name)


def drop_checkpoints(folder: Path) -> None:
    """Removes the checkpoints of a run: it will never go on, or then begins anew."""
    for path in folder.glob("*checkpoint-*"):
        forget(path)


def latest_checkpoint(folder: Path) -> tuple[int, dict[str, np.ndarray], dict[str, str]] | None:
    """Returns number, arrays and texts of the newest checkpoint that is whole, or None."""
    for path in _checkpoints(folder):
        try:
            return _number(path), *read_tensors(path)
        except StoreError:
            continue
    return None


def _checkpoints(folder: Path) -> list[Path]:
    """Returns the checkpoint files, newest first."""
    found = [(path, _CHECKPOINT.fullmatch(path.name)) for path in folder.glob("checkpoint-*.safetensors")]
    numbers = {path: (int(match[1] or 0), int(match[2])) for path, match in found if match}
    return sorted(numbers, key=numbers.__getitem__, reverse=True)


def _number(path: Path) -> int:
    return int(path.stem.rpartition("-")[2])
