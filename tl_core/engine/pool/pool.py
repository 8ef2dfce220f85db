"""The workers: the main one with all threads, always warm, and some with one thread each when several people train.

Two processes with one thread each get through 1.65 times the work of two runs that share the threads of one, so a class
is served by one-thread workers; anyone who is alone gets all threads. On a GPU the main worker serves everybody.
"""

import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tl_core.engine.environment import n_threads
from tl_core.engine.executors.contract import Executor
from tl_core.engine.pool.capacity import RUN_BYTES, WORKER_BYTES, Capacity
from tl_core.engine.pool.worker_handle import WorkerHandle
from tl_core.errors import WorkerError

MAX_ACTIVE = 4  # runs that the main worker advances in turns; each holds its network in memory
MAX_ACTIVE_EXTRA = 2
MAX_BAD_STARTS = 3  # workers in a row that died before they were ready; then one is only started when it is needed
EXTRA_IDLE_S = 120.0  # then a one-thread worker gives its memory back
HERE = Capacity()
STALL_S = 5.0  # between two looks at the workers: this process was stopped or asleep itself


class Pool:
    """Starts workers, chooses one for a run, ends those that nobody needs.

    Args:
        start_worker: Makes an executor from (home, on_message, on_exit) and, for an extra one, `threads`.
        home: The data folder.
        on_message: Called with (worker, message).
        on_exit: Called with (worker, exit status) when a worker has died.
        clock: Monotonic seconds.
        capacity: How much there is to compute with.

    Guarded by the engine's lock.
    """

    def __init__(
        self,
        start_worker: Callable[..., Executor],
        home: Path,
        on_message: Callable[[WorkerHandle, dict], None],
        on_exit: Callable[[WorkerHandle, int], None],
        clock: Callable[[], float] = time.monotonic,
        capacity: Capacity = HERE,
    ) -> None:
        self._start_worker, self._home = start_worker, home
        self._on_message, self._on_exit = on_message, on_exit
        self._clock, self._capacity = clock, capacity
        self.n_threads = n_threads()
        self.n_extra = capacity.n_extra(self.n_threads)
        self._idle_s = float(os.environ.get("TL_IDLE_S") or 300)
        self._main: WorkerHandle | None = None
        self._extras: list[WorkerHandle] = []
        self._is_gpu: bool | None = None  # None before a worker has said so
        self._is_resting = False
        self._n_bad_starts = {True: 0, False: 0}  # of the main worker, of extra ones
        self._watched_s = clock()

    def __iter__(self) -> Iterator[WorkerHandle]:
        """The workers, the main one first."""
        return iter([*([self._main] if self._main else []), *self._extras])

    @property
    def device(self) -> str | None:
        """What the main worker computes on; None while it starts."""
        return self._main.device if self._main else None

    @property
    def is_hopeless(self) -> bool:
        """Whether main workers keep dying before they are ready."""
        return self._n_bad_starts[True] >= MAX_BAD_STARTS

    @property
    def lives(self) -> bool:
        """Whether the main worker lives or starts, or rests until somebody comes."""
        return self._main is not None or self._is_resting

    @property
    def n_servers(self) -> int:
        """How many runs are computed side by side when a class trains."""
        return 1 if self._is_gpu else max(1, self.n_extra)

    def is_main(self, worker: WorkerHandle) -> bool:
        return worker is self._main

    def holder(self, run_id: str) -> WorkerHandle | None:
        """Returns the worker that has a run."""
        return next((worker for worker in self if run_id in worker.runs), None)

    # ---- starting and ending ----

    def main(self) -> WorkerHandle:
        """Returns the main worker, started if need be."""
        self._is_resting = False
        if self._main is None:
            self._main = WorkerHandle(self.n_threads, MAX_ACTIVE, self._clock)
            self._start(self._main)
        return self._main

    def _start(self, worker: WorkerHandle, **threads: int) -> WorkerHandle:
        callbacks = partial(self._on_message, worker), partial(self._on_exit, worker)
        worker.attach(self._start_worker(self._home, *callbacks, **threads))
        return worker

    def visit(self) -> None:
        """Wakes the main worker if it was ended because nobody came; keeps it awake otherwise."""
        if self._is_resting:
            self.main()
        if self._main is not None:
            self._main.use()

    def ready(self, worker: WorkerHandle, device: str) -> None:
        """Takes in that a worker is ready, and what it computes on."""
        self._is_gpu = device.startswith("GPU")
        self._n_bad_starts[self.is_main(worker)] = 0

    def drop(self, worker: WorkerHandle) -> None:
        """Takes out a worker that is dead or is going to be."""
        is_main = self.is_main(worker)
        if worker.device is None:
            self._n_bad_starts[is_main] += 1
        if is_main:
            self._main = None
        else:
            self._extras.remove(worker)
            if self._n_bad_starts[False] >= MAX_BAD_STARTS:
                self.n_extra = 0

    def close(self) -> None:
        """Ends all workers."""
        self._is_resting = False
        for worker in self:
            worker.close()

    # ---- watching ----

    def hung(self) -> dict[WorkerHandle, WorkerError]:
        """Returns the workers that give no sign of life, or compute without end, and why. Asked every few seconds."""
        if self._clock() - self._watched_s > STALL_S:
            for worker in self:
                worker.excuse()
        self._watched_s = self._clock()
        return {worker: error for worker in self if (error := worker.hang())}

    def take_idle(self) -> list[WorkerHandle]:
        """Takes out the workers whose memory somebody else may need: extra ones, and the main one of a GPU."""
        idle = [worker for worker in self._extras if worker.idle_s() > EXTRA_IDLE_S]
        self._extras = [worker for worker in self._extras if worker not in idle]
        if self._main is not None and self._is_gpu and self._main.idle_s() > self._idle_s:
            idle.append(self._main)
            self._main, self._is_resting = None, True
        return idle

    # ---- choosing ----

    def room_for(self, threads: int | None, *, is_alone: bool) -> WorkerHandle | None:
        """Returns the worker that a run should go to, started if need be; None while it has to wait.

        Args:
            threads: The number that the run asks for; None leaves it to the pool.
            is_alone: Whether nobody else trains here, except for the run's own twin.
        """
        if threads is None:
            return self._shared() if self.n_extra and not is_alone else self._with_room(self.main())
        return self._with_room(self.main()) if threads == self.n_threads else self._extra(threads)

    def _shared(self) -> WorkerHandle | None:
        if self._is_gpu is None:  # known in a moment
            return None
        if self._is_gpu:
            return self._with_room(self.main())
        is_like_them = self.n_threads == 1 or not self._extras
        return self._extra(1) or (self._with_room(self.main()) if is_like_them else None)

    def _with_room(self, worker: WorkerHandle) -> WorkerHandle | None:
        has_memory = not worker.runs or self._capacity.has_room(RUN_BYTES, is_main=self.is_main(worker))
        has_room = not worker.is_full and has_memory
        return worker if has_room else None

    def _extra(self, threads: int) -> WorkerHandle | None:
        """Returns the least loaded extra worker with this number; rather than have two runs share it, starts one."""
        fitting = sorted((worker for worker in self._extras if worker.threads == threads), key=lambda one: one.load)
        if fitting and not fitting[0].load:
            return fitting[0]
        if self._may_start(threads):
            worker = WorkerHandle(threads, MAX_ACTIVE_EXTRA, self._clock)
            self._extras.append(worker)
            return self._start(worker, threads=threads)
        return next(filter(self._with_room, fitting), None)

    def _may_start(self, threads: int) -> bool:
        """Says whether there is room for one more worker: one of those for a class, or the only odd one beside them."""
        is_usual = threads == 1 and self.n_extra > 0
        kind = [worker for worker in self._extras if (worker.threads == 1 and self.n_extra > 0) == is_usual]
        if not is_usual:
            self._end_idle(kind)
            kind = [worker for worker in kind if worker in self._extras]
        is_first = not any(worker.runs for worker in self)
        return len(kind) < (self.n_extra if is_usual else 1) and (
            is_first or self._capacity.has_room(WORKER_BYTES, is_main=False)
        )

    def _end_idle(self, workers: list[WorkerHandle]) -> None:
        """Ends workers with numbers of threads that nobody asks for now."""
        for worker in workers:
            if not worker.is_busy:
                self._extras.remove(worker)
                worker.close()
