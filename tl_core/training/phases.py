"""A run's training from its first to its last phase: the head alone on fixed features, then what is not frozen.

A run of one phase begins with the last. What a checkpoint of either must carry is put together here, too.
"""

import json
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from dataclasses import asdict, replace
from types import MappingProxyType

import keras
import numpy as np

from tl_core.models.trained import copies, put_back
from tl_core.spec import RunSpec
from tl_core.training.block_plan import BlockPlan
from tl_core.training.clock import Clock
from tl_core.training.events import Computation, Moved, Phase, Result, Step
from tl_core.training.gradient_norms import GradientNorms
from tl_core.training.inputs import Inputs
from tl_core.training.logistic import LogisticTrainer
from tl_core.training.progress import TrainerState
from tl_core.training.proof import block_hashes, compare
from tl_core.training.rate_finder import RateCurve
from tl_core.training.rate_tester import RateTester
from tl_core.training.sources import Source
from tl_core.training.svm import SvmTrainer
from tl_core.training.trainer import StopRequested, Trainer
from tl_core.training.unfreezing import share_of_rate, waiting
from tl_core.training.weight_change import WeightChange

Arrays = Mapping[str, np.ndarray]
FITTING: Mapping[str, type[Trainer]] = MappingProxyType({"svm": SvmTrainer, "logistic": LogisticTrainer})
"""The heads that are fitted once, each with who fits it."""
FAINT = 1e-4  # of the rate: float32 may not show steps that much smaller


class Phases:
    """Trains a network phase by phase. The best weights of the first phase start the second, and are those to beat.

    Args:
        inputs: What the last phase is fed; says spec, network and pictures.
        clock: Counts the seconds that this run computes.
        should_stop: Asked after every step and every event of progress.
        has_norms: Whether the epochs say how large the gradients were.

    Attributes:
        progress: Where the training stands.
        trainer: That of the present phase; None before anything can be trained.
        model: The model whose weights are the result, whichever phase they come from.

    Thread: worker.

    References: Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features" (linear probing, then fine-tuning).
    """

    def __init__(
        self,
        inputs: Inputs,
        clock: Clock,
        should_stop: Callable[[], bool] = lambda: False,
        *,
        has_norms: bool = False,
    ) -> None:
        self._inputs, self._clock, self._should_stop, self._has_norms = inputs, clock, should_stop, has_norms
        self._before, self._after_head = block_hashes(inputs.network), None
        self._change = WeightChange(inputs.network)
        self.progress = TrainerState()
        self.trainer: Trainer | None = None
        self.model = inputs.network.suffix

    def run(self, checkpoint: tuple[Arrays, Mapping[str, str]] | None = None) -> Computation[None]:
        """Trains to the end of the last phase; then the best weights are in place.

        Args:
            checkpoint: Arrays and facts, as `checkpoint` returned them, to go on from.

        Yields:
            What the phases' trainers do, `Moved` now and then, and `Phase` while features are computed.

        Raises:
            StopRequested: `should_stop` said so.
            TrainingError: "loss_not_finite" or "fit_not_settled".
        """
        yield from self._train((yield from self._last_trainer(checkpoint)))

    def try_rates(self) -> Computation[RateCurve]:
        """Trains up to the last phase and tries learning rates for that; its weights are of no use afterwards.

        Yields, Raises:
            As `run` and `RateTester.try_rates`.
        """
        tester = yield from self._last_trainer(None, RateTester)
        assert isinstance(tester, RateTester)
        return (yield from tester.try_rates())

    def _last_trainer(
        self, checkpoint: tuple[Arrays, Mapping[str, str]] | None, kind: type[Trainer] = Trainer
    ) -> Computation[Trainer]:
        """Trains the phase before the last, where there is one; returns the trainer of the last, ready to begin."""
        arrays = None if checkpoint is None else self._take_up(*checkpoint)
        spec, is_head_first = self._inputs.spec, self._inputs.spec.phases == 2
        if is_head_first and self.progress.phase == 1:
            yield from self._train_head(arrays)
            arrays = None
        inputs = self._inputs
        if is_head_first and spec.fault == "never-unfrozen":
            # what was compiled goes on: the head learns, at its rate
            inputs = self._fixed()
            spec = inputs.spec.with_changes(epochs=spec.epochs)
        model, source = yield from self._stoppable(inputs.source())
        self.model = model if inputs is self._inputs else self.model
        trainer = self._trainer(spec, model, source, arrays, kind)
        if is_head_first and arrays is None:
            trainer.keep_as_best()
        return trainer

    def _fixed(self) -> Inputs:
        """Returns what the first of two phases is fed."""
        network = self._inputs.network
        spec = self._inputs.spec.head_phase(len(network.blocks))
        return replace(self._inputs, spec=spec, network=network.head_phase())

    def _train_head(self, arrays: Arrays | None) -> Computation[None]:
        network, fixed = self._inputs.network, self._fixed()
        yield from self._stoppable(self._inputs.fill_with(fixed))
        model, source = yield from self._stoppable(fixed.source())
        yield from self._train(self._trainer(fixed.spec, model, source, arrays))
        self._after_head = block_hashes(network)
        self.progress.next_phase()

    def _trainer(
        self,
        spec: RunSpec,
        model: keras.Model,
        source: Source,
        arrays: Arrays | None,
        kind: type[Trainer] = Trainer,
    ) -> Trainer:
        train, dataset = self._inputs.train, self._inputs.dataset
        pictures = dataset.labels, train, dataset.validation
        kind = FITTING.get(spec.head, kind)
        norms = GradientNorms(self._inputs.network, model.trainable_variables) if self._has_norms else None
        compiled = self._inputs.network.compiled if model is self._inputs.network.suffix else None
        plan = None if spec is not self._inputs.spec else BlockPlan(self._inputs.network, spec)
        told = (spec, self._clock, self._should_stop, self.progress, norms, plan, compiled)
        trainer = kind(model, source, *pictures, *told)
        if arrays is not None:
            put_back(model.variables, _group(arrays, "model"))
            put_back(model.optimizer.variables, _group(arrays, "optimizer"))
            trainer.best_weights = _group(arrays, "best") or None
        return trainer

    def _train(self, trainer: Trainer) -> Computation[None]:
        self.trainer = trainer
        if self._inputs.spec.phases == 2:
            yield Phase("head" if self.progress.phase == 1 else "suffix")
        for event in trainer.run():
            if isinstance(event, Step) and self._change.is_due:
                yield Moved(self._change.measure())  # before the step: who steps by hand sees what it did
            yield event
        trainer.restore_best()

    def _stoppable(self, events: Computation[Result]) -> Computation[Result]:
        """Passes on events and asks after each whether to stop; returns what they return."""
        with closing(events):  # a computation that is stopped removes its file at once
            while True:
                try:
                    yield next(events)
                except StopIteration as end:
                    return end.value
                if self._should_stop():
                    raise StopRequested

    @property
    def has_result(self) -> bool:
        """Whether an epoch was finished, so that there are best weights."""
        return self.trainer is not None and self.trainer.best_weights is not None

    def restore_best(self) -> list[dict]:
        """Puts the best weights in place.

        Returns:
            The proof of what was changed, as `training.proof.compare` returns it, with the "relative_change" of each.
        """
        assert self.trainer is not None  # `has_result`
        assert self.progress.best_epoch is not None
        self.trainer.restore_best()
        network = self._inputs.network
        is_from_head = self.progress.phase == 1 or self.progress.best_epoch <= self.progress.n_before
        after = block_hashes(network)
        still, faint = self._untrained(is_head_only=self._inputs.spec.phases == 2 and is_from_head), self._faint()
        rows = compare(network, self._before, after, self._after_head, still=still, faint=faint)
        return [row | {"relative_change": change} for row, change in zip(rows, self._change.measure(), strict=True)]

    def _untrained(self, *, is_head_only: bool) -> Collection[int]:
        """Returns the blocks, counted from 0, that had not been trained yet when the best weights were reached."""
        n_blocks = len(self._inputs.network.blocks)
        if is_head_only:
            return range(n_blocks)
        assert self.progress.best_epoch is not None  # as `restore_best`
        return waiting(self._inputs.spec, n_blocks, self.progress.best_epoch - self.progress.n_before)

    def _faint(self) -> Collection[int]:
        spec, n_blocks = self._inputs.spec, len(self._inputs.network.blocks)
        return [at for at in range(n_blocks) if share_of_rate(spec, at, n_blocks) < FAINT]

    def validation_logits(self) -> Computation[np.ndarray]:
        """Returns what the best weights, which are in place, say of the validation pictures: float (n, classes)."""
        assert self.trainer is not None  # `has_result`
        if self.trainer.best_logits is not None:
            return self.trainer.best_logits
        return (yield from self.trainer.predict(self.trainer.validation, "validating"))

    def checkpoint(self) -> tuple[dict[str, np.ndarray], dict[str, str]]:
        """Returns what a process must know to go on after the present epoch: arrays, and facts as text."""
        assert self.trainer is not None  # an epoch is finished
        groups = {
            "model": copies(self.trainer.model.variables),
            "optimizer": copies(self.trainer.model.optimizer.variables),
            "best": self.trainer.best_weights or [],
        }
        arrays = {
            f"{group}/{index:04d}": array for group, members in groups.items() for index, array in enumerate(members)
        }
        facts = asdict(self.progress) | {"elapsed_s": self._clock.elapsed_s, "after_head": self._after_head}
        return arrays, {"progress": json.dumps(facts)}

    def _take_up(self, arrays: Arrays, facts: Mapping[str, str]) -> Arrays:
        saved = json.loads(facts["progress"])
        self._clock.set(saved.pop("elapsed_s"))
        self._after_head = saved.pop("after_head", None)
        self.progress = TrainerState(**saved)
        return arrays


def _group(arrays: Arrays, group: str) -> list[np.ndarray]:
    """Returns one group of a checkpoint's arrays in their order."""
    return [arrays[name] for name in sorted(arrays) if name.startswith(f"{group}/")]
