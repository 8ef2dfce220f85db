"""A sweep that is under way, as the engine knows it: what is left of it, what is in line, how fast it gets on."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from tl_core.engine.runs.sweep_snapshots import SweepSnapshot
from tl_core.experiments.sweep import Trial
from tl_core.planning.plan import is_head_only
from tl_core.spec import RunSpec
from tl_core.store.records import SweepRecord


@dataclass(eq=False)
class LiveSweep:
    """What is known of a sweep under way. Guarded by the engine's lock.

    Attributes:
        record: The sweep as it was when it began: whose it is, and what its runs are called after.
        trials: All of them.
        left: Places of the trials that were not submitted yet, the next one first.
        unchecked: Those of them of which one has not looked yet whether an equal run is known.
        next_version: Counts versions, for all sweeps of the engine.
        clock: Monotonic seconds.
        in_line: Place → run, of those that wait or train.
        again: Places in line that must be submitted again once they are over: what trains there was asked to stop.
        ended: Runs that have ended and were not looked at yet.
        costs: Seconds that each trial is expected to take; all 1 where that is not known of each.
        is_prepared: Whether what is known has been taken over and the features were asked for.
        filling: The answer to that; None where nothing was asked.
        doing: As in `SweepSnapshot`.
        version: As in `SweepSnapshot`.
        snapshot: The last one that was made.
    """

    record: SweepRecord
    trials: Sequence[Trial]
    left: deque[int]
    unchecked: deque[int]
    next_version: Callable[[], int]
    clock: Callable[[], float]
    in_line: dict[int, str] = field(default_factory=dict)
    again: set[int] = field(default_factory=set)
    ended: deque[str] = field(default_factory=deque)
    costs: Sequence[float] = ()
    has_costs: bool = False
    is_prepared: bool = False
    filling: Future | None = None
    doing: dict[str, Any] | None = None
    version: int = 0
    snapshot: SweepSnapshot | None = None
    _seen: dict[int, str] = field(default_factory=dict)
    _began_s: float | None = None
    _done_cost: float = 0.0

    def __post_init__(self) -> None:
        self.touch()

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def owner(self) -> str:
        return self.record.owner

    def touch(self) -> None:
        """Notes that something is different from what pages have seen."""
        self.version = self.next_version()

    def note(self, place: int, phase: str) -> None:
        """Takes in what a trial in line is at."""
        if self._seen.get(place) != phase:
            self._seen[place] = phase
            self.touch()

    def begin(self, place: int, run_id: str) -> None:
        """Takes in that a trial came into line."""
        if self._began_s is None:
            self._began_s = self.clock()
        self.in_line[place] = run_id
        self.touch()

    def end(self, place: int) -> None:
        """Takes in that a trial in line is over."""
        self.ended.append(self.in_line.pop(place))
        self._seen.pop(place, None)
        if place in self.again:
            self.again.discard(place)
            self.left.appendleft(place)
        else:
            self._done_cost += self._cost([place])
        self.touch()

    def specs_on_features(self) -> list[RunSpec]:
        """Returns what is left that trains a head on features which are computed once."""
        specs = [self.trials[place].spec for place in self.left if self.trials[place].source is None]
        return [spec for spec in specs if is_head_only(spec) and spec.use_cache and spec.batchnorm != "updating"]

    def is_ready(self, place: int) -> bool:
        """Says whether a trial can be trained: the one whose backbone it starts from is over."""
        source = self.trials[place].source
        return source is None or not (source in self.left or source in self.in_line)

    def next_ready(self) -> int | None:
        """Returns the next trial that can be trained now; None where all wait for others."""
        return next((place for place in self.left if self.is_ready(place)), None)

    def left_s(self) -> float | None:
        """Returns how long the rest will take, at the pace so far or, before there is one, as was measured before."""
        left = self._cost([*self.left, *self.in_line])
        if self._done_cost and self._began_s is not None:
            return (self.clock() - self._began_s) / self._done_cost * left
        return left if self.has_costs else None

    def _cost(self, places: Sequence[int]) -> float:
        return float(sum(self.costs[place] if place < len(self.costs) else 1.0 for place in places))
