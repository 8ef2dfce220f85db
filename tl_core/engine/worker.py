"""The worker process: the only one that imports Keras, and there one thread makes every Keras call.

`python -m tl_core.engine.worker` reads JSON lines on standard input and writes JSON lines on standard output. It ends
when its input ends, so no worker outlives its server, however that ends.

In:  {"do": "train", "run_id", "spec", "is_resumed"}, {"do": "stop", "run_id"}, {"do": "classify", "request_id",
     "subject", "images": file of arrays}, {"do": "measure", "request_id", "spec"}
Out: {"say": "ready", "device"}, {"say": "events", "run_id", "events": […]}, {"say": "ended", "run_id"},
     {"say": "answer", "request_id", "value" or "error"}
"""

import json
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from tl_core.engine.schedule import Scheduler
from tl_core.errors import TransferLabError, WorkerError
from tl_core.store.home import data_home
from tl_core.training.events import Event, Step

NICE = 5


class Worker:
    """Takes messages, computes in turns, says what happened.

    Args:
        home: The data folder.
        say: Sends one message to the server.

    Thread: every method runs on the thread that calls `serve`, except `hear`.
    """

    def __init__(self, home: Path, say: Callable[[dict], None]) -> None:
        from tl_core.engine.requests import Models

        self._home, self._say = home, say
        self._models = Models(home)
        self._inbox: queue.SimpleQueue[dict] = queue.SimpleQueue()
        self._scheduler = Scheduler(self._on_event, self._on_end)
        self._stopping: set[str] = set()
        self._unsent: dict[str, list[dict]] = {}

    def hear(self, message: dict) -> None:
        """Takes in a message: a stop counts at once, everything else waits for its turn. Any thread."""
        if message["do"] == "stop":
            self._stopping.add(message["run_id"])
            return
        if message["do"] == "train":  # a stop from before, that came too late for an earlier part of this run
            self._stopping.discard(message["run_id"])
        self._inbox.put(message)

    def serve(self) -> None:
        """Works until the process ends."""
        while True:
            while self._scheduler.is_idle or not self._inbox.empty():
                self.take(self._inbox.get())
            self._scheduler.turn()
            self._flush()

    def take(self, message: dict) -> None:
        """Begins what a message asks for."""
        kinds = {"train": self._train, "classify": self._classify, "measure": self._measure}
        kinds[message["do"]](message)

    def _train(self, message: dict) -> None:
        from tl_core.engine.training_task import TrainingTask
        from tl_core.spec import RunSpec

        run_id = message["run_id"]
        task = TrainingTask(
            RunSpec.from_dict(message["spec"]),
            self._home,
            self._home / "runs" / run_id,
            should_stop=lambda: run_id in self._stopping,
            is_resumed=message["is_resumed"],
            publish=lambda event: self._say({"say": "events", "run_id": run_id, "events": [event.to_dict()]}),
        )
        self._scheduler.add(run_id, task.run())

    def _on_event(self, task_id: str, event: Event | None) -> None:
        """Keeps the steps of a turn for one message; anything else is said at once, as what follows may take long."""
        if event is None:  # a request that makes way
            return
        self._unsent.setdefault(task_id, []).append(event.to_dict())
        if not isinstance(event, Step):
            self._flush()

    def _flush(self) -> None:
        for run_id, events in self._unsent.items():
            self._say({"say": "events", "run_id": run_id, "events": events})
        self._unsent = {}

    def _on_end(self, task_id: str, error: BaseException | None) -> None:
        if task_id.startswith("request:"):
            if error is not None:
                self._answer(task_id, error=_plain_error(error))
            return
        self._flush()
        self._stopping.discard(task_id)
        self._say({"say": "ended", "run_id": task_id} | ({"error": _plain_error(error)} if error else {}))
        self._let_go()

    def _let_go(self) -> None:
        """Frees what an ended training leaves behind."""
        from tl_core.engine.machine import release

        if self._scheduler.is_idle:
            self._models.clear()
        release(is_idle=self._scheduler.is_idle)

    def _classify(self, message: dict) -> None:
        task = self._classified(message["subject"], message["images"])
        self._scheduler.add(message["request_id"], self._answering(message["request_id"], task), is_request=True)

    def _classified(self, subject: str, path: str) -> Iterator:
        import numpy as np

        from tl_core.engine.requests import classify

        with np.load(path, allow_pickle=False) as file:
            images = [file[name] for name in sorted(file.files)]
        return (yield from classify(self._models, subject, images))

    def _measure(self, message: dict) -> None:
        from tl_core.engine.requests import measure
        from tl_core.spec import RunSpec

        task = measure(RunSpec.from_dict(message["spec"]))
        self._scheduler.add(message["request_id"], self._answering(message["request_id"], task), is_request=True)

    def _answering(self, request_id: str, task: Iterator) -> Iterator[None]:
        value = yield from task
        self._answer(request_id, value=value.tolist() if hasattr(value, "tolist") else value)

    def _answer(self, request_id: str, **what: object) -> None:
        self._say({"say": "answer", "request_id": request_id, **what})


def _plain_error(error: BaseException) -> dict:
    if isinstance(error, TransferLabError):
        return error.to_dict()
    return WorkerError("request_failed", reason=f"{type(error).__name__}: {error}"[:300]).to_dict()


def _private_output() -> Callable[[dict], None]:
    """Keeps standard output for messages; whatever libraries print goes to standard error."""
    messages = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    lock = threading.Lock()

    def say(message: dict) -> None:
        with lock:
            messages.write(json.dumps(message) + "\n")

    return say


def _read_input(worker: Worker) -> None:
    try:
        for line in sys.stdin:
            worker.hear(json.loads(line))
    finally:  # the server is gone, perhaps in the middle of a line; nothing here is worth keeping that is not on disk
        os._exit(0)


def main() -> None:
    from tl_core.engine.machine import device_name, prepare

    say = _private_output()
    if hasattr(os, "nice"):
        os.nice(NICE)
    home = data_home()
    prepare(home)
    worker = Worker(home, say)
    threading.Thread(target=_read_input, args=(worker,), name="input", daemon=True).start()
    import tl_core.engine.training_task  # noqa: F401 (the first student should not wait for imports)

    say({"say": "ready", "device": device_name()})
    worker.serve()


if __name__ == "__main__":
    main()
