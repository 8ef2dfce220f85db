"""Trains a run in this process, without pages or worker: the command line and tests."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tl_core.engine.machine import prepare
from tl_core.engine.recorder import Recorder
from tl_core.spec import RunSpec
from tl_core.store.store import RunStore


def train_here(
    store: RunStore,
    home: Path,
    run_id: str,
    spec: RunSpec,
    *,
    on_event: Callable[[dict], None],
    should_stop: Callable[[], bool] = lambda: False,
    is_resumed: bool = False,
) -> dict:
    """Trains one run to its end and keeps its record.

    Args:
        store: Where the run is, QUEUED or resumable.
        home: The data folder.
        run_id: The run.
        spec: Its spec.
        on_event: Called with every event in plain form, after it has been recorded.
        should_stop: Asked after every batch.
        is_resumed: Whether to go on from the newest checkpoint.

    Returns:
        The "ended" event.

    Raises:
        StoreError: The record could not be written.
    """
    prepare(home)
    from tl_core.engine.training_task import TrainingTask

    recorder, last = Recorder(store, run_id, spec), {}
    task = TrainingTask(
        spec, home, store.run_folder(run_id), should_stop, lambda event: on_event(event.to_dict()), is_resumed
    )
    for event in task.run():
        last = event.to_dict()
        recorder.record(last)
        on_event(last)
    return last


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
