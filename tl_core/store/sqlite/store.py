"""The store that lasts: one SQLite file, one folder per run."""

import shutil
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from tl_core.disk.home import ensure_folder
from tl_core.disk.locks import LifeLock, exclusive, live_locks
from tl_core.disk.space import check_writable, folder_bytes, storage_errors
from tl_core.errors import StoreError, TransferLabError
from tl_core.store import transitions
from tl_core.store.records import EpochRecord, OwnerRecord, RunRecord, RunState
from tl_core.store.sqlite import key_values, sidecars
from tl_core.store.sqlite.progress_table import SqliteProgress
from tl_core.store.sqlite.run_filter import RunFilter
from tl_core.store.sqlite.run_table import RunTable
from tl_core.store.sqlite.schema import check_present, connect, identity, open_database, plain_errors, transaction
from tl_core.store.sqlite.sweep_table import SqliteSweeps
from tl_core.store.store import MayCome, RunStore


class SqliteStore(RunStore):
    """Keeps runs in `home/runs.sqlite`, their files in `home/runs/<id>/`, signs of life in `home/locks/`.

    One connection writes and one reads, each behind its own lock: a page that reads does not wait for an epoch that
    is being synced to disk. Every write is one short transaction, synced before the call returns.

    What the database must not lose has a copy beside it: each begun run in its folder (`sidecars`), owners and settings
    in `home/class.json` (`key_values`), sweeps in `home/sweeps/` (`sweep_table`), how far everybody is in lessons in
    `home/progress/` (`progress_table`).

    Args:
        home: The data folder, on a local disk; made if needed.

    Raises:
        StoreError: "home_not_writable", "store_from_future", "disk_full", "store_busy" or "store_failed".
            A damaged database is no error: it is moved aside and the list rebuilt from the copies in the run folders.

    Thread: any. Not to be carried through a fork: the child would keep the parent's sign of life.
    """

    def __init__(self, home: Path) -> None:
        self._home = ensure_folder(Path(home))
        self._path = self._home / "runs.sqlite"
        self._runs, self._locks = ensure_folder(self._home / "runs"), ensure_folder(self._home / "locks")
        self._write_lock, self._read_lock, self._copy_lock = threading.Lock(), threading.Lock(), threading.Lock()
        with ExitStack() as opened, self._alone(), plain_errors(self._path):
            self._life = opened.enter_context(closing(LifeLock(self._locks)))
            self._writer = opened.enter_context(closing(open_database(self._path)))
            self._reader = opened.enter_context(closing(connect(self._path)))
            self._file = identity(self._path)
            self._sweeps = SqliteSweeps(self._home, self._writing, self._reading, self._life.name)
            self.sweeps = self._sweeps
            self._progress = SqliteProgress(self._home, self._writing, self._reading)
            self.progress = self._progress
            self._restore_copies()
            self._end_orphans()
            self._opened = opened.pop_all()

    def create_run(self, spec: dict, *, twin_id: str | None = None, **about: Any) -> RunRecord:
        with self._writing() as table:
            return table.add(transitions.queued(spec, **about), self._life.name, twin_id)

    def find_equal(self, fingerprint: str) -> RunRecord | None:
        with self._reading() as table:
            return table.equal(fingerprint)

    def copy_run(self, run_id: str, *, twin_id: str | None = None, **about: Any) -> RunRecord:
        with ExitStack() as undo:
            with self._writing() as table:
                source = table.one(run_id)
                record = table.add(transitions.copied(source, **about), None, twin_id)
                undo.callback(shutil.rmtree, self._runs / record.id, ignore_errors=True)
                table.copy_results(source, record)
            undo.pop_all()
        return self._keep(record)

    def fill_run(self, run_id: str, source_id: str) -> RunRecord:
        with self._writing() as table:
            source = table.one(source_id)
            record = transitions.filled(table.one(run_id), source)
            table.copy_results(source, record)
            table.update(record, lock=None)
        return self._keep(record)

    def set_threads(self, run_id: str, n_threads: int) -> RunRecord:
        with self._writing() as table:
            record = table.update(transitions.with_threads(table.one(run_id), n_threads))
        return self._keep(record)

    def lengthen(self, run_id: str, epochs: int, fingerprint: str | None = None) -> RunRecord:
        with self._writing() as table:
            record = transitions.longer(table.one(run_id), epochs, fingerprint)
            return table.update(record, lock=self._life.name)

    def link_twins(self, run_id: str, baseline_id: str) -> None:
        with self._writing() as table:
            table.link(table.one(run_id).id, table.one(baseline_id).id)

    def start_run(self, id: str, *, environment: Mapping | None = None, **counted: Any) -> RunRecord:
        with self._writing() as table:
            record = table.one(id)
            transitions.check_start(record)
            record = transitions.started(record, environment=environment or {}, **counted)
            table.update(record, lock=self._life.name)
        return self._keep(record)

    def add_epoch(self, id: str, epoch: EpochRecord, trace: list | None = None) -> None:
        epoch = transitions.measured(epoch)
        with self._writing() as table:
            record = table.one(id)
            transitions.check_epoch(record)
            table.put_epoch(record.seq, epoch)
            if trace is not None:
                table.put_trace(record, trace)
        with self._copy_lock:  # a copy that is being written may not know this epoch yet
            sidecars.note_epoch(self._runs / record.id, epoch)

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
        with self._writing() as table:
            record = table.one(id)
            transitions.check_finish(record, state)
            ended = transitions.finished(record, state, best_epoch, test_accuracy, scores, proof, error, seconds)
            table.update(ended, lock=None)
        return self._keep(ended)

    def complete_stop(self, id: str, *, best_epoch: int, proof: list) -> None:
        with self._writing() as table:
            record = table.update(transitions.with_stop_completed(table.one(id), best_epoch, proof))
        self._keep(record)

    def get(self, id: str) -> RunRecord:
        with self._reading() as table:
            return table.one(id)

    def list_runs(self, *, limit: int | None = None, offset: int = 0, **wanted: Any) -> list[RunRecord]:
        with self._reading() as table:
            return table.listed(RunFilter(**wanted), -1 if limit is None else max(0, limit), max(0, offset))

    def epochs(self, id: str) -> list[EpochRecord]:
        with self._reading() as table:
            return table.epochs(table.one(id))

    def events(self, id: str) -> list[tuple[str, RunState]]:
        with self._reading() as table:
            return table.events(table.one(id))

    def n_by_state(self) -> dict[RunState, int]:
        with self._reading() as table:
            return table.n_by_state()

    def n_bytes(self, owner: str) -> int:
        with self._reading() as table:
            ids = table.ids(owner)
        return sum(folder_bytes(self._runs / id) for id in ids)

    def save_trace(self, id: str, points: list) -> None:
        with self._writing() as table:
            record = table.one(id)
            table.put_trace(record, points)
        self._keep(record)

    def trace(self, id: str) -> list:
        with self._reading() as table:
            return table.trace(table.one(id))

    def run_folder(self, id: str) -> Path:
        return ensure_folder(self._runs / self.get(id).id)

    def save_timing(self, key: str, value: dict) -> None:
        with self._writing() as table:
            key_values.put_note(table.connection, "timing", key, value)

    def timing(self, key: str) -> dict | None:
        with self._reading() as table:
            return key_values.note(table.connection, "timing", key)

    def setting(self, key: str) -> dict | None:
        with self._reading() as table:
            return key_values.note(table.connection, "setting", key)

    def owners(self) -> dict[str, OwnerRecord]:
        with self._reading() as table:
            return key_values.owners(table.connection)

    def edit_owners(self, ids: Collection[str], **changes: str | None) -> None:
        with self._writing() as table:
            key_values.edit_owners(table.connection, ids, changes)

    def trouble(self) -> StoreError | None:
        try:
            check_present(self._path, self._file)
            return check_writable(self._runs)
        except StoreError as error:
            return error

    def recover(self) -> list[str]:
        with self._alone():
            return self._end_orphans()

    def close(self) -> None:
        with self._write_lock, self._read_lock:
            self._opened.close()

    def _matches(self, id: str) -> list[RunRecord]:
        with self._reading() as table:
            return table.fitting(id)

    def _edit(self, id: str, **changes: object) -> RunRecord:
        with self._writing() as table:
            record = table.update(replace(table.one(id), **changes))
        return self._keep(record)

    def _remove(self, id: str) -> None:
        with self._copy_lock:
            with self._writing() as table:
                record = table.one(id)
                transitions.check_delete(record)
                sidecars.drop_copy(self._runs / record.id)
                table.remove(record)
            shutil.rmtree(self._runs / record.id, ignore_errors=True)

    def _save_setting(self, key: str, value: dict) -> None:
        with self._writing() as table:
            key_values.put_note(table.connection, "setting", key, value)
            key_values.keep_copy(table.connection, self._home)

    def _put_owner(self, owner: str, may_come: MayCome, **noted: str | None) -> OwnerRecord:
        with self._writing() as table:
            key_values.put_owner(table.connection, owner, may_come, **noted)
            key_values.keep_copy(table.connection, self._home)
            return key_values.owners(table.connection)[owner]

    def _keep(self, record: RunRecord) -> RunRecord:
        """Writes the copy of a run that was changed into its folder, and returns the run; what waits has no copy.

        The change is in the database already: what goes wrong here is no failure of the change.
        """
        if record.state is not RunState.QUEUED:
            with self._copy_lock, suppress(TransferLabError):
                with self._reading() as table:
                    copy = table.copy(record.id)
                sidecars.keep_copy(self._runs / record.id, copy)
        return record

    # ---- transactions ----

    @contextmanager
    def _writing(self) -> Iterator[RunTable]:
        check_present(self._path, self._file)
        with self._write_lock, plain_errors(self._path), transaction(self._writer):
            yield RunTable(self._writer, self._runs)

    @contextmanager
    def _reading(self) -> Iterator[RunTable]:
        with self._read_lock, plain_errors(self._path):
            yield RunTable(self._reader, self._runs)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keeps other processes from opening the store meanwhile; what the system refuses becomes ours."""
        with storage_errors(self._locks), exclusive(self._locks):
            yield

    def _restore_copies(self) -> None:
        """Adds what has a copy but is not in the database, or not whole: it was damaged or removed."""
        with self._writing() as table:
            table.restore_lost_runs()
            table.mend()
            key_values.restore_copy(table.connection, self._home)
            self._sweeps.restore_lost(table.connection)
            self._progress.restore_lost(table.connection)

    def _end_orphans(self) -> list[str]:
        with self._writing() as table:
            alive = live_locks(self._locks)
            self._sweeps.end_orphans(table.connection, alive)
            return table.end_orphans(alive)
