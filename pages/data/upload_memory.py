"""Files that a browser has sent, which Streamlit keeps in memory: held once, and let go of once they are on disk."""

from collections.abc import Sequence

from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec


def let_go(files: Sequence[UploadedFile]) -> None:
    """Removes files from the memory of the visit: Streamlit would keep them until it ends.

    A browser takes back a file when a person removes it, but not when its field is drawn no more.
    """
    visit = get_script_run_ctx()
    for file in files:
        visit.uploaded_file_mgr.remove_file(visit.session_id, file.file_id)


def _copied(file: UploadedFile, _: dict) -> UploadedFile:
    """Returns a copy of a file that shares its content with the first as long as neither is written to."""
    return UploadedFile(UploadedFileRec(file.file_id, file.name, file.type, file.getvalue()), file._file_urls)


UploadedFile.__deepcopy__ = _copied  # Streamlit copies what a field holds whenever it draws the field: 200 MB each time
