"""The runs that are not over: how they come to a worker, what the worker says of them, and how they end."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import count

from tl_core.engine.pool.pool import Pool
from tl_core.engine.pool.worker_handle import WorkerHandle
from tl_core.engine.runs.fair_queue import FairQueue
from tl_core.engine.runs.live_run import LiveRun, Pace
from tl_core.engine.runs.origins import origin_of
from tl_core.engine.runs.recorder import Recorder, last_epoch, state_after
from tl_core.engine.runs.room import Room, active_by_owner
from tl_core.engine.runs.snapshots import FinishedRunCache
from tl_core.engine.runs.unsaved_ends import RunEnd, UnsavedEnds
from tl_core.errors import TransferLabError, WorkerError
from tl_core.spec import RunSpec
from tl_core.store.limits import Limits
from tl_core.store.records import RunRecord, RunState
from tl_core.store.store import RunStore
from tl_core.training.events import Ended, Event

UNHEARD = ("worker_lost", "worker_hung")  # what may live on
PAUSE_S = 600.0  # a run paused for so long is stopped when others wait; it can be resumed from its last epoch


class Trainings:
    """Brings runs into line, sends them to workers and keeps their records.

    A run is over as soon as it has ended or a stop is recorded; its worker may hold it a while longer, and what it says
    of it then changes nothing but the best epoch of the stop.

    Guarded by the engine's lock.
    """

    def __init__(
        self, store: RunStore, pool: Pool, finished: FinishedRunCache, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self._pool, self._finished, self._clock = store, pool, finished, clock
        self.limits = Limits()  # the engine sets what the instructor has chosen
        self._line = FairQueue(partial(origin_of, store), lambda: self.limits.class_size)
        self._live: dict[str, LiveRun] = {}
        self._positions: dict[str, int] | None = None
        self._versions, self.unsaved_ends = count(1), UnsavedEnds(store)
        self._is_dispatching = self.is_held = False
        self.on_change: Callable[[], None] = lambda: None  # called after whatever may have ended or begun a run

    def __iter__(self) -> Iterator[LiveRun]:
        return iter(list(self._live.values()))

    def get(self, run_id: str | None) -> LiveRun | None:
        """Returns a run that is not over; None if there is none with this id."""
        return self._live.get(run_id or "")

    def count(self) -> tuple[int, int]:
        """Returns how many runs a worker has, and how many wait."""
        return len(self._live) - len(self._line), len(self._line)

    def position(self, run_id: str) -> int | None:
        """Returns a run's place in line, 1 for the next; None when it does not wait."""
        if self._positions is None:
            order = self._line.order(active_by_owner(self._live.values()))
            self._positions = {waiting: place for place, waiting in enumerate(order, start=1)}
        return self._positions.get(run_id)

    # ---- into line, and to a worker ----

    def add(
        self,
        run_id: str,
        spec: RunSpec,
        owner: str,
        *,
        after: str | None = None,
        equal: str | None = None,
        is_resumed: bool = False,
        n_lost: int = 0,
        not_before_s: float = 0.0,
    ) -> None:
        """Brings a run into line.

        Args:
            run_id: The run.
            spec: What to train.
            owner: Whose it is.
            after: The run whose steps must have begun before.
            equal: What it shares with runs that must end alike: while one of them trains it waits for the result.
            is_resumed: Whether to go on from the newest checkpoint.
            n_lost: How many workers that had it were lost.
            not_before_s: When the last of them has ended for certain, on the engine's clock.
        """
        pace, version = Pace(self._clock), self._versions.__next__
        live = LiveRun.known_to(
            self._store, run_id, owner, spec, version, pace, is_resumed=is_resumed, after=after, equal=equal
        )
        self._live[run_id], live.n_lost, live.not_before_s = live, n_lost, not_before_s
        self._line.join(run_id, owner, is_trial=self.record(run_id).sweep_id is not None)
        self._line_has_moved()

    def dispatch(self) -> None:
        """Sends waiting runs to workers, as far as there is room."""
        if self._is_dispatching:  # a worker that was just started has something to say already
            return
        self._is_dispatching = True
        try:
            while self._begin_next():
                pass
        finally:
            self._is_dispatching = False
            self.on_change()

    def prioritise(self, run_id: str) -> None:
        """Puts a waiting run before all others."""
        self._line.prioritise(run_id)
        self._line_has_moved()

    def record(self, run_id: str) -> RunRecord:
        """Returns the record of a run that is not over, from memory where it was looked at before."""
        live = self._live[run_id]
        live.record = live.record or self._store.get(run_id)
        return live.record

    def _begin_next(self) -> bool:
        if self.is_held:
            return False
        room = Room(self._live, self._pool, self.limits.running, self._clock())
        chosen = self._line.first(room.active, lambda run_id: room.of(self._live[run_id]) is not None)
        if chosen is None or not (worker := room.of(self._live[chosen])):
            return False
        self._send(self._live[chosen], worker)
        return True

    def _send(self, live: LiveRun, worker: WorkerHandle) -> None:
        live.is_sent, live.record = True, None
        self._line.begin(live.run_id)
        self._line_has_moved()
        try:
            self._store.run_folder(live.run_id)
            self._pin(live, worker.threads)
            attempt = len(self._store.events(live.run_id)) + live.n_lost  # grows with each end and each new beginning
        except TransferLabError as error:
            self.finish(live, state_after(error.to_dict()), error)
            return
        message = {"do": "train", "run_id": live.run_id, "owner": live.owner, "spec": live.spec.to_dict()}
        worker.send(message | {"is_resumed": live.is_resumed, "attempt": attempt})

    def _pin(self, live: LiveRun, n_threads: int) -> None:
        """Writes down with how many threads a run is trained: they decide the last bits of its results."""
        if live.spec.threads is None:
            live.spec = live.spec.with_changes(threads=n_threads)
            live.recorder = Recorder(self._store, live.run_id, live.spec)
            self._store.set_threads(live.run_id, n_threads)

    def _line_has_moved(self) -> None:
        self._positions = None
        for live in self._live.values():
            live.touch()

    # ---- what a worker says ----

    def held_by(self, worker: WorkerHandle, run_id: str) -> LiveRun | None:
        """Returns a run that this worker trains; None once the run is over, or not in this worker's hands."""
        live = self._live.get(run_id)
        return live if live is not None and live.is_sent and run_id in worker.runs else None

    def take(
        self, worker: WorkerHandle, run_id: str, events: list[Event], error: TransferLabError | None
    ) -> list[LiveRun]:
        """Takes in the events of a run, which are in the store already.

        Args:
            worker: Who says it.
            run_id: The run.
            events: What happened.
            error: What kept them from being recorded.

        Returns:
            The runs that have waited for the same result: whoever calls it gives them their copies (`filled`).
        """
        live = self.held_by(worker, run_id)
        if live is None:
            if run_id in worker.runs:
                self._complete_stop(run_id, events)
            return []
        if error is not None:  # a full disk, or a state that another process has set
            worker.send({"do": "stop", "run_id": run_id})
            self._give_up(live, error)
            return []
        has_ended = live.take(events)
        if (epoch := last_epoch(events)) is not None:
            worker.send({"do": "recorded", "run_id": run_id, "epoch": epoch})
        if not has_ended:
            return []
        del self._live[run_id]
        self._line_has_moved()
        equals = [other for other in self if live.equal and other.equal == live.equal and not other.is_sent]
        for other in equals:
            other.is_being_filled = True
        return equals

    def filled(self, live: LiveRun, is_over: bool) -> None:
        """Takes in that a run has got its copy of a result; where there was none to copy, it or the next one trains."""
        live.is_being_filled = False
        if is_over and self._live.get(live.run_id) is live:
            del self._live[live.run_id]
            self._line.leave(live.run_id)
            self._line_has_moved()

    def _complete_stop(self, run_id: str, events: list[Event]) -> None:
        """Takes from a run that was recorded as stopped only what its worker says at the end: best epoch and proof."""
        for event in events:
            if isinstance(event, Ended) and event.best_epoch is not None and event.proof is not None:
                with suppress(TransferLabError):
                    self._store.complete_stop(run_id, best_epoch=event.best_epoch, proof=event.proof)
                self._finished.forget(run_id)

    def _give_up(self, live: LiveRun, error: TransferLabError) -> None:
        if error.code == "run_is_active":  # another process trains it: the record is not ours
            del self._live[live.run_id]
            self._line_has_moved()
        else:
            self.finish(live, state_after(error.to_dict()), error)

    def let_go(self, worker: WorkerHandle, run_id: str, error: dict | None) -> None:
        """Takes in that a worker has done with a run; one that is not over then has failed."""
        live = self.held_by(worker, run_id)
        worker.let_go(run_id)
        if live is not None:
            error = error or {"code": "worker_died", "values": {"status": 0}}
            self.finish(live, RunState.FAILED, WorkerError(error["code"], **error["values"]))

    def lose(self, worker: WorkerHandle, error: WorkerError) -> None:
        """Brings the runs that a dead worker had into line again, once; fails all when no worker will ever be ready."""
        is_main = self._pool.is_main(worker)
        self._pool.drop(worker)
        worker.finish_writing()  # what it has said still counts; what it may say from now on does not
        lost = [live for live in self if live.is_sent and live.run_id in worker.runs]
        if is_main and self._pool.is_hopeless:
            for live in [*lost, *(live for live in self if not live.is_sent)]:
                self.finish(live, RunState.FAILED, error)
            return
        for live in reversed(lost):  # each is put before all others
            self._take_back(live, error, worker)

    def _take_back(self, live: LiveRun, error: WorkerError, worker: WorkerHandle) -> None:
        """Takes a run from a worker that was lost; one that was never reached has had no part of it."""
        lease_s = worker.lease_left_s() if error.code in UNHEARD else 0.0
        state, goes_on = live.fate(error)
        if state is not None:
            self.finish(live, state, None if state is RunState.STOPPED else error)
            goes_on = goes_on and self._is_interrupted(live.run_id)  # not where the disk is full, or it was over
        if not goes_on:
            return
        try:
            self.add(
                live.run_id,
                live.spec,
                live.owner,
                after=live.after,
                equal=live.equal,
                is_resumed=live.is_resumed or state is not None,
                n_lost=live.n_lost + (worker.device is not None or error.code != "worker_lost"),
                not_before_s=self._clock() + lease_s if lease_s else 0.0,
            )
            self.prioritise(live.run_id)
        except TransferLabError:  # where the store does not answer, the run is resumed by hand
            self.finish(live, RunState.INTERRUPTED, error)

    def _is_interrupted(self, run_id: str) -> bool:
        with suppress(TransferLabError):
            return self._store.get(run_id).state is RunState.INTERRUPTED
        return False

    # ---- ends and pauses ----

    def finish(self, live: LiveRun, state: RunState, error: TransferLabError | None = None) -> None:
        """Takes a run out and records its end, after what its worker has said before."""
        self._live.pop(live.run_id, None)
        if (worker := self._pool.holder(live.run_id)) is not None:
            worker.finish_writing()
        self._line.leave(live.run_id)
        self._line_has_moved()
        self.unsaved_ends.add(RunEnd(live, state, error.to_dict() if error else None))

    def tell(self, live: LiveRun, do: str) -> None:
        """Passes a wish about a run on to its worker."""
        if (worker := self._pool.holder(live.run_id)) is not None:
            worker.send({"do": do, "run_id": live.run_id})

    def has_leases_over(self) -> bool:
        """Says whether a run may begin now that waited for the end of a worker nobody hears."""
        now_s = self._clock()
        return any(0.0 < live.not_before_s <= now_s and not live.is_sent for live in self._live.values())

    def paused_too_long(self) -> list[LiveRun]:
        """Returns the paused runs whose place others wait for."""
        is_in_the_way = len(self._line) and not self.is_held
        return [live for live in self if live.pace.paused_s() > PAUSE_S] if is_in_the_way else []
