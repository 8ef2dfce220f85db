"""Ends of runs on their way into the store; what a full disk refuses is kept and tried again."""

from dataclasses import dataclass, replace

from tl_core.disk.files import drop_checkpoints
from tl_core.engine.runs.live_run import LiveRun
from tl_core.errors import TransferLabError
from tl_core.store.records import RunRecord, RunState
from tl_core.store.store import RunStore


@dataclass(frozen=True)
class RunEnd:
    """How a run ended that its worker did not end itself."""

    live: LiveRun
    state: RunState
    error: dict | None


class UnsavedEnds:
    """Records how runs ended. Guarded by the engine's lock."""

    def __init__(self, store: RunStore) -> None:
        self._store = store
        self._unwritten: dict[str, RunEnd] = {}

    def add(self, end: RunEnd) -> None:
        """Takes in an end and writes it, if the disk has room."""
        self._unwritten[end.live.run_id] = end
        self.write()

    def write(self) -> None:
        """Writes what the store does not know yet."""
        for run_id, end in list(self._unwritten.items()):
            try:
                self._write(end)
            except TransferLabError as error:
                if error.code not in ("run_already_finished", "unknown_run"):  # ended or deleted by somebody else
                    continue
            del self._unwritten[run_id]

    def _write(self, end: RunEnd) -> None:
        """Writes one end. Its best epoch is not known: the worker says it when the weights are on the disk."""
        live = end.live
        seconds = live.recorder.trace.elapsed_s
        record = self._store.finish_run(live.run_id, end.state, error=end.error, seconds=seconds)
        live.recorder.save_trace()
        if record.state is RunState.FAILED and not record.is_resumable:
            drop_checkpoints(self._store.run_folder(live.run_id))

    def __contains__(self, run_id: str) -> bool:
        """Whether a run's end is not in the store yet."""
        return run_id in self._unwritten

    def seen(self, record: RunRecord) -> RunRecord:
        """Returns a record with the end that could not be written yet, if there is one."""
        end = self._unwritten.get(record.id)
        return record if end is None else replace(record, state=end.state, error=end.error)
