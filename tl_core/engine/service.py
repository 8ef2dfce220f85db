"""The engine behind the pages: submit, look, stop. One lock, one worker process, one thread that listens to it."""

import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tl_core.engine.environment import environment
from tl_core.engine.recorder import Recorder, timing_key
from tl_core.engine.snapshots import LiveRun, RunSnapshot
from tl_core.engine.worker_process import Executor, WorkerProcess
from tl_core.errors import InputError, StoreError, TransferLabError, WorkerError
from tl_core.spec import RunSpec
from tl_core.store.records import RunRecord, RunState
from tl_core.store.store import RunStore

MAX_ACTIVE = 4  # runs that the worker advances in turns; each holds its network in memory
STOP_PATIENCE_S = 0.7  # then a stop is recorded, even if the worker is inside a long compilation
KEPT_SNAPSHOTS = 100


@dataclass(frozen=True)
class EngineStatus:
    """What the engine computes on. `device` is None while the worker starts."""

    device: str | None
    n_active: int
    n_waiting: int


@dataclass(frozen=True)
class Estimate:
    """What a run will cost here, measured on this machine.

    Attributes:
        epoch_s: Seconds an epoch takes.
        prefix_s: Seconds for computing the features of all pictures once; 0 when nothing is cached.
        is_from_run: Whether a finished run measured it; otherwise a quick measurement did.
    """

    epoch_s: float
    prefix_s: float
    is_from_run: bool


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

    def __init__(self, store: RunStore, home: Path,
                 start_worker: Callable[..., Executor] = WorkerProcess) -> None:
        self.store, self.home = store, home
        self._start_worker = start_worker
        self._lock = threading.RLock()
        self._live: dict[str, LiveRun] = {}
        self._detached: set[str] = set()  # stopped in the store, but the worker has not let go of them yet
        self._answers: dict[str, Future] = {}
        self._measuring: dict[str, Future] = {}
        self._finished: dict[str, RunSnapshot] = {}
        self._device: str | None = None
        self._is_closed = False
        self._worker = start_worker(home, self._on_message, self._on_exit)

    # ---- what pages call ----

    def submit(self, spec: RunSpec, *, name: str, baseline: RunSpec | None = None, baseline_name: str = "",
               owner: str = "local") -> RunRecord:
        """Queues a run, and its from-scratch twin when one is given; the twin begins once the run's steps do.

        Returns:
            The run's record; its `twin_id` names the baseline.
        """
        with self._lock:
            run = self.store.create_run(spec.to_dict(), role="run", name=name, environment=environment(), owner=owner)
            self._enqueue(run.id, spec)
            if baseline is not None:
                twin = self.store.create_run(baseline.to_dict(), role="baseline", name=baseline_name, owner=owner,
                                             environment=environment(), twin_id=run.id)  # fmt: skip
                self._enqueue(twin.id, baseline, after=run.id)
            self._dispatch()
            return self.store.get(run.id)

    def resume(self, run_id: str) -> None:
        """Queues a stopped or interrupted run again, from its newest checkpoint.

        Raises:
            StoreError: "run_already_finished" when there is nothing to resume.
        """
        with self._lock:
            record = self.store.get(run_id)
            if record.id in self._live or not record.state.is_resumable:
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
            live = self._live.get(run_id)
            if live is not None:
                return live.snapshot(self.store.get(run_id), self.store.epochs(run_id), self._position(live))
            if run_id not in self._finished:
                self._remember(self._read_finished(run_id))
            return self._finished[run_id] if run_id in self._finished else self._read_finished(run_id)

    def stop(self, run_id: str) -> None:
        """Asks a run to end; it is recorded as stopped within a second, with its best weights so far."""
        with self._lock:
            live = self._live.get(run_id)
            if live is None:
                return
            if not live.is_sent:
                self._finish(live, RunState.STOPPED)
                return
            live.is_stopping = True
            live.version += 1
            self._worker.send({"do": "stop", "run_id": run_id})
            timer = threading.Timer(STOP_PATIENCE_S, self._record_stop, [live])
            timer.daemon = True
            timer.start()

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
        """
        folder = self.home / "uploads"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{secrets.token_hex(16)}.npz"
        np.savez(path, **{f"{index:05d}": image for index, image in enumerate(images)})
        future = self._ask({"do": "classify", "subject": subject, "images": str(path)})
        future.add_done_callback(lambda _: path.unlink(missing_ok=True))
        return future

    def estimate(self, spec: RunSpec, n_train: int, n_pictures: int) -> Estimate | None:
        """Returns what an epoch costs on this machine; None while it is being measured.

        Args:
            spec: What would be trained.
            n_train: Its training pictures.
            n_pictures: Training, validation and test pictures together.
        """
        key = timing_key(spec)
        quick, run = self.store.timing(f"quick/{key}"), self.store.timing(key)
        if quick is None and run is None:
            self._measure(spec, key)
            return None
        prefix_s = quick["prefix_s"] * n_pictures if quick and spec.use_cache and spec.augment == "none" else 0.0
        if run is not None:
            return Estimate(run["epoch_s_per_image"] * n_train, prefix_s, is_from_run=True)
        return Estimate(quick["step_s"] / quick["batch_size"] * n_train, prefix_s, is_from_run=False)

    def status(self) -> EngineStatus:
        """Returns what the engine computes on and how busy it is."""
        with self._lock:
            n_sent = sum(live.is_sent for live in self._live.values())
            return EngineStatus(self._device, n_sent, len(self._live) - n_sent)

    def close(self) -> None:
        """Ends the worker; what was running is recorded as interrupted."""
        with self._lock:
            self._is_closed = True
            self._worker.close()
            for live in list(self._live.values()):
                self._finish(live, RunState.INTERRUPTED)
            self.store.close()

    # ---- the queue ----

    def _enqueue(self, run_id: str, spec: RunSpec, *, after: str | None = None, is_resumed: bool = False) -> None:
        recorder = Recorder(self.store, run_id, spec)
        self._live[run_id] = LiveRun(run_id, spec, recorder, is_resumed=is_resumed, after=after)

    def _dispatch(self) -> None:
        """Sends waiting runs to the worker, first come first served, as far as there is room."""
        for live in list(self._live.values()):
            n_sent = sum(other.is_sent for other in self._live.values()) + len(self._detached)
            if n_sent >= MAX_ACTIVE:
                return
            leader = self._live.get(live.after) if live.after else None
            if not live.is_sent and (leader is None or leader.has_steps):
                live.is_sent = True
                self._send_run(live)

    def _send_run(self, live: LiveRun) -> None:
        self.store.run_folder(live.run_id)
        self._worker.send({"do": "train", "run_id": live.run_id, "spec": live.spec.to_dict(),
                           "is_resumed": live.is_resumed})  # fmt: skip

    def _position(self, live: LiveRun) -> int | None:
        waiting = [other.run_id for other in self._live.values() if not other.is_sent]
        return waiting.index(live.run_id) + 1 if live.run_id in waiting else None

    # ---- what the worker says; on the engine's thread ----

    def _on_message(self, message: dict) -> None:
        with self._lock:
            if self._is_closed:
                return
            handlers = {"ready": self._on_ready, "events": self._on_events, "ended": self._on_ended, "answer": self._on_answer}
            handlers[message["say"]](message)

    def _on_ready(self, message: dict) -> None:
        self._device = message["device"]

    def _on_events(self, message: dict) -> None:
        live = self._live.get(message["run_id"])
        for event in message["events"] if live is not None else ():
            try:
                live.recorder.record(event)
                live.take(event)
            except StoreError as error:  # a full disk, or a state that another process has set
                self._worker.send({"do": "stop", "run_id": live.run_id})
                self._detached.add(live.run_id)
                self._finish(live, RunState.FAILED, error)
                return
            if event["event"] == "ended":
                self._live.pop(live.run_id, None)
        self._dispatch()

    def _on_ended(self, message: dict) -> None:
        self._detached.discard(message["run_id"])
        live = self._live.get(message["run_id"])
        if live is not None:
            error = message.get("error") or {"code": "worker_died", "values": {"status": 0}}
            self._finish(live, RunState.FAILED, WorkerError(error["code"], **error["values"]))
        self._dispatch()

    def _on_answer(self, message: dict) -> None:
        future = self._answers.pop(message["request_id"], None)
        if future is None:
            return
        if "error" in message:
            future.set_exception(_error_of(message["error"]))
        else:
            future.set_result(message["value"])

    def _on_exit(self, status: int) -> None:
        """Fails what the dead worker had, and starts another."""
        with self._lock:
            if self._is_closed:
                return
            self._device = None
            self._detached.clear()
            error = WorkerError("worker_died", status=status)
            for live in [live for live in self._live.values() if live.is_sent]:
                self._finish(live, RunState.FAILED, error)
            for request_id in list(self._answers):
                self._answers.pop(request_id).set_exception(error)
            self._worker = self._start_worker(self.home, self._on_message, self._on_exit)
            self._dispatch()

    # ---- ends ----

    def _record_stop(self, live: LiveRun) -> None:
        """Records a stop that the worker has not confirmed in time; it lets go of the run when it next looks up."""
        with self._lock:
            if self._live.get(live.run_id) is live and not self._is_closed:
                self._detached.add(live.run_id)
                self._finish(live, RunState.STOPPED)

    def _finish(self, live: LiveRun, state: RunState, error: TransferLabError | None = None) -> None:
        self._live.pop(live.run_id, None)
        best = [epoch.epoch for epoch in self.store.epochs(live.run_id) if epoch.is_best]
        elapsed_s = live.recorder.steps[-1]["elapsed_s"] if live.recorder.steps else None
        try:
            live.recorder.save_trace()
            self.store.finish_run(live.run_id, state, best_epoch=best[-1] if best else None, seconds=elapsed_s,
                                  error=error.to_dict() if error else None)  # fmt: skip
        except StoreError:
            return  # recorded by somebody else, or the disk is full: the next start finds it interrupted
        finally:
            self._dispatch_later()

    def _dispatch_later(self) -> None:
        if not self._is_closed:
            self._dispatch()

    def _read_finished(self, run_id: str) -> RunSnapshot:
        record = self.store.get(run_id)
        trace = tuple(tuple(row) for row in self.store.trace(record.id))
        return RunSnapshot(record, 0, trace=trace, epochs=tuple(self.store.epochs(record.id)))

    def _remember(self, snapshot: RunSnapshot) -> None:
        if snapshot.record.state.is_finished:
            self._finished[snapshot.record.id] = snapshot
            while len(self._finished) > KEPT_SNAPSHOTS:
                self._finished.pop(next(iter(self._finished)))

    # ---- requests ----

    def _ask(self, message: dict) -> Future:
        future: Future = Future()
        request_id = f"request:{secrets.token_hex(8)}"
        with self._lock:
            self._answers[request_id] = future
            self._worker.send({**message, "request_id": request_id})
        return future

    def _measure(self, spec: RunSpec, key: str) -> None:
        """Measures in the background, once, and only while nothing trains: a busy machine would measure itself."""
        with self._lock:
            pending = self._measuring.get(key)
            if (pending and not pending.done()) or any(live.is_sent for live in self._live.values()):
                return
            self._measuring[key] = self._ask({"do": "measure", "spec": spec.to_dict()})
            self._measuring[key].add_done_callback(lambda future: self._keep_measured(key, future))

    def _keep_measured(self, key: str, future: Future) -> None:
        if future.exception() is None:
            self.store.save_timing(f"quick/{key}", future.result())


def _error_of(plain: dict) -> TransferLabError:
    kind = InputError if plain["code"] in ("unknown_run", "unknown_backbone") else WorkerError
    return kind(plain["code"], **plain["values"])
