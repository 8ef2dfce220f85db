"""What a page sees of a run: a frozen copy that nobody changes."""

import time
from dataclasses import dataclass

from tl_core.engine.recorder import Recorder, thin
from tl_core.spec import RunSpec
from tl_core.store.records import EpochRecord, RunRecord


@dataclass(frozen=True)
class RunSnapshot:
    """A run at one moment.

    Attributes:
        record: As the store has it.
        version: Grows whenever something has changed; equal versions need no drawing.
        phase: What is being done ("queued", "data", "features", "training", …); None once it is over.
        done: Units of the phase that are done; 0 where nothing is counted.
        total: Units in all; 0 where unknown.
        step: Steps done.
        n_steps: Steps in all epochs; 0 before that is known.
        remaining_s: Estimated seconds to the end of the steps, from the steps so far; None before two are done.
        queue_position: 1 for the next to begin; None when not waiting.
        is_stopping: Whether somebody has asked it to stop.
        trace: Rows [step, seconds, images, loss, accuracy], averaged to at most 400.
        epochs: The finished epochs.
    """

    record: RunRecord
    version: int
    phase: str | None = None
    done: int = 0
    total: int = 0
    step: int = 0
    n_steps: int = 0
    remaining_s: float | None = None
    queue_position: int | None = None
    is_stopping: bool = False
    trace: tuple[tuple[float, ...], ...] = ()
    epochs: tuple[EpochRecord, ...] = ()

    @property
    def is_active(self) -> bool:
        """Whether it still waits or trains."""
        return self.phase is not None

    @property
    def spec(self) -> RunSpec:
        return RunSpec.from_dict(self.record.spec)


@dataclass
class LiveRun:
    """What the engine knows of a run that is not over. Guarded by the engine's lock."""

    run_id: str
    spec: RunSpec
    recorder: Recorder
    is_resumed: bool = False
    after: str | None = None  # the run whose training must have begun before this one is sent to the worker
    version: int = 1  # a finished snapshot has 0
    phase: str = "queued"
    done: int = 0
    total: int = 0
    n_steps: int = 0
    is_sent: bool = False
    is_stopping: bool = False
    has_steps: bool = False
    first_step: tuple[float, int] | None = None  # (monotonic seconds, step number)

    def take(self, event: dict) -> None:
        """Takes in one event, after the recorder has."""
        self.version += 1
        if event["event"] == "phase":
            is_inside = event["name"] in ("validating", "compiling") and self.has_steps
            self.phase, self.done, self.total = (
                ("training", 0, 0) if is_inside else (event["name"], event["done"], event["total"])
            )
        elif event["event"] == "started":
            self.n_steps = event["n_steps"]
        elif event["event"] == "step":
            self.phase, self.has_steps = "training", True
            self.first_step = self.first_step or (time.monotonic(), event["step"])

    @property
    def step(self) -> int:
        return self.recorder.steps[-1]["step"] if self.recorder.steps else 0

    def remaining_s(self) -> float | None:
        """Returns the estimated seconds to the last step at the pace since the first."""
        if self.first_step is None or self.step <= self.first_step[1]:
            return None
        pace_s = (time.monotonic() - self.first_step[0]) / (self.step - self.first_step[1])
        return pace_s * (self.n_steps - self.step)

    def snapshot(self, record: RunRecord, epochs: list[EpochRecord], queue_position: int | None) -> RunSnapshot:
        """Returns a copy for a page."""
        trace = tuple(tuple(row) for row in thin(self.recorder.steps))
        return RunSnapshot(
            record,
            self.version,
            self.phase,
            self.done,
            self.total,
            self.step,
            self.n_steps,
            self.remaining_s(),
            queue_position,
            self.is_stopping,
            trace,
            tuple(epochs),
        )
