"""Writes what a training says into the store; the pages' engine and the command line use the same one."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict

from tl_core.disk.files import drop_checkpoints
from tl_core.engine.environment import environment
from tl_core.engine.runs.going_on import keep_place
from tl_core.engine.runs.trace import Trace
from tl_core.errors import StoreError
from tl_core.spec import RunSpec
from tl_core.store.records import EpochRecord, RunState
from tl_core.store.store import RunStore
from tl_core.training.events import Ended, Epoch, Event, Recovered, Started, Step

TRACE_S = 1.0  # of training; so much of the curve of the steps may be lost with the process
_FREE = frozenset(
    {
        "seed",
        "source",
        "n_pretrained",
        "head_learning_rate",
        "learning_rate",
        "block_rate_factor",
        "momentum",
        "batchnorm_momentum",
        "dropout",
        "head_epochs",
        "epochs",
        "patience",
        "schedule",
        "decay",
        "decay_factor",
        "decay_epochs",
        "threads",
    }
)  # what makes no epoch longer
REFUSALS = frozenset({"disk_full", "home_not_writable", "store_busy", "store_damaged", "store_failed"})
"""What the disk says when it refuses. The run is as good as before: it can go on once there is room."""


def last_epoch(events: Iterable[Event]) -> int | None:
    """Returns the number of the last epoch that was recorded with these events; None if there was none."""
    numbers = [event.epoch for event in events if isinstance(event, Epoch)]
    numbers += [row["epoch"] for event in events if isinstance(event, Recovered) for row in event.epochs]
    return max(numbers, default=None)


def state_after(error: Mapping) -> RunState:
    """Returns how a run ends that cannot go on: INTERRUPTED where only the disk refused, else FAILED.

    Args:
        error: {"code", "values"}.
    """
    return RunState.INTERRUPTED if error["code"] in REFUSALS else RunState.FAILED


class Recorder:
    """Keeps one run's record up to date, event by event.

    Args:
        store: Where the run is.
        run_id: Its id.
        spec: Its spec.

    Attributes:
        trace: The curve of the steps so far.
        machine: As `engine.environment.environment`, of what trains; None: this process' machine does.

    Thread: one at a time, the engine's or the command line's.
    """

    def __init__(self, store: RunStore, run_id: str, spec: RunSpec) -> None:
        self._store, self._run_id, self._spec = store, run_id, spec
        self._n_train = 0
        self._has_started = self._has_compiled = False
        self._kept_at_s = 0.0
        self.machine: Mapping | None = None
        self.trace = Trace(store.trace(run_id))  # of the part before a stop, when it is resumed

    @property
    def has_started(self) -> bool:
        """Whether the record says that the training has begun."""
        return self._has_started

    def record(self, event: Event) -> None:
        """Takes in one event."""
        match event:
            case Started():
                self._start(event)
            case Step():
                self.trace.add(event)
            case Epoch():
                self._close_epoch(EpochRecord(**asdict(event)))
                self._note_speed(event)
            case Recovered():
                for row in event.epochs:
                    self._store.add_epoch(self._run_id, EpochRecord(**row))
            case Ended():
                self._finish(event)

    def _start(self, event: Started) -> None:
        self._n_train, self._has_started = event.n_train, True
        self._store.start_run(
            self._run_id,
            frozen_params=event.frozen_params,
            trainable_params=event.trainable_params,
            is_cached=event.is_cached,
            environment=self.machine,
        )

    def _close_epoch(self, epoch: EpochRecord) -> None:
        """Keeps an epoch, now and then with the curve of the steps, for the case that this process dies."""
        is_due = epoch.elapsed_s - self._kept_at_s >= TRACE_S
        self._store.add_epoch(self._run_id, epoch, self._rows() if is_due else None)
        if is_due:
            self._kept_at_s = epoch.elapsed_s

    def _finish(self, event: Ended) -> None:
        if not self._has_started and self._store.get(self._run_id).state.is_finished:
            return  # a resumed run that could not begin stays as it was, and can be resumed again
        state = RunState(event.state)
        if state is RunState.FAILED and event.error:
            state = state_after(event.error)
        self._store.finish_run(
            self._run_id,
            state,
            best_epoch=event.best_epoch,
            scores=event.scores,
            proof=event.proof,
            test_accuracy=event.scores["accuracy"] if event.scores else None,
            error=event.error,
            seconds=event.seconds,
        )
        self.save_trace()
        if state is RunState.COMPLETED:
            keep_place(self._store, self._store.get(self._run_id))
        elif not state.is_resumable:
            drop_checkpoints(self._store.run_folder(self._run_id))

    def save_trace(self) -> None:
        """Keeps the curve of the steps seen so far; on a full disk the run's end matters more than its curve."""
        if self.trace.step:
            with suppress(StoreError):
                self._store.save_trace(self._run_id, self._rows())

    def _rows(self) -> list[list[float]]:
        return [list(row) for row in self.trace.points()]

    def _note_speed(self, event: Epoch) -> None:
        if event.phase < self._spec.phases:
            return  # an epoch of the head on fixed features costs next to nothing
        if self._has_compiled or self._spec.is_fitted:  # the first epoch, also that after a resume, includes compiling
            key = timing_key(self._spec, self.machine)
            self._store.save_timing(key, {"epoch_s_per_image": event.seconds / self._n_train})
        self._has_compiled = True


def timing_key(spec: RunSpec, machine: Mapping | None = None) -> str:
    """Returns the name under which the speed of runs like this one is kept.

    It is equal where an epoch of the last phase costs the same, and what comes before it. The machine, its cores and
    threads are part of it.

    Args:
        spec: Of the run.
        machine: As `Recorder.machine`.
    """
    about = {name: value for name, value in spec.to_dict().items() if name not in _FREE}
    here = machine or environment()
    about |= {"machine": [here["machine"], here["cores"], spec.threads or here["threads"], here["backend"]]}
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:24]
