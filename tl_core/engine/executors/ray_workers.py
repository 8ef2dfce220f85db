"""Workers on whichever node of a Ray cluster has room. A process of its own speaks Ray; the server never imports it."""

import json
import logging
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import IO

from tl_core.engine.executors.contract import LEASE_S, LOST, Executor, Exit, Hear, tell
from tl_core.engine.executors.process import WorkerProcess, start_module

BRIDGE = "tl_core.engine.executors.ray_bridge"


class _Bridge:
    """The process that speaks Ray, and who waits for what of it. It ends with the last of its workers.

    Thread: any; what it says is passed on, on the thread that reads its output.
    """

    def __init__(self, home: Path, n_places: int) -> None:
        self._writing, self._listeners = threading.Lock(), dict[str, Callable[[dict], None]]()
        self._names = count(1)
        self.is_over = self.is_left = self.has_spoken = False
        self._process, self._input, self._output = self._start(home)
        self.send({"places": n_places})
        threading.Thread(target=self._listen, name="ray", daemon=True).start()

    @staticmethod
    def _start(home: Path) -> tuple[subprocess.Popen, IO[str], IO[str]]:
        return start_module(BRIDGE, home, "ray.log")

    def join(self, listener: Callable[[dict], None], start: dict) -> str:
        """Has a worker started; returns its name."""
        name = f"worker-{next(self._names)}"
        with self._writing:
            self._listeners[name] = listener
        self.send({"worker": name, "start": start})
        return name

    def send(self, message: dict) -> None:
        """Writes a line; one that is dead swallows it."""
        with suppress(OSError, ValueError), self._writing:
            self._input.write(json.dumps(message) + "\n")
            self._input.flush()

    def leave(self, name: str) -> None:
        """Has a worker ended; nothing of it is passed on any more."""
        self.send({"worker": name, "close": True})
        with self._writing, suppress(OSError):
            self._listeners.pop(name, None)
            if not self._listeners:
                self.is_left = True
                self._input.close()  # its end of it ends with this one, and what it has started with that

    def _listen(self) -> None:
        for line in self._output:
            with suppress(ValueError):
                said = json.loads(line)
                self.has_spoken |= said.get("message", {}).get("say") == "ready"
                if listener := self._listeners.get(said["worker"]):
                    tell(listener, said)
        self._process.wait()
        self._output.close()
        with self._writing, suppress(OSError):
            self._input.close()
        self.is_over = True
        if not self.is_left:
            logging.getLogger(__name__).warning("the cluster is gone: %s ended, see logs/ray.log", BRIDGE)
        for listener in list(self._listeners.values()):
            tell(listener, {"exit": LOST})


class RayWorker(Executor):
    """A worker of the cluster.

    Args:
        bridge: Who speaks with the cluster.
        home: The data folder, the same one on all nodes.
        on_message: As for `WorkerProcess`.
        on_exit: As for `WorkerProcess`; `LOST` where its node, its actor or the whole cluster is gone.
        threads: Its intra-op threads, and the processors of the cluster that it takes.

    Thread: any; callbacks come on the bridge's thread.
    """

    lease_s = LEASE_S

    def __init__(self, bridge: _Bridge, home: Path, on_message: Hear, on_exit: Exit, threads: int = 1) -> None:
        self._on_message, self._on_exit, self._is_over = on_message, on_exit, False
        self._bridge = bridge
        self._name = bridge.join(self._hear, {"home": str(home), "threads": threads})
        if bridge.is_over:  # it ended in this moment; said on a thread of its own: nobody has this worker yet
            threading.Thread(target=self._hear, args=[{"exit": LOST}], daemon=True).start()

    def send(self, message: dict) -> None:
        if not self._is_over:
            self._bridge.send({"worker": self._name, "message": message})

    def close(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._bridge.leave(self._name)

    def _hear(self, said: dict) -> None:
        if self._is_over:
            return
        if "exit" in said:
            self._is_over = True
            tell(self._on_exit, said["exit"])
        else:
            tell(self._on_message, said["message"])


class RayWorkers:
    """Makes workers: the main one here, those of a class on the cluster, once the first of them is wanted.

    Where the cluster was lost, and the next one is as well before it has had a worker, the others stand here too.

    Args:
        n_places: How many of these, with one thread each, a cluster that is started here has room for.

    Thread: any.
    """

    def __init__(self, n_places: int) -> None:
        self._n_places = n_places
        self._lock, self._bridge, self._n_gone = threading.Lock(), None, 0

    def __call__(self, home: Path, on_message: Hear, on_exit: Exit, threads: int | None = None) -> Executor:
        if threads is None:
            return WorkerProcess(home, on_message, on_exit)
        with self._lock:
            if self._bridge is not None and self._bridge.is_left:
                self._bridge = None
            if self._bridge is not None and self._bridge.is_over:  # a cluster that was lost may be back
                self._n_gone = 1 if self._bridge.has_spoken else self._n_gone + 1
                self._bridge = None
            if self._n_gone > 1:
                return WorkerProcess(home, on_message, on_exit, threads)
            bridge = self._bridge = self._bridge or _Bridge(home, self._n_places)
        return RayWorker(bridge, home, on_message, on_exit, threads)
