"""The store that forgets: the same promises while the process lives, for tests and for trying things out."""

import copy
import shutil
import tempfile
import threading
import weakref
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path

from tl_core.disk.files import WEIGHTS_FILE, share_file
from tl_core.disk.home import ensure_folder
from tl_core.disk.space import folder_bytes
from tl_core.errors import StoreError
from tl_core.store import transitions
from tl_core.store.names import looks_like_id, now, one_match
from tl_core.store.progress_records import ProgressRecord, ProgressRecords
from tl_core.store.records import EpochRecord, OwnerRecord, RunRecord, RunState, SweepRecord, TrialRecord, plain
from tl_core.store.sqlite.run_filter import RunFilter
from tl_core.store.store import MayCome, RunStore
from tl_core.store.sweep_records import SweepRecords, check_idle


class MemoryProgress(ProgressRecords):
    """Keeps how far everybody is in a dictionary."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._kept: dict[tuple[str, str], ProgressRecord] = {}

    def _of(self, owner: str | None) -> list[ProgressRecord]:
        with self._lock:
            return copy.deepcopy([one for one in self._kept.values() if owner in (None, one.owner)])

    def _change(self, owner, lesson, edit) -> ProgressRecord | None:
        with self._lock:
            before = self._kept.get((owner, lesson))
            kept = edit(copy.deepcopy(before.data) if before else None)
            self._kept.pop((owner, lesson), None)
            if kept is not None:
                self._kept[owner, lesson] = kept
            return copy.deepcopy(kept)


class MemorySweeps(SweepRecords):
    """Keeps sweeps in a dictionary."""

    def __init__(self, store: "MemoryStore") -> None:
        self._store, self._lock, self._seq = store, threading.RLock(), count(1)
        self._kept: dict[str, SweepRecord] = {}

    def trials(self, id: str) -> list[TrialRecord]:
        runs = [run for run in self._store.list_runs(sweep=id) if run.trial is not None]
        return [self._trial(run) for run in sorted(runs, key=lambda run: (run.trial, run.seq))]

    def _trial(self, run: RunRecord) -> TrialRecord:
        epochs = self._store.epochs(run.id)
        best = {epoch.epoch: epoch.val_accuracy for epoch in epochs}.get(run.best_epoch)
        later = [epoch.seconds for epoch in epochs if epoch.epoch > 1 and not epoch.is_partial]
        epoch_s = sum(later) / len(later) if later else None
        return TrialRecord(run.trial, run.id, run.state, run.test_accuracy, best, run.seconds, epoch_s, run.owner)

    def listed(self, owner: str | None = None) -> list[SweepRecord]:
        with self._lock:
            return copy.deepcopy([one for one in reversed(self._kept.values()) if owner in (None, one.owner)])

    def _matches(self, id: str) -> list[SweepRecord]:
        with self._lock:
            found = [one for key, one in self._kept.items() if looks_like_id(id) and key.startswith(id)]
            return copy.deepcopy(found)

    def _add(self, record: SweepRecord) -> SweepRecord:
        with self._lock:
            self._kept[record.id] = replace(record, seq=next(self._seq))
            return copy.deepcopy(self._kept[record.id])

    def _edit(self, id: str, *, is_idle: bool = False, **changes) -> SweepRecord:
        with self._lock:
            record = self.get(id)
            if is_idle:
                check_idle(record)
            self._kept[record.id] = replace(record, **changes)
            return copy.deepcopy(self._kept[record.id])

    def _remove(self, id: str) -> None:
        with self._lock:
            record = self.get(id)
            check_idle(record)
            del self._kept[record.id]


class MemoryStore(RunStore):
    """Keeps runs in dictionaries, their files in a temporary folder that `close` removes."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._seq = count(1)
        self._runs: dict[str, RunRecord] = {}
        self._epochs: dict[str, dict[int, EpochRecord]] = {}
        self._traces: dict[str, list] = {}
        self._events: dict[str, list[tuple[str, RunState]]] = {}
        self._timings: dict[str, dict] = {}
        self._settings: dict[str, dict] = {}
        self._owners: dict[str, OwnerRecord] = {}
        self.sweeps = MemorySweeps(self)
        self.progress = MemoryProgress()
        self._folder = Path(tempfile.mkdtemp(prefix="transfer-lab-"))
        self._forget_files = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def create_run(self, spec: dict, *, twin_id: str | None = None, **about) -> RunRecord:
        with self._lock:
            return self._add(transitions.queued(spec, **about), twin_id)

    def find_equal(self, fingerprint: str) -> RunRecord | None:
        with self._lock:
            equal = [run for run in self._runs.values() if run.fingerprint == fingerprint and self._may_stand(run)]
            return copy.deepcopy(max(equal, key=lambda run: run.seq, default=None))

    def copy_run(self, run_id: str, *, twin_id: str | None = None, **about) -> RunRecord:
        with self._lock, ExitStack() as undo:
            source = self._one(run_id)
            record = transitions.copied(source, **about)
            undo.callback(shutil.rmtree, self._folder / record.id, ignore_errors=True)
            share_file(self._folder / source.id / WEIGHTS_FILE, ensure_folder(self._folder / record.id) / WEIGHTS_FILE)
            added = self._add(record, twin_id)
            self._epochs[record.id] = dict(self._epochs.get(source.id, {}))
            self._traces[record.id] = copy.deepcopy(self._traces.get(source.id, []))
            undo.pop_all()
            return added

    def fill_run(self, run_id: str, source_id: str) -> RunRecord:
        with self._lock:
            source = self._one(source_id)
            record = transitions.filled(self._one(run_id), source)
            share_file(self._folder / source.id / WEIGHTS_FILE, ensure_folder(self._folder / record.id) / WEIGHTS_FILE)
            self._epochs[record.id] = dict(self._epochs.get(source.id, {}))
            self._traces[record.id] = copy.deepcopy(self._traces.get(source.id, []))
            return self._put(record)

    def set_threads(self, run_id: str, n_threads: int) -> RunRecord:
        with self._lock:
            return self._put(transitions.with_threads(self._one(run_id), n_threads))

    def lengthen(self, run_id: str, epochs: int, fingerprint: str | None = None) -> RunRecord:
        with self._lock:
            return self._put(transitions.longer(self._one(run_id), epochs, fingerprint))

    def link_twins(self, run_id: str, baseline_id: str) -> None:
        with self._lock:
            run, baseline = self._one(run_id), self._one(baseline_id)
            self._unlink(run.id, baseline.id)
            self._put(replace(self._runs[run.id], twin_id=baseline.id))
            self._put(replace(self._runs[baseline.id], twin_id=run.id))

    def start_run(self, id: str, *, environment: Mapping | None = None, **counted) -> RunRecord:
        with self._lock:
            record = self._one(id)
            transitions.check_start(record)
            return self._put(transitions.started(record, environment=environment or {}, **counted))

    def add_epoch(self, id: str, epoch: EpochRecord, trace: list | None = None) -> None:
        with self._lock:
            record = self._one(id)
            transitions.check_epoch(record)
            self._epochs.setdefault(record.id, {})[int(epoch.epoch)] = transitions.measured(epoch)
            if trace is not None:
                self._traces[record.id] = plain(trace)

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
        with self._lock:
            record = self._one(id)
            transitions.check_finish(record, state)
            return self._put(
                transitions.finished(record, state, best_epoch, test_accuracy, scores, proof, error, seconds)
            )

    def complete_stop(self, id: str, *, best_epoch: int, proof: list) -> None:
        with self._lock:
            self._put(transitions.with_stop_completed(self._one(id), best_epoch, proof))

    def get(self, id: str) -> RunRecord:
        with self._lock:
            return copy.deepcopy(self._one(id))

    def list_runs(self, *, limit: int | None = None, offset: int = 0, **wanted) -> list[RunRecord]:
        with self._lock:
            found = list(filter(RunFilter(**wanted).fits, self._runs.values()))
            found.sort(key=lambda run: run.seq, reverse=True)
            found = found[max(0, offset) :]
            found = found if limit is None else found[: max(0, limit)]
            return copy.deepcopy([replace(run, proof=None) for run in found])

    def epochs(self, id: str) -> list[EpochRecord]:
        with self._lock:
            return [epoch for _, epoch in sorted(self._epochs.get(self._one(id).id, {}).items())]

    def events(self, id: str) -> list[tuple[str, RunState]]:
        with self._lock:
            return list(self._events[self._one(id).id])

    def n_by_state(self) -> dict[RunState, int]:
        with self._lock:
            return {state: sum(run.state is state for run in self._runs.values()) for state in RunState}

    def n_bytes(self, owner: str) -> int:
        with self._lock:
            return sum(folder_bytes(self._folder / run.id) for run in self._runs.values() if run.owner == owner)

    def _matches(self, id: str) -> list[RunRecord]:
        with self._lock:
            return copy.deepcopy(self._fitting(id))

    def _edit(self, id: str, **changes: object) -> RunRecord:
        with self._lock:
            return self._put(replace(self._one(id), **changes))

    def _remove(self, id: str) -> None:
        with self._lock:
            record = self._one(id)
            transitions.check_delete(record)
            self._unlink(record.id)
            for table in (self._runs, self._epochs, self._traces, self._events):
                table.pop(record.id, None)
            shutil.rmtree(self._folder / record.id, ignore_errors=True)

    def save_trace(self, id: str, points: list) -> None:
        with self._lock:
            self._traces[self._one(id).id] = plain(points)

    def trace(self, id: str) -> list:
        with self._lock:
            return copy.deepcopy(self._traces.get(self._one(id).id, []))

    def run_folder(self, id: str) -> Path:
        return ensure_folder(self._folder / self.get(id).id)

    def save_timing(self, key: str, value: dict) -> None:
        with self._lock:
            self._timings[key] = plain(value)

    def timing(self, key: str) -> dict | None:
        with self._lock:
            return copy.deepcopy(self._timings.get(key))

    def setting(self, key: str) -> dict | None:
        with self._lock:
            return copy.deepcopy(self._settings.get(key))

    def _save_setting(self, key: str, value: dict) -> None:
        with self._lock:
            self._settings[key] = plain(value)

    def owners(self) -> dict[str, OwnerRecord]:
        with self._lock:
            return dict(self._owners)

    def edit_owners(self, ids: Collection[str], **changes: str | None) -> None:
        with self._lock:
            self._owners |= {id: replace(self._owners[id], **changes) for id in ids}

    def _put_owner(
        self, owner: str, may_come: MayCome, name: str | None = None, address: str | None = None
    ) -> OwnerRecord:
        with self._lock:
            if owner not in self._owners:
                may_come(self._owners.values())
                self._owners[owner] = OwnerRecord(owner, len(self._owners) + 1, since=now())
            known = self._owners[owner]
            self._owners[owner] = replace(known, name=name or known.name, address=address or known.address)
            return self._owners[owner]

    def trouble(self) -> StoreError | None:
        return None

    def recover(self) -> list[str]:
        return []  # its runs die with the process, and so does it

    def close(self) -> None:
        self._forget_files()

    def _one(self, id: str) -> RunRecord:
        return one_match(id, self._fitting(id))

    def _fitting(self, id: str) -> list[RunRecord]:
        return [run for key, run in self._runs.items() if key.startswith(id)] if looks_like_id(id) else []

    def _add(self, record: RunRecord, twin_id: str | None) -> RunRecord:
        twin = None if twin_id is None else self._one(twin_id)
        self._put(replace(record, seq=next(self._seq)))
        if twin is not None:
            self.link_twins(record.id, twin.id)
        return self.get(record.id)

    def _may_stand(self, run: RunRecord) -> bool:
        """Tells whether a run's results are whole and its weights still there."""
        is_whole = run.state is RunState.COMPLETED and run.test_accuracy is not None
        is_whole &= not any(epoch.is_partial for epoch in self._epochs.get(run.id, {}).values())
        return is_whole and (self._folder / run.id / WEIGHTS_FILE).is_file()

    def _put(self, record: RunRecord) -> RunRecord:
        self._runs[record.id] = record
        states = self._events.setdefault(record.id, [])
        if not states or states[-1][1] is not record.state:
            states.append((now(), record.state))
        return copy.deepcopy(record)

    def _unlink(self, *ids: str) -> None:
        """Lets go of whoever has one of these as twin."""
        for run in list(self._runs.values()):
            if run.twin_id in ids:
                self._put(replace(run, twin_id=None))
