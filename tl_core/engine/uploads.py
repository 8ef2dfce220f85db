"""Pictures on their way to the worker: they travel by file, and the file is gone after the answer."""

import secrets
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

from tl_core.store.home import made
from tl_core.store.space import refused

LEFTOVER_S = 600  # a picture that has waited so long for its answer waits for nobody


def written(home: Path, images: list[np.ndarray]) -> Path:
    """Writes pictures into a file of their own.

    Args:
        home: The data folder.
        images: uint8 (H, W, 3) each, of any size.

    Raises:
        StoreError: "disk_full" or "home_not_writable"; no file is left.
    """
    folder = made(home / "uploads")
    path = folder / f"{secrets.token_hex(16)}.npz"
    try:
        np.savez(path, **{f"{index:05d}": image for index, image in enumerate(images)})
    except OSError as error:
        path.unlink(missing_ok=True)
        raise refused(folder, error) from error
    return path


def sweep(home: Path) -> None:
    """Removes pictures that a killed server left waiting for an answer."""
    for path in (home / "uploads").glob("*.npz"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > LEFTOVER_S:
                path.unlink()
