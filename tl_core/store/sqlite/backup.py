"""A copy of the data folder as one file, taken while the lab goes on working.

What cannot be made again is in it: the list of runs, what runs have left in their folders, data sets of visitors' own,
what the instructor has set and written, and the secret that cookies are signed with: without it nobody would find their
runs again. What can is left out: caches, downloads, files on their way. The instructor's key is in no file.

The list is copied first, by SQLite itself, as it is at one moment; files follow. They are never changed, only replaced
or removed, so each is whole. Of a run that goes on meanwhile they say more than the list, and come in such an order
that no checkpoint is ahead of the epochs, and no end is known of without its weights.
"""

import hashlib
import io
import json
import os
import sqlite3
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from tl_core.disk.files import put_in_place
from tl_core.disk.space import check_space, storage_errors
from tl_core.errors import InputError
from tl_core.store.names import now
from tl_core.store.sqlite.schema import connect, plain_errors
from tl_core.store.sqlite.sidecars import COPY_NAME, EPOCHS_NAME

MANIFEST, FORMAT = "backup.json", 1
DATABASE = "runs.sqlite"
SMALL = ("cookie.secret", "class.json")
FOLDERS = ("sweeps", "progress", "lessons")  # whole
RUNS, ALBUMS = "runs", "datasets/own"
READ_WHOLE_BYTES = 2**20  # a file that somebody may write into while it is copied is not larger
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Backup:
    """What was written: `n_bytes` is the size of the file."""

    path: Path
    n_bytes: int
    n_runs: int
    n_albums: int


def back_up(home: Path, target: Path, on_progress: Progress = lambda done, total: None) -> Backup:
    """Writes a backup of a data folder, which only its owner can read.

    Args:
        home: The data folder; a server and trainings may be at work there.
        target: The file, which is not there yet; it appears when it is whole.
        on_progress: Called with the bytes that are done, and about how many there are.

    Raises:
        InputError: "backup_nothing": there is no list of runs in this folder.
        StoreError: "disk_full", "home_not_writable" where `target` refuses, or what the database says.
    """
    if not (home / DATABASE).is_file():
        raise InputError("backup_nothing", path=str(home))
    total = _size(home / DATABASE) + sum(map(_size, _everything(home)))
    check_space(target.parent, total + _size(home / DATABASE))  # the list's own copy lies there meanwhile
    with storage_errors(target.parent, total), TemporaryDirectory(prefix=".backup-", dir=target.parent) as name:
        beside, database = Path(name) / "backup.tar", Path(name) / DATABASE
        _copy_database(home / DATABASE, database)
        with open(beside, "xb", opener=_private) as file, tarfile.open(fileobj=file, mode="w") as tar:
            archive = _Archive(tar, lambda done: on_progress(done, total))
            n_albums = _add_everything(archive, home, database)
            archive.add(database, DATABASE)
            archive.add_text(MANIFEST, json.dumps({"format": FORMAT, "created_at": now(), "files": archive.files}))
        put_in_place(beside, target)
        return Backup(target, _size(target), len(_run_ids(database)), n_albums)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _add_everything(archive: "_Archive", home: Path, database: Path) -> int:
    """Adds all files but the database, and takes out of that what was deleted before it could be copied.

    Returns:
        How many data sets were added.
    """
    lacking = {id for id in _run_ids(database) if not _add_run(archive, home / RUNS / id)}
    gone = lacking - _run_ids(home / DATABASE)
    for id in gone:
        archive.forget(f"{RUNS}/{id}")
    _drop_runs(database, gone)
    for path in _loose(home):
        archive.add(path, path.relative_to(home).as_posix())
    return sum(_add_album(archive, folder) for folder in sorted((home / ALBUMS).glob("own-*")))


# ---- the list of runs ----


def _copy_database(path: Path, copy: Path) -> None:
    """Copies the database as it is at one moment, while others write into it, into one file."""
    with plain_errors(path), closing(connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")


def _run_ids(database: Path) -> set[str]:
    with plain_errors(database), closing(sqlite3.connect(database)) as connection:
        return {id for (id,) in connection.execute("SELECT id FROM run")}


def _drop_runs(database: Path, ids: set[str]) -> None:
    """Takes out the runs that were deleted before their files were copied."""
    with plain_errors(database), closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.executemany("DELETE FROM run WHERE id = ?", [(id,) for id in ids])


# ---- files ----


class _Archive:
    """Adds files to an archive, and remembers what each of them holds.

    Attributes:
        files: Of each file, by its name in the archive, the SHA-256.
    """

    def __init__(self, tar: tarfile.TarFile, on_progress: Callable[[int], None]) -> None:
        self._tar, self._on_progress, self._done = tar, on_progress, 0
        self.files: dict[str, str] = {}

    def add(self, path: Path, name: str) -> bool:
        """Adds a file as it is now; returns whether it was there."""
        try:
            file = open(path, "rb")  # noqa: SIM115 (closed below)
        except (FileNotFoundError, NotADirectoryError):
            return False
        with file:
            status = os.fstat(file.fileno())
            if status.st_size <= READ_WHOLE_BYTES:
                self._write(name, *_whole(file), int(status.st_mtime))
            else:
                self._write(name, status.st_size, file, int(status.st_mtime))
        return True

    def add_text(self, name: str, text: str) -> None:
        self._write(name, *_whole(io.BytesIO(text.encode())))

    def _write(self, name: str, size: int, file: BinaryIO | io.BytesIO, changed_s: int = 0) -> None:
        about, read = tarfile.TarInfo(name), _Summed(file)
        about.size, about.mode, about.mtime = size, 0o600, changed_s
        self._tar.addfile(about, read)  # pyright: ignore[reportArgumentType] (it only reads)
        self.files[name] = read.sum.hexdigest()
        self._done += size
        self._on_progress(self._done)

    def forget(self, prefix: str) -> None:
        """Has the archive's list know nothing below a folder: what is not in it is not restored."""
        self.files = {name: told for name, told in self.files.items() if not name.startswith(f"{prefix}/")}


def _whole(file: BinaryIO | io.BytesIO) -> tuple[int, io.BytesIO]:
    content = file.read()
    return len(content), io.BytesIO(content)


class _Summed:
    """A file that is read once, with the SHA-256 of what was read."""

    def __init__(self, file: BinaryIO | io.BytesIO) -> None:
        self._file, self.sum = file, hashlib.sha256()

    def read(self, n_bytes: int = -1) -> bytes:
        piece = self._file.read(n_bytes)
        self.sum.update(piece)
        return piece


def _add_run(archive: _Archive, folder: Path) -> bool:
    """Adds what a run has left, in the promised order; returns whether its record was there all along."""

    def add(path: Path) -> bool:
        return archive.add(path, f"{RUNS}/{folder.name}/{path.relative_to(folder).as_posix()}")

    while not all(add(path) for path in sorted(folder.glob("checkpoint-*"), reverse=True)[:1]):
        pass  # a newer one has taken its place
    add(folder / EPOCHS_NAME)
    has_record = add(folder / COPY_NAME)
    taken = {EPOCHS_NAME, COPY_NAME}
    for path in _files(folder):
        if path.name not in taken and not path.name.startswith("checkpoint-"):
            add(path)
    return has_record and (folder / COPY_NAME).is_file()  # whoever deletes a run begins with it


def _add_album(archive: _Archive, folder: Path) -> bool:
    """Adds a data set, who has it last: whoever deletes one takes that away first. Returns whether it is whole."""
    prefix = f"{ALBUMS}/{folder.name}"

    def add(path: Path) -> bool:
        return archive.add(path, f"{prefix}/{path.relative_to(folder).as_posix()}")

    pictures = [add(path) for path in _files(folder) if path.parent.name != "owners"]
    is_whole = all(pictures) and bool(pictures)
    for path in _files(folder / "owners"):
        add(path)
    if not is_whole:
        archive.forget(prefix)
    return is_whole


def _loose(home: Path) -> Iterator[Path]:
    """Yields the files that are neither of a run nor of a data set."""
    yield from (home / name for name in SMALL)
    for name in FOLDERS:
        yield from _files(home / name)


def _everything(home: Path) -> Iterator[Path]:
    yield from _loose(home)
    yield from _files(home / RUNS)
    for folder in (home / ALBUMS).glob("own-*"):
        yield from _files(folder)


def _files(folder: Path) -> Iterator[Path]:
    """Yields the files below a folder, but for those that are being written or tell only who is alive."""
    for name, folders, files in os.walk(folder):
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        for one in sorted(files):
            path = Path(name, one)
            if not one.startswith(".") and not one.endswith(".lock") and path.is_file():
                yield path


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # replaced or removed meanwhile
        return 0
