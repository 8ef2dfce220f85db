"""The server itself: what a first visitor meets, what its process loads, and that nothing outlives it."""

import os
import signal
from pathlib import Path

import pytest
from patience import PATIENCE_S, until
from playwright.sync_api import expect
from real_server import Server

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


@pytest.mark.parametrize("path", ["", "lab", "classify", "runs"])
def test_a_link_to_any_page_works_as_the_very_first_visit(tmp_path, page, path):
    server = Server(tmp_path).wait()
    try:
        page.goto(f"{server.url}/{path}?lang=zh")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_test_id("stSidebarNavLink")).to_have_count(5)
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert page.get_by_test_id("stException").count() == 0
    finally:
        server.stop()


@on_linux
def test_the_server_process_never_loads_tensorflow(server, page):
    page.goto(server.url)
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
