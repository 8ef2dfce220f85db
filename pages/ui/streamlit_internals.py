"""All that we take from Streamlit without its promise to keep it: looked at again whenever its version changes."""

from collections.abc import Sequence

from streamlit import config, net_util
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec
from streamlit.web import bootstrap

__all__ = [
    "DeltaGenerator",
    "UploadedFile",
    "ask_nobody_for_our_address",
    "ignore_pages_folder",
    "let_go",
    "print_addresses",
]


def ignore_pages_folder() -> None:
    """Has Streamlit take no file below `pages` for a page: the frame alone says what is one."""
    PagesManager.uses_pages_directory = False


def ask_nobody_for_our_address() -> None:
    """Keeps Streamlit from asking a server on the internet under which address it sees us.

    It would ask when it prints its addresses, if it serves all of them, and for each connection from a page that it
    does not know.
    """
    net_util.get_external_ip = lambda: None


def print_addresses() -> None:
    """Prints where to point a browser, which `hideWelcomeMessage` put off until nobody is asked for it."""
    config.set_option("logger.hideWelcomeMessage", False)
    bootstrap._print_url(is_running_hello=False)


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
