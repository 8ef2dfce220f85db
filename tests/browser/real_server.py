"""`streamlit run app.py` on a port of its own."""

import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from patience import PATIENCE_MS, PATIENCE_S, until, wait_for
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tl_core.paths import PROJECT
from tl_core.phrases import phrase

RESTS = """() => [...document.images].every(one => one.complete || one.loading === 'lazy')
  && (document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState ?? 'notRunning') === 'notRunning'"""


class Server:
    """`streamlit run app.py`, or another script, with a data folder of its own."""

    def __init__(self, home: Path, script: str = "app.py", **environment: str) -> None:
        with socket.socket() as free:
            free.bind(("localhost", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        self.log = home / "server.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(self.port)],
                cwd=PROJECT,
                env={**os.environ, "PYTHONPATH": str(PROJECT), "TL_HOME": str(home), **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                umask=0,  # whoever starts it may have left the door open
            )

    def wait(self) -> "Server":
        until(f"the server answers; it wrote {self.log}", self._is_healthy, pause_s=0.2)
        return self

    def _is_healthy(self) -> bool:
        assert self.process.poll() is None, self.log.read_text(errors="replace")
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=PATIENCE_S) as answer:
                return answer.status == 200
        except OSError:
            return False

    def open_to_others(self) -> list[str]:
        """Returns what is in the data folder that other users of the machine could read or write."""
        found = [path for path in self.log.parent.rglob("*") if path != self.log]
        assert len(found) > 5
        return [f"{path} {path.stat().st_mode:o}" for path in found if path.stat().st_mode & 0o077]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE_S)


def new_context(browser: Browser, **options: Any) -> BrowserContext:
    """Opens a browser of somebody else's, as patient as this machine is slow; `options` as Playwright has them."""
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE_MS)
    return context


def settle(page: Page) -> None:
    """Waits until the worker is there and the page rests: a page that draws itself again may lose a click."""
    expect(page.get_by_text(phrase("en", "frame.machine", device=""))).to_be_attached()  # on a phone behind the edge
    rest(page)


def rest(page: Page) -> None:
    """Waits until the page is drawn and its pictures are there: what moves under the pointer may lose a click.

    What is no page of the app rests always.
    """
    wait_for(page, RESTS)
