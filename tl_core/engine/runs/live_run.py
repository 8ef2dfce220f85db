"""A run that is not over, as the engine knows it between two looks of a page."""

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field

from tl_core.engine.runs.recorder import Recorder
from tl_core.engine.runs.snapshots import RunSnapshot
from tl_core.errors import WorkerError
from tl_core.spec import RunSpec
from tl_core.store import transitions
from tl_core.store.records import EpochRecord, RunRecord, RunState
from tl_core.store.store import RunStore
from tl_core.training.events import Ended, Epoch, Event, Moved, Phase, Recovered, Started, Step

MEMORY_S = 30.0  # after so long a measured speed counts half: others come and go on the same machine
MOST_DEAD = 1  # workers of a run; when the next one dies as well, the run may be what kills them
MOST_LOST = 2  # machines of a run; then somebody should look at the way there
JUDGING = frozenset({"validating", "testing"})


class Pace:
    """How long the rest of a run will take, at its present speed. Pauses do not count.

    Work is counted in pictures and comes in kinds, such as "trained" and "judged", each with a speed of its own. Much
    arrives at once: only the moments at which something arrived count. The first arrival of a kind is but its start:
    what came before was compiling.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._paused_s = 0.0
        self._paused_at: float | None = None
        self._marked_s = 0.0
        self._done: dict[str, int] = {}
        self._begun: set[str] = set()  # kinds that have arrived
        self._spent: dict[str, tuple[float, float]] = {}  # kind → seconds and pictures; old ones weigh less and less

    def mark(self, **done: int) -> None:
        """Notes how many pictures of each kind are done now; where none is new, no time is noted either."""
        news = {kind: n - self._done.get(kind, 0) for kind, n in done.items() if n > self._done.get(kind, 0)}
        if not news:
            return
        now_s = self._running_s()
        if news.keys() <= self._begun:
            self._learn(news, now_s - self._marked_s)
        self._begun |= news.keys()
        self._marked_s, self._done = now_s, self._done | {kind: done[kind] for kind in news}

    def _learn(self, news: dict[str, int], passed_s: float) -> None:
        """Shares the time that has passed among what was done in it, by what each kind took before."""
        expected = {kind: n * (self._cost_s(kind) or 1.0) for kind, n in news.items()}
        kept = 0.5 ** (passed_s / MEMORY_S)
        for kind, n in news.items():
            before_s, n_before = self._spent.get(kind, (0.0, 0.0))
            own_s = passed_s * expected[kind] / sum(expected.values())
            self._spent[kind] = kept * before_s + own_s, kept * n_before + n

    def _cost_s(self, kind: str) -> float:
        """Returns what a picture takes; of a kind that was not measured yet, as much as one of another, or 0."""
        spent_s, n = self._spent.get(kind) or next(iter(self._spent.values()), (0.0, 0.0))
        return spent_s / n if n else 0.0

    def forget(self) -> None:
        """Forgets all speeds: from now on other work is done, and its first arrival is a start again."""
        self._begun, self._spent = set(), {}

    def pause(self) -> None:
        """From now on no time counts."""
        self._paused_at = self.clock()

    def resume(self) -> None:
        """Time counts again."""
        self._paused_s += self.paused_s()
        self._paused_at = None

    def paused_s(self) -> float:
        """Returns the seconds that the present pause has lasted; 0 outside of one."""
        return 0.0 if self._paused_at is None else self.clock() - self._paused_at

    def _running_s(self) -> float:
        return self.clock() - self._paused_s - self.paused_s()

    def remaining_s(self, **left: int) -> float | None:
        """Returns the estimated seconds from now on, negative when it takes longer than was estimated.

        None before any speed is known.

        Args:
            left: How many pictures of each kind were still to be done at the last mark.
        """
        if not self._spent:
            return None
        return sum(n * self._cost_s(kind) for kind, n in left.items()) - (self._running_s() - self._marked_s)


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
    n_lost: int = 0  # workers that it had and that died or hung
    record: RunRecord | None = None  # as the store had it last; None: must be read again
    version: int = 0
    phase: str = "queued"
    done: int = 0
    total: int = 0
    n_steps: int = 0
    n_validation: int = 0
    n_test: int = 0
    part: int = 1  # 2 in the second of two phases of training
    changes: tuple[float, ...] = ()  # of each block's weights, then the head's
    n_judged: int = 0  # pictures of validation and test, each as often as it was classified
    is_sent: bool = False
    is_stopping: bool = False
    is_paused: bool = False
    is_held: bool = False  # paused with all others, and to go on with them
    not_before_s: float = 0.0  # on the engine's clock; 0: at any time
    is_being_filled: bool = False  # an equal run has ended, and its result is being copied
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
        *,
        is_resumed: bool,
        after: str | None,
        equal: str | None,
    ) -> "LiveRun":
        """Returns a run with what its store knows of it: the curve and the epochs of the part before a stop."""
        recorder = Recorder(store, run_id, spec)
        epochs = {epoch.epoch: epoch for epoch in store.epochs(run_id)}
        return cls(run_id, owner, spec, recorder, next_version, pace, epochs, is_resumed, after, equal)

    def touch(self) -> None:
        """Notes that something is different from what pages have seen."""
        self.version = self.next_version()

    def take(self, events: Iterable[Event]) -> bool:
        """Takes in what a worker said at once.

        Returns:
            Whether the run has ended.
        """
        for event in events:
            self._take(event)
            if isinstance(event, Ended):
                return True
        if self.has_steps or self.n_judged:
            self.pace.mark(trained=self.recorder.trace.step * self.spec.batch_size, judged=self.n_judged)
        self.touch()
        return False

    def _take(self, event: Event) -> None:
        match event:
            case Phase(name, done, total):
                if name in JUDGING:
                    self.n_judged += max(0, done - (self.done if name == self.phase else 0))
                if name == "suffix" and self.part == 1:
                    self.part = 2
                    self.pace.forget()
                self._enter(name, done, total)
            case Started():
                self.n_steps, self.record = event.n_steps, None
                self.n_validation, self.n_test = event.n_validation, event.n_test
            case Step():
                self._enter("training")
                self.has_steps = True
            case Recovered(rows):
                self.epochs |= {row["epoch"]: transitions.measured(EpochRecord(**row)) for row in rows}
            case Moved(changes):
                self.changes = tuple(changes)
            case Epoch():
                self._enter("training")
                self.epochs[event.epoch] = transitions.measured(EpochRecord(**asdict(event)))

    def _enter(self, phase: str, done: int = 0, total: int = 0) -> None:
        self.phase, self.done, self.total = phase, done, total

    def remaining_s(self) -> float | None:
        """Returns the estimated seconds to the end: steps, validations and the test that are left; see `Pace`."""
        if self.phase in ("testing", "saving"):  # perhaps long before the last step: patience ran out
            return self.pace.remaining_s(judged=self.total - self.done)
        if self.part < self.spec.phases or self.spec.is_fitted:
            return None  # the head's steps on fixed features tell nothing of those to come; a fit has none
        n_before = sum(epoch.phase < self.part for epoch in self.epochs.values())  # epochs of a phase before
        n_epochs_left = self.spec.epochs - (len(self.epochs) - n_before)
        n_validated = self.done if self.phase == "validating" else 0
        n_left = max(0, n_epochs_left * self.n_validation - n_validated) + self.n_test
        steps_per_epoch = self.n_steps // self.spec.all_epochs
        n_steps_left = (n_before + self.spec.epochs) * steps_per_epoch - self.recorder.trace.step
        return self.pace.remaining_s(trained=n_steps_left * self.spec.batch_size, judged=n_left)

    @property
    def is_pausable(self) -> bool:
        """Whether it is under way and nobody holds or ends it yet."""
        return self.is_sent and not self.is_stopping and not self.is_paused

    def fate(self, error: WorkerError) -> tuple[RunState | None, bool]:
        """Returns how a run ends whose worker was lost, and whether it is in line again by itself.

        Args:
            error: What became of the worker.

        Returns:
            The state, None where the record does not say yet that it has begun; and whether it goes on.
        """
        is_lost = error.code == "worker_lost"  # with its machine: the run had no part in it
        if self.is_stopping:
            return RunState.STOPPED, False
        if self.n_lost >= (MOST_LOST if is_lost else MOST_DEAD):
            return RunState.INTERRUPTED if is_lost else RunState.FAILED, False
        if not self.recorder.has_started:
            return None, True
        return RunState.INTERRUPTED, self.is_held or not self.is_paused  # somebody who holds it resumes it by hand

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

    def snapshot(self, record: RunRecord, queue_position: int | None) -> RunSnapshot:
        """Returns a copy for a page; the same one while the version stays the same."""
        if (seen := self.seen()) is None:
            self._seen = seen = RunSnapshot(
                record,
                self.version,
                self.phase,
                self.done,
                self.total,
                self.recorder.trace.step,
                self.n_steps,
                self.remaining_s(),
                self.pace.clock(),
                queue_position,
                self.is_stopping,
                self.recorder.trace.points(),
                tuple(self.epochs[number] for number in sorted(self.epochs)),
                self.is_paused,
                self.changes,
                self.n_lost,
            )
        return seen
