"""One worker of the pool, as the server sees it: what it has to do, and its heartbeat."""

import math
import threading
from collections.abc import Callable

from tl_core.engine.executors.contract import LOST, Executor
from tl_core.engine.pool.evidence import n_out_of_memory
from tl_core.errors import WorkerError

START_S = 180.0  # a slow disk may take long to load TensorFlow; a worker that is not ready by then never will be
SILENCE_S = 10.0  # between two heartbeats; they come every two seconds
TURN_S = 300.0  # no turn of a training takes so long without a word
KILLED = (-9, 137)  # by the signal that nothing survives: the system sends it when memory runs out, people send it too


class WorkerHandle:
    """A worker and what the server has told it.

    Args:
        threads: Its intra-op threads.
        most: Runs that it advances side by side; as many again may be paused.
        clock: Monotonic seconds.

    Attributes:
        runs: Ids of the runs that it has, also of those that are over but that it has not let go of.
        device: What it computes on; None until it is ready.
        environment: As `engine.environment.environment`, of its machine; None until it is ready.
        is_waiting: Whether it has no machine yet: no limit of time holds for its start then.
        writing: Held while what it has said is written down, which the engine's lock is not kept for.

    Guarded by the engine's lock.
    """

    def __init__(self, threads: int, most: int, clock: Callable[[], float]) -> None:
        self.threads, self.most = threads, most
        self.device: str | None = None
        self.environment: dict | None = None
        self.is_waiting = False
        self.writing = threading.Lock()
        self.runs: set[str] = set()
        self._paused: set[str] = set()
        self._asked: set[str] = set()
        self._clock = clock
        self._executor: Executor | None = None
        self._lease_s = 0.0
        self._unsent: list[dict] = []
        self._heard_s = self._said_s = self._used_s = clock()
        self._turn_s: float | None = None  # None: it has not said yet that it is alive, and perhaps never does
        self._n_out_of_memory = n_out_of_memory()

    @property
    def pid(self) -> int | None:
        """Its process, where it is one."""
        return getattr(self._executor, "pid", None)

    @property
    def has_heartbeat(self) -> bool:
        """Whether it has said that it is alive, so that its silence would mean something."""
        return self._turn_s is not None

    @property
    def load(self) -> int:
        """How many runs share its turns."""
        return len(self.runs - self._paused)

    @property
    def is_full(self) -> bool:
        return self.load >= self.most or len(self.runs) >= 2 * self.most

    @property
    def is_busy(self) -> bool:
        return bool(self.runs or self._asked)

    def attach(self, executor: Executor) -> None:
        """Gives it what computes; it may have begun to speak before."""
        self._executor, self._lease_s = executor, getattr(executor, "lease_s", 0.0)
        self._renew({"said_s": None})
        for message in self._unsent:
            executor.send(message)
        self._unsent = []

    def send(self, message: dict) -> None:
        """Passes a message on, and remembers what it gives the worker to do."""
        self._note(message["do"], message)
        self.use()
        if self._executor is None:
            self._unsent.append(message)
        else:
            self._executor.send(message)

    def _note(self, do: str, message: dict) -> None:
        if do == "train":
            self.runs.add(message["run_id"])
        elif do == "pause":
            self._paused.add(message["run_id"])
        elif do in ("continue", "stop"):
            self._paused.discard(message["run_id"])
        elif "request_id" in message:
            self._asked.add(message["request_id"])

    def hear(self, message: dict) -> None:
        """Takes a message as a sign of life, and notes what the worker has done with."""
        self._heard_s = self._clock()
        if message["say"] == "heartbeat":
            self._turn_s = message["turn_s"]
            self._renew(message)
            return
        self._said_s = self._used_s = self._heard_s
        self.is_waiting = message["say"] == "waiting"
        if message["say"] == "ready":
            self.device, self.environment = message["device"], message.get("environment")
        elif message["say"] == "answer":
            self._asked.discard(message["request_id"])

    def _renew(self, heartbeat: dict) -> None:
        """Lets it go on for a while, from when it said that it lives; one that ends with its pipe needs no leave."""
        if self._executor is not None and self._lease_s:
            self._executor.send({"do": "renew", "said_s": heartbeat["said_s"], "seconds": self._lease_s})

    def lease_left_s(self) -> float:
        """Returns for how many seconds it may still live on and write, where nobody knows what has become of it."""
        return max(0.0, self._heard_s + self._lease_s - self._clock()) if self._lease_s else 0.0

    def let_go(self, run_id: str) -> None:
        """Notes that the worker has nothing to do with a run any more."""
        self.runs.discard(run_id)
        self._paused.discard(run_id)

    def finish_writing(self) -> None:
        """Waits until what it has said is written down."""
        with self.writing:
            return

    def use(self) -> None:
        """Notes that somebody needs it: its idle time begins anew."""
        self._used_s = self._clock()

    def idle_s(self) -> float:
        """Returns for how many seconds nobody has needed it."""
        return 0.0 if self.is_busy else self._clock() - self._used_s

    def excuse(self) -> None:
        """Lets its silence begin anew: nobody was there to hear it."""
        self._heard_s = self._clock()

    def hang(self) -> WorkerError | None:
        """Returns why the worker is taken to hang, or None while it is not."""
        silent_s, wordless_s = self._clock() - self._heard_s, self._clock() - self._said_s
        if self.device is None:
            is_hung = wordless_s > START_S and not self.is_waiting
        elif self._turn_s is None:
            is_hung = self._lease_s > 0 and silent_s > SILENCE_S
        else:  # a long turn that still says something, such as a download, is none to worry about
            is_hung = silent_s > SILENCE_S or min(self._turn_s, wordless_s) > TURN_S
        return WorkerError("worker_hung", seconds=math.ceil(max(silent_s, self._turn_s or 0.0))) if is_hung else None

    def death(self, status: int) -> WorkerError:
        """Returns why it has died, as far as its exit status and the system's count of such ends tell."""
        if status == LOST:
            return WorkerError("worker_lost")
        if status not in KILLED:
            return WorkerError("worker_died", status=status)
        before, now = self._n_out_of_memory, n_out_of_memory()
        is_out_of_memory = before is not None and now is not None and now > before
        return WorkerError("worker_out_of_memory" if is_out_of_memory else "worker_killed", status=status)

    def close(self) -> None:
        """Ends it, whatever it is doing."""
        if self._executor is not None:
            self._executor.close()
