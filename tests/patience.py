"""How long a test waits before it gives up: one limit for all, by the speed of this machine. No other reads a clock.

A limit only keeps what hangs from hanging for ever. It says nothing about how long anything should take: speed is
measured by `python -m tl_core bench`, and what must not grow is counted.
"""

import os
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")

QUICK_S = 0.006  # what `work_s` takes on the machine that the other numbers are from, with nothing beside it
ON_QUICK_S = 240.0  # many times the longest wait there


def work_s() -> float:
    """Returns the seconds of a little work, in Python as much as in NumPy's loops."""
    start_s, numbers = time.perf_counter(), np.arange(50_000, dtype=np.float32)
    for _ in range(40):
        numbers = np.sqrt(numbers) + 1
        sum(range(5_000))
    return time.perf_counter() - start_s


def slowness() -> float:
    """Returns how many times longer than on a quick machine work takes here: 1 to 8, measured once and handed on."""
    if "TL_TESTS_SLOWNESS" not in os.environ:
        measured = sorted(work_s() for _ in range(5))[2] / QUICK_S
        os.environ["TL_TESTS_SLOWNESS"] = f"{min(8.0, max(1.0, measured)):.2f}"
    return float(os.environ["TL_TESTS_SLOWNESS"])


PATIENCE_S = ON_QUICK_S * slowness()
PATIENCE_MS = 1000 * PATIENCE_S  # Playwright counts in milliseconds
TEST_LIMIT_S = 5 * PATIENCE_S  # of a whole test, so that a wait inside it can say first what it waited for


def wait_for(page: Any, expression: str, arg: object = None) -> Any:
    """Looks into a page until a JavaScript expression, or a function of `arg`, gives something true; returns that.

    Playwright's own `wait_for_function` looks from inside the page, whose content security policy evaluates no text.
    """
    from playwright.sync_api import Error

    def look() -> Any:
        try:
            return page.evaluate(expression, arg)
        except Error as error:
            if "context" in str(error):  # another page is coming
                return None
            raise

    return until(expression, look, pause_s=0.05)


def until(wanted: str, look: Callable[[], T], pause_s: float = 0.02) -> T:
    """Looks again and again until something is there, and returns what was seen.

    Args:
        wanted: What is waited for, as it should read in the failure.
        look: Returns what is there, or something false.
        pause_s: Seconds between two looks.

    Raises:
        AssertionError: It did not come in `PATIENCE_S`.
    """
    pause, end_s = threading.Event(), time.monotonic() + PATIENCE_S
    while not (seen := look()):
        assert time.monotonic() < end_s, f"waited {PATIENCE_S:.0f} s in vain: {wanted}"
        pause.wait(pause_s)
    return seen
