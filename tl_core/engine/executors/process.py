"""The server's end of the pipe to a worker process."""

import json
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO

from tl_core.disk.error_log import FOLDER, keep_output
from tl_core.disk.home import OTHERS
from tl_core.engine.environment import worker_environment
from tl_core.engine.executors.contract import Executor, Exit, Hear, tell
from tl_core.paths import PROJECT


def start_module(
    module: str, home: Path, log: str, threads: int | None = None, errors: str = "strict"
) -> tuple[subprocess.Popen, IO[str], IO[str]]:
    """Starts one of our modules in a process of its own; returns that, its input and its output."""
    return start_command([sys.executable, "-m", module], worker_environment(home, threads), home, log, errors)


def start_command(
    command: list[str], environment: dict[str, str], home: Path, log: str, errors: str = "strict"
) -> tuple[subprocess.Popen, IO[str], IO[str]]:
    """Starts a command; returns the process, its input and its output. What it complains of goes to the log."""
    folder = home / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        command,
        cwd=PROJECT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors=errors,
        bufsize=1,
        start_new_session=True,
        umask=OTHERS,
    )
    assert process.stdin is not None  # a pipe, as are the others
    assert process.stdout is not None
    assert process.stderr is not None
    threading.Thread(target=keep_output, args=(process.stderr, folder, log), name=log, daemon=True).start()
    return process, process.stdin, process.stdout


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
        self._process, self._input, self._output = self._start(home, threads)
        threading.Thread(target=self._listen, name="engine", daemon=True).start()

    def _start(self, home: Path, threads: int | None) -> tuple[subprocess.Popen, IO[str], IO[str]]:
        return start_module("tl_core.engine.worker", home, "worker.log", threads)

    @staticmethod
    def _status(status: int) -> int:
        """Returns what is said of the end of the process, which had this exit status."""
        return status

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, message: dict) -> None:
        try:
            with self._writing:
                self._input.write(json.dumps(message) + "\n")
                self._input.flush()
        except (BrokenPipeError, ValueError, OSError):
            return  # dead: the listening thread sees the end of its output and says so

    def close(self) -> None:
        self._is_closed = True
        self._process.kill()
        self._process.wait()
        self._close_input()

    def _listen(self) -> None:
        for line in self._output:
            tell(self._hear, line)
        status = self._process.wait()
        self._output.close()
        self._close_input()
        if not self._is_closed:
            tell(self._on_exit, self._status(status))

    def _hear(self, line: str) -> None:
        """Takes in one line; that of a killed worker may be half a one."""
        if not self._is_closed:
            self._on_message(json.loads(line))

    def _close_input(self) -> None:
        with self._writing, suppress(OSError):  # what was not written yet has no reader any more
            self._input.close()
