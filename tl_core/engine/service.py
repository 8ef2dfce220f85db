"""The engine behind the pages: submit, look, pause, stop. One lock; workers in processes of their own."""

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tl_core.bundles import transfer
from tl_core.bundles.bundle import Bundle
from tl_core.datasets.known import is_here
from tl_core.datasets.own.album import is_own
from tl_core.engine.executors.contract import Executor
from tl_core.engine.executors.process import WorkerProcess
from tl_core.engine.imports import uploads
from tl_core.engine.imports.imports import Bringing
from tl_core.engine.pool.capacity import free_bytes
from tl_core.engine.runs import reuse
from tl_core.engine.runs.estimates import Estimate, Estimates, Pending
from tl_core.engine.runs.forecast import Place, places
from tl_core.engine.runs.going_on import lengthen
from tl_core.engine.runs.live_run import LiveRun
from tl_core.engine.runs.snapshots import Finished, RunSnapshot
from tl_core.engine.runs.submission import Order, enter
from tl_core.engine.supervisor import Supervisor
from tl_core.engine.worker.requests import CLASSIFY
from tl_core.errors import StoreError
from tl_core.spec import RunSpec
from tl_core.store.access import Visitor, check_instructor, may_see
from tl_core.store.albums import AlbumRecord
from tl_core.store.limits import Limits, check_limits, limits, save_limits
from tl_core.store.records import RunRecord, Visibility
from tl_core.store.store import RunStore

FORECAST_S = 2.0  # for which the times at which waiting runs begin are worth something


@dataclass(frozen=True)
class EngineStatus:
    """What the engine computes on. `device` is None while the main worker starts.

    `is_held`: everything is paused. `trouble`: why nothing can be written into the data folder now.
    """

    device: str | None
    n_active: int
    n_waiting: int
    n_workers: int = 1
    is_held: bool = False
    trouble: StoreError | None = None


class Engine:
    """Runs trainings in the background for any number of pages.

    Args:
        store: Where runs are kept; only this engine writes the runs that it was given.
        home: The data folder.
        start_worker: Makes an executor from (home, on_message, on_exit), for an extra worker with `threads` as well.
        clock: Monotonic seconds.
        free: Says how many bytes of memory are free.

    Promises:
        1. No method waits for Keras; `classify` returns a Future.
        2. Snapshots are copies; a finished run's never changes. Equal versions of a live run are the same snapshot.
        3. A stop is recorded within a second.
        4. A worker that dies or hangs fails the runs that it had, and only those; the next one starts at once.
        5. Nobody waits for the second run of another.
        6. What people do is done `by` a visitor, and the store is asked first whether it is theirs to do
           (`RunStore.find`, `RunStore.permitted`, `access.check_instructor`). Methods without `by` change nothing of
           anybody's.

    Thread: any.
    """

    def __init__(
        self,
        store: RunStore,
        home: Path,
        start_worker: Callable[..., Executor] = WorkerProcess,
        clock: Callable[[], float] = time.monotonic,
        free: Callable[[], int] = free_bytes,
    ) -> None:
        self.store, self.home = store, home
        self._finished = Finished(store)
        self._clock = clock
        self._forecast: tuple[float, dict[str, float | None]] = (-math.inf, {})
        uploads.sweep(home)
        self._bringing = Bringing(store, home)
        self.albums, self.imports = self._bringing.albums, self._bringing.imports
        self._supervisor = Supervisor(store, self._finished, home, start_worker, clock, free)
        self._lock, self._pool = self._supervisor.lock, self._supervisor.pool
        self._trainings = self._supervisor.trainings
        self._trainings.most_running = limits(store).running
        self._estimates = Estimates(store, self._supervisor.ask, lambda: self._trainings.count()[0] == 0, home)

    # ---- runs: in, look, out ----

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
            UnknownIdError: "unknown_dataset": a data set of somebody's own that the visitor may not see.
            StoreError: "too_many_waiting", "too_many_runs" or "too_much_disk": beyond the limits for one student.
        """
        spec = spec.with_changes(dataset=self._data(spec.dataset, by))
        baseline = baseline and baseline.with_changes(dataset=self._data(baseline.dataset, by))
        told = {"is_afresh": is_afresh, "home": self.home}
        orders = [Order.of(self.store, spec, "run", name, **told)]
        if baseline is not None:
            orders.append(Order.of(self.store, baseline, "baseline", baseline_name or name, **told))
        with self._lock:
            check_limits(self.store, len(orders), by=by)
            self.store.meet(by.owner)
            run_id = enter(self.store, self._trainings, orders, by.owner)
            self._trainings.dispatch()
            return self.store.get(run_id)

    def take_in_network(self, bundle: Bundle, *, by: Visitor, name: str) -> RunRecord:
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
        with self._lock:
            record = transfer.entered(self.store, bundle, name, by)
        return transfer.filled(self.store, record, bundle)  # large files take their time; nobody waits for them

    def bundle(self, run_id: str, *, by: Visitor) -> bytes:
        """Returns a finished run's network as a file to take along; whoever may see a run may take it.

        Raises:
            UnknownIdError: "unknown_run", also for a run that the visitor may not see.
            InputError: "run_without_weights"; "bundle_spec" for one that could not be brought in.
            StoreError: "file_damaged".
        """
        return transfer.packed(self.store, self.store.find(run_id, by=by), self.home)

    def _data(self, dataset: str, by: Visitor) -> str:
        """Returns the data to train on: those that were asked for, or what has become of them.

        One's own may be changed or gone; a visitor whose run was trained on them may do so again while they are here.

        Raises:
            UnknownIdError: "unknown_dataset", also for data that the visitor may not see.
        """
        if not is_own(dataset):
            return dataset
        mine = self.store.list_runs(owner=by.owner, text=dataset)  # finds names of runs as well
        if any(run.spec.get("dataset") == dataset for run in mine) and is_here(dataset, self.home):
            return dataset
        return self.albums.find(dataset, by=by).id

    def bring(self, path: Path, *, by: Visitor, **asked: object) -> str:
        """As `Bringing.bring`."""
        return self._bringing.bring(path, by=by, **asked)

    def bring_now(self, files: Sequence[tuple[str, bytes]], *, by: Visitor, **asked: object) -> AlbumRecord:
        """As `Bringing.bring_now`."""
        return self._bringing.bring_now(files, by=by, **asked)

    def resume(self, run_id: str, *, by: Visitor) -> None:
        """Queues a stopped or interrupted run again, from its newest checkpoint and with as many threads as before.

        Raises:
            UnknownIdError, StoreError: As `RunStore.permitted`; "run_is_active", or "run_already_finished" when there
                is nothing to resume.
        """
        with self._lock:
            record = self.store.permitted(run_id, by=by)
            if self._trainings.get(record.id):
                raise StoreError("run_is_active", run=record.id)
            if not record.state.is_resumable:
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
            record = self.store.permitted(run_id, by=by)
            if self._trainings.get(record.id) or self._trainings.get(record.twin_id):
                raise StoreError("run_is_active", run=record.id)
            check_limits(self.store, 0, by=by)
            for one, spec in lengthen(self.store, record, epochs, self.home):
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
        known = live.record if live is not None else None
        if known is None or not may_see(known, by, is_named=True):
            run_id = self.store.find(run_id, by=by).id
        elif seen := live.seen():
            return seen
        with self._lock:
            live = self._trainings.get(run_id)
            if live is None:
                return self._finished.of(self._trainings.ends.seen(self.store.get(run_id)))
            if live.record is None:
                live.record = self.store.get(live.run_id)
            return live.snapshot(self._trainings.position(live.run_id))

    def find(self, run_id: str, *, by: Visitor) -> RunRecord:
        """Returns the record of a run, by its id or the beginning of it.

        Raises:
            UnknownIdError: "unknown_run", also for a run that the visitor may not see.
        """
        return self.store.find(run_id, by=by)

    def list_runs(self, *, by: Visitor, **wanted: object) -> list[RunRecord]:
        """Returns the runs that a visitor finds in a list, newest first; `wanted` as `RunStore.list_runs`."""
        return self.store.list_runs(by=by, **wanted)

    def is_known(self, spec: RunSpec) -> bool:
        """Says whether an equal run has finished already, so that nothing would have to be trained."""
        return reuse.find(self.store, spec) is not None

    def rename(self, run_id: str, name: str, *, by: Visitor) -> None:
        """As `RunStore.rename`."""
        self._forget(self.store.rename(run_id, name, by=by))

    def share(self, run_id: str, visibility: Visibility, *, by: Visitor) -> None:
        """As `RunStore.share`."""
        record = self.store.share(run_id, visibility, by=by)
        for shared in (record, record.twin_id and self.store.get(record.twin_id)):
            if shared:
                self._forget(shared)

    def pin(self, run_id: str, is_pinned: bool, *, by: Visitor) -> None:
        """As `RunStore.pin`."""
        self._forget(self.store.pin(run_id, is_pinned, by=by))

    def delete(self, run_id: str, *, by: Visitor) -> None:
        """Deletes a finished run, its curve and its weights.

        Raises:
            UnknownIdError, StoreError: As `RunStore.permitted`; "run_is_active" while it waits, trains, or has not been
                let go of by its worker.
        """
        with self._lock:
            record = self.store.permitted(run_id, by=by)
            if self._trainings.get(record.id) or self._pool.holder(record.id):
                raise StoreError("run_is_active", run=record.id)
            self.store.delete(record.id, by=by)
            self._finished.forget(record.id)
        if is_own(str(record.spec.get("dataset"))):  # it may have been the last that needed these pictures
            self.albums.clear(record.spec["dataset"])

    def _forget(self, changed: RunRecord) -> None:
        """Has a run that was changed read again."""
        with self._lock:
            self._finished.forget(changed.id)
            if live := self._trainings.get(changed.id):
                live.record = None
                live.touch()

    # ---- runs: stop, pause, step; all as `RunStore.permitted` for whom they are refused ----

    def stop(self, run_id: str, *, by: Visitor) -> None:
        """Asks a run to end; it is recorded as stopped within a second, with its best weights so far."""
        self._supervisor.stop(self.store.permitted(run_id, by=by).id)

    def pause(self, run_id: str, *, by: Visitor) -> None:
        """Has a run wait after its present step; others go on. Does nothing with a run that is not under way."""
        self._supervisor.pause(self.store.permitted(run_id, by=by).id)

    def continue_(self, run_id: str, *, by: Visitor) -> None:
        """Has a paused run go on."""
        self._supervisor.tell_paused(self.store.permitted(run_id, by=by).id, "continue")

    def step(self, run_id: str, *, by: Visitor) -> None:
        """Has a paused run do one step and wait again."""
        self._supervisor.tell_paused(self.store.permitted(run_id, by=by).id, "step")

    # ---- the class: names ----

    def name_me(self, name: str, *, by: Visitor) -> None:
        """Says what others see as the name of this visitor; as `RunStore.name_owner`."""
        self.store.name_owner(by.owner, name, by=by)

    def owner_names(self) -> dict[str, str | int]:
        """Returns owner → the name that others see, or the number under which one without a name came here."""
        return {owner.id: owner.name or owner.seq for owner in self.store.owners().values()}

    # ---- the class: for the instructor ----

    def hasten(self, run_id: str, *, by: Visitor) -> None:
        """Puts a waiting run before all others. Does nothing with a run that does not wait.

        Raises:
            StoreError: "instructor_only".
        """
        check_instructor(by)
        with self._lock:
            self._trainings.hasten(self.store.permitted(run_id, by=by).id)

    def hold(self, is_held: bool, *, by: Visitor) -> None:
        """Pauses all runs and begins no other, or lets those go on that were paused so.

        Raises:
            StoreError: "instructor_only".
        """
        check_instructor(by)
        self._supervisor.hold(is_held)

    def set_limits(self, chosen: Limits, *, by: Visitor) -> None:
        """Sets what one student may have at most.

        Raises:
            StoreError: "instructor_only".
        """
        save_limits(self.store, chosen, by=by)
        with self._lock:
            self._trainings.most_running = chosen.running
            self._trainings.dispatch()

    def limits(self) -> Limits:
        """Returns what one student may have at most."""
        return limits(self.store)

    def queue(self, *, by: Visitor) -> list[Place]:
        """Returns what trains and what waits, in the order in which it will begin.

        Raises:
            StoreError: "instructor_only".
        """
        check_instructor(by)
        return self._places()

    def wait_s(self, run_id: str) -> float | None:
        """Returns in how many seconds a waiting run is expected to begin.

        None where that is not known, when it does not wait, and while all runs are held.
        """
        if self._trainings.is_held:
            return None
        if self._clock() - self._forecast[0] > FORECAST_S:  # the same one for all who wait
            self._forecast = self._clock(), {place.run_id: place.begins_in_s for place in self._places()}
        return self._forecast[1].get(run_id)

    def _places(self) -> list[Place]:
        with self._lock:
            position, run_s = self._trainings.position, self._estimates.runs_s()

            def left_s(live: LiveRun) -> float | None:
                """Returns how many seconds a run has still to go: at its own pace, or as others of its kind took."""
                at_its_pace_s = live.remaining_s()
                return run_s(live.spec) if at_its_pace_s is None else at_its_pace_s

            return places(self._trainings, self._trainings.record, position, left_s, self._pool.n_servers)

    # ---- everything else ----

    def classify(self, subject: str, images: list[np.ndarray], *, by: Visitor) -> "Future[np.ndarray]":
        """Classifies pictures in the main worker, before its next slice of training.

        Args:
            subject: A finished run's id, or "backbone:<id>".
            images: uint8 (H, W, 3) each, as `decode_image` returns them.
            by: Who asks; whoever may see a run may ask it.

        Returns:
            A future of float (n, classes), probabilities; it may raise any TransferLabError.

        Raises:
            UnknownIdError: "unknown_run".
            StoreError: "disk_full" or "home_not_writable".
        """
        if not subject.startswith("backbone:"):
            subject = self.store.find(subject, by=by).id
        path = uploads.written(self.home, images)
        future = self._supervisor.ask(CLASSIFY.message(subject=subject, images=str(path)))
        future.add_done_callback(lambda _: path.unlink(missing_ok=True))
        return future

    def estimate(self, spec: RunSpec) -> Estimate | Pending:
        """Returns what a run would cost with this machine to itself, or why that is not known (yet)."""
        with self._lock:
            return self._estimates.of(spec)

    def status(self) -> EngineStatus:
        """Returns what the engine computes on and how busy it is. Wakes a worker that was ended because nobody came."""
        with self._lock:
            self._pool.visit()
            counts = self._trainings.count()
            held, trouble = self._trainings.is_held, self.store.trouble()
            return EngineStatus(self._pool.device, *counts, len(list(self._pool)), held, trouble)

    def pids(self) -> list[int]:
        """Returns the process ids of the workers, that of the main one first."""
        with self._lock:
            return [member.pid for member in self._pool if member.pid is not None]

    def close(self) -> None:
        """Ends the workers; what was running is recorded as interrupted. Twice is harmless."""
        self.imports.close()
        if self._supervisor.close():
            self.store.close()
