"""The server's end of the pipe to a worker process."""

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from tl_core.engine.environment import worker_environment

PROJECT = Path(__file__).resolve().parent.parent.parent


class Executor(Protocol):
    """What computes for the engine. `on_message` and `on_exit` are called on a thread of the executor's own."""

    def send(self, message: dict) -> None:
        """Passes one message on. A dead executor swallows it: `on_exit` says that it died."""

    def close(self) -> None:
        """Ends it, whatever it is doing."""


class WorkerProcess:
    """A worker in a process of its own, fed with JSON lines.

    Args:
        home: The data folder.
        on_message: Called with each message of the worker.
        on_exit: Called once, with the exit status, when the worker has ended without being closed.

    Thread: any; callbacks come on the thread that reads the worker's output.
    """

    def __init__(self, home: Path, on_message: Callable[[dict], None], on_exit: Callable[[int], None]) -> None:
        self._on_message, self._on_exit = on_message, on_exit
        self._is_closed = False
        self._writing = threading.Lock()
        (home / "logs").mkdir(parents=True, exist_ok=True)
        with open(home / "logs" / "worker.log", "ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tl_core.engine.worker"],
                cwd=PROJECT,
                env=worker_environment(home),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                bufsize=1,
                start_new_session=True,
            )
        threading.Thread(target=self._listen, name="engine", daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, message: dict) -> None:
        try:
            with self._writing:
                self._process.stdin.write(json.dumps(message) + "\n")
                self._process.stdin.flush()
        except (BrokenPipeError, ValueError, OSError):
            return  # dead: the listening thread sees the end of its output and says so

    def close(self) -> None:
        self._is_closed = True
        self._process.kill()
        self._process.wait()
        self._close_input()

    def _listen(self) -> None:
        for line in self._process.stdout:
            self._guarded(lambda line: self._on_message(json.loads(line)), line)
        status = self._process.wait()
        self._process.stdout.close()
        self._close_input()
        self._guarded(self._on_exit, status)

    def _guarded(self, tell: Callable, what: object) -> None:
        """Passes on what the worker said; a bad message (half a line of a killed worker) must not end listening."""
        try:
            if not self._is_closed:
                tell(what)
        except Exception:
            logging.getLogger(__name__).exception("a message of the worker was lost")

    def _close_input(self) -> None:
        with self._writing, suppress(OSError):  # what was not written yet has no reader any more
            self._process.stdin.close()
