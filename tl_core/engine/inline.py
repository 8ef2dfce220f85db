"""Trains runs and drives sweeps in this process, without pages or worker processes: the command line and tests."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tl_core.engine.executors.contract import Exit, Hear
from tl_core.engine.executors.in_process import InProcess
from tl_core.engine.runs.estimates import Estimates
from tl_core.engine.runs.forecast import Forecast
from tl_core.engine.runs.recorder import Recorder, last_epoch
from tl_core.engine.runs.runs import Runs
from tl_core.engine.runs.snapshots import FinishedRunCache
from tl_core.engine.runs.sweeps import Sweeps
from tl_core.engine.supervisor import Supervisor
from tl_core.errors import WorkerError
from tl_core.spec import RunSpec
from tl_core.store.albums import Albums
from tl_core.store.limits import DiskUse
from tl_core.store.records import ANY_SWEEP
from tl_core.store.store import RunStore
from tl_core.training.events import Ended, Event


def train_here(
    store: RunStore,
    home: Path,
    run_id: str,
    spec: RunSpec,
    *,
    on_event: Callable[[Event], None],
    should_stop: Callable[[], bool] = lambda: False,
    is_resumed: bool = False,
) -> Ended:
    """Trains one run to its end and keeps its record.

    Args:
        store: Where the run is, QUEUED or resumable.
        home: The data folder.
        run_id: The run.
        spec: Its spec.
        on_event: Called with every event, after it has been recorded.
        should_stop: Asked several times a second.
        is_resumed: Whether to go on from the newest checkpoint.

    Returns:
        The last event.

    Raises:
        StoreError: The record could not be written.
        WorkerError: "request_failed": the training broke down without an end.
    """
    recorder, ended = Recorder(store, run_id, spec), []
    store.run_folder(run_id)

    def hear(message: dict) -> None:
        events = [Event.from_dict(plain) for plain in message.get("events", ())]
        for event in events:
            recorder.record(event)
            on_event(event)
            if isinstance(event, Ended):
                ended.append(event)
        if (epoch := last_epoch(events)) is not None:
            executor.send({"do": "recorded", "run_id": run_id, "epoch": epoch})
        if "error" in message:
            raise WorkerError(message["error"]["code"], **message["error"]["values"])
        if should_stop():
            executor.send({"do": "stop", "run_id": run_id})

    with closing(InProcess(home, hear, has_thread=False)) as executor:
        message = {"do": "train", "run_id": run_id, "owner": "", "spec": spec.to_dict(), "is_resumed": is_resumed}
        executor.send(message)
        executor.work()
    return ended[-1]


@contextmanager
def sweeps_here(store: RunStore, home: Path) -> Iterator[Sweeps]:
    """Drives sweeps in this process, whose runs are trained on a thread beside it.

    Args:
        store: Where sweeps and runs are.
        home: The data folder.

    Yields:
        What one does with sweeps; what is under way at the end is left interrupted.
    """

    def start(home: Path, on_message: Hear, on_exit: Exit, threads: int | None = None) -> InProcess:
        return InProcess(home, on_message, on_exit)

    albums = Albums(home, lambda id: bool(store.list_runs(text=id, limit=1, sweep=ANY_SWEEP)))
    disk, finished = DiskUse(store, albums), FinishedRunCache(store)
    supervisor = Supervisor(store, finished, home, start, warms_up=False)
    estimates = Estimates(store, supervisor.ask, lambda: False, home)
    forecast = Forecast(supervisor, estimates, time.monotonic)
    runs = Runs(store, home, albums, supervisor, finished, forecast, disk)
    with closing(supervisor), closing(Sweeps(store, home, supervisor, runs, estimates, disk)) as sweeps:
        yield sweeps


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Turns the first Ctrl-C into a request to stop after the present batch; a second one interrupts at once.

    Yields:
        A function that says whether stopping was asked for.
    """
    asked = threading.Event()

    def on_signal(number: int, frame: object) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = signal.signal(signal.SIGINT, on_signal)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)
