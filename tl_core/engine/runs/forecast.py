"""What trains and what waits, and when the waiting will begin."""

import heapq
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from tl_core.engine.runs.estimates import Estimates
from tl_core.engine.runs.live_run import LiveRun
from tl_core.engine.supervisor import Supervisor
from tl_core.store.records import RunRecord

FORECAST_S = 2.0  # for which the times at which waiting runs begin are worth something


@dataclass(frozen=True)
class QueueEntry:
    """One run that is not over.

    Attributes:
        run_id: The run.
        name: Its name; a stranger's text.
        role: "run" or "baseline".
        owner: Whose it is.
        phase: As in `RunSnapshot`.
        is_paused: Whether it is held.
        position: Its place in line, 1 for the next; None when it is under way.
        begins_in_s: Estimated seconds until it begins; None when it is under way, or that cannot be told.
        left_s: Estimated seconds that it will take from its present point on, 0 or less when that is over; None when it
            is not known.
    """

    run_id: str
    name: str
    role: str
    owner: str
    phase: str
    is_paused: bool
    position: int | None
    begins_in_s: float | None
    left_s: float | None


class Forecast:
    """Says in what order and when waiting runs will begin.

    Args:
        supervisor: Whose runs they are.
        estimates: What runs of a kind take.
        clock: Monotonic seconds.

    Thread: any.
    """

    def __init__(self, supervisor: Supervisor, estimates: Estimates, clock: Callable[[], float]) -> None:
        self._supervisor, self._estimates, self._clock = supervisor, estimates, clock
        self._known: tuple[float, dict[str, float | None]] = (-math.inf, {})

    def queue(self) -> list[QueueEntry]:
        """Returns what trains and what waits, in the order in which it will begin."""
        with self._supervisor.lock:
            runs, run_s = self._supervisor.trainings, self._estimates.runs_s()

            def left_s(live: LiveRun) -> float | None:
                """Returns how many seconds a run has still to go: at its own pace, or as others of its kind took."""
                at_its_pace_s = live.remaining_s()
                return run_s(live.spec) if at_its_pace_s is None else at_its_pace_s

            return queue_entries(runs, runs.record, runs.position, left_s, self._supervisor.pool.n_servers)

    def wait_s(self, run_id: str) -> float | None:
        """Returns in how many seconds a waiting run is expected to begin; None where that is not known."""
        if self._clock() - self._known[0] > FORECAST_S:  # the same one for all who wait
            self._known = self._clock(), {entry.run_id: entry.begins_in_s for entry in self.queue()}
        return self._known[1].get(run_id)


def queue_entries(
    runs: Iterable[LiveRun],
    record: Callable[[str], RunRecord],
    position: Callable[[str], int | None],
    duration_s: Callable[[LiveRun], float | None],
    n_servers: int,
) -> list[QueueEntry]:
    """Returns the runs that are not over: those under way, then those in line, the next one first.

    Args:
        runs: The runs.
        record: Returns a run's record.
        position: Returns a run's place in line.
        duration_s: Returns how many seconds a run has still to go; None where that is not known.
        n_servers: How many are worked on side by side.
    """
    found = [_entry(live, record(live.run_id), position(live.run_id), duration_s(live)) for live in runs]
    found.sort(key=lambda place: place.position or 0)
    active = [place for place in found if place.position is None]
    waiting = [place for place in found if place.position is not None]
    begins = begin_times([place.left_s for place in active], [place.left_s for place in waiting], n_servers)
    return active + [replace(place, begins_in_s=begin_s) for place, begin_s in zip(waiting, begins, strict=True)]


def _entry(live: LiveRun, record: RunRecord, position: int | None, left_s: float | None) -> QueueEntry:
    return QueueEntry(
        live.run_id, record.name, record.role, live.owner, live.phase, live.is_paused, position, None, left_s
    )


def begin_times(active: list[float | None], waiting: list[float | None], n_servers: int) -> list[float | None]:
    """Returns in how many seconds each waiting run begins, if every server takes the next one whenever it is free.

    Args:
        active: Seconds that the runs under way still take; None where that is not known.
        waiting: Seconds that the waiting ones take, in their order.
        n_servers: How many are worked on side by side.

    Returns:
        As many as wait; None from the first one on that hangs on a time that is not known.
    """
    free_at = [0.0] * max(1, n_servers)
    begins: list[float | None] = []
    for at, takes_s in enumerate(active + waiting):
        begin_s = heapq.heappop(free_at) if free_at else None
        if at >= len(active):
            begins.append(begin_s)
        if begin_s is None or takes_s is None:
            free_at = []
        else:
            heapq.heappush(free_at, begin_s + max(0.0, takes_s))
    return begins
