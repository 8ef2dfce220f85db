"""Who computes next: several tasks share one thread in turns.

The scheduler is a pure object: it knows generators and a clock, nothing of Keras, pipes or runs.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator

SLICE_S = 0.2


class Scheduler:
    """Advances tasks in turns of at most `SLICE_S`, a request before any training.

    A task is a generator; everything it yields is handed to `on_event` with the task's id. A task that takes longer
    than a slice for one `next` keeps the others waiting exactly that long.

    Args:
        on_event: Called with (task id, event).
        on_end: Called with (task id, error or None) when a task has ended.
        clock: Monotonic seconds.

    Thread: one, the worker's main thread or the command line's.
    """

    def __init__(
        self,
        on_event: Callable[[str, object], None],
        on_end: Callable[[str, BaseException | None], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on_event, self._on_end, self._clock = on_event, on_end, clock
        self._requests: deque[tuple[str, Iterator]] = deque()
        self._trainings: deque[tuple[str, Iterator]] = deque()

    @property
    def is_idle(self) -> bool:
        return not self._requests and not self._trainings

    def add(self, task_id: str, task: Iterator, *, is_request: bool = False) -> None:
        """Takes in a task; requests are answered before the next slice of training."""
        (self._requests if is_request else self._trainings).append((task_id, task))

    def turn(self) -> None:
        """Gives one task one slice, then puts it at the end of its line."""
        line = self._requests or self._trainings
        if not line:
            return
        task_id, task = line.popleft()
        if self._advance(task_id, task):
            line.append((task_id, task))

    def _advance(self, task_id: str, task: Iterator) -> bool:
        """Returns whether the task has more to do."""
        until = self._clock() + SLICE_S
        while True:
            try:
                event = next(task)
            except StopIteration:
                self._on_end(task_id, None)
                return False
            except Exception as error:
                self._on_end(task_id, error)
                return False
            self._on_event(task_id, event)
            if self._clock() >= until:
                return True
