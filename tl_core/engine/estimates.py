"""What a run will cost here: from a finished run of its kind, or from a quick measurement in the worker."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from tl_core.engine.recorder import timing_key
from tl_core.spec import RunSpec
from tl_core.store.store import RunStore


@dataclass(frozen=True)
class Estimate:
    """What a run will cost here, measured on this machine.

    Attributes:
        epoch_s: Seconds an epoch takes.
        prefix_s: Seconds for computing the features of all pictures once; 0 when nothing is cached.
        is_from_run: Whether a finished run measured it; otherwise a quick measurement did.
    """

    epoch_s: float
    prefix_s: float
    is_from_run: bool


class Estimates:
    """Answers from what the store knows, and has the rest measured: one kind of run at a time, each at most once.

    Args:
        store: Where measured speeds are kept.
        ask: Sends a request to the worker.
        is_idle: Says whether nothing trains: a busy machine would measure itself.

    Thread: any, one at a time.
    """

    def __init__(self, store: RunStore, ask: Callable[[dict], Future], is_idle: Callable[[], bool]) -> None:
        self._store, self._ask, self._is_idle = store, ask, is_idle
        self._asked: dict[str, Future] = {}

    def of(self, spec: RunSpec, n_train: int, n_pictures: int) -> Estimate | None:
        """Returns what a run costs; None while that is not measured (yet)."""
        key = timing_key(spec)
        quick, run = self._store.timing(f"quick/{key}"), self._store.timing(key)
        if quick is None and run is None:
            self._measure(spec, key)
            return None
        prefix_s = quick["prefix_s"] * n_pictures if quick and spec.use_cache and spec.augment == "none" else 0.0
        if run is not None:
            return Estimate(run["epoch_s_per_image"] * n_train, prefix_s, is_from_run=True)
        return Estimate(quick["step_s"] / quick["batch_size"] * n_train, prefix_s, is_from_run=False)

    def _measure(self, spec: RunSpec, key: str) -> None:
        """Asks, unless that was done before: what could not be measured (or killed the worker) is not tried again."""
        is_measuring = any(not future.done() for future in self._asked.values())
        if key in self._asked or is_measuring or not self._is_idle():
            return
        self._asked[key] = self._ask({"do": "measure", "spec": spec.to_dict()})
        self._asked[key].add_done_callback(lambda future: self._keep(key, future))

    def _keep(self, key: str, future: Future) -> None:
        if future.exception() is None:
            self._store.save_timing(f"quick/{key}", future.result())
