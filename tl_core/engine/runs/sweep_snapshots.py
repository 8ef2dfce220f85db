"""What a page sees of a sweep: a frozen copy, a row for each trial."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tl_core.experiments.sweep import Sweep
from tl_core.store.records import RunState, SweepRecord, SweepState, TrialRecord

WAITING = "waiting"  # a trial that has no run yet
MISSING = "missing"  # a trial whose run was deleted after the sweep had completed
OVER = frozenset({RunState.COMPLETED.value, RunState.FAILED.value})


@dataclass(frozen=True)
class SweepSnapshot:
    """A sweep at one moment.

    Attributes:
        record: As the store has it.
        rows: One a trial, in order: each factor and "seed" → level, "run_id" (None before there is a run), "state"
            (`WAITING`, `MISSING`, or of the run), "test_accuracy", "val_accuracy" of the best epoch, "seconds".
        version: Another one whenever something has changed; equal versions need no drawing.
        left_s: Estimated seconds until all trials are over; None where that is not known, and at rest.
        doing: What is done before the trials: {"phase": "features", "done", "total"} in pictures; else None.
    """

    record: SweepRecord
    rows: tuple[dict[str, Any], ...]
    version: int
    left_s: float | None = None
    doing: Mapping[str, Any] | None = None

    @property
    def n_trials(self) -> int:
        return len(self.rows)

    @property
    def n_done(self) -> int:
        """How many trials are over: completed or failed."""
        return sum(row["state"] in OVER for row in self.rows)

    @property
    def is_active(self) -> bool:
        """Whether trials are trained or wait."""
        return self.record.is_active


def newest(trials: Iterable[TrialRecord]) -> dict[int, TrialRecord]:
    """Returns place → the run that counts: of several of one trial the newest."""
    return {one.trial: one for one in trials}


def rows_of(record: SweepRecord, trials: Iterable[TrialRecord]) -> tuple[dict[str, Any], ...]:
    """Returns the rows of a sweep.

    Args:
        record: The sweep.
        trials: What the store knows of its runs.
    """
    known = newest(trials)
    without = MISSING if record.state is SweepState.COMPLETED else WAITING
    levels = Sweep.from_dict(record.sweep).levels()
    return tuple({**one, **_measured(known.get(place), without)} for place, one in enumerate(levels))


def _measured(trial: TrialRecord | None, without: str) -> dict[str, Any]:
    if trial is None:
        return {
            "run_id": None,
            "state": without,
            "test_accuracy": None,
            "val_accuracy": None,
            "seconds": None,
            "epoch_s": None,
        }
    is_whole = trial.state is RunState.COMPLETED
    return {
        "run_id": trial.run_id,
        "state": trial.state.value,
        "test_accuracy": trial.test_accuracy if is_whole else None,
        "val_accuracy": trial.val_accuracy if is_whole else None,
        "seconds": trial.seconds if is_whole else None,
        "epoch_s": trial.epoch_s if is_whole else None,
    }


def version_of(record: SweepRecord, rows: Iterable[Mapping]) -> int:
    """Returns a number that is equal for equal snapshots of a sweep that nobody drives here."""
    told = repr((record, *rows)).encode()
    return int.from_bytes(hashlib.sha256(told).digest()[:8], "big")
