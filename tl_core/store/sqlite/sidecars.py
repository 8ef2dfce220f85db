"""A copy of each record in its run's folder, so that the list of runs can be rebuilt when the database is lost.

A copy is written whenever a run's state changes. Between two of these its epochs are added to a second file, line by
line and unsynced: that costs no time, and outlives everything but a power cut in the same minute.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tl_core.disk.files import forget, write_atomic
from tl_core.disk.home import ensure_folder
from tl_core.disk.space import storage_errors
from tl_core.errors import StoreError
from tl_core.store.records import EpochRecord, RunRecord
from tl_core.store.sqlite.rows import to_json

COPY_NAME = "record.json"
EPOCHS_NAME = "epochs.jsonl"


@dataclass(frozen=True)
class Copy:
    """A run as its folder knows it."""

    record: RunRecord
    epochs: list[EpochRecord] = field(default_factory=list)
    trace: list = field(default_factory=list)


def keep_copy(folder: Path, copy: Copy) -> None:
    """Writes a run's copy into its folder. A full disk costs only the copy: the database is the truth."""
    epochs = [epoch.to_dict() for epoch in copy.epochs]
    data = {"record": copy.record.to_dict(), "epochs": epochs, "trace": copy.trace}
    with suppress(StoreError):
        for leftover in ensure_folder(folder).glob(f".{COPY_NAME}.*.tmp"):  # of a process that died while writing
            forget(leftover)
        write_atomic(folder / COPY_NAME, to_json(data).encode())
        forget(folder / EPOCHS_NAME)  # all of it stands in the copy now


def note_epoch(folder: Path, epoch: EpochRecord) -> None:
    """Adds an epoch to what a folder knows of its run. The line break comes first: it ends a line that was cut off."""
    with suppress(OSError), open(folder / EPOCHS_NAME, "a", encoding="ascii") as file:
        file.write("\n" + to_json(epoch.to_dict()))


def drop_copy(folder: Path) -> None:
    """Removes a run's copy, so that a deleted run cannot come back.

    Raises:
        StoreError: "home_not_writable": it is still there.
    """
    with storage_errors(folder):
        (folder / COPY_NAME).unlink(missing_ok=True)


def lost_runs(runs: Path, known: set[str]) -> Iterator[Copy]:
    """Yields the runs that have a readable copy in their folder but are not known, oldest first.

    Args:
        runs: The folder of all run folders.
        known: Ids of the runs in the database.
    """
    found = (read_copy(path.parent) for path in runs.glob(f"*/{COPY_NAME}") if path.parent.name not in known)
    yield from sorted((copy for copy in found if copy is not None), key=lambda copy: copy.record.seq)


def read_copy(folder: Path) -> Copy | None:
    """Returns what a folder knows of its run, or None if that is nothing, damaged, or of another run."""
    try:
        data = json.loads((folder / COPY_NAME).read_bytes())
        record = RunRecord.from_dict(data["record"])
        epochs = {number["epoch"]: EpochRecord(**number) for number in [*data["epochs"], *_noted(folder)]}
        trace = list(data.get("trace", ()))
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return Copy(record, [epochs[number] for number in sorted(epochs)], trace) if record.id == folder.name else None


def _noted(folder: Path) -> Iterator[dict]:
    """Yields the epochs that `note_epoch` wrote; of a line that was cut off nothing."""
    with suppress(OSError):
        for line in (folder / EPOCHS_NAME).read_bytes().splitlines():
            with suppress(ValueError):
                yield json.loads(line)
