"""An engine with its worker processes and an empty data folder, for as long as a measurement lasts."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tl_core.engine.runs.snapshots import RunSnapshot
from tl_core.engine.service import Engine
from tl_core.spec import RunSpec
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.sqlite.store import SqliteStore

LOOK_S = 0.005
LIMIT_S = 300.0


@contextmanager
def engine() -> Iterator[Engine]:
    """Runs an engine whose main worker is ready until the block ends."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as home:
        made = Engine(SqliteStore(Path(home)), Path(home))
        try:
            until(lambda: made.status().device is not None)
            yield made
        finally:
            made.close()


def submit(engine: Engine, spec: RunSpec, owner: str = "local") -> str:
    """Begins a run that is trained in any case; returns its id."""
    return engine.runs.submit(spec, by=Visitor(owner), name="bench", is_afresh=True).id


def until(is_true: Callable[[], bool], limit_s: float = LIMIT_S) -> float:
    """Waits until something is true; returns the seconds that took.

    Raises:
        TimeoutError: It did not come true in time.
    """
    began_s, pause = time.perf_counter(), threading.Event()
    while not is_true():
        if time.perf_counter() - began_s > limit_s:
            raise TimeoutError
        pause.wait(LOOK_S)
    return time.perf_counter() - began_s


def wait_for_end(engine: Engine, run_id: str) -> RunSnapshot:
    """Waits for the end of a run; returns how it ended.

    Raises:
        RuntimeError: It failed; with the reason's code.
    """
    until(lambda: not engine.runs.snapshot(run_id, by=OPERATOR).is_active)
    snapshot = engine.runs.snapshot(run_id, by=OPERATOR)
    if snapshot.record.error:
        raise RuntimeError(snapshot.record.error["code"])
    return snapshot
