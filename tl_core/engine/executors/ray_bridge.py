"""The process that speaks Ray for the server: a process that has called `ray.init` dies with its cluster.

`python -m tl_core.engine.executors.ray_bridge` reads JSON lines on standard input and writes JSON lines on standard
output. It ends when its input ends; its actors end with it, and their workers with them.

In:  {"places"}, first: the processors of a cluster that is started here,
     {"worker", "start": {"home", "threads"}}, {"worker", "message": {…}}, {"worker", "close": true}
Out: {"worker", "message": {…}}: what the worker says, or {"say": "waiting"} while the cluster has no room for it;
     {"worker", "exit": status}: it has ended, `LOST` where nobody knows what became of it

An actor does nothing but start the usual worker on its node and pass lines on: a GPU, the interruption of a
compilation, niceness and exit status are what they are on one machine, and Keras shares no process with Ray. The lease
(`engine.worker.lease`) is kept between the server and the worker, whatever lies between.
"""

import json
import logging
import os
import queue
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from tl_core.engine.executors.contract import LOST
from tl_core.engine.executors.process import WorkerProcess

WAITING_S = 5.0  # between two words that a worker has no room yet
LOOK_S = 3.0  # between two looks whether the cluster still has a node
PATIENCE_S = 15.0  # then a cluster that does not answer, or has no node, is taken to be gone
CLOSE_S = 0.5  # so long a node may take to end its worker itself; then the actor is killed
MOST = 64  # messages in one answer


class Host:
    """On the node: starts the worker and passes on what goes in and comes out. One thread for each direction.

    Args:
        home: The data folder, on this node.
        threads: The worker's intra-op threads.
    """

    def __init__(self, home: str, threads: int) -> None:
        self._said: queue.SimpleQueue[dict] = queue.SimpleQueue()
        self._worker = WorkerProcess(Path(home), self._said.put, lambda exit: self._said.put({"exit": exit}), threads)

    def hear(self, message: dict) -> None:
        """Passes one message on to the worker."""
        self._worker.send(message)

    def close(self) -> None:
        """Ends the worker."""
        self._worker.close()

    def listen(self) -> Iterator[list[dict]]:
        """Yields what the worker says, each message once and in order; the last holds {"exit": status}."""
        while True:
            said = [self._said.get()]
            with suppress(queue.Empty):
                while len(said) < MOST:
                    said.append(self._said.get_nowait())
            yield said
            if "exit" in said[-1]:
                return


class Relay:
    """One worker of the cluster, as the bridge sees it.

    Args:
        actor: Of `Host`.
        say: Writes what belongs to this worker.

    Thread: any.
    """

    def __init__(self, actor: Any, say: Callable[[dict], None]) -> None:
        self._actor, self._say = actor, say
        self._has_spoken, self._is_closed = threading.Event(), False
        threading.Thread(target=self._listen, daemon=True).start()
        threading.Thread(target=self._wait, daemon=True).start()

    def send(self, message: dict) -> None:
        """Passes a message on; where the actor is gone, the listening thread hears of it."""
        from ray.exceptions import RayError  # pyright: ignore[reportMissingImports]

        with suppress(RayError):
            self._actor.hear.remote(message)

    def close(self) -> None:
        """Ends the worker; nothing is said of it afterwards."""
        import ray  # pyright: ignore[reportMissingImports]
        from ray.exceptions import RayError  # pyright: ignore[reportMissingImports]

        self._is_closed = True
        with suppress(RayError):  # a `GetTimeoutError` is one
            ray.get(self._actor.close.remote(), timeout=CLOSE_S)
        self._kill()

    def _kill(self) -> None:
        import ray  # pyright: ignore[reportMissingImports]
        from ray.exceptions import RayError  # pyright: ignore[reportMissingImports]

        with suppress(RayError):
            ray.kill(self._actor)  # its worker sees the end of its input and ends as well

    def _wait(self) -> None:
        while not self._has_spoken.wait(WAITING_S) and not self._is_closed:
            self._say({"message": {"say": "waiting"}})

    def _listen(self) -> None:
        import ray  # pyright: ignore[reportMissingImports]
        from ray.exceptions import RayError  # pyright: ignore[reportMissingImports]

        status = LOST
        try:
            for said in self._actor.listen.remote():
                for message in ray.get(said):
                    self._has_spoken.set()
                    if "exit" in message:
                        status = message["exit"]
                    elif not self._is_closed:
                        self._say({"message": message})
        except RayError as error:
            if not self._is_closed:
                logging.getLogger(__name__).warning("a worker is lost: %s", error)
        self._has_spoken.set()
        if not self._is_closed:
            self._say({"exit": status})
            self._kill()


def _connect(n_places: int) -> Any:
    """Joins the cluster that TL_RAY_ADDRESS names, or starts one here for so many workers with one thread.

    Returns:
        The class of the actors.
    """
    address = os.environ.get("TL_RAY_ADDRESS") or None
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # before the import: nothing is reported to anybody
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # without GPUs CUDA_VISIBLE_DEVICES stays
    os.environ.setdefault("RAY_AUTH_MODE", "token")  # whoever reaches the ports of a cluster runs code there
    if address is None:
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    import ray  # pyright: ignore[reportMissingImports]

    here = {} if address else {"include_dashboard": False, "num_gpus": 0, "num_cpus": n_places}
    ray.init(address or "local", log_to_driver=False, logging_level=logging.WARNING, namespace="transfer-lab", **here)
    return ray.remote(max_restarts=0, max_task_retries=0, concurrency_groups={"hear": 1, "listen": 1})(_grouped(ray))


def _grouped(ray: Any) -> type:
    """Returns `Host` with a thread for each direction."""

    class Actor(Host):
        hear = ray.method(concurrency_group="hear")(Host.hear)
        close = ray.method(concurrency_group="hear")(Host.close)
        listen = ray.method(concurrency_group="listen")(Host.listen)

    return Actor


def _watch(has_nodes: Callable[[], bool], seen: list[float]) -> None:
    """Notes, again and again, when the cluster was there."""
    while True:
        with suppress(Exception):  # whatever Ray raises where nothing answers
            if has_nodes():
                seen[0] = time.monotonic()
        time.sleep(LOOK_S)


def _leave_what_is_gone(seen: list[float]) -> None:
    """Ends this process with its cluster; the next one starts, or joins, another."""
    while time.monotonic() - seen[0] < PATIENCE_S:
        time.sleep(LOOK_S)
    logging.getLogger(__name__).error("the cluster is gone")
    os._exit(LOST)


def _has_nodes() -> bool:
    import ray  # pyright: ignore[reportMissingImports]

    return any(node["Alive"] for node in ray.nodes())


def main() -> None:
    messages = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)  # whatever Ray prints goes to the log
    lock, relays = threading.Lock(), dict[str, Relay]()

    def say(worker: str, what: dict) -> None:
        with lock:
            messages.write(json.dumps({"worker": worker, **what}) + "\n")

    actors, seen = _connect(json.loads(sys.stdin.readline())["places"]), [time.monotonic()]
    threading.Thread(target=_watch, args=(_has_nodes, seen), daemon=True).start()
    threading.Thread(target=_leave_what_is_gone, args=(seen,), daemon=True).start()
    try:
        for line in sys.stdin:
            message = json.loads(line)
            worker = message["worker"]
            if "start" in message:
                start = message["start"]
                actor = actors.options(num_cpus=start["threads"]).remote(start["home"], start["threads"])
                relays[worker] = Relay(actor, lambda what, worker=worker: say(worker, what))
            elif "message" in message and worker in relays:
                relays[worker].send(message["message"])
            elif "close" in message and worker in relays:
                threading.Thread(target=relays.pop(worker).close, daemon=True).start()
    finally:  # the server is gone: its actors end with this process
        os._exit(0)


if __name__ == "__main__":
    main()
