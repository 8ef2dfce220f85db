"""All that we take from Streamlit without its promise to keep it: looked at again whenever its version changes."""

import io
import os
import time
from collections import defaultdict
from collections.abc import Sequence
from contextvars import ContextVar
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from streamlit import config, file_util, net_util, runtime
from streamlit.delta_generator import DeltaGenerator
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.runtime import memory_media_file_storage, memory_uploaded_file_manager
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.media_file_storage import MediaFileKind
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec
from streamlit.web.server.server_util import is_xsrf_enabled
from streamlit.web.server.starlette.starlette_app_utils import validate_xsrf_token
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from tl_core.engine.imports.waiting_files import WaitingFile, WaitingFiles
from tl_core.errors import StoreError

__all__ = [
    "DeltaGenerator",
    "UploadedFile",
    "allow_hosts",
    "ask_nobody_for_our_address",
    "bind_visits_to_owners",
    "draw_again",
    "first_page",
    "has_xsrf_token",
    "ignore_pages_folder",
    "is_host_allowed",
    "is_open",
    "keep_media_for_owners",
    "keep_uploads_on_disk",
    "let_go",
    "media_files",
    "owner_of_visit",
    "refusal_of_upload",
    "sent_content",
    "waiting_files",
]

LOCAL = ("localhost", "127.0.0.1", "::1")  # the names of a machine for itself
EVERYWHERE = ("0.0.0.0", "::")  # what a server listens on that listens on all of its machine's addresses


def ignore_pages_folder() -> None:
    """Has Streamlit take no file below `pages` for a page: the frame alone says what is one."""
    PagesManager.uses_pages_directory = False


def ask_nobody_for_our_address() -> None:
    """Keeps Streamlit from asking a server on the internet under which address it sees us.

    It would ask when it prints its addresses, if it serves all of them, and for each connection from a page that it
    does not know.
    """
    net_util.get_external_ip = lambda: None


def allow_hosts() -> None:
    """Has the server answer to the names of the settings, to its own address, and to those in `TL_HOSTS`."""
    address = config.get_option("server.address")
    named = [name.strip(" []") for name in os.environ.get("TL_HOSTS", "").split(",")]
    own = [] if address in EVERYWHERE else [address]
    names = [*dict.fromkeys(name for name in [*config.get_option("server.allowedHosts"), *own, *named] if name)]
    config.set_option("server.allowedHosts", names)


def first_page() -> str:
    """Returns the page that Streamlit sends to every visitor."""
    return Path(file_util.get_static_dir(), "index.html").read_text(encoding="utf-8")


# ---- files that a browser has sent ----


class DiskUploads(MemoryUploadedFileManager):
    """What Streamlit asks for files that were sent; they are on disk, and `waiting` knows where."""

    def __init__(self, upload_endpoint: str) -> None:
        super().__init__(upload_endpoint)
        self.waiting = WaitingFiles()

    def get_files(self, session_id: str, file_ids: Sequence[str]) -> list[UploadedFileRec]:
        return [_OnDisk.of(file) for file in self.waiting.found(session_id, file_ids)]

    def remove_file(self, session_id: str, file_id: str) -> None:
        self.waiting.remove(session_id, file_id)

    def remove_session_files(self, session_id: str) -> None:
        self.waiting.remove_all(session_id)


class _OnDisk(UploadedFileRec):
    """A file as Streamlit hands it from hand to hand, with the way to its content in the place of it."""

    file: WaitingFile

    @classmethod
    def of(cls, file: WaitingFile) -> "_OnDisk":
        made = cls(file.id, file.name, file.kind, b"")
        made.file = file
        return made

    def path(self) -> Path:
        """Returns where it lies; if the visitor has just taken it back, has the page drawn again without it."""
        if not self.file.path.exists():
            st.rerun()
        return self.file.path


def keep_uploads_on_disk() -> None:
    """Has the server that starts next keep files that are sent on disk; Streamlit asks nobody which manager to make."""
    memory_uploaded_file_manager.MemoryUploadedFileManager = DiskUploads


def waiting_files() -> WaitingFiles:
    """Returns where the running server keeps what was sent."""
    manager = runtime.get_instance().uploaded_file_mgr
    assert isinstance(manager, DiskUploads)
    return manager.waiting


def sent_content(file: UploadedFile) -> bytes | Path:
    """Returns where the content of a file lies, or itself where it is in memory."""
    record = file._record  # pyright: ignore[reportAttributeAccessIssue]
    return record.path() if isinstance(record, _OnDisk) else file.getvalue()


def let_go(files: Sequence[UploadedFile]) -> None:
    """Removes files that a browser has sent: Streamlit would keep them until the visit ends.

    A browser takes back a file when a person removes it, but not when its field is drawn no more.
    """
    visit = get_script_run_ctx()
    assert visit is not None  # only a running script comes here
    for file in files:
        visit.uploaded_file_mgr.remove_file(visit.session_id, file.file_id)  # pyright: ignore[reportAttributeAccessIssue]


def refusal_of_upload() -> StoreError | None:
    """Returns why the last file that this visit sent was refused at the door, if that was just now."""
    visit = get_script_run_ctx()
    if visit is None or not isinstance(manager := visit.uploaded_file_mgr, DiskUploads):
        return None
    return manager.waiting.refusal(visit.session_id, time.monotonic())


def _begin(self: UploadedFile, record: UploadedFileRec, file_urls: FileURLs) -> None:
    """Makes the file that a field holds. What lies on disk is read by `getvalue`, each time that somebody asks."""
    _streamlits_begin(self, record, file_urls)
    self._record = record  # pyright: ignore[reportAttributeAccessIssue]
    if isinstance(record, _OnDisk):
        self.size = record.file.n_bytes


def _getvalue(self: UploadedFile) -> bytes:
    """Returns the whole content."""
    record = self._record  # pyright: ignore[reportAttributeAccessIssue]
    return record.path().read_bytes() if isinstance(record, _OnDisk) else io.BytesIO.getvalue(self)


def _copied(self: UploadedFile, _: dict) -> UploadedFile:
    """Returns a copy of a file that shares its content with the first as long as neither is written to."""
    return UploadedFile(self._record, self._file_urls)  # pyright: ignore[reportAttributeAccessIssue]


_streamlits_begin = UploadedFile.__init__
UploadedFile.__init__ = _begin
UploadedFile.getvalue = _getvalue
# Streamlit copies what a field holds whenever it draws the field: 200 MB each time
UploadedFile.__deepcopy__ = _copied  # pyright: ignore[reportAttributeAccessIssue]


# ---- pictures and downloads, which a page names by an address ----

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
        visit = _maker.get() or _this_visit()
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


# ---- visits, as the server knows them ----

OWNER_HEADER = b"x-tl-owner"  # of a connection; only the server writes there


def bind_visits_to_owners() -> None:
    """Has a connection go on with a visit only where both have one owner; anybody else begins a visit of his own.

    A browser that comes back names its visit, and that name alone would open it to everyone.
    """
    config.set_option("server.trustedUserHeaders", {OWNER_HEADER.decode(): "owner"})


def _this_visit() -> str | None:
    """Returns the name of the visit whose script runs in this thread; None in any other."""
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context else None


def is_open(visit: str) -> bool:
    """Says whether a browser is connected to a visit."""
    return runtime.get_instance().is_active_session(visit)


def owner_of_visit(visit: str) -> str | None:
    """Returns whose cookie the connection brought that began a visit; None without a cookie or such an open visit."""
    session = runtime.get_instance().get_app_session(visit)
    owner = session._user_info.get("owner") if session else None
    return str(owner) if owner else None


def draw_again(visit: str) -> None:
    """Has the page of a visit drawn again, as if its file had changed."""
    session = runtime.get_instance().get_app_session(visit)
    if session is not None:
        session.request_rerun(session._client_state)


def has_xsrf_token(request: Request) -> bool:
    """Says whether a request shows that a page of ours sent it, as Streamlit asks of everybody who sends files."""
    cookie = request.cookies.get("_streamlit_xsrf")
    return not is_xsrf_enabled() or validate_xsrf_token(request.headers.get("X-Xsrftoken"), cookie)
