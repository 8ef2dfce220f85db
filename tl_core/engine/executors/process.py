"""The server's end of the pipe to a worker process."""

import json
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from tl_core.engine.environment import worker_environment
from tl_core.engine.executors.contract import Executor, Exit, Hear, tell
from tl_core.paths import PROJECT


class WorkerProcess(Executor):
    """A worker in a process of its own, fed with JSON lines.

    What TensorFlow has taken of a GPU's memory returns only with the end of its process: anyone who holds an idle one
    closes it. A crash, a hang or a lack of memory ends this process alone.

    Args:
        home: The data folder.
        on_message: Called with each message of the worker.
        on_exit: Called once, with the exit status, when the worker has ended without being closed.
        threads: Its intra-op threads; None leaves the choice to TL_THREADS, else one for each core.

    Thread: any; callbacks come on the thread that reads the worker's output.
    """

    def __init__(self, home: Path, on_message: Hear, on_exit: Exit, threads: int | None = None) -> None:
        self._on_message, self._on_exit = on_message, on_exit
        self._is_closed = False
        self._writing = threading.Lock()
        (home / "logs").mkdir(parents=True, exist_ok=True)
        with open(home / "logs" / "worker.log", "ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tl_core.engine.worker"],
                cwd=PROJECT,
                env=worker_environment(home, threads),
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
            tell(self._hear, line)
        status = self._process.wait()
        self._process.stdout.close()
        self._close_input()
        if not self._is_closed:
            tell(self._on_exit, status)

    def _hear(self, line: str) -> None:
        """Takes in one line; that of a killed worker may be half a one."""
        if not self._is_closed:
            self._on_message(json.loads(line))

    def _close_input(self) -> None:
        with self._writing, suppress(OSError):  # what was not written yet has no reader any more
            self._process.stdin.close()
