"""A copy of each record in its run's folder, so that the list of runs can be rebuilt when the database is lost."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tl_core.errors import StoreError
from tl_core.store.files import write_atomic
from tl_core.store.home import made
from tl_core.store.records import EpochRecord, RunRecord
from tl_core.store.rows import to_json

COPY_NAME = "record.json"


def keep_copy(folder: Path, record: RunRecord, epochs: list[EpochRecord]) -> None:
    """Writes a run's copy into its folder. A full disk costs only the copy: the database is the truth."""
    data = {"record": record.to_dict(), "epochs": [epoch.to_dict() for epoch in epochs]}
    with suppress(StoreError):
        write_atomic(made(folder) / COPY_NAME, to_json(data).encode())


def drop_copy(folder: Path) -> None:
    """Removes a run's copy, so that a deleted run cannot come back."""
    (folder / COPY_NAME).unlink(missing_ok=True)


def lost_runs(runs: Path, known: set[str]) -> Iterator[tuple[RunRecord, list[EpochRecord]]]:
    """Yields the runs that have a readable copy in their folder but are not known, oldest first.

    Args:
        runs: The folder of all run folders.
        known: Ids of the runs in the database.
    """
    found = (_copy(path) for path in runs.glob(f"*/{COPY_NAME}") if path.parent.name not in known)
    yield from sorted((run for run in found if run is not None), key=lambda run: run[0].seq)


def _copy(path: Path) -> tuple[RunRecord, list[EpochRecord]] | None:
    """Returns what a copy holds, or None if it is damaged or stands in another run's folder."""
    try:
        data = json.loads(path.read_bytes())
        record = RunRecord.from_dict(data["record"])
        epochs = [EpochRecord(**epoch) for epoch in data["epochs"]]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return (record, epochs) if record.id == path.parent.name else None
