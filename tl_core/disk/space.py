"""Room on the disk, and what it means when the operating system refuses to write."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from pathlib import Path

from tl_core.errors import StoreError

RESERVE_BYTES = 16 * 2**20
"""Left free when a file is written, so that the database can still note what happened."""

_FULL = frozenset(getattr(errno, name) for name in ("ENOSPC", "EDQUOT") if hasattr(errno, name))


def free_bytes(path: Path) -> int:
    """Returns the bytes free on the disk of a folder, or of its nearest parent that exists; 0 if it does not say."""
    with suppress(OSError):
        existing = next((folder for folder in (path, *path.parents) if folder.exists()), Path.cwd())
        return shutil.disk_usage(existing).free
    return 0


def folder_bytes(folder: Path, pattern: str = "*") -> int:
    """Returns what the files in a folder take, those in folders inside it left out; 0 for no folder.

    Args:
        folder: The folder.
        pattern: What their names look like.
    """
    total = 0
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                if fnmatchcase(entry.name, pattern) and entry.is_file(follow_symlinks=False):
                    total += entry.stat(follow_symlinks=False).st_size
    return total


def check_space(folder: Path, needed_bytes: int) -> None:
    """Refuses what would fill the disk.

    Raises:
        StoreError: "disk_full": less than the needed bytes and a reserve of 16 MiB is free.
    """
    if free_bytes(folder) < needed_bytes + RESERVE_BYTES:
        raise disk_full(folder, needed_bytes)


def check_writable(folder: Path) -> None:
    """Refuses a folder into which nothing can be written now.

    Raises:
        StoreError: "disk_full" or "home_not_writable".
    """
    check_space(folder, 0)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise storage_error(folder, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))


def disk_full(folder: Path, needed_bytes: int = 0) -> StoreError:
    """Returns the error for a disk without room for so many bytes and the reserve."""
    return StoreError("disk_full", needed_bytes=needed_bytes + RESERVE_BYTES, free_bytes=free_bytes(folder))


@contextmanager
def storage_errors(folder: Path, needed_bytes: int = 0) -> Iterator[None]:
    """What the system refuses inside is a `storage_error`.

    Args:
        folder: Where something is written.
        needed_bytes: How much.

    Raises:
        StoreError: "disk_full" or "home_not_writable".
    """
    try:
        yield
    except OSError as error:
        raise storage_error(folder, error, needed_bytes) from error


def storage_error(folder: Path, error: OSError, needed_bytes: int = 0) -> StoreError:
    """Returns what a refusal by the system means: "disk_full", or "home_not_writable" with path and reason."""
    if error.errno in _FULL:
        return disk_full(folder, needed_bytes)
    return StoreError("home_not_writable", path=str(folder), reason=error.strerror or type(error).__name__)
