"""How long a worker may go on that its server does not hear: what it would write could meet what another one writes.

Reference:
    Gray and Cheriton, "Leases: An Efficient Fault-Tolerant Mechanism for Distributed File Cache Consistency", SOSP
    1989.
"""

import os
import time
from collections.abc import Callable

OVER = 75  # exit status of a worker whose lease has ended


def _leave() -> None:
    os._exit(OVER)


class Lease:
    """Ends the process once its time is over. A worker whose pipe ends with its server has none, and goes on.

    The server renews it for each heartbeat that it has heard, counted from when that was said. So the worker's own
    clock decides, and a renewal that lay about, while one of the two was frozen, comes too late.

    Args:
        leave: Ends the process at once.
        clock: Monotonic seconds.

    Thread: any.
    """

    def __init__(self, leave: Callable[[], None] = _leave, clock: Callable[[], float] = time.monotonic) -> None:
        self._leave, self._clock = leave, clock
        self._until_s: float | None = None

    def renew(self, said_s: float | None, seconds: float) -> None:
        """Takes in that the server has heard a heartbeat.

        Args:
            said_s: When it was said, on this clock; None: there was none yet, and the lease begins now.
            seconds: How long the lease lasts from then on.
        """
        self.check()
        self._until_s = max(self._until_s or 0.0, (self._clock() if said_s is None else said_s) + seconds)

    def check(self) -> None:
        """Ends the process if its time is over: asked often, and before anything is written that another may write."""
        if self._until_s is not None and self._clock() > self._until_s:
            self._leave()
