"""Writes what a training says into the store; the pages' engine and the command line use the same one."""

import hashlib
import json
from collections.abc import Mapping

import numpy as np

from tl_core.engine.environment import environment
from tl_core.spec import RunSpec
from tl_core.store.records import EpochRecord, RunState
from tl_core.store.store import RunStore

MAX_TRACE_POINTS = 400


class Recorder:
    """Keeps one run's record up to date, event by event.

    Args:
        store: Where the run is.
        run_id: Its id.
        spec: Its spec.

    Thread: one at a time, the engine's or the command line's.
    """

    def __init__(self, store: RunStore, run_id: str, spec: RunSpec) -> None:
        self._store, self._run_id, self._spec = store, run_id, spec
        self._n_train = 0
        self.steps: list[dict] = []

    def record(self, event: Mapping) -> None:
        """Takes in one event in its plain form (`Event.to_dict`)."""
        kind = event["event"]
        if kind == "started":
            self._n_train = event["n_train"]
            self._store.start_run(self._run_id, frozen_params=event["frozen_params"],
                                  trainable_params=event["trainable_params"], is_cached=event["is_cached"])  # fmt: skip
        elif kind == "step":
            self.steps.append(dict(event))
        elif kind == "epoch":
            self._store.add_epoch(self._run_id, EpochRecord(**{k: v for k, v in event.items() if k != "event"}))
            self._note_speed(event)
        elif kind == "ended":
            self._finish(event)

    def _finish(self, event: Mapping) -> None:
        scores = event["scores"]
        self.save_trace()
        self._store.finish_run(
            self._run_id, RunState(event["state"]), best_epoch=event["best_epoch"], scores=scores, proof=event["proof"],
            test_accuracy=scores and scores["accuracy"], error=event["error"], seconds=event["seconds"])  # fmt: skip

    def save_trace(self) -> None:
        """Keeps the curve of the steps seen so far."""
        self._store.save_trace(self._run_id, thin(self.steps))

    def _note_speed(self, event: Mapping) -> None:
        if event["epoch"] > 1:  # the first epoch includes compiling
            self._store.save_timing(timing_key(self._spec), {"epoch_s_per_image": event["seconds"] / self._n_train})


def timing_key(spec: RunSpec) -> str:
    """Returns the name under which the speed of runs like this one is kept: equal where an epoch costs the same.

    The machine, its cores and threads are part of it.
    """
    about = {name: value for name, value in spec.to_dict().items()
             if name not in ("seed", "learning_rate", "momentum", "epochs", "per_class", "patience")}  # fmt: skip
    here = environment()
    about |= {"machine": [here["machine"], here["cores"], here["threads"], here["backend"]]}
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:24]


def thin(steps: list[dict]) -> list[list[float]]:
    """Averages neighbouring steps so that at most `MAX_TRACE_POINTS` remain.

    Returns:
        Rows [step, seconds, images, loss, accuracy]; the first three are those of a group's last step.
    """
    groups = np.array_split(np.arange(len(steps)), min(len(steps), MAX_TRACE_POINTS)) if steps else []
    rows = []
    for group in groups:
        members, last = [steps[index] for index in group], steps[group[-1]]
        mean = [float(np.mean([step[name] for step in members])) for name in ("train_loss", "train_accuracy")]
        rows.append([last["step"], round(last["elapsed_s"], 3), last["images"], *(round(value, 5) for value in mean)])
    return rows
