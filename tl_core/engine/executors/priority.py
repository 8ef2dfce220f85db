"""How much of the processor the processes that compute leave to the server."""

import os
import time
from pathlib import Path

NICE = 15  # beside one page that asks, a worker that computes gets a thirtieth of a core
AUTOGROUP = Path("/proc/self/autogroup")
TRIES, TRY_S = 5, 0.15  # whoever is not root may write there ten times a second, all processes together


def give_way() -> None:
    """Has this process, in a session of its own, compute with what others leave.

    Linux may weigh sessions against each other, all alike (`man 7 sched`, autogroup): the niceness of a process then
    counts within its session only, and that of the session is said by itself. Measured with three workers beside a
    class of 30: without it the server waited for up to two seconds for its turn.
    """
    if hasattr(os, "nice"):
        os.nice(NICE)
    for _ in range(TRIES):
        try:
            AUTOGROUP.write_text(str(NICE))
        except BlockingIOError:
            time.sleep(TRY_S)
        except OSError:  # there is no such thing here
            return
        else:
            return
