"""What a page sees of a run: a frozen copy that nobody changes."""

from dataclasses import dataclass
from functools import cached_property

from tl_core.spec import RunSpec
from tl_core.store.records import EpochRecord, RunRecord
from tl_core.store.store import RunStore

KEPT_SNAPSHOTS = 100


@dataclass(frozen=True)
class RunSnapshot:
    """A run at one moment.

    Attributes:
        record: As the store has it.
        version: Another one whenever something has changed; equal versions need no drawing. 0 once it is over.
        phase: What is being done ("queued", "data", "features", "training", …); None once it is over.
        done: Units of the phase that are done; 0 where nothing is counted.
        total: Units in all; 0 where unknown.
        step: Steps done.
        n_steps: Steps in all epochs; 0 before that is known.
        remaining_s: Estimated seconds from `as_of_s` to the end of steps, validations and test, at the run's present
            speed, pauses left out; None before a speed is known.
        as_of_s: When this was estimated, on the engine's clock; the snapshot stays the same until something is heard.
        queue_position: 1 for the next to begin; None when not waiting.
        is_stopping: Whether somebody has asked it to stop.
        trace: Rows [step, seconds, images, loss, accuracy], averaged to at most 400.
        epochs: The finished epochs.
        is_paused: Whether somebody has paused it; its phase stays what it was.
        changes: How far the weights of each block have moved, then the head's, relative to what they were; empty before
            the first step, and where an older record does not know it.
        n_lost: How many workers it had since it came into line that died or hung; after the first one it goes on by
            itself.
    """

    record: RunRecord
    version: int
    phase: str | None = None
    done: int = 0
    total: int = 0
    step: int = 0
    n_steps: int = 0
    remaining_s: float | None = None
    as_of_s: float = 0.0
    queue_position: int | None = None
    is_stopping: bool = False
    trace: tuple[tuple[float, ...], ...] = ()
    epochs: tuple[EpochRecord, ...] = ()
    is_paused: bool = False
    changes: tuple[float, ...] = ()
    n_lost: int = 0

    @property
    def is_active(self) -> bool:
        """Whether it still waits or trains."""
        return self.phase is not None

    def left_s(self, now_s: float) -> float | None:
        """Returns how many seconds are left at a later moment; 0 or less when it takes longer than was estimated."""
        return None if self.remaining_s is None else self.remaining_s - (now_s - self.as_of_s)

    @cached_property  # checked once for all who look: a page asks for it a dozen times each second
    def spec(self) -> RunSpec:
        return RunSpec.from_dict(self.record.spec)


class FinishedRunCache:
    """The snapshots of finished runs that were looked at last. Guarded by the engine's lock."""

    def __init__(self, store: RunStore) -> None:
        self._store = store
        self._kept: dict[str, RunSnapshot] = {}

    def of(self, record: RunRecord) -> RunSnapshot:
        """Returns the snapshot of a run that is not live, read again when its record is not what it was."""
        kept = self._kept.get(record.id)
        if kept is None or kept.record != record:  # renamed, or resumed by another process
            trace = tuple(tuple(row) for row in self._store.trace(record.id))
            epochs, changes = tuple(self._store.epochs(record.id)), _changes(record)
            kept = RunSnapshot(record, 0, trace=trace, epochs=epochs, changes=changes)
            self._keep(kept)
        return kept

    def forget(self, run_id: str) -> None:
        """Has a run read again at the next look."""
        self._kept.pop(run_id, None)

    def _keep(self, snapshot: RunSnapshot) -> None:
        if snapshot.record.state.is_finished:
            self._kept[snapshot.record.id] = snapshot
            while len(self._kept) > KEPT_SNAPSHOTS:
                self._kept.pop(next(iter(self._kept)))


def _changes(record: RunRecord) -> tuple[float, ...]:
    """Returns how far a finished run has moved the weights of each block, then the head's."""
    return tuple(row["relative_change"] for row in record.proof or () if "relative_change" in row)
