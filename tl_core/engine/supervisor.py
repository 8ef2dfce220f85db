"""Between runs and workers: hears what workers say, passes wishes on, replaces what is dead, ends what nobody needs."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path

from tl_core.engine.environment import code_version
from tl_core.engine.executors.contract import Executor
from tl_core.engine.pool.capacity import Capacity
from tl_core.engine.pool.pending_requests import PendingRequests, failed
from tl_core.engine.pool.pool import HERE, Pool
from tl_core.engine.pool.worker_handle import WorkerHandle
from tl_core.engine.runs.active import Trainings
from tl_core.engine.runs.live_run import LiveRun
from tl_core.engine.runs.snapshots import FinishedRunCache
from tl_core.engine.worker.requests import WARM_UP
from tl_core.errors import TransferLabError, WorkerError
from tl_core.planning.plan import plan_run
from tl_core.store.records import RunState
from tl_core.store.store import RunStore
from tl_core.training.events import Event

STOP_PATIENCE_S = 0.7  # then a stop is recorded, even if the worker is inside a long compilation
WATCH_S = 1.0  # between two looks at the workers


class Supervisor:
    """Holds the lock of the engine, its workers and its runs.

    Records are written outside of the lock: a disk takes its time, and meanwhile every page could only wait.

    Args:
        store: Where runs are kept.
        finished: The snapshots of finished runs.
        home: The data folder.
        start_worker: Makes an executor.
        clock: Monotonic seconds.
        capacity: How much there is to compute with.
        warms_up: Whether the main worker makes ready for the run that is likely to be the first.

    Attributes:
        lock: Guards what the engine knows.
        entry: Who adds runs holds it from the look at the limits until the last of them is in line; `lock` is taken
            within it, never the other way round.

    Thread: any; anyone who uses `pool` or `trainings` directly holds `lock`.
    """

    def __init__(
        self,
        store: RunStore,
        finished: FinishedRunCache,
        home: Path,
        start_worker: Callable[..., Executor],
        clock: Callable[[], float] = time.monotonic,
        capacity: Capacity = HERE,
        *,
        warms_up: bool = True,
    ) -> None:
        self.lock, self.entry = threading.RLock(), threading.RLock()
        self._warms_up, self._store = warms_up, store
        self._closed = threading.Event()
        self.pool = Pool(start_worker, home, self._on_message, self._on_exit, clock, capacity)
        self.trainings = Trainings(store, self.pool, finished, clock)
        self._answers = PendingRequests()
        with self.lock:
            self.pool.main()
        threading.Thread(target=self._keep_watch, name="watch", daemon=True).start()

    # ---- wishes ----

    def ask(self, message: dict, on_progress: Callable[[dict], None] | None = None) -> Future:
        """Sends a request to the main worker; returns the future of its answer.

        Args:
            message: The request.
            on_progress: Called with {"done", "total", "value"}, under the lock, as the worker says how far it is.
        """
        with self.lock:
            if self._closed.is_set():
                return failed(WorkerError("worker_died", status=0))
            return self._answers.ask(self.pool.main().send, message, on_progress)

    def cancel(self, future: Future) -> None:
        """Ends a request that nobody waits for any more; its future has the error "request_cancelled"."""
        with self.lock:
            if not self._closed.is_set():
                self._answers.cancel(future, self.pool.main().send)

    def holds(self, run_id: str) -> bool:
        """Says whether a run waits, trains, or has not been let go of by its worker."""
        return self.trainings.get(run_id) is not None or self.pool.holder(run_id) is not None

    def stop(self, run_id: str) -> None:
        """Asks a run to end."""
        with self.lock:
            live = self.trainings.get(run_id)
            if live is None or live.is_stopping:
                return
            if not live.is_sent:
                self.trainings.finish(live, RunState.STOPPED)
                self.trainings.dispatch()
                return
            live.is_stopping = True
            live.go_on()
            self.trainings.tell(live, "stop")
            timer = threading.Timer(STOP_PATIENCE_S, self._record_stop, [live])
            timer.daemon = True
            timer.start()

    def _record_stop(self, live: LiveRun) -> None:
        """Records a stop that the worker has not confirmed in time; it lets go of the run when it next looks up."""
        with self.lock:
            if self.trainings.get(live.run_id) is live and not self._closed.is_set():
                self.trainings.finish(live, RunState.STOPPED)
                self.trainings.dispatch()

    def pause(self, run_id: str) -> None:
        """Takes the turns of a run that is under way."""
        with self.lock:
            live = self.trainings.get(run_id)
            if live and live.is_pausable:
                self._pause(live)
                self.trainings.dispatch()  # its turns are free

    def _pause(self, live: LiveRun) -> None:
        live.pause()
        self.trainings.tell(live, "pause")

    def tell_paused(self, run_id: str, do: str) -> None:
        """Lets a paused run "continue", or "step" once."""
        with self.lock:
            live = self.trainings.get(run_id)
            if live and live.is_paused and not self.trainings.is_held:
                if do == "continue":
                    live.go_on()
                self.trainings.tell(live, do)

    def hold(self, is_held: bool) -> None:
        """Pauses all runs and begins no other; or lets go on what was paused so, and only that."""
        with self.lock:
            self.trainings.is_held = is_held
            for live in self.trainings:
                if is_held and live.is_pausable:
                    live.is_held = True
                    self._pause(live)
                elif not is_held and live.is_held:
                    live.go_on()
                    self.trainings.tell(live, "continue")
            self.trainings.dispatch()

    def close(self) -> bool:
        """Ends the workers; what was running is recorded as interrupted.

        Returns:
            Whether anything was left to close.
        """
        with self.lock:
            if self._closed.is_set():
                return False
            self._closed.set()
            workers = list(self.pool)
            self.pool.close()
            for worker in workers:
                worker.finish_writing()
            for live in self.trainings:
                self.trainings.finish(live, RunState.INTERRUPTED)
            self._answers.fail(WorkerError("worker_died", status=0))
            return True

    # ---- what workers say, and what becomes of them; on threads of their own ----

    def _on_message(self, worker: WorkerHandle, message: dict) -> None:
        say, equals = message["say"], []
        events = [Event.from_dict(plain) for plain in message["events"]] if say == "events" else []
        error = self._record(worker, message["run_id"], events) if events else None
        with self.lock:
            if self._closed.is_set() or worker not in self.pool:
                return
            worker.hear(message)
            if say == "ready":
                self._on_ready(worker, message)
            elif say == "events":
                equals = self.trainings.take(worker, message["run_id"], events, error)
            elif say == "ended":
                self.trainings.let_go(worker, message["run_id"], message.get("error"))
            elif say == "answer":
                self._answers.take(message)
            elif say == "progress":
                self._answers.note(message)
            self.trainings.unsaved_ends.write()
            self.trainings.dispatch()
        if equals:
            self._fill(worker, equals, message["run_id"])

    def _record(self, worker: WorkerHandle, run_id: str, events: list[Event]) -> TransferLabError | None:
        """Writes what a worker says of a run into the store; returns what kept it from that."""
        with self.lock:
            is_heard = not self._closed.is_set() and worker in self.pool
            live = self.trainings.held_by(worker, run_id) if is_heard else None
            if live is None:
                return None
            live.recorder.machine = worker.environment
            worker.writing.acquire()  # within the lock: who takes the run from this worker waits for what is written
        try:
            for event in events:
                live.recorder.record(event)
        except TransferLabError as error:
            return error
        finally:
            worker.writing.release()
        return None

    def _fill(self, worker: WorkerHandle, equals: list[LiveRun], run_id: str) -> None:
        """Gives the runs that waited for a result their copy of it, one after another."""
        for live in equals:
            is_over = False
            try:
                with worker.writing, suppress(TransferLabError):
                    if not self._closed.is_set():
                        self._store.fill_run(live.run_id, run_id)
                        is_over = True
            finally:  # whatever went wrong, it must not wait for ever
                with self.lock:
                    self.trainings.filled(live, is_over)
        with self.lock:
            if not self._closed.is_set():
                self.trainings.dispatch()

    def _on_ready(self, worker: WorkerHandle, message: dict) -> None:
        if message.get("code", code_version()) != code_version():  # its results would pass for this one's
            worker.device = None
            self._lose(worker, WorkerError("worker_other_code"))
            worker.close()
            return
        self.pool.ready(worker, message["device"])
        if self._warms_up and self.pool.is_main(worker):
            worker.send(WARM_UP.message(spec=plan_run({}).to_dict()))

    def _on_exit(self, worker: WorkerHandle, status: int) -> None:
        with self.lock:
            if not self._closed.is_set() and worker in self.pool:
                self._lose(worker, worker.death(status))

    def _lose(self, worker: WorkerHandle, error: WorkerError) -> None:
        """Takes what a lost worker had from it, and starts another in place of the main one."""
        is_main = self.pool.is_main(worker)
        self.trainings.lose(worker, error)
        if is_main:
            self._answers.fail(error)
            if not self.pool.is_hopeless:
                self.pool.main()
        self.trainings.dispatch()

    def _keep_watch(self) -> None:
        while not self._closed.wait(WATCH_S):
            self.watch()

    def watch(self) -> None:
        """Ends workers that hang or that nobody needs, and tries again to write down what a full disk refused.

        Called each second by a thread of the engine's own.
        """
        with self.lock:
            if self._closed.is_set():
                return
            self.trainings.unsaved_ends.write()
            if self.trainings.has_leases_over():
                self.trainings.dispatch()
            hung = self.pool.hung()
            for worker, error in hung.items():
                self._lose(worker, error)
            ended = [*hung, *self.pool.take_idle()]
            for live in self.trainings.paused_too_long():
                self.stop(live.run_id)
        for worker in ended:
            worker.close()
