"""The curve of the steps, averaged to what a chart can show; it grows step by step and is cheap to look at."""

import threading
from collections.abc import Iterable, Sequence

import numpy as np

from tl_core.training.events import Step

MAX_TRACE_POINTS = 400
TRACE_COLUMNS = ("step", "elapsed_s", "images", "train_loss", "train_accuracy")

TracePoints = tuple[tuple[float, ...], ...]


class Trace:
    """All steps of one run, in columns.

    Args:
        rows: Rows of `TRACE_COLUMNS` that are known already, of the part before a stop.

    Thread: any.
    """

    def __init__(self, rows: Sequence[Sequence[float | None]] = ()) -> None:
        self._lock = threading.RLock()
        self._n = len(rows)
        self._rows = np.empty((max(1024, 2 * self._n), len(TRACE_COLUMNS)))
        if self._n:
            self._rows[: self._n] = np.array(rows, float)  # None becomes NaN

    @property
    def step(self) -> int:
        """The number of the last step; 0 before the first."""
        with self._lock:
            return int(self._rows[self._n - 1, 0]) if self._n else 0

    @property
    def elapsed_s(self) -> float | None:
        """Seconds of training until the last step; None before the first."""
        with self._lock:
            return float(self._rows[self._n - 1, 1]) if self._n else None

    def add(self, event: Step) -> None:
        """Takes in a step; those done again since the checkpoint replace what was there."""
        with self._lock:
            if self._n and self.step >= event.step:
                self._n = int(np.searchsorted(self._rows[: self._n, 0], event.step))
            if self._n == len(self._rows):
                self._rows = np.concatenate([self._rows, np.empty_like(self._rows)])
            self._rows[self._n] = [getattr(event, name) for name in TRACE_COLUMNS]
            self._n += 1

    def points(self) -> TracePoints:
        """Averages neighbouring steps so that at most `MAX_TRACE_POINTS` remain.

        Returns:
            Rows of `TRACE_COLUMNS`; step, seconds and images are those of a group's last step.
        """
        with self._lock:
            rows = self._rows[: self._n].copy()
        if not len(rows):
            return ()
        sizes = _group_sizes(len(rows))
        ends = np.cumsum(sizes)
        sums = np.add.reduceat(rows[:, 3:], ends - sizes)
        last, means = rows[ends - 1], np.round(sums / sizes[:, None], 5)
        whole = last[:, [0, 2]].astype(np.int64)
        return tuple(zip(*map(np.ndarray.tolist, _columns(whole, np.round(last[:, 1], 3), means)), strict=True))


def _group_sizes(n: int) -> np.ndarray:
    """Returns how many of n steps each point stands for: the first ones may hold one more, as in `np.array_split`."""
    n_groups = min(n, MAX_TRACE_POINTS)
    return n // n_groups + (np.arange(n_groups) < n % n_groups)


def _columns(whole: np.ndarray, seconds: np.ndarray, means: np.ndarray) -> Iterable[np.ndarray]:
    return whole[:, 0], seconds, whole[:, 1], means[:, 0], means[:, 1]
