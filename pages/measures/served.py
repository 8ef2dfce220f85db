"""A server of this app on a port of its own, with its own data folder, for as long as a measurement lasts."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tl_core.paths import PROJECT

START_S = 120.0


@contextmanager
def served(home: Path) -> Iterator[tuple[int, int]]:
    """Runs `streamlit run app.py` until the block ends, or this process is asked to end.

    Args:
        home: The data folder that the server uses; its log goes there too.

    Yields:
        The server's port and process id.

    Raises:
        TimeoutError: The server did not answer in time; with its log.
    """
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    log = home / "server.log"
    with open(log, "wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)],
            cwd=PROJECT,
            env={**os.environ, "TL_HOME": str(home)},
            stdout=file,
            stderr=subprocess.STDOUT,
        )

    def leave(number: int, frame: object) -> None:
        """Ends the server with this process; an exception would not get through the loop of a browser's driver."""
        process.terminate()
        os._exit(1)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        _wait(port, process, log)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(30)
        signal.signal(signal.SIGTERM, before)


def _wait(port: int, process: subprocess.Popen, log: Path) -> None:
    deadline_s = time.monotonic() + START_S
    while time.monotonic() < deadline_s and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            threading.Event().wait(0.2)
    raise TimeoutError(log.read_text(errors="replace"))
