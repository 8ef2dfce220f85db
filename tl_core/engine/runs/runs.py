"""What people do with runs: submit, look, stop, share, take along."""

from pathlib import Path
from typing import Any

from tl_core.bundles import transfer
from tl_core.bundles.bundle import Bundle
from tl_core.datasets.known import is_here
from tl_core.datasets.own.album import is_own
from tl_core.engine.runs import reuse
from tl_core.engine.runs.forecast import Forecast
from tl_core.engine.runs.going_on import lengthen
from tl_core.engine.runs.snapshots import FinishedRunCache, RunSnapshot
from tl_core.engine.runs.sources import with_source
from tl_core.engine.runs.submission import Order, enter
from tl_core.engine.supervisor import Supervisor
from tl_core.errors import StoreError
from tl_core.evaluation.insight import answers
from tl_core.export.cache import forget_run
from tl_core.spec import RunSpec
from tl_core.store.access import Visitor, may_see
from tl_core.store.albums import Albums
from tl_core.store.limits import DiskUse, admit, check_limits
from tl_core.store.records import ANY_SWEEP, RunRecord, Visibility
from tl_core.store.store import RunStore


class Runs:
    """The runs of everybody, as people see and command them.

    What is done `by` a visitor is asked of the store first: whether it is theirs to do (`RunStore.find`,
    `RunStore.permitted`). Methods without `by` change nothing of anybody's.

    Args:
        store: Where they are kept.
        home: The data folder.
        albums: The data sets of visitors' own.
        supervisor: Who has them trained.
        finished: The snapshots of finished runs.
        forecast: When waiting runs will begin.
        disk: What all visitors have on the disk.

    Thread: any.
    """

    def __init__(
        self,
        store: RunStore,
        home: Path,
        albums: Albums,
        supervisor: Supervisor,
        finished: FinishedRunCache,
        forecast: Forecast,
        disk: DiskUse,
    ) -> None:
        self._store, self._home, self._albums, self._disk = store, home, albums, disk
        self._supervisor, self._finished, self._forecast = supervisor, finished, forecast
        self._lock, self._trainings = supervisor.lock, supervisor.trainings

    def submit(
        self,
        spec: RunSpec,
        *,
        by: Visitor,
        name: str,
        baseline: RunSpec | None = None,
        baseline_name: str = "",
        is_afresh: bool = False,
    ) -> RunRecord:
        """Queues a run, and its from-scratch twin when one is given; the twin begins once the run's steps do.

        What an equal run has found out before is not computed again: its record is copied, completed at once.

        Args:
            spec: What to train.
            by: Whose run it is; owners take turns.
            name: What the run is called.
            baseline: The twin's spec.
            baseline_name: What the twin is called; like the run, where it is empty.
            is_afresh: Train in any case.

        Returns:
            The run's record; its `twin_id` names the baseline.

        Raises:
            UnknownIdError: "unknown_dataset": a data set of somebody's own that the visitor may not see; "unknown_run":
                a source of that kind, or none.
            InputError: As `sources.with_source`.
            StoreError: "too_many_waiting", "too_many_runs" or "too_much_disk": beyond the limits for one student;
                "line_is_full", "no_room_for_more" or "too_many_new": beyond those for an address or all.
        """
        spec = with_source(self._store, spec.with_changes(dataset=self.data(spec.dataset, by=by)), by=by)
        baseline = baseline and baseline.with_changes(dataset=self.data(baseline.dataset, by=by))
        orders = [Order.of(self._store, spec, "run", name, is_afresh=is_afresh, home=self._home)]
        if baseline is not None:
            name = baseline_name or name
            orders.append(Order.of(self._store, baseline, "baseline", name, is_afresh=is_afresh, home=self._home))
        self._check_room(by)
        with self._supervisor.entry:
            check_limits(self._store, len(orders), by=by)
            admit(self._store, by=by)
            run_id = enter(self._store, self._supervisor, orders, by.owner)
            with self._lock:
                self._trainings.dispatch()
            return self._store.get(run_id)

    def import_network(self, bundle: Bundle, *, by: Visitor, name: str) -> RunRecord:
        """Adds a run that was trained elsewhere, completed at once, to be classified with.

        Args:
            bundle: From `read_bundle`.
            by: Whose run it is.
            name: What the run is called.

        Raises:
            BundleError: "bundle_spec" or "bundle_unfit": not a network that this server could have trained.
            InputError: "bad_run_name".
            StoreError: "too_many_runs" or "too_much_disk"; or a refusal of the disk, and no run is left.
        """
        bundle = transfer.neutral(bundle)
        self._check_room(by)
        with self._lock:
            record = transfer.enter(self._store, bundle, name, by)
        return transfer.complete(self._store, record, bundle)  # large files take their time; nobody waits for them

    def _check_room(self, by: Visitor) -> None:
        """Refuses more where visitors have filled the disk as far as they may; outside of the lock, for it may look."""
        if not by.is_instructor:
            self._disk.bytes_left(by.address)

    def bundle(self, run_id: str, *, by: Visitor) -> bytes:
        """Returns a finished run's network as a file to take along; anyone who may see a run may take it.

        Raises:
            UnknownIdError: "unknown_run", also for a run that the visitor may not see.
            InputError: "run_without_weights"; "bundle_spec" for one that could not be imported.
            StoreError: "file_damaged".
        """
        return transfer.export(self._store, self._store.find(run_id, by=by), self._home)

    def data(self, dataset: str, *, by: Visitor) -> str:
        """Returns the data to train on: those that were asked for, or what has become of them.

        One's own may be changed or gone; a visitor whose run was trained on them may do so again while they are here.

        Raises:
            UnknownIdError: "unknown_dataset", also for data that the visitor may not see.
        """
        if not is_own(dataset):
            return dataset
        mine = self._store.list_runs(owner=by.owner, text=dataset, sweep=ANY_SWEEP)  # finds names of runs as well
        if any(run.spec.get("dataset") == dataset for run in mine) and is_here(dataset, self._home):
            return dataset
        return self._albums.find(dataset, by=by).id

    def resume(self, run_id: str, *, by: Visitor) -> None:
        """Queues a stopped or interrupted run again, from its newest checkpoint and with as many threads as before.

        Raises:
            UnknownIdError, StoreError: As `RunStore.permitted`; "run_is_active", or "run_already_finished" when there
                is nothing to resume.
        """
        with self._lock:
            record = self._store.permitted(run_id, by=by)
            if self._trainings.get(record.id):
                raise StoreError("run_is_active", run=record.id)
            if not record.is_resumable:
                raise StoreError("run_already_finished", run=record.id)
            self._finished.forget(record.id)
            self._trainings.add(record.id, RunSpec.from_dict(record.spec), record.owner, is_resumed=True)
            self._trainings.dispatch()

    def go_on(self, run_id: str, epochs: int, *, by: Visitor) -> None:
        """Queues a completed run again, to go on for more epochs, and its baseline with it.

        Args:
            run_id: The run.
            epochs: Of its last phase, in all: more than it had.
            by: Whose it is.

        Raises:
            UnknownIdError, StoreError: As `RunStore.permitted`; "run_is_active"; beyond the limits for one student.
            TransferLabError: As `going_on.lengthen`. Nothing has changed then.
        """
        with self._lock:
            record = self._store.permitted(run_id, by=by)
            if self._trainings.get(record.id) or self._trainings.get(record.twin_id):
                raise StoreError("run_is_active", run=record.id)
            check_limits(self._store, 0, by=by)
            for one, spec in lengthen(self._store, record, epochs, self._home):
                self._finished.forget(one.id)
                after = record.id if one.id != record.id else None
                self._trainings.add(one.id, spec, one.owner, after=after, is_resumed=True)
            self._trainings.dispatch()

    def version(self, run_id: str) -> int:
        """Returns the version that a snapshot would have now; 0 for what is over or unknown. Costs nothing."""
        live = self._trainings.get(run_id)
        return live.version if live else 0

    def snapshot(self, run_id: str, *, by: Visitor) -> RunSnapshot:
        """Returns a run as it is now.

        Raises:
            UnknownIdError: "unknown_run", also for a run that the visitor may not see.
        """
        live = self._trainings.get(run_id)
        known = live and live.record
        if not (live and known and may_see(known, by, is_named=True)):
            run_id = self._store.find(run_id, by=by).id
        elif seen := live.seen():
            return seen
        with self._lock:
            live = self._trainings.get(run_id)
            if live is None:
                return self._finished.of(self._trainings.unsaved_ends.seen(self._store.get(run_id)))
            return live.snapshot(self._trainings.record(run_id), self._trainings.position(run_id))

    def find(self, run_id: str, *, by: Visitor) -> RunRecord:
        """Returns the record of a run, by its id or the beginning of it.

        Raises:
            UnknownIdError: "unknown_run", also for a run that the visitor may not see.
        """
        return self._store.find(run_id, by=by)

    def list_runs(self, *, by: Visitor, **wanted: Any) -> list[RunRecord]:
        """Returns the runs that a visitor finds in a list, newest first; `wanted` as `RunStore.list_runs`."""
        return self._store.list_runs(by=by, **wanted)

    def is_known(self, spec: RunSpec) -> bool:
        """Says whether an equal run has finished already, so that nothing would have to be trained."""
        return reuse.find(self._store, spec) is not None

    def wait_s(self, run_id: str) -> float | None:
        """Returns in how many seconds a waiting run is expected to begin.

        None where that is not known, when it does not wait, and while all runs are held.
        """
        return None if self._trainings.is_held else self._forecast.wait_s(run_id)

    def rename(self, run_id: str, name: str, *, by: Visitor) -> None:
        """As `RunStore.rename`."""
        self._forget(self._store.rename(run_id, name, by=by))

    def share(self, run_id: str, visibility: Visibility, *, by: Visitor) -> None:
        """As `RunStore.share`."""
        record = self._store.share(run_id, visibility, by=by)
        for shared in (record, record.twin_id and self._store.get(record.twin_id)):
            if shared:
                self._forget(shared)

    def pin(self, run_id: str, is_pinned: bool, *, by: Visitor) -> None:
        """As `RunStore.pin`."""
        self._forget(self._store.pin(run_id, is_pinned, by=by))

    def delete(self, run_id: str, *, by: Visitor) -> None:
        """Deletes a finished run, its curve and its weights.

        Raises:
            UnknownIdError, StoreError: As `RunStore.permitted`; "run_is_active" while it waits, trains, or has not been
                let go of by its worker.
        """
        with self._lock:
            record = self._store.permitted(run_id, by=by)
            if self._supervisor.holds(record.id):
                raise StoreError("run_is_active", run=record.id)
            self._store.delete(record.id, by=by)
            self._finished.forget(record.id)
        forget_run(self._home, record.id)
        answers.forget_run(self._home, record.id)
        if is_own(str(record.spec.get("dataset"))):  # it may have been the last that needed these pictures
            self._albums.clear(record.spec["dataset"])

    def _forget(self, changed: RunRecord) -> None:
        """Has a run that was changed read again."""
        with self._lock:
            self._finished.forget(changed.id)
            if live := self._trainings.get(changed.id):
                live.record = None
                live.touch()

    # ---- stop, pause, step; all as `RunStore.permitted` for whom they are refused ----

    def stop(self, run_id: str, *, by: Visitor) -> None:
        """Asks a run to end; it is recorded as stopped within a second, with its best weights so far."""
        self._supervisor.stop(self._store.permitted(run_id, by=by).id)

    def pause(self, run_id: str, *, by: Visitor) -> None:
        """Has a run wait after its present step; others go on. Does nothing with a run that is not under way."""
        self._supervisor.pause(self._store.permitted(run_id, by=by).id)

    def resume_paused(self, run_id: str, *, by: Visitor) -> None:
        """Has a paused run go on."""
        self._supervisor.tell_paused(self._store.permitted(run_id, by=by).id, "continue")

    def step(self, run_id: str, *, by: Visitor) -> None:
        """Has a paused run do one step and wait again."""
        self._supervisor.tell_paused(self._store.permitted(run_id, by=by).id, "step")
