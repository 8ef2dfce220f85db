"""Who may do what with whose runs. Every method of the store that a person reaches asks here, and nowhere else."""

from dataclasses import dataclass, field

from tl_core.errors import StoreError
from tl_core.store.album_drafts import AlbumRecord
from tl_core.store.records import RunRecord, SweepRecord, Visibility


@dataclass(frozen=True)
class Visitor:
    """In whose name something is done.

    Attributes:
        owner: Whose runs are this visitor's own; made from a secret by `store.cookies`, and no secret itself.
        is_instructor: Whether the visitor was admitted as the instructor.
        address: From where the visitor comes, as `cookies.address_mark` tells it; whoever throws cookies away is a new
            owner each time, but stays there.
    """

    owner: str
    is_instructor: bool = False
    address: str = field(default="", compare=False)


OPERATOR = Visitor("local", is_instructor=True)
"""Anyone who uses the command line: the data folder is theirs in any case."""


def may_see(record: RunRecord | AlbumRecord | SweepRecord, by: Visitor, *, is_named: bool) -> bool:
    """Says whether a visitor may look at a run or a data set.

    Args:
        record: The run or the sweep, or who has the data set.
        by: Who wants to look.
        is_named: Whether the visitor knows its whole id, which is what a link tells.
    """
    if by.is_instructor or record.owner == by.owner or record.visibility is Visibility.CLASS:
        return True
    return record.visibility is Visibility.LINK and is_named


def check_change(record: RunRecord, by: Visitor) -> None:
    """Refuses to change another's run, no matter who may see it.

    Raises:
        StoreError: "not_your_run".
    """
    if not by.is_instructor and record.owner != by.owner:
        raise StoreError("not_your_run", run=record.id)


def check_sweep_change(record: SweepRecord, by: Visitor) -> None:
    """Refuses to change another's sweep, no matter who may see it.

    Raises:
        StoreError: "not_your_sweep".
    """
    if not by.is_instructor and record.owner != by.owner:
        raise StoreError("not_your_sweep", sweep=record.id)


def check_instructor(by: Visitor) -> None:
    """Refuses what only the instructor may do.

    Raises:
        StoreError: "instructor_only".
    """
    if not by.is_instructor:
        raise StoreError("instructor_only")
