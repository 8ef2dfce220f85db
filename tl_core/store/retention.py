"""Which runs have grown old and may be cleared away, and what that would free."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from tl_core.store.records import RunRecord, RunState, Visibility


@dataclass(frozen=True)
class OldRun:
    """A run that may be cleared away.

    Attributes:
        record: The run.
        n_bytes: What its files take on the disk.
        is_best: Whether no other run of its owner for this dataset did better: it may be all that is left of the work.
    """

    record: RunRecord
    n_bytes: int
    is_best: bool


def old_runs(records: Iterable[RunRecord], days: int, now: datetime, n_bytes: Callable[[str], int]) -> list[OldRun]:
    """Returns the runs that ended so long ago and are neither pinned nor shared, the largest first.

    Args:
        records: All runs of all owners: which one is the best is decided among them.
        days: Age from which on a run counts as old.
        now: The present time, with its zone.
        n_bytes: Returns what the files of a run take.
    """
    records = list(records)
    best, before = _best_ids(records), now - timedelta(days=days)
    found = [OldRun(one, n_bytes(one.id), one.id in best) for one in records if _is_old(one, before)]
    return sorted(found, key=lambda old: (-old.n_bytes, old.record.seq))


def _is_old(record: RunRecord, before: datetime) -> bool:
    if record.is_pinned or record.visibility is not Visibility.PRIVATE or not record.state.is_finished:
        return False
    with suppress(ValueError, TypeError):  # a damaged record may tell no time: it is not old
        return datetime.fromisoformat(record.ended_at or record.created_at) < before
    return False


def _best_ids(records: Iterable[RunRecord]) -> set[str]:
    """Returns, for each owner and dataset, the completed run with the highest test accuracy; of equals the newest.

    One with a fault on purpose is never the best, whatever it scored.
    """
    completed = [one for one in records if one.state is RunState.COMPLETED and not one.has_fault]
    scored = [one for one in completed if one.test_accuracy is not None]
    scored.sort(key=lambda one: (one.test_accuracy, one.seq))
    return set({(one.owner, str(one.spec.get("dataset"))): one.id for one in scored}.values())
