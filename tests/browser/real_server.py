"""`streamlit run app.py` on a port of its own."""

import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

from patience import PATIENCE_S, until

from tl_core.paths import PROJECT


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

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE_S)
