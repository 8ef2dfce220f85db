"""Sweeps that are really trained, in this process: equal trials once, features of frozen blocks computed once."""

from collections.abc import Collection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.engine.worker.tasks.finished import finished
from tl_core.disk.files import SOURCE_FILE, WEIGHTS_FILE, share_file
from tl_core.engine.worker.kept import Kept
from tl_core.engine.worker.model_cache import ModelCache
from tl_core.engine.worker.tasks import fill
from tl_core.engine.worker.tasks.train import TrainingTask
from tl_core.engine.worker.warm_cache import WarmCache
from tl_core.experiments.sweep import Sweep, Trial
from tl_core.planning.plan import is_head_only
from tl_core.spec import RunSpec
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
        """Returns the rows of a sweep, trained here; what a trial starts from has to be among what is wanted.

        Args:
            sweep: What is trained.
            **only: Factor → the levels that are wanted; the others are left out.
        """
        trials = sweep.trials()
        chosen = [
            place
            for place, trial in enumerate(trials)
            if all(trial.factors[name] in levels for name, levels in only.items())
        ]
        self._fill([trials[place].spec for place in chosen if trials[place].source is None])
        with TemporaryDirectory() as folder:
            return [self._row(trials[place], Path(folder), place) for place in chosen]

    def _fill(self, specs: list[RunSpec]) -> None:
        """Computes the features of all cuts of a network in one pass, as a sweep does."""
        plain = [spec.to_dict() for spec in specs if is_head_only(spec) and spec not in self.known]
        if plain:
            finished(fill.run(Kept(self.home, ModelCache(self.home), self.warm), specs=plain))

    def _row(self, trial: Trial, folder: Path, place: int) -> dict:
        spec = trial.spec if trial.source is None else trial.spec.with_changes(source=str(trial.source))
        if spec not in self.known:
            self.known[spec] = self._train(spec, folder, place)
        accuracy = self.known[spec]
        print(*trial.factors.values(), f"{accuracy:.3f}")
        return {**trial.factors, "run_id": "", "state": "completed", "test_accuracy": accuracy, "seconds": None}

    def _train(self, spec: RunSpec, folder: Path, place: int) -> float:
        own = folder / str(place)
        own.mkdir()
        if spec.source is not None:
            share_file(folder / spec.source / WEIGHTS_FILE, own / SOURCE_FILE)
        *_, ended = TrainingTask(spec, self.home, own, warm=self.warm).run()
        assert isinstance(ended, Ended)
        assert ended.scores is not None, ended.error
        return ended.scores["accuracy"]
