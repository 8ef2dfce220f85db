"""Which of the runs that wait may begin now, and at which worker."""

from collections import Counter
from collections.abc import Iterable, Mapping

from tl_core.engine.pool.pool import Pool
from tl_core.engine.pool.worker_handle import WorkerHandle
from tl_core.engine.runs.live_run import LiveRun
from tl_core.store.access import OPERATOR


def active_by_owner(lives: Iterable[LiveRun]) -> Counter:
    """Returns how many runs of each owner are in the hands of workers."""
    return Counter(live.owner for live in lives if live.is_sent)


class Room:
    """The room that there is at one moment. Guarded by the engine's lock.

    Args:
        lives: The runs that are not over, by their ids.
        pool: The workers.
        most: Runs that one student may have under way.
        now_s: On the engine's clock.

    Attributes:
        active: As `active_by_owner`.
    """

    def __init__(self, lives: Mapping[str, LiveRun], pool: Pool, most: int, now_s: float) -> None:
        self._lives, self._pool, self._most, self._now_s = lives, pool, most, now_s
        self._found: dict[tuple, WorkerHandle | None] = {}  # asked once for all runs that want the same
        self.active = active_by_owner(lives.values())

    def of(self, live: LiveRun) -> WorkerHandle | None:
        """Returns the worker for a run.

        None where its owner has enough under way, where it waits for its leader's steps or for what an equal run finds
        out, before a worker has let go of it or has ended for certain, and while no worker has room.
        """
        leader = self._lives.get(live.after or "")
        if self._has_enough(live.owner) or self._pool.holder(live.run_id) or self._is_being_trained(live):
            return None
        if (leader is not None and not leader.has_steps) or self._now_s < live.not_before_s:
            return None
        wish = live.spec.threads, self._is_alone(live)
        if wish not in self._found:
            self._found[wish] = self._pool.room_for(live.spec.threads, is_alone=wish[1])
        return self._found[wish]

    def _has_enough(self, owner: str) -> bool:
        return self.active[owner] >= self._most and owner != OPERATOR.owner

    def _is_being_trained(self, live: LiveRun) -> bool:
        """Says whether a run that must end alike is under way, or the copy of its result.

        One that is paused or stopping is not waited for.
        """
        return live.is_being_filled or (
            live.equal is not None
            and any(
                other.equal == live.equal and other.is_sent and not other.is_paused and not other.is_stopping
                for other in self._lives.values()
            )
        )

    def _is_alone(self, live: LiveRun) -> bool:
        return len(self._lives) <= 2 and all(other.owner == live.owner for other in self._lives.values())
