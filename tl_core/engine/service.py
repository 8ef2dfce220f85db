"""The engine behind the pages: submit, look, pause, stop. One lock; workers in processes of their own."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tl_core.engine import uploads
from tl_core.engine.capacity import free_bytes
from tl_core.engine.estimates import Estimate, Estimates, Pending
from tl_core.engine.executor import Executor
from tl_core.engine.snapshots import Finished, RunSnapshot
from tl_core.engine.submission import Order, enter
from tl_core.engine.supervisor import Supervisor
from tl_core.engine.worker_process import WorkerProcess
from tl_core.errors import StoreError
from tl_core.spec import RunSpec
from tl_core.store.records import RunRecord
from tl_core.store.store import RunStore


@dataclass(frozen=True)
class EngineStatus:
    """What the engine computes on. `device` is None while the main worker starts."""

    device: str | None
    n_active: int
    n_waiting: int
    n_workers: int = 1


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
        uploads.sweep(home)
        self._supervisor = Supervisor(store, self._finished, home, start_worker, clock, free)
        self._lock, self._pool = self._supervisor.lock, self._supervisor.pool
        self._trainings = self._supervisor.trainings
        self._estimates = Estimates(store, self._supervisor.ask, lambda: self._trainings.count()[0] == 0)

    # ---- runs: in, look, out ----

    def submit(
        self,
        spec: RunSpec,
        *,
        name: str,
        baseline: RunSpec | None = None,
        baseline_name: str = "",
        owner: str = "local",
        is_afresh: bool = False,
    ) -> RunRecord:
        """Queues a run, and its from-scratch twin when one is given; the twin begins once the run's steps do.

        What an equal run has found out before is not computed again: its record is copied, completed at once.

        Args:
            spec: What to train.
            name: What the run is called.
            baseline: The twin's spec.
            baseline_name: What the twin is called; like the run, where it is empty.
            owner: Whose runs they are; owners take turns.
            is_afresh: Train in any case.

        Returns:
            The run's record; its `twin_id` names the baseline.
        """
        orders = [Order.of(self.store, spec, "run", name, is_afresh)]
        if baseline is not None:
            orders.append(Order.of(self.store, baseline, "baseline", baseline_name or name, is_afresh))
        with self._lock:
            run_id = enter(self.store, self._trainings, orders, owner)
            self._trainings.dispatch()
            return self.store.get(run_id)

    def resume(self, run_id: str) -> None:
        """Queues a stopped or interrupted run again, from its newest checkpoint and with as many threads as before.

        Raises:
            StoreError: "run_is_active", or "run_already_finished" when there is nothing to resume.
        """
        with self._lock:
            record = self.store.get(run_id)
            if self._trainings.get(record.id):
                raise StoreError("run_is_active", run=record.id)
            if not record.state.is_resumable:
                raise StoreError("run_already_finished", run=record.id)
            self._finished.forget(record.id)
            self._trainings.add(record.id, RunSpec.from_dict(record.spec), record.owner, is_resumed=True)
            self._trainings.dispatch()

    def version(self, run_id: str) -> int:
        """Returns the version that a snapshot would have now; 0 for what is over or unknown. Costs nothing."""
        live = self._trainings.get(run_id)
        return live.version if live else 0

    def snapshot(self, run_id: str) -> RunSnapshot:
        """Returns a run as it is now.

        Raises:
            UnknownIdError: "unknown_run".
        """
        live = self._trainings.get(run_id)
        if live is not None and (seen := live.seen()):
            return seen
        with self._lock:
            live = self._trainings.get(run_id)
            if live is None:  # over, or only the beginning of an id
                record = self._trainings.ends.seen(self.store.get(run_id))
                live = self._trainings.get(record.id)
                if live is None:
                    return self._finished.of(record)
            if live.record is None:
                live.record = self.store.get(live.run_id)
            return live.snapshot(self._trainings.position(live.run_id))

    def delete(self, run_id: str) -> None:
        """Deletes a finished run, its curve and its weights.

        Raises:
            UnknownIdError: "unknown_run".
            StoreError: "run_is_active" while it waits, trains, or has not been let go of by its worker.
        """
        with self._lock:
            record = self.store.get(run_id)
            if self._trainings.get(record.id) or self._pool.holder(record.id):
                raise StoreError("run_is_active", run=record.id)
            self.store.delete(record.id)
            self._finished.forget(record.id)

    def forget(self, run_id: str) -> None:
        """Has a run that was renamed or deleted read again."""
        with self._lock:
            self._finished.forget(run_id)
            if live := self._trainings.get(run_id):
                live.record = None
                live.touch()

    # ---- runs: stop, pause, step ----

    def stop(self, run_id: str) -> None:
        """Asks a run to end; it is recorded as stopped within a second, with its best weights so far."""
        self._supervisor.stop(run_id)

    def pause(self, run_id: str) -> None:
        """Has a run wait after its present step; others go on. Does nothing with a run that is not under way."""
        self._supervisor.pause(run_id)

    def continue_(self, run_id: str) -> None:
        """Has a paused run go on."""
        self._supervisor.tell_paused(run_id, "continue")

    def step(self, run_id: str) -> None:
        """Has a paused run do one step and wait again."""
        self._supervisor.tell_paused(run_id, "step")

    # ---- everything else ----

    def classify(self, subject: str, images: list[np.ndarray]) -> "Future[np.ndarray]":
        """Classifies pictures in the main worker, before its next slice of training.

        Args:
            subject: A finished run's id, or "backbone:<id>".
            images: uint8 (H, W, 3) each, as `decode_image` returns them.

        Returns:
            A future of float (n, classes), probabilities; it may raise any TransferLabError.

        Raises:
            UnknownIdError: "unknown_run".
            StoreError: "disk_full" or "home_not_writable".
        """
        if not subject.startswith("backbone:"):
            subject = self.store.get(subject).id
        path = uploads.written(self.home, images)
        future = self._supervisor.ask({"do": "classify", "subject": subject, "images": str(path)})
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
            return EngineStatus(self._pool.device, *self._trainings.count(), len(list(self._pool)))

    def pids(self) -> list[int]:
        """Returns the process ids of the workers, that of the main one first."""
        with self._lock:
            return [member.pid for member in self._pool if member.pid is not None]

    def close(self) -> None:
        """Ends the workers; what was running is recorded as interrupted. Twice is harmless."""
        if self._supervisor.close():
            self.store.close()
