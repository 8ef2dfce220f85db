"""A visitor's own data set on its way: put together in a folder that vanishes unless it is committed."""

import json
import os
import secrets
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from tl_core.datasets.own.album import ABOUT, LOOKS, PICTURES, Album, album_files, own_folder
from tl_core.datasets.own.notes import Note
from tl_core.disk.files import share_file, write_atomic
from tl_core.disk.locks import LifeLock
from tl_core.disk.space import storage_errors
from tl_core.errors import StoreError
from tl_core.store.records import Visibility

DRAFT, GONE = ".draft-", ".gone-"
MOST_FORMER = 50


@dataclass(frozen=True)
class AlbumRecord:
    """A data set as one owner has it.

    Attributes:
        id: Of the album.
        owner: Whose it is.
        name: What the owner calls it.
        created_at: When it came, ISO 8601 in UTC.
        source: What it was made from: a file's or folder's name, for people.
        visibility: Who may look at it and train with it, beside the owner and the instructor.
        notes: What had to be changed or guessed while it was read, [{"code", "values"}].
        n_skipped: Files that were left out.
        former: The ids that it had before it was changed, the latest last.
        other_names: What the owner called the same pictures when they came again.
    """

    id: str
    owner: str
    name: str
    created_at: str
    source: str = ""
    visibility: Visibility = Visibility.PRIVATE
    notes: list = field(default_factory=list)
    n_skipped: int = 0
    former: list = field(default_factory=list)
    other_names: list = field(default_factory=list)


class Draft:
    """A folder in which an album is put together. Its process holds a lock on it for as long as it lives.

    Args:
        albums: The `Albums` that it will be one of.
        folder: Where the packs go.
    """

    def __init__(self, albums, folder: Path) -> None:
        self._albums, self.folder = albums, folder
        with storage_errors(folder):
            self._life = LifeLock(folder)

    def __enter__(self) -> "Draft":
        return self

    def __exit__(self, *exception: object) -> None:
        self._life.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def share(self, id: str, files: Iterable[str]) -> None:
        """Takes over files of another album: one copy of the bytes where the disk can, else two.

        Raises:
            StoreError: "file_damaged", "disk_full" or "home_not_writable".
        """
        for name in files:
            share_file(own_folder(self._albums.home, id) / name, self.folder / name)

    def commit(
        self, album: Album, record: AlbumRecord, skipped: list[dict], former: AlbumRecord | None = None
    ) -> AlbumRecord:
        """Makes the album one of its owner's; if it is there already, only the owner is added.

        Args:
            album: What was put together.
            record: What is said of it.
            skipped: The files that were left out, [{"file", "code", "values"}].
            former: What it takes the place of. Its name, and who may see it, stay as they are by then.

        Raises:
            StoreError: "dataset_changed": the former one has gone meanwhile; "disk_full" or "home_not_writable". There
                is no such album then, unless there was before.
        """
        target = own_folder(self._albums.home, album.id)
        for name, data in album_files(album).items():
            write_atomic(self.folder / name, data)
        with self._albums.alone():
            record = self._as_it_is_now(replace(record, id=album.id, n_skipped=len(skipped)), former)
            if _is_whole(target):
                self._albums.put(record, skipped)
            else:
                self._albums.put(record, skipped, self.folder)
                self._take_place_of(target)
                self._life.close()
                os.rename(self.folder, target)
            if former is not None and former.id != album.id:
                self._albums.remove_entry(former)
        if former is not None:
            self._albums.clear(former.id)
        return record

    def _as_it_is_now(self, record: AlbumRecord, former: AlbumRecord | None) -> AlbumRecord:
        """Returns the record with what its owner has said meanwhile, or before, of these pictures."""
        same = self._albums.entry_of(record.id, record.owner)
        if former is None and same is None:
            return record
        if former is None:
            told = [_second_name(same, record)] if record.name != same.name else []
            kept = replace(record, visibility=same.visibility, former=same.former, notes=[*record.notes, *told])
            return replace(kept, **_names(same, record))
        now = self._albums.entry_of(former.id, former.owner)
        if now is None:
            raise StoreError("dataset_changed", dataset=former.name)
        known = [id for id in dict.fromkeys([*now.former, now.id]) if id != record.id]
        record = replace(record, visibility=now.visibility, former=known[-MOST_FORMER:])
        return replace(record, **_names(now, same if same and same.id != now.id else now))

    def _take_place_of(self, damaged: Path) -> None:
        """Puts aside what is left of an album that was damaged; anyone who had it has it again."""
        if not damaged.exists():
            return
        for path in (damaged / "owners").glob("*"):
            if not (self.folder / "owners" / path.name).exists():
                shutil.copyfile(path, self.folder / "owners" / path.name)
        gone = damaged.with_name(f"{GONE}{secrets.token_hex(8)}")
        os.rename(damaged, gone)
        shutil.rmtree(gone, ignore_errors=True)


def _names(first: AlbumRecord, second: AlbumRecord) -> dict:
    """Returns the names of pictures that came twice: the first one stays, no other is lost."""
    names = dict.fromkeys([first.name, *first.other_names, second.name, *second.other_names])
    return {"name": first.name, "other_names": [name for name in names if name != first.name]}


def _second_name(first: AlbumRecord, second: AlbumRecord) -> dict:
    """Returns the note that says why pictures that came again are not called as their owner said."""
    return Note("second_name", {"first": first.name, "second": second.name}).to_dict()


def _is_whole(folder: Path) -> bool:
    """Says whether all files of an album are there."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        packs = json.loads((folder / ABOUT).read_bytes())["packs"]
        return all((folder / name).is_file() for name in (PICTURES, LOOKS, *packs))
    return False
