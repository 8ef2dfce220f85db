"""LRU eviction in the folder of a cache: what was used least recently makes way for what is needed now."""

import os
import time
from contextlib import suppress
from pathlib import Path

from tl_core.disk.files import check_space

LEFTOVER_S = 24 * 3600  # then an unfinished file belongs to nobody


def evict(folder: Path, needed_bytes: int, limit_bytes: int) -> None:
    """Drops the least recently used files of a cache until there is room for another one.

    Args:
        folder: Of the cache; made when needed.
        needed_bytes: What will be written.
        limit_bytes: Size that the folder is kept below.

    Raises:
        StoreError: "disk_full".
    """
    folder.mkdir(parents=True, exist_ok=True)
    for leftover, status in _files(folder, ".*.tmp"):  # of processes that were killed while they wrote
        if time.time() - status.st_mtime > LEFTOVER_S:
            leftover.unlink(missing_ok=True)
    files = _files(folder, "*.npy")
    used = sum(status.st_size for _, status in files)
    for path, status in files:
        if used + needed_bytes > limit_bytes:
            used -= status.st_size
            path.unlink(missing_ok=True)
    check_space(folder, needed_bytes)


def _files(folder: Path, pattern: str) -> list[tuple[Path, os.stat_result]]:
    """Returns the files of a folder with what is known of them, oldest first; one that just vanished is left out."""
    found = []
    for path in folder.glob(pattern):
        with suppress(OSError):
            found.append((path, path.stat()))
    return sorted(found, key=lambda file: file[1].st_mtime)
