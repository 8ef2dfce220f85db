"""An engine whose workers only say what the test tells them to say."""

import time
from collections.abc import Callable

from tl_core.engine.environment import n_threads
from tl_core.engine.pool.capacity import Capacity
from tl_core.engine.pool.pool import MAX_ACTIVE
from tl_core.engine.service import Engine
from tl_core.spec import RunSpec
from tl_core.store.access import OPERATOR
from tl_core.store.records import RunState

SPEC = RunSpec(backbone="squeezenet", image_size=64, n_frozen=9, epochs=2)
SCRATCH = SPEC.with_changes(weights="random", n_frozen=0)
PLENTY = 10**12


class Clock:
    """Monotonic seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s

    def pass_s(self, seconds: float) -> None:
        self.now_s += seconds


class FakeWorker:
    """Records what it is sent; says what the test tells it to."""

    def __init__(
        self, home, on_message: Callable[[dict], None], on_exit: Callable[[int], None], threads: int | None = None
    ) -> None:
        self.say, self.die, self.threads = on_message, on_exit, threads
        self.sent: list[dict] = []
        self.is_closed = False

    def send(self, message: dict) -> None:
        self.sent.append(message)

    def close(self) -> None:
        self.is_closed = True

    def trained(self) -> list[str]:
        """The ids of the runs that it was given, in order."""
        return [message["run_id"] for message in self.sent if message["do"] == "train"]

    def stopped(self) -> list[str]:
        return [message["run_id"] for message in self.sent if message["do"] == "stop"]

    def tell(self, run_id: str, *events: dict) -> None:
        self.say({"say": "events", "run_id": run_id, "events": list(events)})

    def begin(self, run_id: str, n_steps: int = 1) -> None:
        """Says that a run has started and done some steps."""
        self.tell(run_id, STARTED, *(step(number + 1) for number in range(n_steps)))

    def end(self, run_id: str, state: str = "completed", error: dict | None = None) -> None:
        """Says that a run is over, then that it has let go of it."""
        self.tell(run_id, ended(state, error))
        self.say({"say": "ended", "run_id": run_id})


STARTED = {
    "event": "started",
    "frozen_params": 10,
    "trainable_params": 5,
    "is_cached": True,
    "n_train": 100,
    "n_steps": 8,
    "n_validation": 0,
    "n_test": 0,
    "device": "CPU",
}


def train(run_id: str, spec: RunSpec, *, is_resumed: bool = False, attempt: int = 1) -> dict:
    """What a worker is sent for a run: its spec names the number of threads."""
    told = spec.with_changes(threads=n_threads()).to_dict()
    return {"do": "train", "run_id": run_id, "owner": "local", "spec": told, "is_resumed": is_resumed} | {
        "attempt": attempt
    }


def step(number: int) -> dict:
    return {
        "event": "step",
        "step": number,
        "epoch": 1,
        "train_loss": 1 / number,
        "train_accuracy": 0.5,
        "elapsed_s": number / 10,
        "images": number * 32,
    }


def epoch(number: int, phase: int = 1) -> dict:
    return {
        "event": "epoch",
        "epoch": number,
        "train_loss": 1.0,
        "train_accuracy": 0.4,
        "val_loss": 1.5,
        "val_accuracy": 0.3,
        "seconds": 2.0,
        "elapsed_s": number * 2.0,
        "step": number * 4,
        "images": number * 128,
        "is_best": True,
        "phase": phase,
    }


def ended(state: str = "completed", error: dict | None = None) -> dict:
    scores = {"accuracy": 0.75} if state == "completed" else None
    return {
        "event": "ended",
        "state": state,
        "best_epoch": None,
        "seconds": 9.5,
        "scores": scores,
        "proof": [],
        "error": error,
    }


class Bench:
    """An engine with its fake workers; the last one is the living one, where there is only the main one."""

    def __init__(self, store, home, clock: Callable[[], float] = time.monotonic, free_bytes: int = PLENTY) -> None:
        self.workers: list[FakeWorker] = []
        self.home, self.free_bytes = home, free_bytes
        self.engine = Engine(store, home, self._start, clock, Capacity(lambda: self.free_bytes))

    def _start(self, *arguments, **threads) -> FakeWorker:
        self.workers.append(FakeWorker(*arguments, **threads))
        return self.workers[-1]

    @property
    def worker(self) -> FakeWorker:
        return self.workers[-1]

    def submit(self, name: str = "run", spec: RunSpec = SPEC, **more) -> str:
        """Submits a run that waits for no other's result, though all are equal."""
        return self.engine.runs.submit(spec, name=name, **{"is_afresh": True, "by": OPERATOR} | more).id

    def fill(self) -> list[str]:
        """Submits and starts as many runs as there is room for."""
        ids = [self.submit(f"run {number}") for number in range(MAX_ACTIVE)]
        for run_id in ids:
            self.worker.begin(run_id)
        return ids

    def state(self, run_id: str) -> RunState:
        return self.engine.runs.snapshot(run_id, by=OPERATOR).record.state

    def position(self, run_id: str) -> int | None:
        return self.engine.runs.snapshot(run_id, by=OPERATOR).queue_position
