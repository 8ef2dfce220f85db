"""A disk that refuses from the n-th write on: every way in which the store changes a file goes through here.

Python's own calls are wrapped where they are looked up. SQLite's are replaced inside the library that Python has
loaded: the system calls of its file system layer, through its own switchboard for tests (`xSetSystemCall`), and the
syncing, which has no such switch, in the table of methods that every opened file carries.

References:
    SQLite, "The OS Backend (VFS)", https://www.sqlite.org/vfs.html
"""

import builtins
import ctypes
import math
import os
import sqlite3  # noqa: F401 (loads the library that is looked for below)
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest import mock

PYTHON_CALLS = ("fsync", "ftruncate", "link", "mkdir", "open", "pwrite", "rename", "replace", "write")
SQLITE_CALLS = {
    "open": ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_int, use_errno=True),
    "ftruncate": ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_int64, use_errno=True),
    "write": ctypes.CFUNCTYPE(ctypes.c_ssize_t, ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, use_errno=True),
    **dict.fromkeys(
        ("pwrite", "pwrite64"),
        ctypes.CFUNCTYPE(
            ctypes.c_ssize_t, ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int64, use_errno=True
        ),
    ),
}
OPEN = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
SYNC = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
IOERR_FSYNC = 10 | 4 << 8
N_METHODS, SYNC_AT = 19, 5  # pointers in sqlite3_io_methods; the place of xSync


class Vfs(ctypes.Structure):
    """The beginning of sqlite3_vfs, and of its tail what is used here."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("file_size", ctypes.c_int),
        ("most_path", ctypes.c_int),
        ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("open", ctypes.c_void_p),
        ("others", ctypes.c_void_p * 12),
        ("set_call", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)),
        ("get_call", ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)),
    )


class Disk:
    """Counts writes, and refuses them from the one that it was told.

    Attributes:
        n_writes: Writes since it was last told; syncs count as such.
        n_syncs: The syncs among them.
        n_refused: Those that were refused.
    """

    def __init__(self) -> None:
        self.heal()

    def fail(self, at: int, number: int, n_times: float = math.inf) -> None:
        """Refuses the write counted `at` (from 1) and those after it, with an error number of the system."""
        self.heal()
        self._at, self._errno, self._n_times = at, number, n_times

    def heal(self) -> None:
        """Refuses nothing any more."""
        self.n_writes = self.n_syncs = self.n_refused = self._at = self._errno = self._n_times = 0

    def refuses(self, *, is_sync: bool = False) -> int:
        """Counts one write; returns its error number, 0 for none."""
        self.n_writes += 1
        self.n_syncs += is_sync
        is_refused = 0 < self._at <= self.n_writes < self._at + self._n_times
        self.n_refused += is_refused
        return self._errno if is_refused else 0

    def check(self, name: str = "write") -> None:
        """Counts one write of Python's.

        Raises:
            OSError: It is refused.
        """
        if number := self.refuses(is_sync=name == "fsync"):
            raise OSError(number, os.strerror(number))


def sqlite_library() -> ctypes.CDLL | None:
    """Returns the SQLite that Python uses; None where it is no library of its own but a part of Python's module."""
    try:
        mapped = Path("/proc/self/maps").read_text().split()
    except OSError:
        return None
    found = next((path for path in mapped if "libsqlite3.so" in path), None)
    return ctypes.CDLL(found) if found else None


@contextmanager
def failing_disk() -> Iterator[Disk]:
    """Puts a `Disk` below everything until the end; it refuses nothing before it is told to."""
    disk = Disk()
    with ExitStack() as undo:
        _wrap_python(disk, undo)
        library = sqlite_library()
        if library is not None:
            _wrap_sqlite(disk, library, undo)
        yield disk


def _wrap_python(disk: Disk, undo: ExitStack) -> None:
    def checked(name: str) -> Callable:
        call = getattr(os, name)

        def wrapped(*args: object, **named: object) -> object:
            disk.check(name)
            return call(*args, **named)

        return wrapped

    for name in PYTHON_CALLS:
        undo.enter_context(mock.patch.object(os, name, checked(name)))
    plain = builtins.open

    def opened(path: object, mode: str = "r", *args: object, **named: object) -> object:
        if isinstance(path, int) or mode.startswith("r"):
            return plain(path, mode, *args, **named)
        disk.check()
        return _File(plain(path, mode, *args, **named), disk)

    for module in ("disk.files", "store.sqlite.sidecars"):
        undo.enter_context(mock.patch(f"tl_core.{module}.open", opened, create=True))


class _File:
    """An open file whose writes are counted; of one that is refused the first half is on the disk."""

    def __init__(self, file: object, disk: Disk) -> None:
        self._file, self._disk = file, disk

    def write(self, data: bytes | str) -> None:
        try:
            self._disk.check()
        except OSError:
            self._file.write(data[: len(data) // 2])
            raise
        self._file.write(data)

    def __enter__(self) -> "_File":
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)


def _wrap_sqlite(disk: Disk, library: ctypes.CDLL, undo: ExitStack) -> None:
    library.sqlite3_vfs_find.restype = ctypes.POINTER(Vfs)
    pointer = library.sqlite3_vfs_find(None)
    address, vfs = ctypes.cast(pointer, ctypes.c_void_p), pointer.contents
    for name, kind in SQLITE_CALLS.items():
        real = vfs.get_call(address, name.encode())
        if real:
            replacement = _checked_call(disk, kind, kind(real), is_open=name == "open")
            vfs.set_call(address, name.encode(), ctypes.cast(replacement, ctypes.c_void_p))
            undo.callback(lambda name=name, _=replacement: vfs.set_call(address, name.encode(), None))
    _wrap_sync(disk, vfs, undo)


def _checked_call(disk: Disk, kind: type, real: Callable, *, is_open: bool) -> Callable:
    """Returns a system call that asks the disk first; opening counts where it may make a file."""

    def call(*args: object) -> int:
        number = 0 if is_open and not args[1] & os.O_CREAT else disk.refuses()
        if number:
            ctypes.set_errno(number)
            return -1
        return real(*args)

    return kind(call)


def _wrap_sync(disk: Disk, vfs: Vfs, undo: ExitStack) -> None:
    """Gives each file that is opened from now on a table of methods with another xSync."""
    original, kept = vfs.open, {}
    real_open = OPEN(original)

    def opened(vfs_: int, name: int, file: int, flags: int, out: int) -> int:
        status = real_open(vfs_, name, file, flags, out)
        table = ctypes.cast(file, ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p)))
        if status == 0 and table[0]:
            table[0] = _with_checked_sync(disk, table[0], kept)
        return status

    replacement = OPEN(opened)
    vfs.open = ctypes.cast(replacement, ctypes.c_void_p).value
    undo.callback(lambda _=(replacement, kept): setattr(vfs, "open", original))


def _with_checked_sync(disk: Disk, methods: object, kept: dict) -> object:
    """Returns a copy of a table of methods that asks the disk before it syncs; made once per table."""
    key = ctypes.cast(methods, ctypes.c_void_p).value
    if key not in kept:
        copy = (ctypes.c_void_p * N_METHODS)(*methods[:N_METHODS])
        real = SYNC(copy[SYNC_AT])
        sync = SYNC(lambda file, flags: IOERR_FSYNC if disk.refuses(is_sync=True) else real(file, flags))
        copy[SYNC_AT] = ctypes.cast(sync, ctypes.c_void_p).value
        kept[key] = copy, sync
    return ctypes.cast(kept[key][0], ctypes.POINTER(ctypes.c_void_p))
