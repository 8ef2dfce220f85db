"""How much one student may ask of a server that thirty share. The instructor sets it, and is not bound by it."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, fields

from tl_core.errors import InputError, StoreError
from tl_core.store.access import Visitor
from tl_core.store.albums import Albums
from tl_core.store.records import RunState
from tl_core.store.store import RunStore

ALLOWED = (1, 10_000)
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
    """

    running: int = 4
    waiting: int = 60
    runs: int = 200
    disk_mb: int = 2000
    datasets: int = 30
    days: int = 30
    waiting_address: int = 180
    waiting_all: int = 400

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


def check_limits(store: RunStore, n_new: int, *, by: Visitor, neighbours: Collection[str] = ()) -> None:
    """Refuses runs beyond what a student may have, or beyond how long the line may be.

    Args:
        store: Where the runs are.
        n_new: Runs about to be added.
        by: Whose they will be.
        neighbours: The owners who come from the same address, as far as one knows.

    Raises:
        StoreError: "too_many_waiting", "too_many_runs", "too_much_disk" or "line_is_full", with what there is and what
            is allowed.
    """
    if by.is_instructor:
        return
    most = limits(store)
    line = [run.owner for run in store.list_runs(states=[RunState.QUEUED])]
    n_waiting = line.count(by.owner)
    if n_waiting + n_new > most.waiting:
        raise StoreError("too_many_waiting", found=n_waiting, new=n_new, allowed=most.waiting)
    n_here = sum(owner in neighbours for owner in line)
    for found, allowed in ((n_here, most.waiting_address), (len(line), most.waiting_all)):
        if n_new and found + n_new > allowed:
            raise StoreError("line_is_full", found=found, allowed=allowed)
    n_runs = len(store.list_runs(owner=by.owner))
    if n_runs + n_new > most.runs:
        raise StoreError("too_many_runs", found=n_runs, new=n_new, allowed=most.runs)
    used_mb = round(store.n_bytes(by.owner) / 1e6)
    if used_mb >= most.disk_mb:
        raise StoreError("too_much_disk", found_mb=used_mb, allowed_mb=most.disk_mb)


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
    trained_on = {str(run.spec.get("dataset")) for run in store.list_runs(owner=owner)}
    left_bytes = allowed_mb * 1_000_000 - store.n_bytes(owner) - albums.n_bytes(owner, trained_on)
    if left_bytes <= 0:
        raise StoreError("dataset_too_much_disk", allowed_mb=allowed_mb)
    return left_bytes
