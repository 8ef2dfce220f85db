"""The same worker on other machines, over plain ssh pipes: no cluster, no ports but that of ssh.

Each machine has this app at the same place as the server, and the data folder, as one shared folder, at the same place
too; ssh lets the server's user in without a question (a key, and the machine among the known hosts).
"""

import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from tl_core.engine.environment import worker_environment
from tl_core.engine.executors.contract import LEASE_S, LOST, Executor, Exit, Hear
from tl_core.engine.executors.process import WorkerProcess, start_command
from tl_core.engine.worker.lease import OVER
from tl_core.paths import PROJECT

OPTIONS = ("-T", "-o", "BatchMode=yes", "-o", "ServerAliveInterval=2", "-o", "ServerAliveCountMax=3")
NO_WAY = 255  # ssh's own exit status: the machine, or the way there, is gone
TOLD = ("KERAS_BACKEND", "TF_CPP_MIN_LOG_LEVEL", "OMP_WAIT_POLICY", "KERAS_HOME")
TOLD += ("TL_HOME", "TL_THREADS", "TL_CACHE_GB", "TL_GRADIENT_NORMS")
"""What of a worker's environment crosses the way; the rest is the machine's own."""


class SshWorker(WorkerProcess):
    """A worker on another machine.

    Args:
        host: As ssh knows it, such as "anna@gpu1"; more options may stand in ssh's own configuration.
        home: The data folder, here and there.
        on_message: As for `WorkerProcess`.
        on_exit: As for `WorkerProcess`; `LOST` where the machine, or the way there, is gone.
        threads: Its intra-op threads.
    """

    lease_s = LEASE_S

    def __init__(self, host: str, home: Path, on_message: Hear, on_exit: Exit, threads: int | None = None) -> None:
        self.host = host
        super().__init__(home, on_message, on_exit, threads)

    def _start(self, home: Path, threads: int | None) -> tuple[subprocess.Popen, IO[str], IO[str]]:
        environment = worker_environment(home, threads)
        settings = [f"{name}={environment[name]}" for name in TOLD if name in environment]
        worker = shlex.join(["env", *settings, sys.executable, "-m", "tl_core.engine.worker"])
        # the shell stays, and tells of a worker that was killed: ssh itself would say the same as of a lost machine
        there = f"cd {shlex.quote(str(PROJECT))} && {worker}; exit $?"
        ssh = shlex.split(os.environ.get("TL_SSH") or "ssh")
        return start_command([*ssh, *OPTIONS, "--", self.host, there], environment, home, "worker.log")

    @staticmethod
    def _status(status: int) -> int:
        return LOST if status in (NO_WAY, OVER) else status

    @property
    def pid(self) -> None:
        """None: a process elsewhere has no number here."""
        return None


class SshWorkers:
    """Makes workers: the main one here, those of a class on other machines, which take turns.

    Args:
        hosts: Machines, each as often as it takes one-thread workers.

    Thread: any.
    """

    def __init__(self, hosts: Sequence[str]) -> None:
        self._lock, self._free = threading.Lock(), list(hosts)

    def __call__(self, home: Path, on_message: Hear, on_exit: Exit, threads: int | None = None) -> Executor:
        if threads is None:
            return WorkerProcess(home, on_message, on_exit)
        with self._lock:
            host = self._free.pop(0)
            self._free.append(host)
        return SshWorker(host, home, on_message, on_exit, threads)
