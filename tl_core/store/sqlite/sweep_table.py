"""Sweeps as rows, and a copy of each in a file of its own, from which a lost database gets them back."""

import json
import sqlite3
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, suppress
from dataclasses import fields, replace
from pathlib import Path

from tl_core.disk.files import write_atomic
from tl_core.disk.home import ensure_folder
from tl_core.disk.space import storage_errors
from tl_core.errors import StoreError
from tl_core.store.names import looks_like_id
from tl_core.store.records import RunState, SweepRecord, SweepState, TrialRecord, Visibility
from tl_core.store.sqlite.rows import to_json, unpacked
from tl_core.store.sqlite.run_table import RunTable
from tl_core.store.sweep_records import SweepRecords, check_idle, one_sweep

_COLUMNS = tuple(field.name for field in fields(SweepRecord))
_TRIALS = """
    SELECT trial, id AS run_id, state, test_accuracy, seconds, owner,
        (SELECT val_accuracy FROM epoch WHERE run_seq = run.seq AND epoch = run.best_epoch) AS val_accuracy,
        (SELECT AVG(seconds) FROM epoch WHERE run_seq = run.seq AND epoch > 1 AND NOT is_partial) AS epoch_s
    FROM run WHERE sweep_id = ? AND trial IS NOT NULL ORDER BY trial, seq
"""
Transaction = Callable[[], AbstractContextManager[RunTable]]


class SqliteSweeps(SweepRecords):
    """The sweeps in the database of runs.

    Args:
        home: The data folder; copies lie in its folder "sweeps".
        writing: Begins a transaction that writes.
        reading: Begins to read.
        life: The lock by which one knows that this process lives.

    Thread: any.
    """

    def __init__(self, home: Path, writing: Transaction, reading: Transaction, life: str) -> None:
        self._folder = ensure_folder(home / "sweeps")
        self._writing, self._reading, self._life = writing, reading, life

    def trials(self, id: str) -> list[TrialRecord]:
        with self._reading() as table:
            rows = table.connection.execute(_TRIALS, (id,)).fetchall()
        states = set(RunState)
        return [TrialRecord(**{**row, "state": RunState(row["state"])}) for row in rows if row["state"] in states]

    def listed(self, owner: str | None = None) -> list[SweepRecord]:
        query = "SELECT * FROM sweep WHERE owner = ? OR ? IS NULL ORDER BY seq DESC"
        with self._reading() as table:
            return _records(table.connection.execute(query, (owner, owner)))

    def _matches(self, id: str) -> list[SweepRecord]:
        with self._reading() as table:
            return _fitting(table.connection, id)

    def _add(self, record: SweepRecord) -> SweepRecord:
        with self._writing() as table:
            record = _insert(table.connection, record, self._life)
        self._keep(record)
        return record

    def _edit(self, id: str, *, is_idle: bool = False, **changes: object) -> SweepRecord:
        with self._writing() as table:
            record = one_sweep(id, _fitting(table.connection, id))
            if is_idle:
                check_idle(record)
            is_moved = "state" in changes
            record = replace(record, **changes)  # pyright: ignore[reportArgumentType]
            values = _values(record) | ({"lock": self._life if record.is_active else None} if is_moved else {})
            columns = ", ".join(f"{name} = ?" for name in values)
            table.connection.execute(f"UPDATE sweep SET {columns} WHERE seq = ?", (*values.values(), record.seq))
        self._keep(record)
        return record

    def _remove(self, id: str) -> None:
        with self._writing() as table:
            record = one_sweep(id, _fitting(table.connection, id))
            check_idle(record)
            with storage_errors(self._folder):
                self._copy(record.id).unlink(missing_ok=True)  # so that it cannot come back
            table.connection.execute("DELETE FROM sweep WHERE seq = ?", (record.seq,))

    # ---- the copies ----

    def restore_lost(self, connection: sqlite3.Connection) -> None:
        """Adds the sweeps that have a copy but no row: the database was damaged or removed. Within a transaction."""
        known = {row["id"] for row in connection.execute("SELECT id FROM sweep")}
        copies = filter(None, (_read(path) for path in self._folder.glob("*.json") if path.stem not in known))
        for record in sorted(copies, key=lambda copy: copy.seq):
            is_taken = connection.execute("SELECT 1 FROM sweep WHERE seq = ?", (record.seq,)).fetchone()
            _insert(connection, replace(record, seq=0 if is_taken else record.seq), None)

    def end_orphans(self, connection: sqlite3.Connection, alive: Collection[str]) -> None:
        """Sets INTERRUPTED what dead processes left running. Within a transaction."""
        active = connection.execute("SELECT seq, lock FROM sweep WHERE state = ?", (SweepState.RUNNING.value,))
        orphans = [(SweepState.INTERRUPTED.value, row["seq"]) for row in active if row["lock"] not in alive]
        connection.executemany("UPDATE sweep SET state = ?, lock = NULL WHERE seq = ?", orphans)

    def _copy(self, id: str) -> Path:
        return self._folder / f"{id}.json"

    def _keep(self, record: SweepRecord) -> None:
        """Writes the copy of a sweep. A full disk costs only the copy: the database is the truth."""
        with suppress(StoreError):
            write_atomic(self._copy(record.id), to_json(record.to_dict()).encode())


def _insert(connection: sqlite3.Connection, record: SweepRecord, lock: str | None) -> SweepRecord:
    values = _values(record) | {"seq": record.seq or None, "lock": lock}
    columns, marks = ", ".join(values), ", ".join("?" * len(values))
    cursor = connection.execute(f"INSERT INTO sweep ({columns}) VALUES ({marks})", tuple(values.values()))
    return replace(record, seq=cursor.lastrowid or 0)


def _fitting(connection: sqlite3.Connection, id: str) -> list[SweepRecord]:
    """Returns the sweeps with this id or prefix. `g` comes right after the hexadecimal digits."""
    if not looks_like_id(id):
        return []
    return _records(connection.execute("SELECT * FROM sweep WHERE id >= ? AND id < ?", (id, f"{id}g")))


def _values(record: SweepRecord) -> dict[str, object]:
    """Returns a sweep as column → value."""
    values: dict[str, object] = {name: getattr(record, name) for name in _COLUMNS}
    values |= {"state": record.state.value, "visibility": record.visibility.value, "sweep": to_json(record.sweep)}
    return values | {"error": None if record.error is None else to_json(record.error)}


def _records(rows: sqlite3.Cursor) -> list[SweepRecord]:
    """Returns the sweeps of rows; one that is damaged hides no other."""
    found = []
    for row in rows:
        values = {name: row[name] for name in _COLUMNS}
        values |= {"sweep": unpacked(row["sweep"], None), "error": unpacked(row["error"], None)}
        with suppress(ValueError):
            named = {"state": SweepState(values["state"]), "visibility": Visibility(values["visibility"])}
            if isinstance(values["sweep"], dict):
                found.append(SweepRecord(**{**values, **named}))
    return found


def _read(path: Path) -> SweepRecord | None:
    """Returns the sweep of a copy, or None if there is none, or another's, or it is damaged."""
    with suppress(OSError, ValueError, TypeError, LookupError):
        record = SweepRecord.from_dict(json.loads(path.read_bytes()))
        return record if record.id == path.stem and isinstance(record.sweep, dict) else None
    return None
