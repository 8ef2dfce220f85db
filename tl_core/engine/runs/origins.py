"""From where runs come: who shares an address with more others than a class has students."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from tl_core.store.cookies import is_passing
from tl_core.store.limits import Limits, is_new
from tl_core.store.records import ANY_SWEEP, OwnerRecord, RunState
from tl_core.store.store import RunStore

FEW_PASSING = 10  # new visits without a cookie from one address: more are no class


@dataclass(frozen=True)
class Origin:
    """What the line knows of an owner.

    Attributes:
        address: As `Visitor.address`; "" where it is not known.
        is_known: Whether a run of theirs was trained here to its end. A copy of another's does not count: it costs
            nothing, and anyone can have one.
        has_cookie: Whether their browser keeps one; otherwise they are somebody else at each visit.
    """

    address: str = ""
    is_known: bool = False
    has_cookie: bool = True


def origin_of(store: RunStore, owner: str) -> Origin:
    """Returns what the line has to know of an owner."""
    known = store.owners().get(owner)
    completed = store.list_runs(owner=owner, states=[RunState.COMPLETED], sweep=ANY_SWEEP)
    is_known = any(run.recorded_from is None and run.seconds is not None for run in completed)
    return Origin((known and known.address) or "", is_known, not is_passing(owner))


@dataclass(frozen=True)
class Crowd:
    """An address from which more comes than from a class.

    Attributes:
        address: As `Visitor.address`.
        n_owners: Who have runs under way or in line.
        n_runs: Those runs.
        n_new: Who came within the last hour.
    """

    address: str
    n_owners: int
    n_runs: int
    n_new: int


def crowds(known: Collection[OwnerRecord], owners: Collection[str], most: Limits) -> list[Crowd]:
    """Returns the addresses from which more comes than from a class, the one with most runs first.

    Args:
        known: All owners.
        owners: Whose each run is that is under way or in line.
        most: What one student, one address and all may have.
    """
    now, address_of = datetime.now(UTC), {owner.id: owner.address for owner in known}
    runs = Counter(address_of.get(owner) for owner in owners)
    busy = Counter(address_of.get(owner) for owner in set(owners))
    new = Counter(owner.address for owner in known if is_new(owner, now))
    passing = Counter(owner.address for owner in known if is_new(owner, now) and is_passing(owner.id))
    found = [
        Crowd(one, busy[one], runs[one], new[one])
        for one in filter(None, {*runs, *new})
        if max(busy[one], new[one]) > most.class_size or passing[one] > FEW_PASSING or runs[one] >= most.waiting_address
    ]
    return sorted(found, key=lambda one: (-one.n_runs, -one.n_new, one.address))
