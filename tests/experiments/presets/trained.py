"""Sweeps that are really trained, in this process: equal trials once, features of frozen blocks computed once."""

from collections.abc import Collection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tl_core.engine.worker.tasks.train import TrainingTask
from tl_core.engine.worker.warm_cache import WarmCache
from tl_core.experiments.sweep import Sweep, Trial
from tl_core.training.events import Ended


class Trainer:
    """Trains the trials of sweeps, all with one cache.

    Args:
        home: A data folder of the test's own.
    """

    def __init__(self, home: Path) -> None:
        self.home, self.warm = home, WarmCache()
        self.known: dict[Any, float] = {}

    def rows(self, sweep: Sweep, **only: Collection) -> list[dict]:
        """Returns the rows of a sweep, trained here.

        Args:
            sweep: What is trained.
            **only: Factor → the levels that are wanted; the others are left out.
        """
        chosen = [
            trial for trial in sweep.trials() if all(trial.factors[name] in levels for name, levels in only.items())
        ]
        return [self._row(trial) for trial in chosen]

    def _row(self, trial: Trial) -> dict:
        if trial.spec not in self.known:
            self.known[trial.spec] = self._train(trial)
        accuracy = self.known[trial.spec]
        print(*trial.factors.values(), f"{accuracy:.3f}")
        return {**trial.factors, "run_id": "", "state": "completed", "test_accuracy": accuracy, "seconds": None}

    def _train(self, trial: Trial) -> float:
        with TemporaryDirectory() as folder:
            *_, ended = TrainingTask(trial.spec, self.home, Path(folder), warm=self.warm).run()
        assert isinstance(ended, Ended)
        assert ended.scores is not None, ended.error
        return ended.scores["accuracy"]
