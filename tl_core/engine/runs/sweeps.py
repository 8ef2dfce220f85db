"""What people do with sweeps: start, look, stop, go on, ask for more seeds, share."""

import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from tl_core.engine.runs import reuse
from tl_core.engine.runs.estimates import Estimates, together_s
from tl_core.engine.runs.offers import check_offer, completed
from tl_core.engine.runs.runs import Runs
from tl_core.engine.runs.sources import with_source
from tl_core.engine.runs.sweep_driver import SweepDriver
from tl_core.engine.runs.sweep_snapshots import SweepSnapshot, snapshot_of
from tl_core.engine.supervisor import Supervisor
from tl_core.errors import StoreError, TransferLabError
from tl_core.experiments.sweep import Sweep, Trial
from tl_core.store.access import Visitor
from tl_core.store.limits import DiskUse, admit, check_sweep_limits
from tl_core.store.records import SweepRecord, SweepState, Visibility
from tl_core.store.store import RunStore

DEAD_S = 5.0  # between two looks whether another process that drives a sweep still lives


class Sweeps:
    """The sweeps of everybody, as people see and command them.

    A trial is a run like any other, of the sweep's owner: it waits in the same line, and what an equal run has found
    out before is copied. What is done `by` a visitor is asked of the store first: whether it is theirs to do.

    Args:
        store: Where they are kept.
        home: The data folder.
        supervisor: Who has runs trained.
        runs: What is done with single runs.
        estimates: What runs of a kind take.
        disk: What all visitors have on the disk.
        clock: Monotonic seconds.

    Thread: any.
    """

    def __init__(
        self,
        store: RunStore,
        home: Path,
        supervisor: Supervisor,
        runs: Runs,
        estimates: Estimates,
        disk: DiskUse,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._home, self._supervisor, self._runs = store, home, supervisor, runs
        self._estimates, self._disk, self._lock = estimates, disk, supervisor.lock
        self._driver = SweepDriver(store, home, supervisor, runs, estimates, clock)
        self._clock, self._looked_s = clock, -DEAD_S

    def start(self, sweep: Sweep, *, by: Visitor, name: str, is_offered: bool = False) -> SweepRecord:
        """Begins a sweep.

        Args:
            sweep: What it asks. All its trials are planned before anything is kept.
            by: Whose it is, and its runs are.
            name: 1 to 80 characters.
            is_offered: Whether its trials wait for those who take them (`Offers`), and none is trained by itself.

        Raises:
            UnknownIdError, SpecError: The first trial that cannot be run says why; "unknown_dataset" also for data
                that the visitor may not see.
            InputError: "bad_run_name"; as `offers.check_offer`.
            StoreError: As `limits.check_sweep_limits` and `limits.admit`; "no_room_for_more".
        """
        sweep = self._with_data(sweep, by)
        trials = sweep.trials(self._home)
        for spec in {trial.spec.with_changes(seed=0) for trial in trials if trial.spec.source}:
            with_source(self._store, spec, by=by)
        if is_offered:
            check_offer(sweep, self._runs, self._home)
        self._check_room(by)
        with self._lock:
            check_sweep_limits(self._store, 1, by=by)
            admit(self._store, by=by)
            record = self._store.sweeps.create(sweep.to_dict(), name=name, owner=by.owner, is_offered=is_offered)
            if not is_offered:
                self._driver.begin(record, trials)
            return record

    def go_on(self, sweep_id: str, *, by: Visitor) -> SweepRecord:
        """Has a sweep at rest go on: what has completed is kept, what was stopped goes on, what is missing is trained.

        Raises:
            UnknownIdError, StoreError: As `SweepRecords.permitted`; "sweep_is_active"; beyond the limits.
            SpecError: A trial cannot be run any more.
        """
        record = self._store.sweeps.permitted(sweep_id, by=by)
        return self._again(record, Sweep.from_dict(record.sweep), by)

    def add_seeds(self, sweep_id: str, n: int, *, by: Visitor) -> SweepRecord:
        """Trains each cell of a sweep with so many more seeds, whether it is under way here, at rest, or offered.

        Raises:
            InputError: "bad_sweep": none, or more than a sweep may have.
            UnknownIdError, StoreError: As `go_on`.
        """
        record = self._store.sweeps.permitted(sweep_id, by=by)
        before = Sweep.from_dict(record.sweep)
        sweep = before.with_seeds(len(before.seeds) + n if n > 0 else 0)
        trials = sweep.trials(self._home)
        with self._lock:
            if self._driver.extend(record.id, trials) or record.state is SweepState.OFFERED:
                return self._store.sweeps.extend(record.id, sweep.to_dict())
        return self._again(record, sweep, by)

    def _again(self, record: SweepRecord, sweep: Sweep, by: Visitor) -> SweepRecord:
        trials = sweep.trials(self._home)
        self._check_room(by)
        with self._lock:
            if self._is_elsewhere(record):
                raise StoreError("sweep_is_active", sweep=record.id)
            check_sweep_limits(self._store, 0, by=by)
            record = self._store.sweeps.go_on(record.id, sweep.to_dict())
            self._driver.begin(record, trials)
            return record

    def stop(self, sweep_id: str, *, by: Visitor) -> None:
        """Ends a sweep; what trains is stopped within a second. Does nothing with one at rest.

        Raises:
            UnknownIdError, StoreError: As `SweepRecords.permitted`; "sweep_elsewhere": another process drives it.
        """
        record = self._store.sweeps.permitted(sweep_id, by=by)
        with self._lock:
            if self._driver.get(record.id) is not None:
                self._driver.end(record.id, SweepState.STOPPED)
            elif self._is_elsewhere(record):
                raise StoreError("sweep_elsewhere", sweep=record.id)

    def _is_elsewhere(self, record: SweepRecord) -> bool:
        """Says whether another process drives a sweep; what one left that has died since is interrupted now."""
        if record.is_active and self._driver.get(record.id) is None:
            self._store.recover()
            return self._store.sweeps.get(record.id).is_active
        return False

    def _end_dead(self, records: Iterable[SweepRecord]) -> bool:
        """Interrupts what a process has left that died without a word; returns whether it was looked for just now.

        Whoever watches a sweep of the command line would wait for ever. A look takes the lock of the whole data folder,
        so there is one in a few seconds, however many watch.
        """
        if not any(record.is_active and self._driver.get(record.id) is None for record in records):
            return False
        with self._lock:
            now_s = self._clock()
            if now_s - self._looked_s < DEAD_S:
                return False
            self._looked_s = now_s
        with suppress(TransferLabError):  # a disk that refuses
            self._store.recover()
        return True

    def stop_all(self, owners: Collection[str]) -> None:
        """Ends the sweeps of some owners; whoever calls it has asked whether that may be done."""
        with self._lock:
            for sweep_id in self._driver.active(owners):
                self._driver.end(sweep_id, SweepState.STOPPED)

    # ---- looking ----

    def version(self, sweep_id: str) -> int:
        """Returns the version that a snapshot would have now; 0 for what is not under way here. Costs nothing."""
        live = self._driver.get(sweep_id)
        return live.version if live else 0

    def snapshot(self, sweep_id: str, *, by: Visitor) -> SweepSnapshot:
        """Returns a sweep as it is now; anyone who may see it may look.

        Raises:
            UnknownIdError: "unknown_sweep", also for a sweep that the visitor may not see.
        """
        record = self.find(sweep_id, by=by)
        with self._lock:
            live = self._driver.get(record.id)
            if live is None:
                return completed(self._store, snapshot_of(record, self._store.sweeps.trials(record.id)))
            seen = live.snapshot
            if seen is None or seen.version != live.version or seen.record != record:
                seen = snapshot_of(record, self._store.sweeps.trials(record.id), live.version)
                live.snapshot = seen = replace(seen, left_s=live.left_s(), doing=live.doing)
            return seen

    def find(self, sweep_id: str, *, by: Visitor) -> SweepRecord:
        """Returns the record of a sweep, by its id or the beginning of it; as `snapshot`."""
        record = self._driver.ended(self._store.sweeps.find(sweep_id, by=by))
        if self._end_dead([record]):
            record = self._driver.ended(self._store.sweeps.find(sweep_id, by=by))
        return record

    def list_sweeps(self, *, by: Visitor) -> list[SweepRecord]:
        """Returns the sweeps that a visitor finds in a list, newest first: theirs, and those shared with the class."""
        seen = [self._driver.ended(record) for record in self._store.sweeps.seen(by=by)]
        if self._end_dead(seen):
            seen = [self._driver.ended(record) for record in self._store.sweeps.seen(by=by)]
        return seen

    def estimate_s(self, sweep: Sweep, *, may_measure: bool = True) -> float | None:
        """Returns how long a sweep would take with this machine to itself; None where that is not known (yet).

        Args:
            sweep: What it would ask.
            may_measure: Whether what is not known is measured, one kind of run at a time, while nothing trains: then
                ask again.

        Raises:
            UnknownIdError, SpecError: The first trial that cannot be run says why.
        """
        known = self._estimates.known()
        specs = [trial.spec for trial in self._unknown(sweep.trials(self._home))]
        for spec in specs:
            if known(spec) is None:
                with self._lock:
                    if may_measure:
                        self._estimates.of(spec)
                return None
        return together_s(specs, known)

    def _unknown(self, trials: Iterable[Trial]) -> list[Trial]:
        """Returns the trials that no run has the results of; those that start from such have a source of their own."""
        found, known = [], dict[int, str]()
        for place, trial in enumerate(trials):
            if trial.source is not None:
                source = known.get(trial.source, f"trial {trial.source}")
                trial = replace(trial, spec=trial.spec.with_changes(source=source))
            with suppress(TransferLabError, OSError):
                if record := reuse.find(self._store, trial.spec):
                    known[place] = record.id
            found += [] if place in known else [trial]
        return found

    def holds(self, sweep_id: str) -> bool:
        """Says whether a run of a sweep waits, trains, or has not been let go of by its worker."""
        with self._lock:
            return any(self._supervisor.holds(trial.run_id) for trial in self._store.sweeps.trials(sweep_id))

    # ---- what else one does with them ----

    def rename(self, sweep_id: str, name: str, *, by: Visitor) -> None:
        """As `SweepRecords.rename`."""
        self._store.sweeps.rename(sweep_id, name, by=by)

    def share(self, sweep_id: str, visibility: Visibility, *, by: Visitor) -> None:
        """Says who else may look at a sweep and its runs; a trial that somebody else has taken is theirs to show.

        Raises:
            UnknownIdError, StoreError: As `SweepRecords.permitted`.
        """
        record = self._store.sweeps.share(sweep_id, visibility, by=by)
        for trial in self._store.sweeps.trials(record.id):
            if trial.owner == record.owner:
                self._runs.share(trial.run_id, visibility, by=by)

    def delete(self, sweep_id: str, *, by: Visitor) -> None:
        """Deletes a sweep at rest, with its runs; those of others become ordinary runs of theirs.

        Raises:
            UnknownIdError, StoreError: As `SweepRecords.permitted`; "sweep_is_active", also while a worker has not let
                go of its last run.
        """
        record = self._store.sweeps.permitted(sweep_id, by=by)
        trials = self._store.sweeps.trials(record.id)
        with self._lock:
            if record.is_active or self._driver.get(record.id) or self.holds(record.id):
                raise StoreError("sweep_is_active", sweep=record.id)
        for trial in trials:
            self._runs.delete(trial.run_id, by=by) if trial.owner == record.owner else self._store.release(trial.run_id)
        self._store.sweeps.delete(record.id, by=by)

    def close(self) -> None:
        """Leaves what is under way interrupted."""
        self._driver.close()

    def _check_room(self, by: Visitor) -> None:
        if not by.is_instructor:
            self._disk.bytes_left(by.address)

    def _with_data(self, sweep: Sweep, by: Visitor) -> Sweep:
        """Returns a sweep of data, and from a source, that a visitor may train on."""

        def allowed(options: dict) -> dict:
            dataset, source = options.get("dataset"), options.get("source")
            options = options if source is None else {**options, "source": self._store.find(source, by=by).id}
            return options if dataset is None else {**options, "dataset": self._runs.data(str(dataset), by=by)}

        cells = tuple(replace(cell, options=allowed(dict(cell.options))) for cell in sweep.cells)
        return replace(sweep, base=allowed(dict(sweep.base)), cells=cells)
