"""The engine behind the pages: what people may do with runs, the class and their own data. One lock; workers in
processes of their own.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tl_core.engine.classroom import Classroom
from tl_core.engine.executors.contract import Executor
from tl_core.engine.executors.process import WorkerProcess
from tl_core.engine.imports import uploads
from tl_core.engine.imports.imports import Imports
from tl_core.engine.pool.capacity import Capacity
from tl_core.engine.pool.pool import HERE
from tl_core.engine.requests import Requests
from tl_core.engine.runs.estimates import Estimates
from tl_core.engine.runs.exports import Exports
from tl_core.engine.runs.forecast import Forecast
from tl_core.engine.runs.insights import Insights
from tl_core.engine.runs.offers import Offers
from tl_core.engine.runs.programs import Programs
from tl_core.engine.runs.rate_tests import RateTests
from tl_core.engine.runs.runs import Runs
from tl_core.engine.runs.snapshots import FinishedRunCache
from tl_core.engine.runs.sweeps import Sweeps
from tl_core.engine.supervisor import Supervisor
from tl_core.errors import StoreError
from tl_core.store.albums import Albums
from tl_core.store.limits import DiskUse, limits
from tl_core.store.records import ANY_SWEEP, RunState
from tl_core.store.store import RunStore


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


@dataclass(frozen=True)
class VitalSigns:
    """How the engine does, in numbers that tell of nobody.

    Attributes:
        n_training: Runs that a worker has.
        n_waiting: Runs in line.
        n_workers: Processes that train, or start.
        n_by_state: How many runs the store has in each state.
        trouble: The code of what is wrong; None: all is well.
    """

    n_training: int
    n_waiting: int
    n_workers: int
    n_by_state: dict[RunState, int]
    trouble: str | None


class Engine:
    """Runs trainings in the background for any number of pages.

    Attributes:
        runs: What people do with runs.
        sweeps: What people do with sweeps.
        offers: How a class splits one.
        classroom: What concerns the class.
        requests: What a page waits for.
        rate_tests: Learning rates that are tried before a run.
        insights: What people ask of finished runs.
        exports: What visitors take along as files.
        programs: Code that trains a run's network without this app.
        albums: The data sets of visitors' own; it says for itself who may do what.
        imports: How those come in; likewise.

    Args:
        store: Where runs are kept; only this engine writes the runs that it was given.
        home: The data folder.
        start_worker: Makes an executor from (home, on_message, on_exit), for an extra worker with `threads` as well.
        clock: Monotonic seconds.
        capacity: How much there is to compute with.

    Promises:
        1. No method waits for Keras; `requests.classify` returns a Future.
        2. Snapshots are copies; a finished run's never changes. Equal versions of a live run are the same snapshot.
        3. A stop is recorded within a second.
        4. The runs of a worker that dies or hangs go on by themselves on the next one, which starts at once; a run that
           loses a second worker fails, and can be resumed.
        5. Nobody waits for the second run of another.
        6. What people do is done `by` a visitor, and the store is asked first whether it is theirs to do. Methods
           without `by` change nothing of anybody's.

    Thread: any.
    """

    def __init__(
        self,
        store: RunStore,
        home: Path,
        start_worker: Callable[..., Executor] = WorkerProcess,
        clock: Callable[[], float] = time.monotonic,
        capacity: Capacity = HERE,
    ) -> None:
        self.store, self.home = store, home
        uploads.sweep(home)
        self.albums = Albums(home, lambda id: bool(store.list_runs(text=id, limit=1, sweep=ANY_SWEEP)))
        self.albums.sweep()
        disk = DiskUse(store, self.albums)
        self.imports = Imports(store, home, self.albums, disk)
        finished = FinishedRunCache(store)
        self._supervisor = supervisor = Supervisor(store, finished, home, start_worker, clock, capacity)
        self._lock, self._pool, self._trainings = supervisor.lock, supervisor.pool, supervisor.trainings
        self._trainings.limits = limits(store)
        estimates = Estimates(store, supervisor.ask, lambda: self._trainings.count()[0] == 0, home)
        forecast = Forecast(supervisor, estimates, clock)
        self.programs = Programs(store, home, self.albums)
        self.runs = Runs(store, home, self.albums, supervisor, finished, forecast, disk)
        self.sweeps = Sweeps(store, home, supervisor, self.runs, estimates, disk, clock)
        self.offers = Offers(store, home, supervisor, self.runs, disk)
        self.classroom = Classroom(store, supervisor, forecast, self.sweeps)
        self.rate_tests = RateTests(supervisor, self.runs, clock)
        self.requests = Requests(store, home, supervisor, estimates)
        self.insights = Insights(store, home, supervisor, clock)
        self.exports = Exports(store, home, supervisor)

    def status(self) -> EngineStatus:
        """Returns what the engine computes on and how busy it is. Wakes a worker that was ended because nobody came."""
        with self._lock:
            self._pool.visit()
            counts = self._trainings.count()
            held, trouble = self._trainings.is_held, self.store.trouble()
            return EngineStatus(self._pool.device, *counts, len(list(self._pool)), held, trouble)

    def vital_signs(self) -> VitalSigns:
        """Returns how the engine does. It costs little, and nobody who watches keeps a worker awake by it.

        Raises:
            StoreError: The store does not answer.
        """
        with self._lock:
            (n_training, n_waiting), n_workers = self._trainings.count(), len(list(self._pool))
            lives = self._pool.lives
        trouble = self.store.trouble()
        code = trouble.code if trouble else None if lives else "no_worker"
        return VitalSigns(n_training, n_waiting, n_workers, self.store.n_by_state(), code)

    def pids(self) -> list[int]:
        """Returns the process ids of the workers, that of the main one first."""
        with self._lock:
            return [worker.pid for worker in self._pool if worker.pid is not None]

    def close(self) -> None:
        """Ends the workers; what was running is recorded as interrupted. Twice is harmless."""
        self.imports.close()
        self.sweeps.close()
        if self._supervisor.close():
            self.store.close()
