"""Who is let in as the instructor: anyone who knows the key; and nobody gets to guess it."""

import os
import threading
import time
from collections import deque
from collections.abc import Callable

from tl_core.errors import StoreError
from tl_core.store.cookies import is_instructor_key

MOST_WRONG = 5
WITHIN_S = 60.0


def has_instructor_key() -> bool:
    """Says whether a key was set when the server started."""
    return bool(os.environ.get("TL_INSTRUCTOR_KEY"))


class InstructorKey:
    """Tries keys, behind one rate limiter for all visitors of a server: after 5 wrong ones a minute none is tried.

    Also the right key is not tried then, or guessing could go on. Who is in already stays in.

    Args:
        clock: Monotonic seconds.

    Thread: any.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._wrong_s: deque[float] = deque(maxlen=MOST_WRONG)  # when the last wrong ones were tried

    def check(self, received: str) -> bool:
        """Says whether this is the instructor's key.

        Raises:
            StoreError: "too_many_keys", with the seconds after which it may be tried.
        """
        with self._lock:
            now_s = self._clock()
            left_s = self._wrong_s[0] + WITHIN_S - now_s if len(self._wrong_s) == MOST_WRONG else 0.0
            if left_s > 0:
                raise StoreError("too_many_keys", seconds=max(1, round(left_s)))
            is_right = is_instructor_key(received)
            if not is_right:
                self._wrong_s.append(now_s)
            return is_right
