"""A backup becomes a data folder again: whole, in a folder that holds nothing else, or not at all."""

import hashlib
import json
import os
import secrets
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

from tl_core.disk.home import ensure_folder
from tl_core.disk.space import check_space, storage_errors
from tl_core.errors import InputError
from tl_core.store.records import RunState
from tl_core.store.sqlite.backup import ALBUMS, DATABASE, FOLDERS, FORMAT, MANIFEST, RUNS, SMALL
from tl_core.store.sqlite.store import SqliteStore

OURS = {DATABASE, MANIFEST, *SMALL, *FOLDERS, RUNS, ALBUMS.partition("/")[0]}
NOTHING = ("lost+found",)  # what a new disk holds
PLAIN = (tarfile.REGTYPE, tarfile.AREGTYPE)
PIECE_BYTES = 2**20
MOST_MANIFEST_BYTES = 2**28
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Restored:
    """What is there again; `n_interrupted` of the runs were under way or had been ended before, and can be resumed."""

    home: Path
    n_runs: int
    n_interrupted: int
    n_albums: int


def restore(file: Path | BinaryIO, home: Path, on_progress: Progress = lambda done, total: None) -> Restored:
    """Makes a data folder of a backup. Everything in it was compared with what was written then.

    Args:
        file: The backup, or what it is read from.
        home: The folder; made if needed.
        on_progress: Called with the bytes that are done, and how many there are.

    Raises:
        InputError: "restore_not_empty", "backup_unreadable", "backup_damaged" or "backup_from_future".
        StoreError: "disk_full", "home_not_writable", or what the store says of the list of runs. Nothing is left.
    """
    _check_empty(home)
    with _opened(file) as opened, _place(home) as beside:
        n_bytes = os.fstat(opened.fileno()).st_size  # 0 for a stream
        check_space(home, n_bytes)
        name = str(getattr(opened, "name", ""))
        found = _unpack(opened, beside, name, lambda done: on_progress(done, n_bytes))
        _check(beside, found, name)
        restored = _counted(beside, home)
        with storage_errors(home):  # the list comes last: it makes a data folder of the folder
            for entry in sorted(beside.iterdir(), key=lambda entry: entry.name == DATABASE):
                os.replace(entry, home / entry.name)
    return restored


def _opened(file: Path | BinaryIO) -> BinaryIO:
    try:
        return open(file, "rb") if isinstance(file, Path) else file
    except OSError as error:
        raise InputError("backup_unreadable", path=str(file), reason=error.strerror or type(error).__name__) from error


def _check_empty(home: Path) -> None:
    with storage_errors(home):
        entries = {entry.name for entry in home.iterdir()} if home.is_dir() else set()
    if entries - set(NOTHING) or (home.exists() and not home.is_dir()):
        raise InputError("restore_not_empty", path=str(home))


@contextmanager
def _place(home: Path) -> Iterator[Path]:
    """Gives a folder inside the data folder for what is being restored; on an error nothing of both is left."""
    is_made, beside = not home.exists(), ensure_folder(home) / f".restore-{secrets.token_hex(4)}"
    try:
        yield ensure_folder(beside)
    except BaseException:
        if is_made:
            shutil.rmtree(home, ignore_errors=True)
        raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _unpack(opened: BinaryIO, beside: Path, file: str, on_progress: Callable[[int], None]) -> dict[str, str]:
    """Writes the files of an archive below a folder; returns the SHA-256 of each.

    Raises:
        InputError: "backup_damaged": this is no such archive, or it was cut short.
        StoreError: "disk_full" or "home_not_writable".
    """
    found, done = dict[str, str](), 0
    try:
        with tarfile.open(fileobj=opened, mode="r|") as tar:
            for member in tar:
                if member.type not in PLAIN or member.sparse is not None or not _may_stand(member.name):
                    raise InputError("backup_damaged", path=file, reason=f"{member.name[:100]!a}")
                source = tar.extractfile(member)
                assert source is not None  # it is a plain file
                with storage_errors(beside):
                    found[member.name] = _written(source, beside / member.name)
                done += member.size
                on_progress(done)
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise InputError("backup_damaged", path=file, reason=str(error)[:100] or type(error).__name__) from error
    return found


def _may_stand(name: str) -> bool:
    """Says whether a name of an archive may become that of a file: below what a backup holds, and nowhere else."""
    parts = PurePosixPath(name).parts
    is_odd = any(one in ("", ".", "..") or set(one) & set("\\:\0") for one in parts)
    return bool(parts) and not name.startswith("/") and parts[0] in OURS and not is_odd


def _written(source: IO[bytes], target: Path) -> str:
    ensure_folder(target.parent)
    sum = hashlib.sha256()
    with open(target, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        while piece := source.read(PIECE_BYTES):
            sum.update(piece)
            file.write(piece)
    return sum.hexdigest()


def _check(beside: Path, found: dict[str, str], file: str) -> None:
    """Compares what was unpacked with the list that a backup ends with, and removes what that does not name.

    Raises:
        InputError: "backup_damaged" or "backup_from_future".
    """
    try:
        if (beside / MANIFEST).stat().st_size > MOST_MANIFEST_BYTES:
            raise ValueError(MANIFEST)
        told = json.loads((beside / MANIFEST).read_bytes())
        format, files = told["format"], dict(told["files"])
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise InputError("backup_damaged", path=file, reason=MANIFEST) from error
    if format != FORMAT:
        raise InputError("backup_from_future", path=file, found=str(format)[:20], supported=FORMAT)
    wrong = [name for name in files if found.get(name) != files[name]]
    if wrong or DATABASE not in files:
        raise InputError("backup_damaged", path=file, reason=f"{(wrong or [DATABASE])[0][:100]!a}")
    for name in found.keys() - files.keys():
        (beside / name).unlink()
    for folder in _empty_folders(beside):
        folder.rmdir()


def _empty_folders(folder: Path) -> Iterator[Path]:
    """Yields the folders without anything in them, the innermost first."""
    for name, folders, files in os.walk(folder, topdown=False):
        if not files and not folders and Path(name) != folder:
            yield Path(name)


def _counted(beside: Path, home: Path) -> Restored:
    """Opens the list of runs once: what was under way is interrupted from then on, and can be resumed."""
    with closing(SqliteStore(beside)) as store:
        n_runs = store.n_by_state()
    n_albums = sum(1 for _ in (beside / ALBUMS).glob("own-*"))
    return Restored(home, sum(n_runs.values()), n_runs[RunState.INTERRUPTED], n_albums)
