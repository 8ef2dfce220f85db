"""The database file: its tables, how it is opened, and what its errors mean."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from tl_core.disk.files import forget, put_in_place
from tl_core.disk.space import RESERVE_BYTES, check_space, disk_full, free_bytes, storage_error, storage_errors
from tl_core.errors import StoreError
from tl_core.store.sqlite.migrations import MIGRATIONS

BUSY_TIMEOUT_S = 5.0
WITHOUT_WAL_RESET_BUG = (3, 51, 3)
"""The first SQLite in which two connections that write and tidy up at the same moment cannot damage the database."""

KEPT_COPIES = 2  # of databases as they were before a migration


def open_database(path: Path) -> sqlite3.Connection:
    """Returns a connection to the database, made or brought up to date if needed.

    A damaged file is moved aside to `<name>.corrupt-<time>`, never deleted, and an empty database takes its place.
    One of an earlier version stays as `<name>.version-<number>` beside what becomes of it; the newest two of these do.

    Raises:
        StoreError: "store_from_future", "home_not_writable", "disk_full", "store_busy" or "store_failed".

    Thread:
        Within `locks.alone`: two processes must not do this at once.
    """
    with plain_errors(path):
        try:
            return _prepare(path)
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
        _set_aside(path)
        return _prepare(path)


def connect(path: Path) -> sqlite3.Connection:
    """Returns a new connection; transactions are begun by hand.

    Thread:
        Any, one at a time.
    """
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    try:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    connection.row_factory = sqlite3.Row
    connection.text_factory = partial(str, encoding="utf-8", errors="replace")  # damage in one row stays there
    return connection


def identity(path: Path) -> tuple[int, int]:
    """Returns what tells a file from another of the same name.

    Raises:
        OSError: There is no such file.
    """
    found = path.stat()
    return found.st_dev, found.st_ino


def check_present(path: Path, opened: tuple[int, int]) -> None:
    """Refuses to write into a database whose file was removed or replaced: SQLite would go on writing into nothing.

    Raises:
        StoreError: "home_not_writable".
    """
    with storage_errors(path.parent):
        found = identity(path)
    if found != opened:
        raise storage_error(path.parent, OSError(errno.ESTALE, os.strerror(errno.ESTALE)))


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Begins a writing transaction at once; commits it at the end, or takes it back on any error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite takes back by itself when the disk is full
            connection.execute("ROLLBACK")
        raise


@contextmanager
def plain_errors(path: Path) -> Iterator[None]:
    """Turns SQLite's errors into ours.

    Raises:
        StoreError: "disk_full", "home_not_writable", "store_busy", "store_damaged" or "store_failed".
    """
    try:
        yield
    except sqlite3.Error as error:
        raise _translated(error, path) from error


def _translated(error: sqlite3.Error, path: Path) -> StoreError:
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_FULL" or (name.startswith("SQLITE_IOERR") and free_bytes(path.parent) < RESERVE_BYTES):
        return disk_full(path.parent)
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return StoreError("home_not_writable", path=str(path.parent), reason=str(error))
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreError("store_busy", waited_s=BUSY_TIMEOUT_S)
    if _is_damage(error):
        return StoreError("store_damaged", path=path.name)
    return StoreError("store_failed", path=path.name, reason=str(error))


def _is_damage(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))


def _prepare(path: Path) -> sqlite3.Connection:
    connection = connect(path)
    try:
        _check_whole(connection)
        if 0 < _version(connection) < len(MIGRATIONS):
            _keep_copy(connection, path)
        _migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_whole(connection: sqlite3.Connection) -> None:
    """Reads the whole file once; some damage shows only later, in the middle of a lesson."""
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    is_ours = _version(connection) or not connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    if verdict != "ok" or not is_ours:
        error = sqlite3.DatabaseError(verdict)
        error.sqlite_errorname = "SQLITE_CORRUPT"
        raise error


def _keep_copy(connection: sqlite3.Connection, path: Path) -> None:
    """Writes the database as it is into a file of its own, whole and synced or not at all."""
    copy = path.with_name(f"{path.name}.version-{_version(connection)}")
    beside = path.with_name(f".{copy.name}.tmp")
    _forget_all(beside)  # of a process that died while writing
    try:
        with storage_errors(path.parent):
            check_space(path.parent, sum(part.stat().st_size for part in (path, *path.parent.glob(f"{path.name}-wal"))))
            connection.execute("VACUUM INTO ?", (str(beside),))
            put_in_place(beside, copy)
    finally:
        _forget_all(beside)
    copies = path.parent.glob(f"{path.name}.version-*")
    for old in sorted(copies, key=lambda each: (each.stat().st_mtime_ns, each.name))[:-KEPT_COPIES]:
        forget(old)


def _forget_all(copy: Path) -> None:
    """Removes a copy that was not finished, and the journal that SQLite leaves beside it when the disk is full."""
    for part in copy.parent.glob(f"{copy.name}*"):
        forget(part)


def _migrate(connection: sqlite3.Connection) -> None:
    """Runs the scripts that the file has not seen, all or none of them."""
    with transaction(connection):
        version = _version(connection)
        if version > len(MIGRATIONS):
            raise StoreError("store_from_future", found=version, supported=len(MIGRATIONS))
        for script in MIGRATIONS[version:]:
            for statement in script.split(";"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


def _version(connection: sqlite3.Connection) -> int:
    return connection.execute("PRAGMA user_version").fetchone()[0]


def _set_aside(path: Path) -> None:
    """Moves a damaged database and its companions away, keeping every byte of them."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(path.with_name(f"{path.name}.corrupt-{stamp}{suffix}"))
