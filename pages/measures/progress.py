"""Watches a run's epochs arrive in the store, from another process than the one that trains."""

import asyncio
import threading
import time
from itertools import pairwise
from pathlib import Path

from tl_core.store.sqlite.store import SqliteStore

LOOK_S = 0.1


class Epochs:
    """The moments at which the epochs of a run were recorded.

    Args:
        home: The data folder.
        run_id: The run.

    Thread: any; a thread of its own looks ten times a second, which costs the machine next to nothing.
    """

    def __init__(self, home: Path, run_id: str) -> None:
        self._store, self._run_id = SqliteStore(home), run_id
        self._moments: list[float] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Epochs":
        self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._ended.set()
        self._thread.join()
        self._store.close()

    def _look(self) -> None:
        while not self._ended.wait(LOOK_S):
            n_new = len(self._store.epochs(self._run_id)) - len(self._moments)
            self._moments.extend([time.monotonic()] * n_new)

    async def reach(self, number: int, limit_s: float) -> None:
        """Waits until so many epochs are recorded.

        Raises:
            RuntimeError: The run is over.
            TimeoutError: They were not recorded in time.
        """
        async with asyncio.timeout(limit_s):
            while len(self._moments) < number:
                if self._store.get(self._run_id).state.is_finished:
                    raise RuntimeError(self._store.get(self._run_id).error)
                await asyncio.sleep(LOOK_S)

    def between(self, begin_s: float, end_s: float) -> list[float]:
        """Returns how long each epoch took that began and ended between two moments of the monotonic clock."""
        inside = [moment for moment in self._moments if begin_s <= moment <= end_s]
        return [after - before for before, after in pairwise(inside)]
