"""Whose data sets of their own there are, who may see them, and how they come, change and go.

The pictures lie in `datasets/own/<id>`, a folder whose name follows from its content and that never changes.
Who has it is a small file in it for each owner: two students who bring the same pictures share the folder, and neither
sees or loses what the other does.
"""

import json
import secrets
import shutil
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path

from tl_core.datasets.catalog import DATASETS, DatasetInfo
from tl_core.datasets.own.album import LOOKS, Album, is_own, own_folder, read_album, read_info
from tl_core.disk import locks
from tl_core.disk.files import forget, write_atomic
from tl_core.disk.home import ensure_folder
from tl_core.disk.locks import live_locks
from tl_core.disk.space import folder_bytes, storage_errors
from tl_core.errors import StoreError, UnknownIdError
from tl_core.store.access import Visitor, may_see
from tl_core.store.album_drafts import DRAFT, GONE, AlbumRecord, Draft
from tl_core.store.names import checked_owner, clean_name, printable
from tl_core.store.records import Visibility, plain

_PACKS = "pack-*.bin"


class Albums:
    """The visitors' own data sets in a data folder.

    Promises:
        1. An album is there whole, with its owner, or not at all, whatever happens in between.
        2. What a person does takes `by` and asks `find` or `permitted` first: an album that a visitor may not see is
           unknown to them, one that is not theirs they cannot change.
        3. Anyone who still knows their album by the id that it had before a change finds what it has become.
        4. Deleting or changing one's own leaves everybody else's as it is. The pictures stay as long as an owner or a
           run refers to them.
        5. An id or owner from outside never becomes part of a path before its form was checked.

    Args:
        home: The data folder.
        is_trained_on: Says whether a run refers to an album: then its pictures stay, for going on with that run. Who
            does not know of runs leaves all pictures where they are, for the server to remove.

    Thread: any; several processes may share a folder.
    """

    def __init__(self, home: Path, is_trained_on: Callable[[str], bool] = lambda id: True) -> None:
        self.home, self._is_trained_on = home, is_trained_on
        self._changing: dict[str, threading.RLock] = {}
        self._folder = ensure_folder(home / "datasets" / "own")

    # ---- what people do ----

    def find(self, id: str, *, by: Visitor) -> AlbumRecord:
        """Returns an album that a visitor may see: their own record of it, or else that of the one who shares it.

        Raises:
            UnknownIdError: "unknown_dataset".
        """
        seen = self._seen(self._records(id), by) or self._seen(self._changed_from(id), by)
        if not seen:
            raise UnknownIdError("unknown_dataset", received=printable(id), allowed=list(DATASETS))
        return min(seen, key=lambda record: (record.owner != by.owner, record.created_at))

    def permitted(self, id: str, *, by: Visitor) -> AlbumRecord:
        """Returns an album that a visitor may change.

        Raises:
            UnknownIdError: "unknown_dataset".
            StoreError: "not_your_dataset".
        """
        record = self.find(id, by=by)
        if not by.is_instructor and record.owner != by.owner:
            raise StoreError("not_your_dataset", dataset=record.name)
        return record

    def listed(self, *, by: Visitor) -> list[AlbumRecord]:
        """Returns the albums that a visitor finds in a list, each once; the newest first."""
        found: dict[str, AlbumRecord] = {}
        for path in self._folder.glob("own-*"):
            seen = [one for one in self._records(path.name) if may_see(one, by, is_named=False)]
            if seen:
                found[path.name] = min(seen, key=lambda record: (record.owner != by.owner, record.created_at))
        return sorted(found.values(), key=lambda record: record.created_at, reverse=True)

    def rename(self, id: str, name: str, *, by: Visitor) -> AlbumRecord:
        """Gives an album another name.

        Raises:
            InputError: "bad_run_name", as for the name of a run.
            UnknownIdError, StoreError: As `permitted`.
        """
        return self._put_again(replace(self.permitted(id, by=by), name=clean_name(name)))

    def share(self, id: str, visibility: Visibility, *, by: Visitor) -> AlbumRecord:
        """Says who else may look at an album and train with it.

        Raises:
            UnknownIdError, StoreError: As `permitted`.
        """
        return self._put_again(replace(self.permitted(id, by=by), visibility=Visibility(visibility)))

    def skipped(self, id: str, *, by: Visitor) -> list[dict]:
        """Returns the files that were left out, [{"file", "code", "values"}]: only to whom it belongs.

        Raises:
            UnknownIdError, StoreError: As `permitted`.
        """
        record = self.permitted(id, by=by)
        with suppress(OSError, ValueError):
            return json.loads(_skipped_path(self._entry(record)).read_bytes())
        return []

    def delete(self, id: str, *, by: Visitor) -> None:
        """Takes an album from its owner.

        Raises:
            UnknownIdError, StoreError: As `permitted`.
        """
        record = self.permitted(id, by=by)
        with self.alone():
            self.remove_entry(record)
        self.clear(record.id)

    def change(
        self, id: str, edit: Callable[[Album], Album], *, by: Visitor, is_this_very: bool = False
    ) -> AlbumRecord:
        """Puts a changed album in the place of one; runs trained on the former one keep it.

        Args:
            id: Of the album, or one that it had before.
            edit: Makes the new album out of the old one, with the same packs.
            by: Who changes it.
            is_this_very: Whether the edit names pictures by their places, which mean others once it was changed.

        Raises:
            UnknownIdError, StoreError: As `permitted`; "dataset_changed"; "disk_full" or "home_not_writable". Nothing
                was changed.
        """
        with self.changing(self.permitted(id, by=by).owner):
            record = self.permitted(id, by=by)
            if is_this_very and record.id != id:
                raise StoreError("dataset_changed", dataset=record.name)
            changed = edit(self.album(record.id))
            if changed.id == record.id:
                return record
            with self.draft() as draft:
                draft.share(record.id, [*changed.packs, LOOKS])
                return draft.commit(changed, record, self.skipped(record.id, by=by), former=record)

    # ---- for the engine, which asks nobody ----

    def changing(self, owner: str) -> threading.RLock:
        """Returns what to hold while an album of an owner is changed: the next change is made to what came of it."""
        return self._changing.setdefault(owner, threading.RLock())

    def album(self, id: str) -> Album:
        """Returns the pictures of an album.

        Raises:
            UnavailableError: "dataset_damaged".
        """
        return read_album(own_folder(self.home, id))

    def info(self, id: str) -> DatasetInfo:
        """Returns what is known of an album without reading its list.

        Raises:
            UnavailableError: "dataset_damaged".
        """
        return read_info(own_folder(self.home, id))

    def n_bytes(self, owner: str, trained_on: Collection[str] = ()) -> int:
        """Returns what the albums of an owner take on the disk.

        Args:
            owner: Whose albums.
            trained_on: Data sets of the owner's runs: those of them count that nobody has but these runs.
        """
        ids = {path.parent.parent.name for path in self._folder.glob(f"own-*/owners/{checked_owner(owner)}.json")}
        ids |= {id for id in trained_on if is_own(id) and not self._records(id)}
        return sum(folder_bytes(self._folder / id, _PACKS) for id in ids)

    def n_albums(self, owner: str) -> int:
        """Returns how many albums an owner has."""
        return sum(1 for _ in self._folder.glob(f"own-*/owners/{checked_owner(owner)}.json"))

    def sizes(self) -> Iterator[tuple[str, set[str], int]]:
        """Yields each album, who has it, and how many bytes its pictures take."""
        for path in self._folder.glob("own-*"):
            yield path.name, {entry.stem for entry in path.glob("owners/*.json")}, folder_bytes(path, _PACKS)

    def draft(self) -> "Draft":
        """Returns a place for a new album, which vanishes unless it is committed.

        Raises:
            StoreError: "disk_full" or "home_not_writable".
        """
        with self.alone():
            return Draft(self, ensure_folder(self._folder / f"{DRAFT}{secrets.token_hex(8)}"))

    def sweep(self) -> None:
        """Removes what killed processes left, and albums that neither an owner nor a run refers to."""
        self.sweep_drafts()
        for path in self._folder.glob(f"{GONE}*"):
            shutil.rmtree(path, ignore_errors=True)
        for path in self._folder.glob("own-*"):
            if is_own(path.name):
                self.clear(path.name)

    def sweep_drafts(self) -> None:
        """Removes what killed processes have begun; what a living one is at stays."""
        with self.alone():
            for path in self._folder.glob(f"{DRAFT}*"):
                if not live_locks(path):
                    shutil.rmtree(path, ignore_errors=True)

    # ---- files ----

    def _seen(self, records: Iterable[AlbumRecord], by: Visitor) -> list[AlbumRecord]:
        return [record for record in records if may_see(record, by, is_named=True)]

    def _changed_from(self, id: str) -> Iterator[AlbumRecord]:
        """Yields what has become of an album by changes."""
        for path in self._folder.glob("own-*") if is_own(id) else ():
            yield from (record for record in self._read(path.name) if id in record.former)

    def _records(self, id: str) -> list[AlbumRecord]:
        return list(self._read(id)) if is_own(id) else []

    def _read(self, id: str) -> Iterator[AlbumRecord]:
        for path in sorted((self._folder / id / "owners").glob("*.json")):
            with suppress(OSError, ValueError, TypeError, KeyError):
                data = json.loads(path.read_bytes())
                yield AlbumRecord(**data | {"id": id, "owner": path.stem, "visibility": Visibility(data["visibility"])})

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Holds off all others, in any process, that begin, commit or remove an album."""
        with storage_errors(self._folder), locks.exclusive(self._folder):
            yield

    def _put_again(self, record: AlbumRecord) -> AlbumRecord:
        """Notes something else about an album; one that was deleted meanwhile does not come back."""
        with self.alone():
            if not self._entry(record).is_file():
                raise UnknownIdError("unknown_dataset", received=record.id, allowed=list(DATASETS))
            return self.put(record)

    def put(self, record: AlbumRecord, skipped: list[dict] | None = None, folder: Path | None = None) -> AlbumRecord:
        entry = self._entry(record, folder)
        ensure_folder(entry.parent)
        if skipped is not None:
            write_atomic(_skipped_path(entry), json.dumps(plain(skipped), ensure_ascii=False).encode())
        write_atomic(entry, json.dumps(plain(asdict(record)), ensure_ascii=False).encode("utf-8", "replace"))
        return record

    def _entry(self, record: AlbumRecord, folder: Path | None = None) -> Path:
        return (folder or own_folder(self.home, record.id)) / "owners" / f"{checked_owner(record.owner)}.json"

    def entry_of(self, id: str, owner: str) -> AlbumRecord | None:
        """Returns what an owner has of an album; None where that is nothing."""
        return next((record for record in self._records(id) if record.owner == owner), None)

    def remove_entry(self, record: AlbumRecord) -> None:
        """Removes what an owner has of an album.

        Raises:
            StoreError: "home_not_writable".
        """
        entry = self._entry(record)
        with storage_errors(entry.parent):
            entry.unlink(missing_ok=True)
        forget(_skipped_path(entry))

    def clear(self, id: str) -> None:
        """Removes an album that neither an owner nor a run refers to: renamed first, so that it is gone at once."""
        folder = own_folder(self.home, id)
        gone = folder.with_name(f"{GONE}{secrets.token_hex(8)}")
        with self.alone():
            if any((folder / "owners").glob("*.json")) or self._is_trained_on(folder.name):
                return
            with suppress(OSError):
                folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)
        for path in (self.home / "cache").glob(f"pixels-{id}-*.npy"):
            forget(path)


def _skipped_path(entry: Path) -> Path:
    return entry.with_suffix(".skipped")
