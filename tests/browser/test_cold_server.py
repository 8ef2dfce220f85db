"""The server itself: what a first visitor meets, what its process loads, and that nothing outlives it."""

import os
import signal
import sqlite3
from pathlib import Path

import pytest
from patience import PATIENCE_S, until
from playwright.sync_api import expect
from real_server import Server
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tl_core.paths import PROJECT

pytestmark = pytest.mark.browser
PROC = Path("/proc")
on_linux = pytest.mark.skipif(not PROC.is_dir(), reason="reads /proc")


def workers_of(home: Path) -> list[int]:
    """Returns the worker processes that use a data folder."""
    found = []
    for folder in PROC.glob("[0-9]*"):
        try:
            command, settings = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
        except OSError:
            continue
        if b"tl_core.engine.worker" in command and f"TL_HOME={home}\0".encode() in settings:
            found.append(int(folder.name))
    return found


@pytest.mark.parametrize("path", ["", "lab", "classify", "insights", "runs", "experiments"])
def test_a_link_to_any_page_works_as_the_very_first_visit(tmp_path, page, path):
    server = Server(tmp_path).wait()
    try:
        page.goto(f"{server.url}/{path}?lang=zh")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_test_id("stSidebarNavLink")).to_have_count(9)
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert page.get_by_test_id("stException").count() == 0
    finally:
        server.stop()


@on_linux
def test_the_server_process_never_loads_tensorflow(server, page):
    page.goto(f"{server.url}/lab")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_visible()
    until("the server's worker", lambda: workers_of(server.log.parent))
    loaded = (PROC / str(server.process.pid) / "maps").read_text()
    assert "streamlit" in (PROC / str(server.process.pid) / "cmdline").read_text()
    assert "tensorflow" not in loaded
    (worker,) = workers_of(server.log.parent)
    until("the worker loads TensorFlow", lambda: "tensorflow" in (PROC / str(worker) / "maps").read_text())


@on_linux
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_worker_outlives_its_server(tmp_path, number):
    server = Server(tmp_path).wait()
    until("the server's worker", lambda: len(workers_of(tmp_path)) == 1)
    os.kill(server.process.pid, number)
    server.process.wait(PATIENCE_S)
    until("the worker ends with its server", lambda: not workers_of(tmp_path))
    assert workers_of(tmp_path) == []


@on_linux
def test_an_open_data_folder_is_closed_at_the_start_and_the_instructors_key_stays_with_the_server(tmp_path):
    (tmp_path / "runs" / "old").mkdir(parents=True, mode=0o755)
    (tmp_path / "runs" / "old" / "record.json").write_text("{}")
    (tmp_path / "runs" / "old" / "record.json").chmod(0o644)
    server = Server(tmp_path, TL_INSTRUCTOR_KEY="open sesame, please").wait()
    try:
        (worker,) = until("the server's worker", lambda: workers_of(tmp_path))
        assert b"open sesame" in (PROC / str(server.process.pid) / "environ").read_bytes()
        assert b"open sesame" not in (PROC / str(worker) / "environ").read_bytes()
        assert server.open_to_others() == []
    finally:
        server.stop()


GUARD = """
import os, socket, sys

def note(event, arguments):
    if event == "socket.connect" and arguments[0].type == socket.SOCK_DGRAM:
        return  # sends nothing: it asks the system which of its addresses it would take
    address = arguments[1] if event == "socket.connect" else arguments
    if event in ("socket.connect", "socket.getaddrinfo") and address[0] not in ("localhost", "127.0.0.1", "0.0.0.0"):
        os.write(noted, f"{event} {address}\\n".encode())

noted = os.open(os.environ["NOTED"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
sys.addaudithook(note)
"""


def test_a_server_for_everybody_asks_nobody_on_the_internet_and_names_an_old_sqlite_once(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(GUARD)
    path, noted = f"{tmp_path}{os.pathsep}{PROJECT}", tmp_path / "noted"
    settings = {"STREAMLIT_SERVER_ADDRESS": "0.0.0.0", "PYTHONPATH": path, "NOTED": str(noted)}
    server = Server(tmp_path, **settings).wait()
    try:
        with pytest.raises(InvalidStatus), connect(f"ws://localhost:{server.port}/_stcore/stream", origin="http://a.b"):
            pass
    finally:
        server.stop()
    assert noted.read_text() == ""
    assert f" http://localhost:{server.port}" in server.log.read_text()
    n_notes = int(sqlite3.sqlite_version_info < (3, 51, 3))
    for log in (server.log, tmp_path / "logs" / "server.log"):
        assert (log.read_text() if log.exists() else "").count("has a rare bug, mended in 3.51.3") == n_notes
