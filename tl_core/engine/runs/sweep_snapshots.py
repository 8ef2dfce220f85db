"""What a page sees of a sweep: a frozen copy, a row for each trial."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from tl_core.experiments.sweep import Sweep
from tl_core.store.records import RunState, SweepRecord, SweepState, TrialRecord

WAITING = "waiting"  # a trial that has no run yet
MISSING = "missing"  # a trial whose run was deleted after the sweep had completed
OVER = frozenset({RunState.COMPLETED.value, RunState.FAILED.value})
_RANK = MappingProxyType({RunState.COMPLETED: 3, RunState.RUNNING: 2, RunState.QUEUED: 2, RunState.INTERRUPTED: 1})


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
        owners: Whose the run of each trial is, in the same order; None where there is no run.
    """

    record: SweepRecord
    rows: tuple[dict[str, Any], ...]
    version: int
    left_s: float | None = None
    doing: Mapping[str, Any] | None = None
    owners: tuple[str | None, ...] = ()

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


def counting(trials: Iterable[TrialRecord]) -> dict[int, TrialRecord]:
    """Returns place → the run that counts: of several of one trial the one that has come furthest, then the newest.

    There are several where somebody took a trial up that another one had stopped.
    """
    return {one.trial: one for one in sorted(trials, key=lambda one: _RANK.get(one.state, 0))}


def snapshot_of(record: SweepRecord, trials: Iterable[TrialRecord], version: int | None = None) -> SweepSnapshot:
    """Returns a sweep as it is now.

    Args:
        record: The sweep.
        trials: What the store knows of its runs.
        version: As in `SweepSnapshot`; None: a number that is equal for equal snapshots of a sweep that nobody drives.
    """
    known = counting(trials)
    without = MISSING if record.state is SweepState.COMPLETED else WAITING
    levels = Sweep.from_dict(record.sweep).levels()
    rows = tuple({**one, **_measured(known.get(place), without)} for place, one in enumerate(levels))
    owners = tuple(known[place].owner if place in known else None for place in range(len(rows)))
    return SweepSnapshot(record, rows, _hash(record, rows) if version is None else version, owners=owners)


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


def _hash(record: SweepRecord, rows: Iterable[Mapping]) -> int:
    told = repr((record, *rows)).encode()
    return int.from_bytes(hashlib.sha256(told).digest()[:8], "big")
