"""`streamlit run app.py` on a port of its own."""

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


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
            )

    def wait(self, limit_s: float = 60) -> "Server":
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2) as answer:
                    if answer.status == 200:
                        return self
            except OSError:
                threading.Event().wait(0.2)
        raise TimeoutError(self.log.read_text(errors="replace"))

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)
