"""The store that lasts: one SQLite file, one folder per run."""

import json
import shutil
import sqlite3
import threading
from collections.abc import Collection, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path

from tl_core.store import rescue, rules
from tl_core.store.access import Visitor
from tl_core.store.files import WEIGHTS_FILE, share_file
from tl_core.store.home import made
from tl_core.store.locks import LifeLock, alone, living
from tl_core.store.records import EpochRecord, OwnerRecord, RunRecord, RunState, Visibility
from tl_core.store.rows import EPOCH_COLUMNS, epoch_record, run_record, run_values, to_json
from tl_core.store.schema import check_present, connect, open_database, plain_errors, transaction
from tl_core.store.space import folder_bytes, refused
from tl_core.store.store import RunStore
from tl_core.store.wanted import Wanted

_ACTIVE = (RunState.QUEUED, RunState.RUNNING)
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


class SqliteStore(RunStore):
    """Keeps runs in `home/runs.sqlite`, their files in `home/runs/<id>/`, signs of life in `home/locks/`.

    One connection writes and one reads, each behind its own lock: a page that reads does not wait for an epoch that
    is being synced to disk. Every write is one short transaction, synced before the call returns.

    Args:
        home: The data folder, on a local disk; made if needed.

    Raises:
        StoreError: "home_not_writable", "store_from_future", "disk_full", "store_busy" or "store_failed".
            A damaged database is no error: it is moved aside and the list rebuilt from the copies in the run folders.

    Thread:
        Any. Not to be carried through a fork: the child would keep the parent's sign of life.
    """

    def __init__(self, home: Path) -> None:
        self._path = Path(home) / "runs.sqlite"
        self._runs = made(Path(home) / "runs")
        self._locks = made(Path(home) / "locks")
        self._write_lock, self._read_lock = threading.Lock(), threading.Lock()
        with ExitStack() as opened, self._alone(), plain_errors(self._path):
            self._life = opened.enter_context(closing(LifeLock(self._locks)))
            self._writer = opened.enter_context(closing(open_database(self._path)))
            self._reader = opened.enter_context(closing(connect(self._path)))
            self._take_in_lost_runs()
            self._interrupt_orphans()
            self._opened = opened.pop_all()

    def create_run(
        self,
        spec: dict,
        *,
        role: str,
        name: str,
        environment: dict,
        owner: str = "local",
        twin_id: str | None = None,
        fingerprint: str | None = None,
    ) -> RunRecord:
        with self._writing():
            record = rules.queued(spec, role, name, environment, owner, fingerprint)
            return self._add(record, self._life.name, twin_id)

    def find_equal(self, fingerprint: str) -> RunRecord | None:
        with self._reading() as connection:
            rows = connection.execute(_EQUAL, (fingerprint, RunState.COMPLETED.value))
            whole = (run_record(row) for row in rows if (self._runs / row["id"] / WEIGHTS_FILE).is_file())
            return next(whole, None)

    def copy_run(self, run_id: str, *, name: str, owner: str, role: str, twin_id: str | None = None) -> RunRecord:
        with ExitStack() as undo:
            with self._writing():
                source = self._one(self._writer, run_id)
                record = self._add(rules.copied(source, role, name, owner), None, twin_id)
                undo.callback(shutil.rmtree, self._runs / record.id, ignore_errors=True)
                share_file(self._runs / source.id / WEIGHTS_FILE, made(self._runs / record.id) / WEIGHTS_FILE)
                self._copy_curves(source, record)
                rescue.keep_copy(self._runs / record.id, record, self._epochs(self._writer, record))
            undo.pop_all()
            return record

    def fill_run(self, run_id: str, source_id: str) -> RunRecord:
        with self._writing():
            source = self._one(self._writer, source_id)
            record = rules.filled(self._one(self._writer, run_id), source)
            share_file(self._runs / source.id / WEIGHTS_FILE, made(self._runs / record.id) / WEIGHTS_FILE)
            self._copy_curves(source, record)
            return self._update(record, lock=None, is_kept=True)

    def set_threads(self, run_id: str, n_threads: int) -> RunRecord:
        with self._writing():
            record = self._one(self._writer, run_id)
            return self._update(rules.with_threads(record, n_threads), is_kept=record.started_at is not None)

    def link_twins(self, run_id: str, baseline_id: str) -> None:
        with self._writing():
            self._link(self._one(self._writer, run_id).id, self._one(self._writer, baseline_id).id)

    def start_run(self, id: str, *, frozen_params: int, trainable_params: int, is_cached: bool) -> RunRecord:
        with self._writing():
            record = self._one(self._writer, id)
            rules.check_start(record)
            return self._update(
                rules.started(record, frozen_params, trainable_params, is_cached), lock=self._life.name, is_kept=True
            )

    def add_epoch(self, id: str, epoch: EpochRecord) -> None:
        with self._writing():
            record = self._one(self._writer, id)
            rules.check_epoch(record)
            self._put_epoch(record, rules.measured(epoch))

    def finish_run(
        self,
        id: str,
        state: RunState,
        *,
        best_epoch: int | None = None,
        test_accuracy: float | None = None,
        scores: dict | None = None,
        proof: list | None = None,
        error: dict | None = None,
        seconds: float | None = None,
    ) -> RunRecord:
        with self._writing():
            record = self._one(self._writer, id)
            rules.check_finish(record, state)
            ended = rules.finished(record, state, best_epoch, test_accuracy, scores, proof, error, seconds)
            return self._update(ended, lock=None, is_kept=True)

    def complete_stop(self, id: str, *, best_epoch: int, proof: list) -> None:
        with self._writing():
            record = self._one(self._writer, id)
            self._update(rules.with_stop_completed(record, best_epoch, proof), is_kept=True)

    def get(self, id: str) -> RunRecord:
        with self._reading() as connection:
            return self._one(connection, id)

    def list_runs(
        self,
        *,
        by: Visitor | None = None,
        owner: str | None = None,
        visibility: Visibility | None = None,
        states: Collection[RunState] | None = None,
        limit: int | None = None,
        offset: int = 0,
        text: str | None = None,
    ) -> list[RunRecord]:
        condition, values = Wanted(by, owner, visibility, states, text).as_sql()
        query = f"SELECT * FROM run WHERE {condition} ORDER BY seq DESC LIMIT ? OFFSET ?"
        with self._reading() as connection:
            return [run_record(row) for row in connection.execute(query, (*values, *_window(limit, offset)))]

    def epochs(self, id: str) -> list[EpochRecord]:
        with self._reading() as connection:
            return self._epochs(connection, self._one(connection, id))

    def events(self, id: str) -> list[tuple[str, RunState]]:
        with self._reading() as connection:
            record = self._one(connection, id)
            rows = connection.execute("SELECT at, state FROM event WHERE run_seq = ? ORDER BY rowid", (record.seq,))
            return [(row["at"], RunState(row["state"])) for row in rows]

    def n_bytes(self, owner: str) -> int:
        with self._reading() as connection:
            ids = [row["id"] for row in connection.execute("SELECT id FROM run WHERE owner = ?", (owner,))]
        return sum(folder_bytes(self._runs / id) for id in ids)

    def _matches(self, id: str) -> list[RunRecord]:
        with self._reading() as connection:
            return self._fitting(connection, id)

    def _edit(self, id: str, **changes: object) -> RunRecord:
        with self._writing():
            record = self._one(self._writer, id)
            return self._update(replace(record, **changes), is_kept=record.started_at is not None)

    def _remove(self, id: str) -> None:
        with self._writing():
            record = self._one(self._writer, id)
            rules.check_delete(record)
            rescue.drop_copy(self._runs / record.id)
            self._writer.execute("DELETE FROM run WHERE seq = ?", (record.seq,))
        shutil.rmtree(self._runs / record.id, ignore_errors=True)

    def save_trace(self, id: str, points: list) -> None:
        with self._writing():
            record = self._one(self._writer, id)
            self._writer.execute("INSERT OR REPLACE INTO trace VALUES (?, ?)", (record.seq, to_json(points)))

    def trace(self, id: str) -> list:
        with self._reading() as connection:
            record = self._one(connection, id)
            row = connection.execute("SELECT points FROM trace WHERE run_seq = ?", (record.seq,)).fetchone()
        return json.loads(row["points"]) if row else []

    def run_folder(self, id: str) -> Path:
        return made(self._runs / self.get(id).id)

    def save_timing(self, key: str, value: dict) -> None:
        with self._writing():
            self._writer.execute("INSERT OR REPLACE INTO timing VALUES (?, ?)", (key, to_json(value)))

    def timing(self, key: str) -> dict | None:
        with self._reading() as connection:
            row = connection.execute("SELECT value FROM timing WHERE key = ?", (key,)).fetchone()
        return json.loads(row["value"]) if row else None

    def setting(self, key: str) -> dict | None:
        with self._reading() as connection:
            row = connection.execute("SELECT value FROM setting WHERE key = ?", (key,)).fetchone()
        return json.loads(row["value"]) if row else None

    def _save_setting(self, key: str, value: dict) -> None:
        with self._writing() as connection:
            connection.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (key, to_json(value)))

    def meet(self, owner: str) -> OwnerRecord:
        known = self.owners().get(owner)
        if known is None:
            with self._writing() as connection:
                connection.execute("INSERT OR IGNORE INTO owner (id) VALUES (?)", (owner,))
            known = self.owners()[owner]
        return known

    def owners(self) -> dict[str, OwnerRecord]:
        with self._reading() as connection:
            rows = connection.execute("SELECT id, seq, name FROM owner ORDER BY seq")
            return {row["id"]: OwnerRecord(**row) for row in rows}

    def _name_owner(self, owner: str, name: str) -> None:
        self.meet(owner)
        with self._writing() as connection:
            connection.execute("UPDATE owner SET name = ? WHERE id = ?", (name, owner))

    def recover(self) -> list[str]:
        with self._alone():
            return self._interrupt_orphans()

    def close(self) -> None:
        with self._write_lock, self._read_lock:
            self._opened.close()

    # What follows runs inside a transaction, or makes one.

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        check_present(self._path)
        with self._write_lock, plain_errors(self._path), transaction(self._writer):
            yield self._writer

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._read_lock, plain_errors(self._path):
            yield self._reader

    @contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            with alone(self._locks):
                yield
        except OSError as error:
            raise refused(self._locks, error) from error

    def _one(self, connection: sqlite3.Connection, id: str) -> RunRecord:
        return rules.one_match(id, self._fitting(connection, id))

    def _fitting(self, connection: sqlite3.Connection, id: str) -> list[RunRecord]:
        """Returns the runs with this id or prefix. `g` comes right after the hexadecimal digits."""
        if not rules.looks_like_id(id):
            return []
        rows = connection.execute("SELECT * FROM run WHERE id >= ? AND id < ?", (id, f"{id}g"))
        return [run_record(row) for row in rows]

    def _epochs(self, connection: sqlite3.Connection, record: RunRecord) -> list[EpochRecord]:
        rows = connection.execute("SELECT * FROM epoch WHERE run_seq = ? ORDER BY epoch", (record.seq,))
        return [epoch_record(row) for row in rows]

    def _insert(self, record: RunRecord, lock: str | None) -> RunRecord:
        """Adds a run; `seq` 0 lets the database count."""
        values = {**run_values(record), "seq": record.seq or None, "words": rules.search_words(record), "lock": lock}
        columns, marks = ", ".join(values), ", ".join("?" * len(values))
        cursor = self._writer.execute(f"INSERT INTO run ({columns}) VALUES ({marks})", tuple(values.values()))
        self._note_state(cursor.lastrowid, record.state)
        return replace(record, seq=cursor.lastrowid)

    def _note_state(self, seq: int, state: RunState) -> None:
        self._writer.execute(_EVENT, {"seq": seq, "at": rules.now(), "state": state.value})

    def _add(self, record: RunRecord, lock: str | None, twin_id: str | None) -> RunRecord:
        """Adds a run beside its twin, if it has one."""
        record = self._insert(record, lock)
        if twin_id is not None:
            self._link(record.id, self._one(self._writer, twin_id).id)
        return self._one(self._writer, record.id)

    def _copy_curves(self, source: RunRecord, target: RunRecord) -> None:
        for epoch in self._epochs(self._writer, source):
            self._put_epoch(target, epoch)
        self._writer.execute(
            "INSERT INTO trace SELECT ?, points FROM trace WHERE run_seq = ?", (target.seq, source.seq)
        )

    def _update(self, record: RunRecord, *, is_kept: bool, **more: str | None) -> RunRecord:
        """Writes a run back, with a copy in its folder if `is_kept`, and returns it."""
        values = {**run_values(record), "words": rules.search_words(record), **more}
        columns = ", ".join(f"{name} = ?" for name in values)
        self._writer.execute(f"UPDATE run SET {columns} WHERE seq = ?", (*values.values(), record.seq))
        self._note_state(record.seq, record.state)
        if is_kept:
            rescue.keep_copy(self._runs / record.id, record, self._epochs(self._writer, record))
        return record

    def _put_epoch(self, record: RunRecord, epoch: EpochRecord) -> None:
        values = (record.seq, *(getattr(epoch, name) for name in EPOCH_COLUMNS))
        columns, marks = ", ".join(("run_seq", *EPOCH_COLUMNS)), ", ".join("?" * len(values))
        self._writer.execute(f"INSERT OR REPLACE INTO epoch ({columns}) VALUES ({marks})", values)

    def _link(self, run_id: str, baseline_id: str) -> None:
        pair = (run_id, baseline_id)
        self._writer.execute("UPDATE run SET twin_id = NULL WHERE twin_id IN (?, ?)", pair)
        self._writer.executemany("UPDATE run SET twin_id = ? WHERE id = ?", (pair, pair[::-1]))

    def _interrupt_orphans(self) -> list[str]:
        """Sets what dead processes left active INTERRUPTED."""
        alive = living(self._locks)
        with self._writing() as connection:
            active = connection.execute("SELECT * FROM run WHERE state IN (?, ?)", [state.value for state in _ACTIVE])
            orphans = [row for row in active if row["lock"] not in alive]
            for row in orphans:
                connection.execute(
                    "UPDATE run SET state = ?, lock = NULL WHERE seq = ?", (RunState.INTERRUPTED.value, row["seq"])
                )
                self._note_state(row["seq"], RunState.INTERRUPTED)
        return [row["id"] for row in orphans]

    def _take_in_lost_runs(self) -> None:
        """Adds the runs whose folder holds a copy that the database does not know (it was damaged or removed)."""
        with self._writing() as connection:
            known = {row["id"] for row in connection.execute("SELECT id FROM run")}
            lost = list(rescue.lost_runs(self._runs, known))
            for record, epochs in lost:
                self._take_in(record, epochs)
            known |= {record.id for record, _ in lost}
            for record, _ in lost:  # oldest first, so that the latest twin wins
                if record.twin_id in known:
                    self._link(record.id, record.twin_id)

    def _take_in(self, record: RunRecord, epochs: list[EpochRecord]) -> None:
        is_taken = self._writer.execute("SELECT 1 FROM run WHERE seq = ?", (record.seq,)).fetchone()
        state = record.state if record.state.is_finished else RunState.INTERRUPTED
        record = self._insert(replace(record, state=state, twin_id=None, seq=0 if is_taken else record.seq), lock=None)
        for epoch in epochs:
            self._put_epoch(record, epoch)


def _window(limit: int | None, offset: int) -> tuple[int, int]:
    """Returns what SQLite's LIMIT and OFFSET want; -1 is no limit."""
    return -1 if limit is None else max(0, limit), max(0, offset)
