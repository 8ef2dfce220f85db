"""What we take from Streamlit without a promise is there and does what we think."""

import ast
from copy import deepcopy

from streamlit import config
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime import app_session
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from pages.ui import streamlit_internals
from pages.ui.streamlit_internals import UploadedFile, ignore_pages_folder, let_go
from tl_core.paths import PROJECT


def test_no_other_module_of_the_pages_reaches_into_streamlit():
    def inner(path) -> set[str]:
        nodes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
        return {node.module for node in nodes if node.module.startswith("streamlit.")}

    files = [PROJECT / "app.py", *(PROJECT / "pages").rglob("*.py")]
    reaching = {path.relative_to(PROJECT).as_posix() for path in files if inner(path)}
    assert reaching == {"pages/ui/streamlit_internals.py", "pages/ui/streamlit_media.py", "pages/measures/visitor.py"}


def test_a_copy_of_a_file_that_was_sent_shares_its_content():
    content = bytes(1000)
    file = UploadedFile(UploadedFileRec("1", "a.png", "image/png", content), FileURLs())
    again = deepcopy(file)
    assert (again.file_id, again.name, again.getvalue()) == ("1", "a.png", content)
    assert again.getvalue() is file.getvalue()
    file.seek(7)
    assert again.tell() == 0


def test_what_is_let_go_of_is_gone_from_the_memory_of_the_visit(monkeypatch):
    manager = MemoryUploadedFileManager("/upload")
    for id in ("1", "2"):
        manager.add_file("visit", UploadedFileRec(id, "a.png", "image/png", b"x"))
    visit = type("Visit", (), {"uploaded_file_mgr": manager, "session_id": "visit"})
    monkeypatch.setattr(streamlit_internals, "get_script_run_ctx", lambda: visit)
    let_go([UploadedFile(UploadedFileRec("1", "a.png", "image/png", b"x"), FileURLs())])
    assert [file.file_id for file in manager.get_files("visit", ["1", "2"])] == ["2"]


def test_the_pages_folder_is_not_read_by_streamlit(monkeypatch):
    monkeypatch.setattr(PagesManager, "uses_pages_directory", None)
    ignore_pages_folder()
    assert PagesManager.uses_pages_directory is False


def test_how_the_pages_look_is_read_from_the_settings_once_and_said_as_streamlit_says_it(monkeypatch):
    read, real = [], config.get_options_for_section
    monkeypatch.setattr(config, "get_options_for_section", lambda name: read.append(name) or real(name))
    for section in ("theme", "theme.light", "theme.dark", "theme.sidebar"):
        own, again = CustomThemeConfig(), CustomThemeConfig()
        streamlit_internals._streamlits_theme(own, section)
        n_read = len(read)
        for _ in range(2):
            again.Clear()
            app_session._populate_theme_msg(again, section)
        assert again == own
        assert len(read) - n_read <= 1


def test_a_visit_without_a_server_is_the_only_one():
    assert streamlit_internals.n_visits() == 1
