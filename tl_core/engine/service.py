"""The engine behind the pages: submit, look, stop. One lock, one worker process, one thread that listens to it."""

import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tl_core.engine.answers import Answers, failed
from tl_core.engine.ends import End, Ends
from tl_core.engine.environment import environment
from tl_core.engine.estimates import Estimate, Estimates, Pending
from tl_core.engine.recorder import Recorder
from tl_core.engine.snapshots import LiveRun, RunSnapshot
from tl_core.engine.worker_process import Executor, WorkerProcess
from tl_core.errors import StoreError, TransferLabError, WorkerError
from tl_core.spec import RunSpec
from tl_core.store.home import made
from tl_core.store.records import RunRecord, RunState
from tl_core.store.space import refused
from tl_core.store.store import RunStore

MAX_ACTIVE = 4  # runs that the worker advances in turns; each holds its network in memory
STOP_PATIENCE_S = 0.7  # then a stop is recorded, even if the worker is inside a long compilation
MAX_BAD_STARTS = 3  # workers in a row that died before they were ready; then one is only started when it is needed
KEPT_SNAPSHOTS = 100
LEFTOVER_S = 600  # a picture that has waited so long for its answer waits for nobody


@dataclass(frozen=True)
class EngineStatus:
    """What the engine computes on. `device` is None while the worker starts."""

    device: str | None
    n_active: int
    n_waiting: int


class Engine:
    """Runs trainings in the background for any number of pages.

    Args:
        store: Where runs are kept; only this engine writes the runs that it was given.
        home: The data folder.
        start_worker: Makes an executor from (home, on_message, on_exit).

    Promises:
        1. No method waits for Keras; `ask` returns a Future.
        2. Snapshots are copies; a finished run's never changes.
        3. A stop is recorded within a second.
        4. A worker that dies fails the runs that it had, and only those; the next one starts at once.

    Thread: any.
    """

    def __init__(self, store: RunStore, home: Path, start_worker: Callable[..., Executor] = WorkerProcess) -> None:
        self.store, self.home = store, home
        self._start_worker = start_worker
        self._lock = threading.RLock()
        self._live: dict[str, LiveRun] = {}
        self._detached: set[str] = set()  # over, but the worker has not let go of them yet
        self._ends = Ends(store)
        self._answers = Answers()
        self._finished: dict[str, RunSnapshot] = {}
        self._estimates = Estimates(store, self._ask, lambda: not any(live.is_sent for live in self._live.values()))
        self._device: str | None = None
        self._is_closed = False
        self._n_bad_starts = 0
        self._sweep_uploads()
        self._worker: Executor | None = None
        with self._lock:
            self._wake()

    def _sweep_uploads(self) -> None:
        """Removes pictures that a killed server left waiting for an answer."""
        for path in (self.home / "uploads").glob("*.npz"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > LEFTOVER_S:
                    path.unlink()

    # ---- what pages call ----

    def submit(
        self,
        spec: RunSpec,
        *,
        name: str,
        baseline: RunSpec | None = None,
        baseline_name: str = "",
        owner: str = "local",
    ) -> RunRecord:
        """Queues a run, and its from-scratch twin when one is given; the twin begins once the run's steps do.

        Returns:
            The run's record; its `twin_id` names the baseline.
        """
        with self._lock:
            run = self.store.create_run(spec.to_dict(), role="run", name=name, environment=environment(), owner=owner)
            self._enqueue(run.id, spec)
            if baseline is not None:
                self._submit_twin(run.id, baseline, baseline_name or name, owner)
            self._dispatch()
            return self.store.get(run.id)

    def _submit_twin(self, run_id: str, spec: RunSpec, name: str, owner: str) -> None:
        try:
            twin = self.store.create_run(
                spec.to_dict(), role="baseline", name=name, owner=owner, twin_id=run_id, environment=environment()
            )
        except TransferLabError as error:  # half a pair is not what was asked for
            self._finish(self._live[run_id], RunState.FAILED, error)
            raise
        self._enqueue(twin.id, spec, after=run_id)

    def resume(self, run_id: str) -> None:
        """Queues a stopped or interrupted run again, from its newest checkpoint.

        Raises:
            StoreError: "run_is_active", or "run_already_finished" when there is nothing to resume.
        """
        with self._lock:
            record = self.store.get(run_id)
            if record.id in self._live:
                raise StoreError("run_is_active", run=record.id)
            if not record.state.is_resumable:
                raise StoreError("run_already_finished", run=record.id)
            self._finished.pop(record.id, None)
            self._enqueue(record.id, RunSpec.from_dict(record.spec), is_resumed=True)
            self._dispatch()

    def snapshot(self, run_id: str) -> RunSnapshot:
        """Returns a run as it is now.

        Raises:
            UnknownIdError: "unknown_run".
        """
        with self._lock:
            record = self._ends.seen(self.store.get(run_id))
            live = self._live.get(record.id)
            if live is not None:
                return live.snapshot(record, self.store.epochs(record.id), self._position(live))
            kept = self._finished.get(record.id)
            if kept is None or kept.record != record:  # renamed, or resumed by another process
                kept = self._read_finished(record)
                self._remember(kept)
            return kept

    def stop(self, run_id: str) -> None:
        """Asks a run to end; it is recorded as stopped within a second, with its best weights so far."""
        with self._lock:
            live = self._live.get(run_id)
            if live is None or live.is_stopping:
                return
            if not live.is_sent:
                self._finish(live, RunState.STOPPED)
                self._dispatch()
                return
            live.is_stopping = True
            live.version += 1
            self._send({"do": "stop", "run_id": run_id})
            timer = threading.Timer(STOP_PATIENCE_S, self._record_stop, [live])
            timer.daemon = True
            timer.start()

    def delete(self, run_id: str) -> None:
        """Deletes a finished run, its curve and its weights.

        Raises:
            UnknownIdError: "unknown_run".
            StoreError: "run_is_active" while it waits, trains, or has not been let go of by the worker.
        """
        with self._lock:
            record = self.store.get(run_id)
            if record.id in self._live or record.id in self._detached:
                raise StoreError("run_is_active", run=record.id)
            self.store.delete(record.id)
            self._finished.pop(record.id, None)

    def forget(self, run_id: str) -> None:
        """Drops the remembered snapshot of a run that was renamed or deleted."""
        with self._lock:
            self._finished.pop(run_id, None)

    def classify(self, subject: str, images: list[np.ndarray]) -> "Future[np.ndarray]":
        """Classifies pictures in the worker, before its next slice of training.

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
        folder = made(self.home / "uploads")
        path = folder / f"{secrets.token_hex(16)}.npz"
        try:
            np.savez(path, **{f"{index:05d}": image for index, image in enumerate(images)})
        except OSError as error:
            path.unlink(missing_ok=True)
            raise refused(folder, error) from error
        future = self._ask({"do": "classify", "subject": subject, "images": str(path)})
        future.add_done_callback(lambda _: path.unlink(missing_ok=True))
        return future

    def estimate(self, spec: RunSpec) -> Estimate | Pending:
        """Returns what a run would cost on this machine, or why that is not known (yet)."""
        with self._lock:
            return self._estimates.of(spec)

    def status(self) -> EngineStatus:
        """Returns what the engine computes on and how busy it is."""
        with self._lock:
            n_sent = sum(live.is_sent for live in self._live.values())
            return EngineStatus(self._device, n_sent, len(self._live) - n_sent)

    def close(self) -> None:
        """Ends the worker; what was running is recorded as interrupted. Twice is harmless."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            if self._worker is not None:
                self._worker.close()
            for live in list(self._live.values()):
                self._finish(live, RunState.INTERRUPTED)
            self._answers.fail(WorkerError("worker_died", status=0))
            self.store.close()

    # ---- the queue ----

    def _enqueue(self, run_id: str, spec: RunSpec, *, after: str | None = None, is_resumed: bool = False) -> None:
        recorder = Recorder(self.store, run_id, spec)
        self._live[run_id] = LiveRun(run_id, spec, recorder, is_resumed=is_resumed, after=after)

    def _dispatch(self) -> None:
        """Sends waiting runs to the worker, first come first served, as far as there is room."""
        while not self._is_closed and (live := self._next()) is not None:
            self._send_run(live)

    def _next(self) -> LiveRun | None:
        n_busy = sum(live.is_sent for live in self._live.values()) + len(self._detached)
        waiting = [live for live in self._live.values() if self._may_begin(live)]
        return waiting[0] if waiting and n_busy < MAX_ACTIVE else None

    def _may_begin(self, live: LiveRun) -> bool:
        """Says no to what has begun, to a baseline before its run, and to a run that the worker has not let go of."""
        leader = self._live.get(live.after or "")
        return not live.is_sent and live.run_id not in self._detached and (leader is None or leader.has_steps)

    def _send_run(self, live: LiveRun) -> None:
        live.is_sent = True
        self._queue_has_moved()
        try:
            self.store.run_folder(live.run_id)
        except TransferLabError as error:
            self._finish(live, RunState.FAILED, error)
            return
        self._send({"do": "train", "run_id": live.run_id, "spec": live.spec.to_dict(), "is_resumed": live.is_resumed})

    def _queue_has_moved(self) -> None:
        for live in self._live.values():
            live.version += 1

    def _position(self, live: LiveRun) -> int | None:
        waiting = [other.run_id for other in self._live.values() if not other.is_sent]
        return waiting.index(live.run_id) + 1 if live.run_id in waiting else None

    # ---- what the worker says; on the engine's thread ----

    def _on_message(self, message: dict) -> None:
        with self._lock:
            if self._is_closed:
                return
            handlers = {
                "ready": self._on_ready,
                "events": self._on_events,
                "ended": self._on_ended,
                "answer": self._answers.take,
            }
            handlers[message["say"]](message)
            self._ends.write()
            self._dispatch()

    def _on_ready(self, message: dict) -> None:
        self._device, self._n_bad_starts = message["device"], 0

    def _on_events(self, message: dict) -> None:
        live = self._live.get(message["run_id"])
        if message["run_id"] in self._detached:
            self._complete_stop(message)
            return
        if live is None:
            return
        for event in message["events"]:
            try:
                live.recorder.record(event)
            except TransferLabError as error:  # a full disk, or a state that another process has set
                self._send({"do": "stop", "run_id": live.run_id})
                self._give_up(live, error)
                return
            live.take(event)
            if event["event"] == "ended":
                del self._live[live.run_id]
                self._detached.add(live.run_id)

    def _complete_stop(self, message: dict) -> None:
        """Takes from a run that was recorded as stopped only what its worker says at the end: best epoch and proof."""
        for event in message["events"]:
            if event["event"] == "ended" and event["best_epoch"] is not None:
                with suppress(TransferLabError):
                    self.store.complete_stop(message["run_id"], best_epoch=event["best_epoch"], proof=event["proof"])
                self._finished.pop(message["run_id"], None)

    def _give_up(self, live: LiveRun, error: TransferLabError) -> None:
        self._detached.add(live.run_id)
        if error.code == "run_is_active":  # another process trains it: the record is not ours
            del self._live[live.run_id]
        else:
            self._finish(live, RunState.FAILED, error)

    def _on_ended(self, message: dict) -> None:
        live = self._live.get(message["run_id"])
        if message["run_id"] in self._detached:
            self._detached.discard(message["run_id"])
        elif live is not None:
            error = message.get("error") or {"code": "worker_died", "values": {"status": 0}}
            self._finish(live, RunState.FAILED, WorkerError(error["code"], **error["values"]))

    def _on_exit(self, status: int) -> None:
        """Fails what the dead worker had, and starts another."""
        with self._lock:
            if self._is_closed:
                return
            self._device, self._worker = None, None
            self._n_bad_starts += 1
            is_hopeless = self._n_bad_starts >= MAX_BAD_STARTS
            self._detached.clear()
            error = WorkerError("worker_died", status=status)
            for live in [live for live in self._live.values() if live.is_sent or is_hopeless]:
                self._finish(live, RunState.FAILED, error)
            self._answers.fail(error)
            if not is_hopeless:
                self._wake()
            self._dispatch()

    def _wake(self) -> None:
        if self._worker is None:
            self._worker = self._start_worker(self.home, self._on_message, self._on_exit)

    def _send(self, message: dict) -> None:
        self._wake()
        self._worker.send(message)

    # ---- ends ----

    def _record_stop(self, live: LiveRun) -> None:
        """Records a stop that the worker has not confirmed in time; it lets go of the run when it next looks up."""
        with self._lock:
            if self._live.get(live.run_id) is live and not self._is_closed:
                self._detached.add(live.run_id)
                self._finish(live, RunState.STOPPED)
                self._dispatch()

    def _finish(self, live: LiveRun, state: RunState, error: TransferLabError | None = None) -> None:
        """Takes a run out of the queue and records its end."""
        self._live.pop(live.run_id, None)
        self._queue_has_moved()
        self._ends.add(End(live, state, error.to_dict() if error else None))

    def _read_finished(self, record: RunRecord) -> RunSnapshot:
        trace = tuple(tuple(row) for row in self.store.trace(record.id))
        return RunSnapshot(record, 0, trace=trace, epochs=tuple(self.store.epochs(record.id)))

    def _remember(self, snapshot: RunSnapshot) -> None:
        if snapshot.record.state.is_finished:
            self._finished[snapshot.record.id] = snapshot
            while len(self._finished) > KEPT_SNAPSHOTS:
                self._finished.pop(next(iter(self._finished)))

    # ---- requests ----

    def _ask(self, message: dict) -> Future:
        with self._lock:
            if self._is_closed:
                return failed(WorkerError("worker_died", status=0))
            return self._answers.ask(self._send, message)
