"""All that we take from Streamlit without its promise to keep it: looked at again whenever its version changes."""

import io
import os
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from streamlit import config, file_util, net_util, runtime
from streamlit.delta_generator import DeltaGenerator
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime import app_session, memory_uploaded_file_manager
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec
from streamlit.runtime.websocket_session_manager import WebsocketSessionManager
from streamlit.web.server.server_util import is_xsrf_enabled
from streamlit.web.server.starlette.starlette_app_utils import validate_xsrf_token
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from tl_core.engine.imports.waiting_files import WaitingFile, WaitingFiles
from tl_core.errors import StoreError

__all__ = [
    "DeltaGenerator",
    "UploadedFile",
    "allow_hosts",
    "ask_again",
    "ask_nobody_for_our_address",
    "bind_visits_to_owners",
    "draw_again",
    "first_page",
    "has_xsrf_token",
    "ignore_pages_folder",
    "is_host_allowed",
    "is_open",
    "keep_uploads_on_disk",
    "let_go",
    "n_visits",
    "owner_of_visit",
    "refusal_of_upload",
    "sent_content",
    "this_visit",
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


# ---- fragments that are asked for again and again ----


def ask_again(every_s: float) -> None:
    """Has the browser ask for the fragment that is being drawn so often from now on, without drawing the page anew."""
    visit, fragment = get_script_run_ctx(), ThreadState.get().fragment_id
    assert visit is not None  # only a running script comes here
    if fragment:
        message = ForwardMsg()
        message.auto_rerun.fragment_id, message.auto_rerun.interval = fragment, every_s
        visit.enqueue(message)


@cache
def _theme(section: str) -> CustomThemeConfig:
    theme = CustomThemeConfig()
    _streamlits_theme(theme, section)
    return theme


def _populate_theme(msg: CustomThemeConfig, section: str = "theme") -> None:
    """Says how the pages look. Streamlit says it again with every answer, and reads all its settings for that."""
    if (theme := _theme(section)).ByteSize():
        msg.MergeFrom(theme)


_streamlits_theme = app_session._populate_theme_msg
app_session._populate_theme_msg = _populate_theme


# ---- visits, as the server knows them ----

OWNER_HEADER = b"x-tl-owner"  # of a connection; only the server writes there


def bind_visits_to_owners() -> None:
    """Has a connection go on with a visit only where both have one owner; anybody else begins a visit of his own.

    A browser that comes back names its visit, and that name alone would open it to everyone.
    """
    config.set_option("server.trustedUserHeaders", {OWNER_HEADER.decode(): "owner"})


def this_visit() -> str | None:
    """Returns the name of the visit whose script runs in this thread; None in any other."""
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context else None


def n_visits() -> int:
    """Returns how many pages are open."""
    manager = getattr(runtime.get_instance(), "_session_mgr", None) if runtime.exists() else None
    return len(manager._active_session_info_by_id) if isinstance(manager, WebsocketSessionManager) else 1


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
