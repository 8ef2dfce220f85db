"""How far everybody is as rows, and a copy in a file for each owner, from which a lost database gets them back."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict
from pathlib import Path

from tl_core.disk.files import write_atomic
from tl_core.disk.home import ensure_folder
from tl_core.errors import StoreError
from tl_core.store.progress_records import ProgressRecord, ProgressRecords
from tl_core.store.sqlite.rows import to_json, unpacked
from tl_core.store.sqlite.run_table import RunTable

Transaction = Callable[[], AbstractContextManager[RunTable]]
_PUT = "INSERT OR REPLACE INTO progress (owner, lesson, data, changed_at) VALUES (?, ?, ?, ?)"


class SqliteProgress(ProgressRecords):
    """How far everybody is, in the database of runs.

    Args:
        home: The data folder; copies lie in its folder "progress".
        writing: Begins a transaction that writes.
        reading: Begins to read.

    Thread: any.
    """

    def __init__(self, home: Path, writing: Transaction, reading: Transaction) -> None:
        self._folder = ensure_folder(home / "progress")
        self._writing, self._reading = writing, reading

    def _of(self, owner: str | None) -> list[ProgressRecord]:
        with self._reading() as table:
            return _rows(table.connection, owner)

    def _change(
        self, owner: str, lesson: str, edit: Callable[[dict | None], ProgressRecord | None]
    ) -> ProgressRecord | None:
        with self._writing() as table:
            before = {one.lesson: one.data for one in _rows(table.connection, owner)}
            kept = edit(before.get(lesson))
            if kept is None:
                table.connection.execute("DELETE FROM progress WHERE owner = ? AND lesson = ?", (owner, lesson))
            else:
                table.connection.execute(_PUT, _values(kept))
            self._keep(owner, _rows(table.connection, owner))
        return kept

    def _keep(self, owner: str, rows: list[ProgressRecord]) -> None:
        """Writes the copy of an owner. A full disk costs only the copy: the database is the truth."""
        with suppress(StoreError):
            write_atomic(self._folder / f"{owner}.json", to_json([asdict(one) for one in rows]).encode())

    def restore_lost(self, connection: sqlite3.Connection) -> None:
        """Adds what has a copy but no row: the database was damaged or removed. Within a transaction."""
        known = {(one.owner, one.lesson) for one in _rows(connection, None)}
        for path in self._folder.glob("*.json"):
            with suppress(OSError, ValueError, TypeError):
                for told in json.loads(path.read_bytes()):
                    one = ProgressRecord(**told)
                    is_whole = isinstance(one.data, dict) and all(isinstance(told, str) for told in _values(one))
                    if is_whole and one.owner == path.stem and (one.owner, one.lesson) not in known:
                        connection.execute(_PUT, _values(one))


def _rows(connection: sqlite3.Connection, owner: str | None) -> list[ProgressRecord]:
    query = "SELECT * FROM progress WHERE owner = ? OR ? IS NULL ORDER BY rowid"
    found = []
    for row in connection.execute(query, (owner, owner)):
        data = unpacked(row["data"], None)
        if isinstance(data, dict):  # one that is damaged hides no other
            found.append(ProgressRecord(row["owner"], row["lesson"], data, row["changed_at"]))
    return found


def _values(one: ProgressRecord) -> tuple[str, str, str, str]:
    return one.owner, one.lesson, to_json(one.data), one.changed_at
