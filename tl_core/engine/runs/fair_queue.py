"""Who begins next: the runs that wait, in the order that is fair to their owners.

A pure object: it knows ids and owners, nothing of workers, stores or threads.
"""

import heapq
from collections import deque
from collections.abc import Callable, Mapping
from itertools import count


class FairQueue:
    """The waiting runs of all owners.

    The owner with the fewest runs under way comes first; among equals the one who was served longest ago (never, at
    best), then the one who has waited longest. So nobody waits for another's second run. The runs of one owner keep
    their order. Before all of them come those that the instructor has put first, the last such wish first.

    Thread: any, one at a time.
    """

    def __init__(self) -> None:
        self._arrivals = count()
        self._turns = count(1)
        self._waiting: dict[str, tuple[str, int]] = {}  # run → its owner, and when it came
        self._prioritised: list[str] = []
        self._served: dict[str, int] = {}  # owner → the latest turn it had; forgotten when nobody waits

    def __contains__(self, run_id: str) -> bool:
        return run_id in self._waiting

    def __len__(self) -> int:
        return len(self._waiting)

    def join(self, run_id: str, owner: str) -> None:
        """Puts a run at the end of its owner's line."""
        self._waiting[run_id] = (owner, next(self._arrivals))

    def prioritise(self, run_id: str) -> None:
        """Puts a waiting run before all others, or does nothing."""
        if run_id in self._waiting:
            self._prioritised = [run_id, *(other for other in self._prioritised if other != run_id)]

    def leave(self, run_id: str) -> None:
        """Takes out a run that will not begin, or does nothing."""
        self._waiting.pop(run_id, None)
        self._prioritised = [other for other in self._prioritised if other != run_id]
        if not self._waiting:
            self._served.clear()

    def begin(self, run_id: str) -> None:
        """Takes out a run that begins: its owner has been served."""
        self._served[self._waiting[run_id][0]] = next(self._turns)
        self.leave(run_id)

    def order(self, active: Mapping[str, int]) -> list[str]:
        """Returns all waiting runs, the next one first, as if none of those under way ended.

        Args:
            active: Owner → runs under way.
        """
        lines = self._lines()
        ahead = [self._rank(owner, active.get(owner, 0), self._served.get(owner, 0), lines) for owner in lines]
        heapq.heapify(ahead)
        order, turns = list(self._prioritised), count(max(self._served.values(), default=0) + 1)
        while ahead:
            n_active, _, _, owner = heapq.heappop(ahead)
            order.append(lines[owner].popleft())
            if lines[owner]:
                heapq.heappush(ahead, self._rank(owner, n_active + 1, next(turns), lines))
        return order

    def first(self, active: Mapping[str, int], may_begin: Callable[[str], bool]) -> str | None:
        """Returns the first run in the order that may begin now; None if there is none."""
        return next(filter(may_begin, self.order(active)), None) if self._waiting else None

    def _lines(self) -> dict[str, deque[str]]:
        lines: dict[str, deque[str]] = {}
        for run_id, (owner, _) in self._waiting.items():
            if run_id in self._prioritised:
                continue
            lines.setdefault(owner, deque()).append(run_id)
        return lines

    def _rank(self, owner: str, n_active: int, turn: int, lines: Mapping[str, deque[str]]) -> tuple:
        return n_active, turn, self._waiting[lines[owner][0]][1], owner
