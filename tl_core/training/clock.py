"""Counts the seconds for which one run really computes, while several share a process."""

import time


class Clock:
    """A stopwatch that runs only between `resume` and `pause`.

    Args:
        elapsed_s: Seconds already on it, for a run that is resumed.

    Thread: worker.
    """

    def __init__(self, elapsed_s: float = 0.0) -> None:
        self._before_s = elapsed_s
        self._since: float | None = None

    def resume(self) -> None:
        self._since = time.monotonic()

    def pause(self) -> None:
        self._before_s, self._since = self.elapsed_s, None

    def set(self, elapsed_s: float) -> None:
        """Puts seconds on the watch that an earlier process measured."""
        self._before_s = elapsed_s
        if self._since is not None:
            self._since = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        """Seconds counted so far."""
        return self._before_s + (time.monotonic() - self._since if self._since is not None else 0.0)
