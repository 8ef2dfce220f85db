"""A run that is not over, as the engine knows it between two looks of a page."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tl_core.engine.recorder import Recorder
from tl_core.engine.snapshots import RunSnapshot
from tl_core.spec import RunSpec
from tl_core.store import rules
from tl_core.store.records import EpochRecord, RunRecord
from tl_core.store.store import RunStore


class Pace:
    """How long the rest of the steps will take, at the speed of those so far. Pauses do not count.

    Many steps arrive at once: only the moments at which something arrived count, and the first of them is the start.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._paused_s = 0.0
        self._paused_at: float | None = None
        self._first: tuple[float, int] | None = None
        self._last: tuple[float, int] | None = None

    def mark(self, step: int) -> None:
        """Notes how far the run is now."""
        self._last = (self._clock() - self._paused_s, step)
        self._first = self._first or self._last

    def pause(self) -> None:
        """From now on no time counts."""
        self._paused_at = self._clock()

    def resume(self) -> None:
        """Time counts again."""
        if self._paused_at is not None:
            self._paused_s += self._clock() - self._paused_at
            self._paused_at = None

    def paused_s(self) -> float:
        """Returns the seconds that the present pause has lasted; 0 outside of one."""
        return 0.0 if self._paused_at is None else self._clock() - self._paused_at

    def remaining_s(self, n_steps: int) -> float | None:
        """Returns the estimated seconds to the last of all steps; None before two moments are known."""
        if self._first is None or self._last[1] <= self._first[1]:
            return None
        (from_s, first), (to_s, last) = self._first, self._last
        return (to_s - from_s) / (last - first) * (n_steps - last)


@dataclass
class LiveRun:
    """What the engine knows of a run that is not over. Guarded by the engine's lock.

    `version` comes from a counter of the whole engine, so no version of a run ever comes again, resumed or not.
    """

    run_id: str
    owner: str
    spec: RunSpec
    recorder: Recorder
    next_version: Callable[[], int]
    pace: Pace
    epochs: dict[int, EpochRecord] = field(default_factory=dict)
    is_resumed: bool = False
    after: str | None = None  # the run whose training must have begun before this one is sent to a worker
    equal: str | None = None  # the fingerprint shared with runs that must end alike; None: trained in any case
    record: RunRecord | None = None  # as the store had it last; None: must be read again
    version: int = 0
    phase: str = "queued"
    done: int = 0
    total: int = 0
    n_steps: int = 0
    is_sent: bool = False
    is_stopping: bool = False
    is_paused: bool = False
    is_held: bool = False  # paused with all others, and to go on with them
    has_steps: bool = False
    _seen: RunSnapshot | None = None

    def __post_init__(self) -> None:
        self.touch()

    @classmethod
    def known_to(
        cls,
        store: RunStore,
        run_id: str,
        owner: str,
        spec: RunSpec,
        next_version: Callable[[], int],
        pace: Pace,
        **waiting: object,
    ) -> "LiveRun":
        """Returns a run with what its store knows of it: the curve and the epochs of the part before a stop."""
        recorder = Recorder(store, run_id, spec)
        epochs = {epoch.epoch: epoch for epoch in store.epochs(run_id)}
        return cls(run_id, owner, spec, recorder, next_version, pace, epochs, **waiting)

    def touch(self) -> None:
        """Notes that something is different from what pages have seen."""
        self.version = self.next_version()

    def take(self, events: list[dict], record: Callable[[dict], None]) -> bool:
        """Takes in what a worker said at once, each event after it has been recorded.

        Returns:
            Whether the run has ended.
        """
        try:
            for event in events:
                record(event)
                self._take(event)
                if event["event"] == "ended":
                    return True
            if self.has_steps:
                self.pace.mark(self.recorder.trace.step)
            return False
        finally:
            self.touch()  # at the end: who looks meanwhile need not wait until an epoch is on the disk

    def _take(self, event: dict) -> None:
        if event["event"] == "phase":
            is_inside = event["name"] in ("validating", "compiling") and self.has_steps
            self.phase, self.done, self.total = (
                ("training", 0, 0) if is_inside else (event["name"], event["done"], event["total"])
            )
        elif event["event"] == "started":
            self.n_steps, self.record = event["n_steps"], None
        elif event["event"] == "step":
            self.phase, self.has_steps = "training", True
        elif event["event"] == "epoch":
            epoch = EpochRecord(**{name: value for name, value in event.items() if name != "event"})
            self.epochs[epoch.epoch] = rules.measured(epoch)

    @property
    def is_pausable(self) -> bool:
        """Whether it is under way and nobody holds or ends it yet."""
        return self.is_sent and not self.is_stopping and not self.is_paused

    def pause(self) -> None:
        self.is_paused = True
        self.pace.pause()
        self.touch()

    def go_on(self) -> None:
        """Ends a pause."""
        self.is_paused = self.is_held = False
        self.pace.resume()
        self.touch()

    def seen(self) -> RunSnapshot | None:
        """Returns what a page saw last, if nothing has changed since. Any thread, without the lock."""
        seen = self._seen
        return seen if seen is not None and seen.version == self.version else None

    def snapshot(self, queue_position: int | None) -> RunSnapshot:
        """Returns a copy for a page; the same one while the version stays the same. `record` must be there."""
        if self.seen() is None:
            self._seen = RunSnapshot(
                self.record,
                self.version,
                self.phase,
                self.done,
                self.total,
                self.recorder.trace.step,
                self.n_steps,
                self.pace.remaining_s(self.n_steps),
                queue_position,
                self.is_stopping,
                self.recorder.trace.points(),
                tuple(self.epochs[number] for number in sorted(self.epochs)),
                self.is_paused,
            )
        return self._seen
