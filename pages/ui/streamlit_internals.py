"""All that we take from Streamlit without its promise to keep it: looked at again whenever its version changes."""

import os
from collections.abc import Sequence
from pathlib import Path

from streamlit import config, file_util, net_util
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

__all__ = [
    "DeltaGenerator",
    "UploadedFile",
    "allow_hosts",
    "ask_nobody_for_our_address",
    "first_page",
    "ignore_pages_folder",
    "is_host_allowed",
    "let_go",
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


def let_go(files: Sequence[UploadedFile]) -> None:
    """Removes files that a browser has sent from the memory of the visit: Streamlit would keep them until it ends.

    A browser takes back a file when a person removes it, but not when its field is drawn no more.
    """
    visit = get_script_run_ctx()
    assert visit is not None  # only a running script comes here
    for file in files:
        visit.uploaded_file_mgr.remove_file(visit.session_id, file.file_id)  # pyright: ignore[reportAttributeAccessIssue]


def _copied(file: UploadedFile, _: dict) -> UploadedFile:
    """Returns a copy of a file that shares its content with the first as long as neither is written to."""
    return UploadedFile(UploadedFileRec(file.file_id, file.name, file.type, file.getvalue()), file._file_urls)


# Streamlit copies what a field holds whenever it draws the field: 200 MB each time
UploadedFile.__deepcopy__ = _copied  # pyright: ignore[reportAttributeAccessIssue]
