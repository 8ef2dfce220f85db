"""Who begins next: the runs that wait, in the order that is fair to their owners.

A pure object: it knows ids and owners, nothing of workers, stores or threads.
"""

import heapq
from collections import Counter, deque
from collections.abc import Callable, Hashable, Mapping
from itertools import count

from tl_core.engine.runs.origins import Origin
from tl_core.store.limits import Limits

Lines = dict[Hashable, deque[str]]  # who takes turns (an owner, or a crowd as one) → their runs, in their order


class FairQueue:
    """The waiting runs of all owners.

    The owner with the fewest runs under way comes first; among equals the one who was served longest ago (never, at
    best), then the one who has waited longest. So nobody waits for another's second run. The runs of one owner keep
    their order, but for the trials of sweeps: these let all others of their owner go first. Before all of them come
    those that the instructor has put first, the last such wish first.

    Whoever throws cookies away is another owner each time. So where more owners than a class has students were in line
    from one address, all of them take turns as if they were one, until none of them waits any more. Among them those
    whom one knows, those who are new and those without a cookie (`Origin`) take turns again: a class that shares the
    address waits for no more than one of the others' runs before each of its own. Those without a cookie, of whom a
    class has none, take turns as one at an address however few they are.

    Args:
        origin: Says from where an owner comes; asked whenever one of their runs joins.
        class_size: Says how many owners from one address take turns each for themselves.

    Thread: any, one at a time.
    """

    def __init__(
        self,
        origin: Callable[[str], Origin] = lambda owner: Origin(),
        class_size: Callable[[], int] = lambda: Limits.class_size,
    ) -> None:
        self._origin, self._class_size = origin, class_size
        self._arrivals = count()
        self._turns = count(1)
        self._waiting: dict[str, tuple[str, int]] = {}  # run → its owner, and when it came
        self._trials: set[str] = set()  # the runs among them that are trials of a sweep
        self._prioritised: list[str] = []
        self._served: dict[Hashable, int] = {}  # who → the latest turn they had; forgotten when nobody waits
        self._origins: dict[
            Hashable, Origin
        ] = {}  # owner → what was said when the latest run joined; of those under way too
        self._most_owners: dict[str, int] = {}  # address → how many waited at a time; forgotten when none does

    def __contains__(self, run_id: str) -> bool:
        return run_id in self._waiting

    def __len__(self) -> int:
        return len(self._waiting)

    def join(self, run_id: str, owner: str, *, is_trial: bool = False) -> None:
        """Puts a run at the end of its owner's line; one that is no trial goes before those that are."""
        self._waiting[run_id] = (owner, next(self._arrivals))
        self._trials |= {run_id} if is_trial else set()
        self._origins[owner] = origin = self._origin(owner)
        if origin.address:
            n_owners = len({one for one, _ in self._waiting.values() if self._origins[one].address == origin.address})
            self._most_owners[origin.address] = max(n_owners, self._most_owners.get(origin.address, 0))

    def prioritise(self, run_id: str) -> None:
        """Puts a waiting run before all others, or does nothing."""
        if run_id in self._waiting:
            self._prioritised = [run_id, *(other for other in self._prioritised if other != run_id)]

    def leave(self, run_id: str) -> None:
        """Takes out a run that will not begin, or does nothing."""
        self._waiting.pop(run_id, None)
        self._trials.discard(run_id)
        self._prioritised = [other for other in self._prioritised if other != run_id]
        if not self._waiting:
            self._served.clear()
        addresses = {self._origins[owner].address for owner, _ in self._waiting.values()}
        self._most_owners = {one: most for one, most in self._most_owners.items() if one in addresses}

    def begin(self, run_id: str) -> None:
        """Takes out a run that begins: its owner has been served."""
        self._served |= dict.fromkeys(self._parties(self._waiting[run_id][0]), next(self._turns))
        self.leave(run_id)

    def order(self, active: Mapping[str, int]) -> list[str]:
        """Returns all waiting runs, the next one first, as if none of those under way ended.

        Args:
            active: Owner → runs under way.
        """
        lines, n_active = self._lines(), Counter[Hashable]()
        for owner, n in active.items():
            n_active.update(dict.fromkeys(self._parties(owner), n))
        for _ in range(2):  # first those of a crowd who are alike become one line, then the crowd
            lines = self._joined(lines, n_active)
        return self._prioritised + self._in_turns(lines, n_active)

    def _parties(self, owner: Hashable) -> list[Hashable]:
        """Returns as whom an owner takes turns: as themselves, and as part of what."""
        parties = [owner]
        while (whole := self._whole(parties[-1])) != parties[-1]:
            parties.append(whole)
        return parties

    def _whole(self, who: Hashable) -> Hashable:
        """Returns as part of what somebody takes turns: an owner of their like, those of a crowd; or as themselves."""
        origin = who if isinstance(who, Origin) else self._origins.get(who, Origin())
        is_crowd = self._most_owners.get(origin.address, 0) > self._class_size()
        if origin is who:
            return (origin.address,) if is_crowd else who
        return origin if is_crowd or not origin.has_cookie else who

    def _joined(self, lines: Lines, active: Mapping[Hashable, int]) -> Lines:
        """Returns the lines with those of whoever takes turns as part of the same made one."""
        parts: dict[Hashable, Lines] = {}
        for who, line in lines.items():
            parts.setdefault(self._whole(who), {})[who] = line
        return {
            whole: part[whole] if whole in part else deque(self._in_turns(part, active))
            for whole, part in parts.items()
        }

    def _in_turns(self, lines: Lines, active: Mapping[Hashable, int]) -> list[str]:
        """Returns the runs of several in the order in which they take turns."""
        ahead = [self._rank(who, active.get(who, 0), self._served.get(who, 0), lines) for who in lines]
        heapq.heapify(ahead)
        order, turns = [], count(max(self._served.values(), default=0) + 1)
        while ahead:
            n_active, _, _, who = heapq.heappop(ahead)
            order.append(lines[who].popleft())
            if lines[who]:
                heapq.heappush(ahead, self._rank(who, n_active + 1, next(turns), lines))
        return order

    def first(self, active: Mapping[str, int], may_begin: Callable[[str], bool]) -> str | None:
        """Returns the first run in the order that may begin now; None if there is none."""
        return next(filter(may_begin, self.order(active)), None) if self._waiting else None

    def _lines(self) -> Lines:
        lines: Lines = {}
        for run_id, (owner, _) in sorted(self._waiting.items(), key=lambda one: one[0] in self._trials):
            if run_id in self._prioritised:
                continue
            lines.setdefault(owner, deque()).append(run_id)
        return lines

    def _rank(self, who: Hashable, n_active: int, turn: int, lines: Lines) -> tuple:
        return n_active, turn, self._waiting[lines[who][0]][1], who
