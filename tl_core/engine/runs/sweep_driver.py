"""Drives sweeps: what is known is taken over, features are computed in one pass, trials come into line a few at a time.

Nothing here waits or looks again and again: whatever ends a run has the next trial submitted.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path

from tl_core.engine.runs.estimates import Estimates
from tl_core.engine.runs.live_sweep import LiveSweep
from tl_core.engine.runs.runs import Runs
from tl_core.engine.runs.submission import Order, enter
from tl_core.engine.runs.sweep_snapshots import counting
from tl_core.engine.supervisor import Supervisor
from tl_core.engine.worker.requests import FILL
from tl_core.errors import TransferLabError, WorkerError
from tl_core.experiments.sweep import Trial
from tl_core.spec import RunSpec
from tl_core.store.access import OPERATOR
from tl_core.store.records import WORKER_LOSSES, RunState, SweepRecord, SweepState, TrialRecord, Visibility
from tl_core.store.store import RunStore

WINDOW = 2  # trials of a sweep in line or under way: one trains while what the other has found is written down
PART = 20  # trials that are looked at before other sweeps have a turn


class SweepDriver:
    """The sweeps under way.

    Trials are submitted on a thread of its own, one at a time: to take over 500 known ones takes seconds, for which
    nobody else must wait.

    Args:
        store: Where sweeps and runs are.
        home: The data folder.
        supervisor: Who has runs trained.
        runs: What is done with single runs.
        estimates: What runs of a kind take.
        clock: Monotonic seconds.

    Thread: any; the lock of the engine guards all that it knows.
    """

    def __init__(
        self,
        store: RunStore,
        home: Path,
        supervisor: Supervisor,
        runs: Runs,
        estimates: Estimates,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._home, self._supervisor, self._runs = store, home, supervisor, runs
        self._estimates, self._clock = estimates, clock
        self._lock, self._trainings = supervisor.lock, supervisor.trainings
        self._live: dict[str, LiveSweep] = {}
        self._unsaved: dict[str, tuple[SweepState, dict | None]] = {}  # ends that the disk has refused
        self._versions = count(1)
        self._is_closed = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sweeps")
        self._trainings.on_change = self._look

    def get(self, sweep_id: str) -> LiveSweep | None:
        """Returns a sweep that is under way here; None if there is none with this id."""
        return self._live.get(sweep_id)

    def active(self, owners: Collection[str]) -> list[str]:
        """Returns the sweeps of some owners that are under way here."""
        return [live.id for live in self._live.values() if live.owner in owners]

    def begin(self, record: SweepRecord, trials: Sequence[Trial]) -> None:
        """Has a sweep trained, but for the trials that have completed. Within the lock."""
        done = {one.trial for one in self._store.sweeps.trials(record.id) if one.state is RunState.COMPLETED}
        trials = [replace(trial, spec=self._with_threads(trial)) for trial in trials]
        left = deque(place for place in range(len(trials)) if place not in done)
        live = LiveSweep(record, trials, left, left.copy(), self._versions.__next__, self._clock)
        self._live[record.id] = live
        self._later(live)

    def extend(self, sweep_id: str, trials: Sequence[Trial]) -> bool:
        """Adds trials at the end of a sweep, if it is under way here; returns whether it is. Within the lock."""
        live = self._live.get(sweep_id)
        if live is None:
            return False
        n_before = len(live.trials)
        more = [replace(trial, spec=self._with_threads(trial)) for trial in trials[n_before:]]
        live.trials = [*live.trials, *more]
        live.left.extend(range(n_before, len(live.trials)))
        live.unchecked.extend(range(n_before, len(live.trials)))
        is_filling = live.filling is not None and not live.filling.done()  # then they compute for themselves
        live.is_prepared = live.is_prepared and is_filling
        self._later(live)
        return True

    def _with_threads(self, trial: Trial) -> RunSpec:
        """Returns the spec with the threads of the main worker: trials of one sweep share their features."""
        return trial.spec.with_changes(threads=trial.spec.threads or self._supervisor.pool.n_threads)

    def end(self, sweep_id: str, state: SweepState, error: dict | None = None) -> None:
        """Ends a sweep, and what it has in line. Within the lock."""
        live = self._live.pop(sweep_id)
        if live.filling is not None:
            self._supervisor.cancel(live.filling)
        self._unsaved[sweep_id] = state, error
        self._save_ends()
        for run_id in reversed(live.in_line.values()):  # the last first: none begins in between
            if self._is_own(live, run_id):
                self._supervisor.stop(run_id)

    def _is_own(self, live: LiveSweep, run_id: str) -> bool:
        """Says whether a run in line is of the sweep's owner, and not a trial that somebody else has taken."""
        run = self._trainings.get(run_id)
        return run is None or run.owner == live.owner

    def ended(self, record: SweepRecord) -> SweepRecord:
        """Returns a record with the end that could not be written yet, if there is one."""
        state, error = self._unsaved.get(record.id, (record.state, record.error))
        return replace(record, state=state, error=error)

    def close(self) -> None:
        """Leaves what is under way interrupted."""
        with self._lock:
            self._is_closed = True
            for live in list(self._live.values()):
                self._unsaved[live.id] = SweepState.INTERRUPTED, None
            self._live.clear()
            self._save_ends()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _save_ends(self) -> None:
        for sweep_id, (state, error) in list(self._unsaved.items()):
            with suppress(TransferLabError):  # a full disk: tried again with the next change
                self._store.sweeps.finish(sweep_id, state, error)
                del self._unsaved[sweep_id]

    # ---- whatever happens, within the lock ----

    def _look(self) -> None:
        """Finds what has ended; called whenever a run may have."""
        if self._unsaved:
            self._save_ends()
        for live in list(self._live.values()):
            for place, run_id in list(live.in_line.items()):
                run = self._trainings.get(run_id)
                if run is not None:
                    live.note(place, run.phase)
                elif live.in_line.get(place) == run_id:
                    live.end(place)
                    self._later(live)

    def _later(self, live: LiveSweep) -> None:
        with suppress(RuntimeError):  # the interpreter ends
            if not self._is_closed:
                self._thread.submit(self._advance, live)

    # ---- on the thread of its own ----

    def _advance(self, live: LiveSweep) -> None:
        """Submits as many trials as may be in line, or ends a sweep that has none left."""
        try:
            self._check_ended(live)
            if not live.is_prepared and not self._prepare(live):
                self._later(live)  # other sweeps first
                return
            if live.filling is None or live.filling.done():
                while self._has_room(live) and (place := live.next_ready()) is not None:
                    self._submit(live, place)
                self._complete(live)
        except TransferLabError as error:
            self._interrupt(live, error)
        except Exception as error:
            logging.getLogger(__name__).exception("a sweep broke down")
            self._interrupt(live, WorkerError("request_failed", reason=f"{type(error).__name__}: {error}"[:300]))

    def _is_on(self, live: LiveSweep) -> bool:
        return not self._is_closed and self._live.get(live.id) is live

    def _has_room(self, live: LiveSweep) -> bool:
        with self._lock:
            n_own = sum(self._is_own(live, run_id) for run_id in live.in_line.values())
            return self._is_on(live) and bool(live.left) and n_own < WINDOW

    def _complete(self, live: LiveSweep) -> None:
        with self._lock:
            if self._is_on(live) and not live.left and not live.in_line:
                self.end(live.id, SweepState.COMPLETED)

    def _interrupt(self, live: LiveSweep, error: TransferLabError) -> None:
        with self._lock:
            if self._is_on(live):
                self.end(live.id, SweepState.INTERRUPTED, error.to_dict())

    def _check_ended(self, live: LiveSweep) -> None:
        """Refuses to go on where the next trial would end like the last one: the disk is full, or no worker starts."""
        while live.ended:
            with suppress(TransferLabError):  # deleted
                record = self._store.get(live.ended.popleft())
                code = (record.error or {}).get("code", "")
                is_hopeless = code in WORKER_LOSSES and self._supervisor.pool.is_hopeless
                if self._is_on(live) and (record.state is RunState.INTERRUPTED or is_hopeless):
                    with self._lock:
                        self.end(live.id, SweepState.INTERRUPTED, record.error)

    def _prepare(self, live: LiveSweep) -> bool:
        """Takes over what is known, a part at a time, then asks for the features of the others; says whether it has."""
        known = counting(self._store.sweeps.trials(live.id))
        for _ in range(min(PART, len(live.unchecked))):
            place = live.unchecked.popleft()
            before = known.get(place)
            is_open = (before is None or before.state is RunState.FAILED) and live.is_ready(place)
            order = self._order(live, place) if is_open else None
            if order is not None and order.known is not None:
                self._enter(live, place, order, before)
        if live.unchecked:
            return not self._is_on(live)
        cost_s = self._estimates.shared_s()
        costs = [cost_s(trial.spec) for trial in live.trials]
        with self._lock:
            live.has_costs = None not in costs
            live.costs = [cost if live.has_costs and cost is not None else 1.0 for cost in costs]
            live.is_prepared = True
            if self._is_on(live):
                self._fill(live)
            live.touch()
        return True

    def _fill(self, live: LiveSweep) -> None:
        """Has the worker compute all features in one pass; where that fails the trials compute for themselves."""
        specs = live.specs_on_features()
        if len(specs) < 2:
            return

        def note(progress: dict) -> None:
            live.doing = {"phase": "features", "done": progress["done"], "total": progress["total"]}
            live.touch()

        def end(_: object) -> None:
            live.doing = None
            live.touch()
            self._later(live)

        live.doing = {"phase": "features", "done": 0, "total": 0}
        live.filling = self._supervisor.ask(FILL.message(specs=[spec.to_dict() for spec in specs]), note)
        live.filling.add_done_callback(end)

    def _submit(self, live: LiveSweep, place: int) -> None:
        """Brings the next trial into line: a run that was stopped goes on, one that has failed is made anew."""
        with self._lock:  # read within it: a run that ends in between would count as one that nobody need take up
            before = counting(self._store.sweeps.trials(live.id)).get(place)
            if not self._is_on(live) or (before is not None and self._goes_on(live, place, before)):
                return
        self._enter(live, place, self._order(live, place), before)

    def _goes_on(self, live: LiveSweep, place: int, before: TrialRecord) -> bool:
        """Says whether a trial needs no new run, and has its run go on if that is not over. Within the lock."""
        is_in_line = self._trainings.get(before.run_id) is not None
        if not is_in_line and before.state.is_finished and before.state is not RunState.COMPLETED:
            if before.owner != live.owner or not self._store.get(before.run_id).is_resumable:
                return False
            live.begin(place, before.run_id)
            live.left.remove(place)
            self._runs.resume(before.run_id, by=OPERATOR)
            return True
        live.left.remove(place)
        if is_in_line:  # asked to stop and has not yet, resumed by hand, or taken by somebody else
            live.again.add(place)
            live.begin(place, before.run_id)
        return True

    def _order(self, live: LiveSweep, place: int) -> Order:
        return Order.of_trial(self._store, live.record, place, live.trials[place], self._home)

    def _enter(self, live: LiveSweep, place: int, order: Order, before: TrialRecord | None) -> None:
        if not self._is_on(live):
            return
        if before is not None and before.owner == live.owner:
            with suppress(TransferLabError):  # its worker has not let go of it: the newer run counts
                self._runs.delete(before.run_id, by=OPERATOR)
        with self._supervisor.entry:
            run_id = enter(self._store, self._supervisor, [order], live.owner)
            visibility = self._store.sweeps.get(live.id).visibility
            if visibility is not Visibility.PRIVATE:
                self._store.share(run_id, visibility, by=OPERATOR)
            with self._lock:
                if not self._is_on(live):  # ended meanwhile
                    self._supervisor.stop(run_id)
                    return
                live.left.remove(place)
                if self._trainings.get(run_id) is not None:
                    live.begin(place, run_id)
                live.touch()
                self._trainings.dispatch()
