"""What the store keeps: a run, its epochs, and the state that it is in. Plain frozen data, no database."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum, StrEnum
from typing import Any


class RunState(StrEnum):
    """Where a run stands. QUEUED → RUNNING → one of the finished states, whatever happens."""

    QUEUED = "queued"  #: Waits for its turn: no epoch yet, or all of a completed run that is to go on.
    RUNNING = "running"  #: A living process trains it.
    COMPLETED = "completed"  #: All epochs of its spec are done. Can go on for more of them.
    STOPPED = "stopped"  #: A person ended it early; its best weights so far are kept. Can be resumed.
    FAILED = "failed"  #: It could not go on; the record's `error` says why. Final, unless its worker was lost.
    INTERRUPTED = "interrupted"  #: Its process died, or the disk refused to go on. Can be resumed from its checkpoint.

    @property
    def is_finished(self) -> bool:
        """True when no process works on the run or will start it by itself."""
        return self not in (RunState.QUEUED, RunState.RUNNING)

    @property
    def is_resumable(self) -> bool:
        """True when a finished run may be started again, to go on from its last checkpoint."""
        return self in (RunState.STOPPED, RunState.INTERRUPTED)


WORKER_LOSSES = frozenset(
    {"worker_died", "worker_killed", "worker_out_of_memory", "worker_hung", "worker_lost", "worker_other_code"}
)
"""Codes of errors by which a run ends that another worker may take up again."""


class Visibility(StrEnum):
    """Who may look at a run, beside its owner and the instructor. Only those two may ever change it."""

    PRIVATE = "private"  #: Nobody: for all others there is no such run.
    LINK = "link"  #: Anyone who knows its whole id; it stands in no list.
    CLASS = "class"  #: Everybody on this server.


@dataclass(frozen=True)
class EpochRecord:
    """One epoch of one run, as measured. A loss or accuracy is None where it was not measured or not a number.

    Units:
        Losses in nats, accuracies as fractions in [0, 1], times in seconds; `epoch` counts from 1.
    """

    epoch: int
    train_loss: float | None
    train_accuracy: float | None
    val_loss: float | None
    val_accuracy: float | None
    seconds: float  #: Duration of this epoch.
    elapsed_s: float  #: Since training began, earlier parts of a resumed run included.
    step: int  #: Optimiser updates so far.
    images: int  #: Training images seen so far.
    is_best: bool
    is_partial: bool = False  #: Ended before all its batches were seen.
    phase: int = 1  #: 2 in the second of two phases.
    gradient_norms: list | None = None  #: Of each block, then of the head: mean over some steps; None: not measured.
    source_accuracy: float | None = None  #: Of the source's own task, with its own head; None: not measured.

    def to_dict(self) -> dict:
        """Returns JSON-able plain data; NaN and infinity become None."""
        return plain(asdict(self))


def last_number(epochs: Sequence[EpochRecord]) -> int:
    """Returns how many epochs were trained: the number of the last one, whatever a record lacks before it."""
    return max((epoch.epoch for epoch in epochs), default=0)


@dataclass(frozen=True)
class RunRecord:
    """One training, from spec to scores. What is not known (yet) is None, never 0.

    Units:
        Times of day are ISO 8601 in UTC; `seconds` is the training time by a monotonic clock; `test_accuracy` is a
        fraction in [0, 1].
    """

    id: str  #: 32 hexadecimal digits.
    seq: int  #: Grows with every new run: the order of creation, whatever the clock says.
    name: str
    role: str  #: "run", or "baseline" for a from-scratch twin.
    twin_id: str | None
    owner: str
    state: RunState
    spec: dict
    environment: dict
    created_at: str
    started_at: str | None = None
    ended_at: str | None = None
    seconds: float | None = None
    frozen_params: int | None = None
    trainable_params: int | None = None
    is_cached: bool | None = None
    best_epoch: int | None = None
    test_accuracy: float | None = None
    scores: dict | None = None
    proof: list | None = None
    error: dict | None = None  #: {"code", "values"}, for `tl_core.phrases.explain`.
    fingerprint: str | None = None  #: Equal for runs that must end alike (`engine.runs.reuse`); None: cannot be told.
    recorded_from: str | None = None  #: The run that was trained, where this one is a copy of its record.
    recorded_at: str | None = None  #: When that run ended.
    earlier: list | None = None  #: What it was each time that it had ended and went on (`transitions.longer`).
    visibility: Visibility = Visibility.PRIVATE
    is_pinned: bool = False  #: Kept when old runs are cleared away.
    sweep_id: str | None = None  #: The sweep that it is a trial of.
    trial: int | None = None  #: Its place among the trials of that sweep, from 0.

    @property
    def has_fault(self) -> bool:
        """Whether it has a bug on purpose, so that it stands for nothing but that."""
        return self.spec.get("fault", "none") != "none"

    @property
    def is_resumable(self) -> bool:
        """True when it may be started again, to go on from its last checkpoint; also where its worker was lost."""
        is_lost = self.state is RunState.FAILED and (self.error or {}).get("code") in WORKER_LOSSES
        return is_lost or self.state.is_resumable

    def to_dict(self) -> dict:
        """Returns JSON-able plain data; NaN and infinity become None."""
        return plain(asdict(self))

    @classmethod
    def from_dict(cls, data: dict) -> "RunRecord":
        """Returns the record that `to_dict` wrote.

        Raises:
            TypeError, ValueError: A field is missing, unknown, or names no state.
        """
        named = {"state": RunState(data["state"]), "visibility": Visibility(data.get("visibility", Visibility.CLASS))}
        return cls(**{**data, **named})


ANY_SWEEP = "*"
"""In place of a sweep's id, for lists of runs: those of every sweep, and those of none."""


class SweepState(StrEnum):
    """Where a sweep stands."""

    RUNNING = "running"  #: A living process has its trials trained.
    COMPLETED = "completed"  #: All its trials are over; some may have failed.
    STOPPED = "stopped"  #: A person ended it. Can go on.
    INTERRUPTED = "interrupted"  #: Its process died, or the disk refused a trial. Can go on.
    OFFERED = "offered"  #: Nobody has it trained: whoever may see it takes trials, one at a time. Can go on.


@dataclass(frozen=True)
class SweepRecord:
    """One sweep: what it asks, and how far it is. Its trials are runs that name it.

    Units:
        Times of day are ISO 8601 in UTC.
    """

    id: str  #: 32 hexadecimal digits.
    seq: int  #: Grows with every new sweep.
    name: str
    owner: str
    state: SweepState
    sweep: dict  #: As `experiments.sweep.Sweep.to_dict` tells it.
    created_at: str
    ended_at: str | None = None  #: When it last came to rest.
    error: dict | None = None  #: {"code", "values"} of what kept it from going on.
    visibility: Visibility = Visibility.PRIVATE

    @property
    def is_active(self) -> bool:
        """True while a process has its trials trained."""
        return self.state is SweepState.RUNNING

    def to_dict(self) -> dict:
        """Returns JSON-able plain data."""
        return plain(asdict(self))

    @classmethod
    def from_dict(cls, data: dict) -> "SweepRecord":
        """Returns the record that `to_dict` wrote.

        Raises:
            TypeError, ValueError, KeyError: A field is missing, unknown, or names no state.
        """
        named = {"state": SweepState(data["state"]), "visibility": Visibility(data["visibility"])}
        return cls(**{**data, **named})


@dataclass(frozen=True)
class TrialRecord:
    """What a table of trials needs of a run.

    Units:
        Accuracies are fractions in [0, 1].
    """

    trial: int
    run_id: str
    state: RunState
    test_accuracy: float | None
    val_accuracy: float | None  #: Of the best epoch.
    seconds: float | None
    epoch_s: float | None = None  #: Mean of the epochs after the first, which also compiles; None where there is one.
    owner: str = ""  #: Whose the run is; of a sweep that is offered, who has taken the trial.


@dataclass(frozen=True)
class OwnerRecord:
    """Somebody who has runs.

    Attributes:
        id: What runs name as their `owner`.
        seq: Counts the owners in the order in which they came.
        name: What others see; None until it was given.
        address: From where the latest of what they have was asked for, as `Visitor.address` has it; None where that is
            not known, or not needed any more. Like `since` it has no copy beside the database.
        since: When they came, ISO 8601 in UTC; None for one who does not count as new.
    """

    id: str
    seq: int
    name: str | None = None
    address: str | None = field(default=None, compare=False)
    since: str | None = field(default=None, compare=False)


def plain(value: Any) -> Any:
    """Returns a JSON-able copy of any value; NaN and infinity become None.

    NumPy scalars and arrays become Python numbers and lists, keys become strings, anything unknown its `str`:
    the record of a run must never be lost because of one odd value in it.
    """
    if isinstance(value, Enum):
        return plain(value.value)
    if value is None or isinstance(value, bool | str | int):
        return value
    if hasattr(value, "tolist"):  # NumPy; np.float64 is a float as well
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(plain(key)): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    return str(value)
