"""Runs as rows: every SQL statement about a run and what belongs to it."""

import sqlite3
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from tl_core.disk.files import OUTPUTS_FILE, SOURCE_FILE, WEIGHTS_FILE, drop_leftovers, share_file
from tl_core.disk.home import ensure_folder
from tl_core.errors import StoreError
from tl_core.store import transitions
from tl_core.store.names import looks_like_id, now, one_match
from tl_core.store.records import ANY_SWEEP, EpochRecord, RunRecord, RunState
from tl_core.store.sqlite import sidecars
from tl_core.store.sqlite.rows import (
    RUN_COLUMNS,
    check_whole,
    epoch_record,
    epoch_values,
    is_damaged,
    packed,
    run_record,
    run_values,
    unpacked,
)
from tl_core.store.sqlite.run_filter import RunFilter

_ACTIVE = (RunState.QUEUED.value, RunState.RUNNING.value)
_LISTED = ", ".join("NULL AS proof" if name == "proof" else name for name in RUN_COLUMNS)
_EVENT = """
    INSERT INTO event SELECT :seq, :at, :state
    WHERE :state IS NOT (SELECT state FROM event WHERE run_seq = :seq ORDER BY rowid DESC LIMIT 1)
"""
_EQUAL = """
    SELECT * FROM run
    WHERE fingerprint = ? AND state = ? AND test_accuracy IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM epoch WHERE run_seq = run.seq AND is_partial)
    ORDER BY seq DESC
"""


class RunTable:
    """The runs in a database, through one connection to it.

    Args:
        connection: Anyone who calls a method that writes has begun a transaction on it.
        runs: The folder of all run folders, where copies of the records are kept.

    Thread:
        As the connection: one at a time.
    """

    def __init__(self, connection: sqlite3.Connection, runs: Path) -> None:
        self.connection, self._runs = connection, runs

    # ---- reading ----

    def one(self, id: str) -> RunRecord:
        """Returns the only run that an id or prefix stands for.

        Raises:
            UnknownIdError: "unknown_run".
        """
        return one_match(id, self.fitting(id))

    def fitting(self, id: str) -> list[RunRecord]:
        """Returns the runs with this id or prefix. `g` comes right after the hexadecimal digits."""
        if not looks_like_id(id):
            return []
        return self._records("SELECT * FROM run WHERE id >= ? AND id < ?", id, f"{id}g")

    def listed(self, wanted: RunFilter, limit: int, offset: int) -> list[RunRecord]:
        """Returns what a list shows, newest first; limit -1 is no limit."""
        condition, values = wanted.as_sql()
        query = f"SELECT {_LISTED} FROM run WHERE {condition} ORDER BY seq DESC LIMIT ? OFFSET ?"
        return self._records(query, *values, limit, offset)

    def equal(self, fingerprint: str) -> RunRecord | None:
        """Returns the newest run with this fingerprint that can stand for another."""
        rows = self.connection.execute(_EQUAL, (fingerprint, RunState.COMPLETED.value))
        return next((run_record(row) for row in rows if (self._runs / row["id"] / WEIGHTS_FILE).is_file()), None)

    def ids(self, owner: str | None = None) -> set[str]:
        """Returns the ids of all runs, or of an owner's."""
        condition, values = RunFilter(owner=owner, sweep=ANY_SWEEP).as_sql()
        return {row["id"] for row in self.connection.execute(f"SELECT id FROM run WHERE {condition}", values)}

    def n_by_state(self) -> dict[RunState, int]:
        """Returns how many runs are in each state; one that is damaged counts as it is listed, as failed."""
        found = dict.fromkeys(RunState, 0)
        for row in self.connection.execute("SELECT state, COUNT(*) AS n FROM run GROUP BY state"):
            found[RunState(row["state"]) if row["state"] in set(RunState) else RunState.FAILED] += row["n"]
        return found

    def _orphans(self, alive: set[str]) -> list[sqlite3.Row]:
        """Returns id and seq of the active runs whose process is not among the living."""
        rows = self.connection.execute("SELECT id, seq, lock FROM run WHERE state IN (?, ?)", _ACTIVE)
        return [row for row in rows if row["lock"] not in alive]

    def epochs(self, record: RunRecord) -> list[EpochRecord]:
        rows = self.connection.execute("SELECT * FROM epoch WHERE run_seq = ? ORDER BY epoch", (record.seq,))
        return [epoch_record(row) for row in rows]

    def events(self, record: RunRecord) -> list[tuple[str, RunState]]:
        rows = self.connection.execute("SELECT at, state FROM event WHERE run_seq = ? ORDER BY rowid", (record.seq,))
        return [(row["at"], RunState(row["state"])) for row in rows]

    def trace(self, record: RunRecord) -> list:
        """Returns a run's curve; where the row is damaged, as far as the copy knows it."""
        row = self.connection.execute("SELECT points FROM trace WHERE run_seq = ?", (record.seq,)).fetchone()
        points = unpacked(row["points"], None) if row else []
        if points is None:
            copy = sidecars.read_copy(self._runs / record.id)
            points = copy.trace if copy else []
        return points

    def copy(self, id: str) -> sidecars.Copy:
        """Returns a run with what belongs into its folder.

        Raises:
            StoreError: "run_damaged": what is in the folder is better.
        """
        record = self.one(id)
        check_whole(record)
        return sidecars.Copy(record, self.epochs(record), self.trace(record))

    def _records(self, query: str, *values: object) -> list[RunRecord]:
        return [run_record(row) for row in self.connection.execute(query, values)]

    # ---- writing ----

    def add(self, record: RunRecord, lock: str | None, twin_id: str | None) -> RunRecord:
        """Adds a run beside its twin, if it has one."""
        record = self.insert(record, lock)
        if twin_id is not None:
            self.link(record.id, self.one(twin_id).id)
        return self.one(record.id)

    def insert(self, record: RunRecord, lock: str | None = None) -> RunRecord:
        """Adds a run; `seq` 0 lets the database count."""
        values = {
            **run_values(record),
            "seq": record.seq or None,
            "words": transitions.search_words(record),
            "lock": lock,
        }
        columns, marks = ", ".join(values), ", ".join("?" * len(values))
        cursor = self.connection.execute(f"INSERT INTO run ({columns}) VALUES ({marks})", tuple(values.values()))
        record = replace(record, seq=cursor.lastrowid)
        self._note_state(record.seq, record.state)
        return record

    def update(self, record: RunRecord, **more: str | None) -> RunRecord:
        """Writes a run back, and returns it.

        Raises:
            StoreError: "run_damaged".
        """
        check_whole(record)
        values = {**run_values(record), "words": transitions.search_words(record), **more}
        columns = ", ".join(f"{name} = ?" for name in values)
        self.connection.execute(f"UPDATE run SET {columns} WHERE seq = ?", (*values.values(), record.seq))
        self._note_state(record.seq, record.state)
        return record

    def interrupt(self, seq: int) -> None:
        """Notes that the process of a run died. Of its row nothing else is read: it may be damaged."""
        state = RunState.INTERRUPTED
        self.connection.execute("UPDATE run SET state = ?, lock = NULL WHERE seq = ?", (state.value, seq))
        self._note_state(seq, state)

    def put_epoch(self, seq: int, epoch: EpochRecord, how: str = "REPLACE") -> None:
        """Adds an epoch; one of the same number is replaced, or left as it is with "IGNORE"."""
        values = {"run_seq": seq, **epoch_values(epoch)}
        columns, marks = ", ".join(values), ", ".join("?" * len(values))
        self.connection.execute(f"INSERT OR {how} INTO epoch ({columns}) VALUES ({marks})", tuple(values.values()))

    def put_trace(self, record: RunRecord, points: list) -> None:
        self.connection.execute("INSERT OR REPLACE INTO trace VALUES (?, ?)", (record.seq, packed(points)))

    def copy_results(self, source: RunRecord, target: RunRecord) -> None:
        """Gives a run the weights, the outputs, the epochs and the curve of another."""
        old, new = self._runs / source.id, ensure_folder(self._runs / target.id)
        share_file(old / WEIGHTS_FILE, new / WEIGHTS_FILE)
        with suppress(StoreError):  # most runs have none
            share_file(old / SOURCE_FILE, new / SOURCE_FILE)
        with suppress(StoreError):  # they can be computed again
            share_file(old / OUTPUTS_FILE, new / OUTPUTS_FILE)
        for epoch in self.epochs(source):
            self.put_epoch(target.seq, epoch)
        self.connection.execute(
            "INSERT INTO trace SELECT ?, points FROM trace WHERE run_seq = ?", (target.seq, source.seq)
        )

    def link(self, run_id: str, baseline_id: str) -> None:
        """Makes two runs each other's twin; earlier twins of the two are let go."""
        pair = (run_id, baseline_id)
        self.connection.execute("UPDATE run SET twin_id = NULL WHERE twin_id IN (?, ?)", pair)
        self.connection.executemany("UPDATE run SET twin_id = ? WHERE id = ?", (pair, pair[::-1]))

    def remove(self, record: RunRecord) -> None:
        self.connection.execute("DELETE FROM run WHERE seq = ?", (record.seq,))

    def _note_state(self, seq: int, state: RunState) -> None:
        self.connection.execute(_EVENT, {"seq": seq, "at": now(), "state": state.value})

    # ---- what the database does not know, taken from the copies in the run folders ----

    def restore_lost_runs(self) -> None:
        """Adds the runs that have a copy but no row: the database was damaged, removed, or lost its last pages."""
        known = self.ids()
        lost = list(sidecars.lost_runs(self._runs, known))
        for copy in lost:
            self._restore(copy)
        known |= {copy.record.id for copy in lost}
        for copy in lost:  # oldest first, so that the latest twin wins
            if copy.record.twin_id in known:
                self.link(copy.record.id, copy.record.twin_id)

    def mend(self) -> None:
        """Writes damaged rows anew where the copy is whole."""
        for run in filter(is_damaged, self._records("SELECT * FROM run")):
            copy = sidecars.read_copy(self._runs / run.id)
            if copy is not None:
                self.update(replace(copy.record, seq=run.seq, twin_id=run.twin_id))

    def _restore(self, copy: sidecars.Copy) -> None:
        record = copy.record
        is_taken = self.connection.execute("SELECT 1 FROM run WHERE seq = ?", (record.seq,)).fetchone()
        state = record.state if record.state.is_finished else RunState.INTERRUPTED
        record = self.insert(replace(record, state=state, twin_id=None, seq=0 if is_taken else record.seq))
        self._restore_curves(record.seq, copy)

    def end_orphans(self, alive: set[str]) -> list[str]:
        """Ends what dead processes left active; returns what is INTERRUPTED now."""
        orphans = {orphan["id"]: self._end_orphan(orphan) for orphan in self._orphans(alive)}
        for id in orphans:
            drop_leftovers(self._runs / id)
        return [id for id, is_interrupted in orphans.items() if is_interrupted]

    def _end_orphan(self, orphan: sqlite3.Row) -> bool:
        """Ends a run whose process died, with the end that only its copy knows, if there is one.

        A database that has lost its journal is older than the copies.

        Returns:
            Whether the run is INTERRUPTED now.
        """
        record = self.one(orphan["id"])
        if record.state is RunState.QUEUED and record.earlier:
            self.update(transitions.as_before(record), lock=None)
            return False
        copy = sidecars.read_copy(self._runs / orphan["id"])
        if copy is not None:
            self._restore_curves(orphan["seq"], copy)
            if copy.record.state.is_finished and not copy.record.is_resumable:
                self.update(replace(copy.record, seq=orphan["seq"], twin_id=record.twin_id), lock=None)
                return False
        self.interrupt(orphan["seq"])
        return True

    def _restore_curves(self, seq: int, copy: sidecars.Copy) -> None:
        """Adds the epochs and the curve of a copy where the database has none."""
        for epoch in copy.epochs:
            self.put_epoch(seq, epoch, "IGNORE")
        if copy.trace:
            self.connection.execute("INSERT OR IGNORE INTO trace VALUES (?, ?)", (seq, packed(copy.trace)))
