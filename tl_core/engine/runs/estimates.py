"""What a run will cost here: from a finished run of its kind, or from a quick measurement in the worker."""

import math
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from tl_core.datasets.known import known_dataset
from tl_core.engine.runs.recorder import timing_key
from tl_core.engine.worker.requests import MEASURE
from tl_core.errors import TransferLabError
from tl_core.planning.plan import n_training_images
from tl_core.spec import RunSpec
from tl_core.store.store import RunStore
from tl_core.training.views import prefix_passes


class Pending(StrEnum):
    """Why there is no estimate."""

    MEASURING = "measuring"  #: The worker is at it.
    WAITING = "waiting"  #: Something trains or is measured; a busy machine would measure itself.
    FAILED = "failed"  #: It was tried and did not work; it is not tried again.


@dataclass(frozen=True)
class Estimate:
    """What a run will cost here, measured on this machine.

    Attributes:
        epoch_s: Seconds an epoch takes, validation included; of a head that is fitted at once, the fit. None where no
            fit of this kind was timed yet: how long one takes shows only the fit.
        prefix_s: Seconds for computing the features of all pictures once; 0 when nothing is cached.
        is_from_run: Whether a finished run measured it; otherwise a quick measurement did.
        is_bound: Whether it is an upper bound: the step was measured without compiling it.
        prefix_bytes: The most memory that the worker holds meanwhile; None where that was not measured.
        views_s: Seconds in all for computing the features of changed pictures again; 0 where the epochs hold them.
    """

    epoch_s: float | None
    prefix_s: float
    is_from_run: bool
    is_bound: bool = False
    prefix_bytes: int | None = None
    views_s: float = 0.0

    def run_s(self, spec: RunSpec) -> float | None:
        """Returns the seconds that all epochs of a run take, and what is computed for them; None where `epoch_s` is."""
        if self.epoch_s is None:
            return None
        return self.prefix_s + self.views_s + (1 if spec.is_fitted else spec.epochs) * self.epoch_s


class Estimates:
    """Answers from what the store knows, and has the rest measured: one kind of run at a time, each at most once.

    Args:
        store: Where measured speeds are kept.
        ask: Sends a request to the worker.
        is_idle: Says whether nothing trains.
        home: The data folder.

    Thread: any, one at a time.
    """

    def __init__(self, store: RunStore, ask: Callable[[dict], Future], is_idle: Callable[[], bool], home: Path) -> None:
        self._store, self._ask, self._is_idle, self._home = store, ask, is_idle, home
        self._asked: dict[str, Future] = {}

    def of(self, spec: RunSpec) -> Estimate | Pending:
        """Returns what a run costs, or why that is not known (yet)."""
        key = timing_key(spec)
        return self._known(spec, key) or self._measure(spec, key)

    def _known(self, spec: RunSpec, key: str) -> Estimate | None:
        return _estimate(spec, self._timings(key), self._home)

    def _timings(self, key: str) -> tuple[dict | None, dict | None]:
        """Returns what is noted of a kind of runs: by a quick measurement, and by a finished run."""
        return self._store.timing(f"quick/{key}"), self._store.timing(key)

    def known(self) -> Callable[[RunSpec], Estimate | None]:
        """Returns a function that says what a run costs, None where that was never measured.

        It asks the store once for all runs of a kind, so it is for one look at many runs.
        """
        timings = cache(self._timings)
        return lambda spec: _estimate(spec, timings(timing_key(spec)), self._home)

    def runs_s(self) -> Callable[[RunSpec], float | None]:
        """Returns a function that says how many seconds all epochs of a run and its frozen prefix take; as `known`."""
        known = self.known()

        def run_s(spec: RunSpec) -> float | None:
            estimate = known(spec)
            return None if estimate is None else estimate.run_s(spec)

        return run_s

    def shared_s(self) -> Callable[[RunSpec], float | None]:
        """Returns a function that says how many seconds a run takes whose features are there; as `known`."""
        known = self.known()

        def run_s(spec: RunSpec) -> float | None:
            estimate = known(spec)
            whole_s = None if estimate is None else estimate.run_s(spec)
            return None if estimate is None or whole_s is None else whole_s - estimate.prefix_s

        return run_s

    def _measure(self, spec: RunSpec, key: str) -> Pending:
        """Asks, unless that was done before: what could not be measured (or killed the worker) is not tried again."""
        if key in self._asked:
            return Pending.FAILED if self._asked[key].done() else Pending.MEASURING
        if any(not future.done() for future in self._asked.values()) or not self._is_idle():
            return Pending.WAITING
        self._asked[key] = self._ask(MEASURE.message(spec=spec.to_dict()))
        self._asked[key].add_done_callback(lambda future: self._keep(key, future))
        return Pending.MEASURING

    def _keep(self, key: str, future: Future) -> None:
        if future.exception() is None:
            self._store.save_timing(f"quick/{key}", future.result())


def _estimate(spec: RunSpec, timings: tuple[dict | None, dict | None], home: Path) -> Estimate | None:
    """Returns what a run will cost by what is noted of its kind; None where nothing is."""
    quick, run = timings[0] or {}, timings[1]
    if not quick and run is None:
        return None
    try:
        info = known_dataset(spec.dataset, home)
    except TransferLabError:  # deleted, or damaged: anyone who trains on it will hear of it
        return None
    n_train = n_training_images(spec, info)
    prefix_s = quick["prefix_s"] * (n_train + info.n_validation + info.n_test) if quick else 0.0
    prefix_bytes = quick.get("pass_bytes")  # what was noted before it was measured has none
    if run is not None:
        return Estimate(run["epoch_s_per_image"] * n_train, prefix_s, is_from_run=True, prefix_bytes=prefix_bytes)
    if spec.is_fitted:
        return Estimate(None, prefix_s, is_from_run=False, prefix_bytes=prefix_bytes)
    n_steps, n_evaluations = (math.ceil(n / quick["batch_size"]) for n in (n_train, info.n_validation))
    epoch_s = n_steps * quick["step_s"] + n_evaluations * quick["eval_s"]
    views_s = quick["prefix_s"] * n_train * (prefix_passes(spec) - 1)
    return Estimate(epoch_s, prefix_s, False, quick["is_bound"], prefix_bytes, views_s)


def together_s(specs: Iterable[RunSpec], known: Callable[[RunSpec], Estimate | None]) -> float | None:
    """Returns what runs take that share their features: of each network the longest pass counts, once."""
    total_s, passes_s = 0.0, dict[tuple, float]()
    for spec in specs:
        estimate = known(spec)
        whole_s = None if estimate is None else estimate.run_s(spec)
        if estimate is None or whole_s is None:
            return None
        network = spec.dataset, spec.start, spec.image_size, spec.arithmetic, spec.fault
        passes_s[network] = max(passes_s.get(network, 0.0), estimate.prefix_s)
        total_s += whole_s - estimate.prefix_s
    return total_s + sum(passes_s.values())
