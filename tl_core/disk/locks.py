"""Who is alive: a process holds a lock of the operating system on a file for as long as it lives.

The kernel lets go of the lock when the process ends, however it ends, so the answer is right at once after kill -9,
whatever the clock says. The lock belongs to the open file: a second store in the same process counts as another owner.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tl_core.disk.space import storage_errors
from tl_core.errors import StoreError

if os.name == "nt":
    import msvcrt

    _LOCKED_BYTE = 2**30  # far behind what is written: nobody reads a locked byte on Windows

    def _acquire(descriptor: int, is_patient: bool) -> None:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            while True:
                with suppress(*([OSError] if is_patient else [])):  # patience ends after ten seconds there
                    msvcrt.locking(descriptor, msvcrt.LK_LOCK if is_patient else msvcrt.LK_NBLCK, 1)
                    return
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
else:
    import fcntl

    def _acquire(descriptor: int, is_patient: bool) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX if is_patient else fcntl.LOCK_EX | fcntl.LOCK_NB)


class LifeLock:
    """A lock that says "the owner of this name is alive" until it is closed or the process ends.

    Args:
        folder: Where the lock files are.

    Raises:
        OSError: The folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.name = f"{secrets.token_hex(8)}.lock"
        self._path = folder / self.name
        self._descriptor: int | None = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        _acquire(self._descriptor, is_patient=False)
        with suppress(OSError):  # for people who look; nothing reads it
            os.write(self._descriptor, f"{os.getpid()}\n".encode())

    def close(self) -> None:
        """Lets go of the lock and removes its file. Twice is harmless."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
            with suppress(OSError):  # the next to open the store removes it then
                self._path.unlink(missing_ok=True)  # after closing: Windows removes no open file


class ServerLock:
    """Keeps a second server away from a data folder, until it is closed or the process ends.

    Args:
        home: The data folder.

    Raises:
        StoreError: "server_running" with the number of the process that holds it, or a disk that refuses.
    """

    def __init__(self, home: Path) -> None:
        path = home / "server.lock"
        with storage_errors(home):
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _acquire(self._descriptor, is_patient=False)
        except OSError as error:
            holder = os.read(self._descriptor, 20).decode().strip() or "?"
            os.close(self._descriptor)
            raise StoreError("server_running", path=str(home), pid=holder) from error
        with suppress(OSError):  # the lock holds without it
            os.ftruncate(self._descriptor, 0)
            os.write(self._descriptor, f"{os.getpid()}\n".encode())

    def close(self) -> None:
        """Lets the next server in. The file stays: removing it would let two servers lock two files of one name."""
        os.close(self._descriptor)


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Waits until no other process is in the same `with exclusive(folder)`, then holds all others off.

    Raises:
        OSError: The folder cannot be written.
    """
    descriptor = os.open(folder / "opening", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _acquire(descriptor, is_patient=True)
        yield
    finally:
        os.close(descriptor)


def live_locks(folder: Path) -> set[str]:
    """Returns the names of the locks whose owners are alive, and removes the files of the dead.

    Call it within `exclusive`, so that no lock is taken for dead between its making and its locking.
    """
    paths = set(folder.glob("*.lock"))
    held = {path for path in paths if _is_held(path)}
    for dead in paths - held:
        with suppress(OSError):
            dead.unlink(missing_ok=True)
    return {path.name for path in held}


def _is_held(path: Path) -> bool:
    """Tells whether somebody holds the lock on a file."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        _acquire(descriptor, is_patient=False)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
