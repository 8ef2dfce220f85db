"""Pictures on their way to the worker: they travel by file, and the file is gone after the answer."""

import secrets
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from tl_core.disk.home import ensure_folder
from tl_core.disk.space import check_space, folder_bytes, storage_error, storage_errors
from tl_core.engine.imports.waiting_files import WAITING
from tl_core.ingest.sources import put_content, write_sent_files

_SENT = "import-"
LEFTOVER_S = 600  # a picture that has waited so long for its answer waits for nobody


def write_arrays(home: Path, images: list[np.ndarray]) -> Path:
    """Writes pictures into a file of their own.

    Args:
        home: The data folder.
        images: uint8 (H, W, 3) each, of any size.

    Raises:
        StoreError: "disk_full" or "home_not_writable"; no file is left.
    """
    folder = ensure_folder(home / "uploads")
    path = folder / f"{secrets.token_hex(16)}.npz"
    try:
        np.savez(path, allow_pickle=False, **{f"{index:05d}": image for index, image in enumerate(images)})
    except OSError as error:
        path.unlink(missing_ok=True)
        raise storage_error(folder, error) from error
    return path


def write_archive(home: Path, data: bytes | Path) -> Path:
    """Puts an archive that a browser sent, or the file with it, where its import finds and then removes it.

    Raises:
        StoreError: "disk_full" or "home_not_writable"; no file is left.
    """
    folder = ensure_folder(home / "uploads")
    n_bytes = len(data) if isinstance(data, bytes) else 0
    check_space(folder, n_bytes)
    path = folder / f"{_SENT}{secrets.token_hex(16)}.zip"
    try:
        put_content(path, data)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise storage_error(folder, error, n_bytes) from error
    return path


def write_files(home: Path, files: Sequence[tuple[str, bytes | Path]]) -> Path:
    """Puts files that a browser sent into a folder, which their import removes.

    Args:
        home: The data folder.
        files: (name, content) of each, or (name, the file with it).

    Raises:
        StoreError: "disk_full" or "home_not_writable"; nothing is left.
    """
    folder = ensure_folder(home / "uploads")
    n_bytes = sum(len(data) for _, data in files if isinstance(data, bytes))
    check_space(folder, n_bytes)
    with storage_errors(folder, n_bytes):
        return write_sent_files(folder / f"{_SENT}{secrets.token_hex(16)}", files)


def size_of(path: Path) -> int:
    """Returns how many bytes lie where `write_archive` or `write_files` wrote."""
    if path.is_dir():
        return folder_bytes(path)
    with suppress(OSError):
        return path.stat().st_size
    return 0


def forget(path: Path) -> None:
    """Removes what `write_archive` or `write_files` wrote."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def sweep(home: Path) -> None:
    """Removes pictures that a killed server left waiting for an answer, and uploads that it never took in."""
    for pattern in (f"{_SENT}*", f"{WAITING}*"):
        for path in (home / "uploads").glob(pattern):
            forget(path)
    for path in (home / "uploads").glob("*.npz"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > LEFTOVER_S:
                path.unlink()
