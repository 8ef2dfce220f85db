"""Visitors' own pictures on their way in: within the limits for one student, at once or in the background."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from tl_core.engine.imports import uploads
from tl_core.engine.imports.import_queue import ImportQueue
from tl_core.errors import TransferLabError
from tl_core.ingest.ingest import ingest
from tl_core.ingest.request import ImportRequest
from tl_core.ingest.sources import Sent
from tl_core.store.access import Visitor
from tl_core.store.albums import AlbumRecord, Albums
from tl_core.store.limits import DiskUse, admit, album_bytes_left, check_album_limits
from tl_core.store.names import clean_name
from tl_core.store.store import RunStore


class Imports(ImportQueue):
    """Takes in the pictures that visitors bring.

    Args:
        store: Where the runs are, which refer to data sets and count for the limits.
        home: The data folder.
        albums: The data sets of visitors' own.
        disk: What all visitors have on the disk.

    Thread: any.
    """

    def __init__(self, store: RunStore, home: Path, albums: Albums, disk: DiskUse) -> None:
        super().__init__(home, albums, self._bytes_left_of)
        self._store, self._disk = store, disk

    def _bytes_left_of(self, owner: str) -> int:
        known = self._store.owners().get(owner)
        shared = self._disk.bytes_left((known and known.address) or "")
        return min(shared, album_bytes_left(self._store, self._albums, owner))

    def start(self, path: Path, *, by: Visitor, name: str, is_sent: bool = False, **asked: Any) -> str:
        """Queues an import of pictures, in a process of its own.

        Args:
            path: An archive or a folder.
            by: Whose data set it will be.
            name: What it will be called; of no use where pictures are added to one.
            is_sent: Whether a browser sent the files, which are removed in the end, or when they are refused.
            **asked: Other fields of `ingest.ingest.ImportRequest`; `into` as the id of a data set of theirs.

        Returns:
            The import's id.

        Raises:
            InputError: "bad_run_name".
            UnknownIdError, StoreError: As `Albums.permitted` for `into`; "too_many_datasets", "dataset_too_much_disk"
                or "too_many_imports": beyond the limits for one student; "no_room_for_more" or "too_many_new": beyond
                those for an address or all.
        """
        try:
            return self.submit(path, self._request(by, name, asked), is_sent=is_sent)
        except TransferLabError:
            if is_sent:
                uploads.forget(path)
            raise

    def import_now(self, files: Sequence[tuple[str, bytes]], *, by: Visitor, name: str, **asked: Any) -> AlbumRecord:
        """Takes in a handful of pictures at once: a photo that was just taken, some files dropped on a class.

        Args:
            files: (name, content) of each.
            by: Whose data set it will be.
            name: As for `start`.
            **asked: As for `start`.

        Raises:
            As `start` and `ingest.ingest.ingest`. Nothing was kept then.

        Thread: any; computes on it, some 50 ms a photograph.
        """
        owner = self._albums.permitted(asked["into"], by=by).owner if asked.get("into") else by.owner
        with self._albums.changing(owner):
            request = self._request(by, name, asked)
            with closing(ingest(self._albums, Sent(files), request, n_threads=1)) as steps:
                while True:
                    try:
                        next(steps)
                    except StopIteration as end:
                        return end.value

    def _request(self, by: Visitor, name: str, asked: dict) -> ImportRequest:
        """Returns what a visitor wants to be imported, if the limits allow it."""
        into = asked.get("into")
        record = self._albums.permitted(into, by=by) if into else None
        most_bytes = check_album_limits(self._store, self._albums, is_new=record is None, by=by)
        owner = record.owner if record else by.owner
        if most_bytes is not None:
            most_bytes = min(most_bytes, self._disk.bytes_left(by.address))
        if record is None:
            admit(self._store, by=by)
        name = record.name if record else clean_name(name)
        return ImportRequest(name, owner, **{"most_bytes": most_bytes, **asked, "into": record})
