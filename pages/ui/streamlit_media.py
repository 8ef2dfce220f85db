"""Pictures and downloads, which a page names by an address: taken from Streamlit without its promise, like the rest."""

import os
from collections import defaultdict
from contextvars import ContextVar

from streamlit import runtime
from streamlit.runtime import memory_media_file_storage
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.media_file_storage import MediaFileKind
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from pages.ui.streamlit_internals import is_open, owner_of_visit, this_visit

_maker: ContextVar[str | None] = ContextVar("maker", default=None)  # the visit for which a download is made just now


class OwnersMedia(MemoryMediaFileStorage):
    """What pages show or hand out by an address, which tells its content; and whose pages did, until it goes."""

    def __init__(self, media_endpoint: str) -> None:
        super().__init__(media_endpoint)
        self._owners: dict[str, set[str | None]] = defaultdict(set)

    def load_and_get_id(
        self, path_or_data: str | bytes, mimetype: str, kind: MediaFileKind, filename: str | None = None
    ) -> str:
        id = super().load_and_get_id(path_or_data, mimetype, kind, filename)
        visit = _maker.get() or this_visit()
        if visit and is_open(visit):
            self._owners[id].add(owner_of_visit(visit))
        return id

    def delete_file(self, file_id: str) -> None:
        super().delete_file(file_id)
        self._owners.pop(file_id, None)

    def is_for(self, owner: str | None, name: str) -> bool:
        """Says whether a page of an owner has a file, by the last part of its address. None owns what browsers without
        cookies see."""
        return owner in self._owners.get(os.path.splitext(name)[0], ())


def keep_media_for_owners() -> None:
    """Has the server that starts next remember whose each file is; Streamlit asks nobody which storage to make."""
    memory_media_file_storage.MemoryMediaFileStorage = OwnersMedia


def media_files() -> OwnersMedia:
    """Returns what pages of the running server show and hand out."""
    storage = runtime.get_instance().media_file_mgr._storage
    assert isinstance(storage, OwnersMedia)
    return storage


def _make_download(self: MediaFileManager, file_id: str) -> str:
    """Makes a file that was promised to a visit, for its owner: it is made in a thread that belongs to no visit."""
    promised = self._deferred_callables.get(file_id)
    token = _maker.set(promised["session_id"] if promised else None)
    try:
        return _streamlits_make_download(self, file_id)
    finally:
        _maker.reset(token)


_streamlits_make_download = MediaFileManager.execute_deferred
MediaFileManager.execute_deferred = _make_download


def picture_address(data: bytes, mimetype: str, name: str) -> str:
    """Returns the address of a picture that a script of ours asks for; it opens to this visit's owner, as others do.

    Args:
        data: The picture's file.
        mimetype: Its kind.
        name: Names its place on the page; what had this place before may go.

    Returns:
        The address, from the server's root on; "" where no server runs.
    """
    return runtime.get_instance().media_file_mgr.add(data, mimetype, name) if runtime.exists() else ""
