"""How much one student may ask of a server that thirty share. The instructor sets it, and is not bound by it.

Whoever throws cookies away is somebody new each time. So what has an end for one student has one for an address and
for all as well.
"""

import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta

from tl_core.errors import InputError, StoreError
from tl_core.store.access import Visitor
from tl_core.store.albums import Albums
from tl_core.store.cookies import is_passing
from tl_core.store.records import ANY_SWEEP, OwnerRecord, RunState
from tl_core.store.store import RunStore

ALLOWED = (1, 10_000)
NEW = timedelta(hours=1)  # for which somebody counts as new
MOST_SWEEPS = 30  # of one student
MOST_ACTIVE_SWEEPS = 4
LOOK_S = 10.0  # between two looks at the disk
_KEY = "limits"


@dataclass(frozen=True)
class Limits:
    """What each student may have at most, and how long the line may be.

    Attributes:
        running: Runs under way at the same time, baselines included; more wait.
        waiting: Runs in line, baselines included.
        runs: Runs kept, in whatever state.
        disk_mb: Megabytes that the files of their runs take; data sets may be brought as long as they fit in as well.
        datasets: Data sets of their own.
        days: Age at which an unpinned run counts as old, for clearing away.
        waiting_address: Runs in line from one address; a class of 60 may share one, each with a run and its baseline.
        waiting_all: Runs in line in all.
        class_size: Students who may share an address; where more are in line from one, all of them share a turn.
        new_address: New students within an hour from one address: a class and its second browsers.
        new_all: New students within an hour in all.
        disk_address_gb: Gigabytes that runs and data sets from one address may take before more are refused.
        disk_all_gb: Gigabytes that those of all visitors may.
    """

    running: int = 4
    waiting: int = 60
    runs: int = 200
    disk_mb: int = 2000
    datasets: int = 30
    days: int = 30
    waiting_address: int = 180
    waiting_all: int = 400
    class_size: int = 60
    new_address: int = 120
    new_all: int = 400
    disk_address_gb: int = 40
    disk_all_gb: int = 100

    def __post_init__(self) -> None:
        low, high = ALLOWED
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                raise InputError("bad_limit", field=field.name, received=str(value)[:40], low=low, high=high)


def limits(store: RunStore) -> Limits:
    """Returns what holds now; what was noted in another form is left aside."""
    try:
        return Limits(**store.setting(_KEY) or {})
    except (TypeError, InputError):
        return Limits()


def save_limits(store: RunStore, chosen: Limits, *, by: Visitor) -> None:
    """Sets the limits for everybody.

    Raises:
        StoreError: "instructor_only".
    """
    store.save_setting(_KEY, asdict(chosen), by=by)


def admit(store: RunStore, *, by: Visitor) -> None:
    """Notes for whom something is about to be kept; refuses who would be one newcomer too many.

    Somebody counts from the first thing on that is kept for them, be it a run, a data set or a name, and not from the
    first page: a page keeps nothing, a browser may load many, and a cookie proves nothing but that a page was loaded.
    Who was noted once comes back as often as they like.

    Raises:
        StoreError: "too_many_new". Nothing was kept.
    """
    most, now = limits(store), datetime.now(UTC)

    def check_newcomers(known: Collection[OwnerRecord]) -> None:
        new = [owner for owner in known if is_new(owner, now)]
        n_here = sum(owner.address == by.address for owner in new) if by.address else 0
        # who keeps no cookie is new at each visit: the room for a class stays free of them
        allowed_here = max(1, most.new_address - (most.class_size if is_passing(by.owner) else 0))
        for found, allowed in ((n_here, allowed_here), (len(new), most.new_all)):
            if found >= allowed and not by.is_instructor:
                raise StoreError("too_many_new", found=found, allowed=allowed)

    store.ensure_owner(by.owner, by.address, check_newcomers)


def is_new(owner: OwnerRecord, now: datetime) -> bool:
    """Says whether somebody came within the last hour; a clock that was put back makes nobody new for longer."""
    with suppress(ValueError, TypeError):
        return abs(now - datetime.fromisoformat(owner.since or "")) < NEW
    return False


def neighbours(store: RunStore, address: str) -> set[str]:
    """Returns the owners who came from an address, as far as one knows."""
    return {owner.id for owner in store.owners().values() if address and owner.address == address}


class DiskUse:
    """What visitors' runs and data sets take on the disk, together: looked at anew every few seconds.

    Args:
        store: Where the runs are.
        albums: Where the data sets are.
        clock: Monotonic seconds.

    Thread: any.
    """

    def __init__(self, store: RunStore, albums: Albums, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._albums, self._clock, self._lock = store, albums, clock, threading.Lock()
        self._seen_s: float | None = None
        self._runs: dict[str, int] = {}  # owner → bytes
        self._sets: list[tuple[set[str], int]] = []  # whose, and bytes; stored once, so they count once

    def bytes_left(self, address: str) -> int:
        """Returns how many bytes may still come from an address.

        Raises:
            StoreError: "no_room_for_more": none, from there or in all.
        """
        most = limits(self._store)
        with self._lock:
            self._look()
            owners = self._store.owners().keys()
            here = self._n_bytes(neighbours(self._store, address)), most.disk_address_gb
            rooms = [
                (allowed, allowed * 10**9 - found)
                for found, allowed in (here, (self._n_bytes(owners), most.disk_all_gb))
            ]
        for allowed, left in rooms:
            if left <= 0:
                raise StoreError("no_room_for_more", allowed_gb=allowed)
        return min(left for _, left in rooms)

    def _n_bytes(self, owners: Collection[str]) -> int:
        return sum(self._runs.get(one, 0) for one in owners) + sum(n for whose, n in self._sets if whose & set(owners))

    def _look(self) -> None:
        now_s = self._clock()
        if self._seen_s is not None and now_s - self._seen_s < LOOK_S:
            return
        self._seen_s, known = now_s, self._store.owners()
        self._runs = {owner: self._store.n_bytes(owner) for owner in known}
        self._sets = [(whose or self._trainers(id), n_bytes) for id, whose, n_bytes in self._albums.sizes()]
        self._forget_addresses(known.values())

    def _trainers(self, id: str) -> set[str]:
        """Returns whose runs keep the pictures of a data set that nobody has any more."""
        return {run.owner for run in self._store.list_runs(text=id, sweep=ANY_SWEEP)}

    def _forget_addresses(self, known: Collection[OwnerRecord]) -> None:
        """Lets go of where somebody came from who is not new any more and has nothing here."""
        now, with_sets = datetime.now(UTC), set().union(*(whose for whose, _ in self._sets))
        ids = [one.id for one in known if one.address and not is_new(one, now) and one.id not in with_sets]
        ids = [id for id in ids if not self._runs[id] and not self._store.list_runs(owner=id, limit=1, sweep=ANY_SWEEP)]
        if ids:
            self._store.edit_owners(ids, address=None, since=None)


def check_limits(store: RunStore, n_new: int, *, by: Visitor) -> None:
    """Refuses runs beyond what a student may have, or beyond how long the line may be.

    Args:
        store: Where the runs are.
        n_new: Runs about to be added.
        by: Whose they will be.

    Raises:
        StoreError: "too_many_waiting", "too_many_runs", "too_much_disk" or "line_is_full", with what there is and what
            is allowed.
    """
    if by.is_instructor:
        return
    most = limits(store)
    line = [run.owner for run in store.list_runs(states=[RunState.QUEUED])]
    here = neighbours(store, by.address)
    mine = {by.owner, *filter(is_passing, here)} if is_passing(by.owner) else {by.owner}  # without cookies all are one
    n_waiting = sum(owner in mine for owner in line)
    if n_waiting + n_new > most.waiting:
        raise StoreError("too_many_waiting", found=n_waiting, new=n_new, allowed=most.waiting)
    n_here = sum(owner in here for owner in line)
    for found, allowed in ((n_here, most.waiting_address), (len(line), most.waiting_all)):
        if n_new and found + n_new > allowed:
            raise StoreError("line_is_full", found=found, allowed=allowed)
    n_runs = len(store.list_runs(owner=by.owner))
    if n_runs + n_new > most.runs:
        raise StoreError("too_many_runs", found=n_runs, new=n_new, allowed=most.runs)
    used_mb = round(store.n_bytes(by.owner) / 1e6)
    if used_mb >= most.disk_mb:
        raise StoreError("too_much_disk", found_mb=used_mb, allowed_mb=most.disk_mb)


def check_sweep_limits(store: RunStore, n_new: int, *, by: Visitor) -> None:
    """Refuses sweeps beyond what a student may have, or may have under way; their runs do not count as runs.

    Args:
        store: Where the sweeps are.
        n_new: Sweeps about to be added; 0 when one is about to go on.
        by: Whose they will be.

    Raises:
        StoreError: "too_many_sweeps" or "too_many_active_sweeps"; "line_is_full": those of an address, or of all;
            "too_much_disk".
    """
    if by.is_instructor:
        return
    check_limits(store, 0, by=by)
    most, here, known = limits(store), neighbours(store, by.address), store.sweeps.listed()
    mine, active = [one for one in known if one.owner == by.owner], [one.owner for one in known if one.is_active]
    if len(mine) + n_new > MOST_SWEEPS:
        raise StoreError("too_many_sweeps", found=len(mine), allowed=MOST_SWEEPS)
    if (n_active := active.count(by.owner)) >= MOST_ACTIVE_SWEEPS:
        raise StoreError("too_many_active_sweeps", found=n_active, allowed=MOST_ACTIVE_SWEEPS)
    n_here = sum(owner in here for owner in active)
    for found, allowed in ((n_here, most.waiting_address), (len(active), most.waiting_all)):
        if found >= allowed:
            raise StoreError("line_is_full", found=found, allowed=allowed)


def check_album_limits(store: RunStore, albums: Albums, *, is_new: bool, by: Visitor) -> int | None:
    """Refuses data sets beyond what a student may have.

    Args:
        store: Where the runs are.
        albums: Where the data sets are.
        is_new: Whether one is about to be added, or only pictures to one that is there.
        by: Whose it will be.

    Returns:
        How many bytes the new pictures may take; None for the instructor, who is not bound.

    Raises:
        StoreError: "too_many_datasets" or "dataset_too_much_disk".
    """
    if by.is_instructor:
        return None
    most, n_albums = limits(store), albums.n_albums(by.owner)
    if is_new and n_albums >= most.datasets:
        raise StoreError("too_many_datasets", found=n_albums, allowed=most.datasets)
    return album_bytes_left(store, albums, by.owner)


def album_bytes_left(store: RunStore, albums: Albums, owner: str) -> int:
    """Returns how many bytes new pictures of a student may take.

    Raises:
        StoreError: "dataset_too_much_disk": none.
    """
    allowed_mb = limits(store).disk_mb
    trained_on = {str(run.spec.get("dataset")) for run in store.list_runs(owner=owner, sweep=ANY_SWEEP)}
    left_bytes = allowed_mb * 1_000_000 - store.n_bytes(owner) - albums.n_bytes(owner, trained_on)
    if left_bytes <= 0:
        raise StoreError("dataset_too_much_disk", allowed_mb=allowed_mb)
    return left_bytes
