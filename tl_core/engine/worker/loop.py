"""The worker: takes messages, computes in turns, says what happened."""

import logging
import queue
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from tl_core.engine.worker.requests import REQUESTS, Progress, Request
from tl_core.engine.worker.scheduler import Rank, Scheduler
from tl_core.errors import TransferLabError, WorkerError
from tl_core.training.events import Ended, Epoch, Event, Phase, Started, Step

CHORE = "chore"  # the name of whatever nobody waits for
GATHER_S = 0.05  # events within so short a time go into one message


class Worker:
    """Takes messages, computes in turns, says what happened.

    Args:
        home: The data folder.
        say: Sends one message to the server.
        may_write: Asked before anything of a run is written; does not return where that is another worker's now.

    Thread: every method runs on the thread that computes, except `hear`, `end` and `turn_s`.
    """

    def __init__(self, home: Path, say: Callable[[dict], None], may_write: Callable[[], None] = lambda: None) -> None:
        from tl_core.engine.worker.interruption import Interruption
        from tl_core.engine.worker.kept import Kept
        from tl_core.engine.worker.tasks.train import TrainingTask

        self._home, self._say, self._may_write, self._kept = home, say, may_write, Kept.empty(home)
        self._inbox: queue.SimpleQueue[dict] = queue.SimpleQueue()
        self._scheduler = Scheduler(self._on_event, self._on_end, is_step=lambda event: isinstance(event, Step))
        self._stopping: set[str] = set()
        self._unsent: dict[str, list[dict]] = {}
        self._unrecorded: dict[str, dict[int, dict]] = {}
        self._said_s = 0.0
        self._turn_began_s: float | None = None
        self._is_over = False
        self.interruption = Interruption(lambda run_id: run_id not in self._stopping, spared=TrainingTask._ended)

    def hear(self, message: dict) -> None:
        """Takes in a message: a stop counts at once, everything else waits for its turn. Any thread."""
        if message["do"] == "stop":
            self._stopping.add(message["run_id"])
            self.interruption.ask()
        if message["do"] == "train":  # a stop from before, that came too late for an earlier part of this run
            self._stopping.discard(message["run_id"])
        self._inbox.put(message)

    def end(self) -> None:
        """Lets `serve` and `work` return after the present turn; what is not finished is dropped. Any thread."""
        self._is_over = True
        self._inbox.put({"do": "nothing"})

    @property
    def turn_s(self) -> float:
        """Seconds that the present turn has lasted; 0 between turns. Any thread."""
        began_s = self._turn_began_s
        return 0.0 if began_s is None else time.monotonic() - began_s

    def serve(self) -> None:
        """Works until `end`."""
        while not self._is_over:
            self._take(self._inbox.get())
            self.work()

    def work(self) -> None:
        """Works until nothing is left to do, or only paused runs."""
        while not self._is_over and not (self._inbox.empty() and self._scheduler.is_idle):
            while not self._inbox.empty():
                self._take(self._inbox.get())
            self._turn()

    def _turn(self) -> None:
        self._turn_began_s = time.monotonic()
        self._scheduler.turn()
        self._turn_began_s = None
        self._flush()

    def _take(self, message: dict) -> None:
        """Begins what a message asks for."""
        do = message["do"]
        if do in REQUESTS:
            self._begin(REQUESTS[do], message)
        elif do == "train":
            self._train(message)
        elif do == "recorded":
            unrecorded = self._unrecorded.get(message["run_id"], {})
            for number in [number for number in unrecorded if number <= message["epoch"]]:
                del unrecorded[number]
        elif do == "cancel":
            self._scheduler.drop(message["request_id"])
        elif do == "stop":
            self._scheduler.prioritise(message["run_id"])
        elif do == "pause":
            self._scheduler.pause(message["run_id"])
        elif do == "continue":
            self._scheduler.resume(message["run_id"])
        elif do == "step":
            self._scheduler.step(message["run_id"])
        elif do != "nothing":
            raise ValueError(f"no worker can do {do!r}")

    def _train(self, message: dict) -> None:
        from tl_core.engine.worker.tasks.train import TrainingTask
        from tl_core.spec import RunSpec

        run_id = message["run_id"]
        self._unrecorded[run_id] = unrecorded = {}
        task = TrainingTask(
            RunSpec.from_dict(message["spec"]),
            self._home,
            self._home / "runs" / run_id,
            should_stop=lambda: run_id in self._stopping,
            is_resumed=message["is_resumed"],
            warm=self._kept.warm,
            publish=lambda event: self._on_event(run_id, event),
            unrecorded=unrecorded,
            attempt=message.get("attempt", 0),
            may_write=self._may_write,
        )
        self._scheduler.add(run_id, self.interruption.watched(run_id, task.run()), owner=message["owner"])

    def _on_event(self, task_id: str, event: Event | Progress) -> None:
        """Gathers events that come in quick succession; what announces something long is said at once."""
        if isinstance(event, Progress):
            self._say({"say": "progress", "request_id": task_id, **asdict(event)})
            return
        self._unsent.setdefault(task_id, []).append(event.to_dict())
        if _is_followed_by_work(event) or time.monotonic() - self._said_s > GATHER_S:
            self._flush()

    def _flush(self) -> None:
        unsent, self._unsent, self._said_s = self._unsent, {}, time.monotonic()
        for run_id, events in unsent.items():
            self._say({"say": "events", "run_id": run_id, "events": events})

    def _on_end(self, task_id: str, error: BaseException | None) -> None:
        if task_id == CHORE:
            if error is not None:
                logging.getLogger(__name__).warning("could not make ready: %r", error)
        elif task_id.startswith("request:"):
            if error is not None:
                self._answer(task_id, error=_plain_error(error))
        else:
            self._flush()
            self._stopping.discard(task_id)
            self._unrecorded.pop(task_id, None)
            self._say({"say": "ended", "run_id": task_id} | ({"error": _plain_error(error)} if error else {}))
            self._let_go()

    def _let_go(self) -> None:
        """Frees what an ended training leaves behind; to look for it takes longer than to train a small head."""
        from tl_core.engine.worker.device import release

        if self._scheduler.is_empty:
            self._kept.models.clear()
        if not self._kept.warm.has_taken_back():
            release(is_idle=self._scheduler.is_empty)

    def _begin(self, request: Request, message: dict) -> None:
        if request.rank is Rank.CHORE:
            self._scheduler.add(CHORE, request.begin(self._kept, message), rank=Rank.CHORE)
        else:
            task = self._answering(message["request_id"], request, message)
            self._scheduler.add(message["request_id"], task, rank=request.rank)

    def _answering(self, request_id: str, request: Request, message: dict) -> Iterator[Progress | None]:
        self._answer(request_id, value=(yield from request.begin(self._kept, message)))

    def _answer(self, request_id: str, **what: object) -> None:
        self._say({"say": "answer", "request_id": request_id, **what})


def _is_followed_by_work(event: Event) -> bool:
    """Says whether an event announces what may take long before the next one; a checkpoint comes after an epoch."""
    return isinstance(event, Started | Epoch | Ended) or (isinstance(event, Phase) and event.done == 0)


def _plain_error(error: BaseException) -> dict:
    if isinstance(error, TransferLabError):
        return error.to_dict()
    return WorkerError("request_failed", reason=f"{type(error).__name__}: {error}"[:300]).to_dict()
