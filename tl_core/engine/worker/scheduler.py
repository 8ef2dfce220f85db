"""Who computes next: owners take turns, then an owner's tasks; requests go before any training.

The scheduler is a pure object: it knows generators and a clock, nothing of Keras, pipes or runs.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

SLICE_S = 0.2
GOES_FIRST_S = 1.0  # of computing, after which a request takes turns with the trainings


class Rank(Enum):
    """What goes before what."""

    REQUEST = "request"  #: Somebody waits for it.
    TRAINING = "training"  #: A run.
    CHORE = "chore"  #: It can wait until nothing else is to do.


@dataclass(eq=False)
class Task:
    """A generator in line.

    Attributes:
        id: Its name.
        events: The generator; everything it yields is an event.
        owner: Whose it is.
        is_paused: It gets no turns, but for the steps that it still owes.
        n_owed: Steps that it was asked to take while it is paused.
        first_s: Seconds of computing that it is still ahead of the trainings; None where that is no question.
    """

    id: str
    events: Iterator
    owner: str
    is_paused: bool = False
    n_owed: int = 0
    first_s: float | None = None

    @property
    def is_runnable(self) -> bool:
        return not self.is_paused or self.n_owed > 0


class RoundRobin:
    """Tasks that take turns in round robin: owner after owner, and within an owner task after task."""

    def __init__(self) -> None:
        self._owners: dict[str, list[Task]] = {}  # anyone who is first has the next turn

    def __iter__(self) -> Iterator[Task]:
        return (task for tasks in self._owners.values() for task in tasks)

    def add(self, task: Task) -> None:
        """Puts a task behind its owner's others; a new owner comes last."""
        self._owners.setdefault(task.owner, []).append(task)

    def take_out(self, task: Task) -> None:
        """Removes a task; if its owner has others, they come last now."""
        tasks = self._owners.pop(task.owner)
        tasks.remove(task)
        if tasks:
            self._owners[task.owner] = tasks


class Scheduler:
    """Advances tasks in turns of at most `SLICE_S`.

    Requests come first, then trainings, then chores; a request that has computed for `GOES_FIRST_S` takes turns with
    the trainings from then on, so that a long one starves nobody. Owners take turns in round robin and the runs of an
    owner share its turns, so nobody waits longer for others who queue more. A turn ends with an event that is None, or
    before one that would outlast the slice, judged by the longest of this turn; an event that alone takes longer keeps
    the others waiting exactly that long.

    Args:
        on_event: Called with (task id, event).
        on_end: Called with (task id, error or None) when a task has ended.
        is_step: Says which events `step` waits for.
        clock: Monotonic seconds.

    Thread: one, the worker's main thread or the command line's; nothing but `add` may be called from within a turn.
    """

    def __init__(
        self,
        on_event: Callable[[str, Any], None],
        on_end: Callable[[str, BaseException | None], None],
        is_step: Callable[[object], bool] = lambda event: True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on_event, self._on_end, self._is_step, self._clock = on_event, on_end, is_step, clock
        self._queues = {rank: RoundRobin() for rank in Rank}

    @property
    def is_empty(self) -> bool:
        """Whether there are no tasks, not even paused ones."""
        return not any(True for queue in self._queues.values() for _ in queue)

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to do: no tasks, or only paused ones."""
        return self._next() is None

    def add(self, task_id: str, task: Iterator, *, owner: str = "", rank: Rank = Rank.TRAINING) -> None:
        """Takes in a task."""
        first_s = GOES_FIRST_S if rank is Rank.REQUEST else None
        self._queues[rank].add(Task(task_id, task, owner, first_s=first_s))

    def drop(self, task_id: str) -> None:
        """Takes out a task that nobody waits for any more and closes its generator; one that has ended is no matter."""
        for queue in self._queues.values():
            for task in [task for task in queue if task.id == task_id]:
                queue.take_out(task)
                task.events.close()  # pyright: ignore[reportAttributeAccessIssue]

    def pause(self, task_id: str) -> None:
        """Gives a training no more turns."""
        for task in self._trainings(task_id):
            task.is_paused, task.n_owed = True, 0

    def resume(self, task_id: str) -> None:
        """Gives a paused training its turns again."""
        for task in self._trainings(task_id):
            task.is_paused, task.n_owed = False, 0

    def step(self, task_id: str) -> None:
        """Lets a paused training advance up to its next step, after those that it owes already."""
        for task in self._trainings(task_id):
            task.n_owed += task.is_paused

    def prioritise(self, task_id: str) -> None:
        """Puts a training that was asked to end, paused or not, before everything else."""
        for task in self._trainings(task_id):
            task.is_paused = False
            self._queues[Rank.TRAINING].take_out(task)
            self._queues[Rank.REQUEST].add(task)

    def turn(self) -> None:
        """Gives one task one slice, then puts it behind its owner's others, and its owner behind the other owners."""
        found = self._next()
        if found is None:
            return
        queue, task = found
        queue.take_out(task)  # first, so that `on_end` finds it gone
        began_s = self._clock()
        if not self._advance(task):
            return
        if task.first_s is not None:
            task.first_s -= self._clock() - began_s
            queue = self._queues[Rank.REQUEST if task.first_s > 0 else Rank.TRAINING]
        queue.add(task)

    def _next(self) -> tuple[RoundRobin, Task] | None:
        tasks = ((queue, task) for queue in self._queues.values() for task in queue)
        return next(((queue, task) for queue, task in tasks if task.is_runnable), None)

    def _trainings(self, task_id: str) -> list[Task]:
        return [task for task in self._queues[Rank.TRAINING] if task.id == task_id]

    def _advance(self, task: Task) -> bool:
        """Returns whether the task has more to do."""
        now_s = self._clock()
        until_s, longest_s = now_s + SLICE_S, 0.0
        while task.is_runnable and now_s + longest_s <= until_s:
            try:
                event = next(task.events)
            except StopIteration:
                self._on_end(task.id, None)
                return False
            except Exception as error:
                self._on_end(task.id, error)
                return False
            if event is None:  # it makes way, or waits for another process
                return True
            self._on_event(task.id, event)
            task.n_owed -= task.is_paused and self._is_step(event)
            before_s, now_s = now_s, self._clock()
            longest_s = max(longest_s, now_s - before_s)
        return True
