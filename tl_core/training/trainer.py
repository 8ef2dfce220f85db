"""The training loop, as one would write it on a blackboard: order, step, validate, keep the best.

`Trainer.run` is a generator of events, so several runs can be trained in turns. As many steps are taken in
one call as fit into a short turn (`steps.Pace`); every one of them has its own event.
"""

import math
from collections.abc import Callable, Iterable, MutableMapping

import keras
import numpy as np

from tl_core.errors import TrainingError
from tl_core.evaluation.scores import log_loss
from tl_core.faults import class_by_class
from tl_core.models.trained import copies, put_back
from tl_core.planning.rates import steps_per_epoch
from tl_core.seeds import generator
from tl_core.spec import RunSpec
from tl_core.training.block_plan import BlockPlan
from tl_core.training.clock import Clock
from tl_core.training.compilation import compiled_steps
from tl_core.training.events import Computation, Epoch, Phase, Step
from tl_core.training.gradient_norms import GradientNorms
from tl_core.training.progress import TrainerState
from tl_core.training.sources import Source
from tl_core.training.steps import Pace, Steps

CALL_BYTES = 32_000_000  # inputs of one call


class StopRequested(Exception):
    """Raised inside a training by anyone who wants it to end; the best weights so far are kept."""


class Trainer:
    """Trains a suffix (or a whole network) on a source of inputs: one phase of a run, most often its only one.

    Args:
        model: Inputs of `source` → logits (N, classes).
        source: Gives the inputs of each step.
        labels: int (pictures in the dataset,).
        train: int (n,), numbers of the training pictures.
        validation: int (m,), numbers of the validation pictures.
        spec: Epochs and learning rate of this phase; batch size, optimiser, patience, seed.
        clock: Counts the seconds that this run computes.
        should_stop: Asked after every step and every event of progress.
        progress: Where the training stands before this phase; it is carried on. Left out: at its beginning.
        norms: Takes in the norms of the gradients, which the events of the epochs then bring; None: they are not
            measured. No other number depends on it.
        plan: Which blocks are trained from which epoch on, and at which share of the rate; None: all, at the whole one.
        compiled: What was compiled for this model in earlier trainings, as `Network.compiled`. None: there were none.

    Random:
        The order of epoch e is the child "order/e" of `spec.seed`.

    Thread: worker.
    """

    def __init__(
        self,
        model: keras.Model,
        source: Source,
        labels: np.ndarray,
        train: np.ndarray,
        validation: np.ndarray,
        spec: RunSpec,
        clock: Clock,
        should_stop: Callable[[], bool] = lambda: False,
        progress: TrainerState | None = None,
        norms: GradientNorms | None = None,
        plan: BlockPlan | None = None,
        compiled: MutableMapping | None = None,
    ) -> None:
        self._norms, self._plan = norms, plan
        self.model, self.source, self.labels = model, source, labels
        self.train, self.validation = train, validation
        self.spec, self.clock, self.should_stop = spec, clock, should_stop
        self.progress = progress or TrainerState()
        self.best_weights: list[np.ndarray] | None = None
        self.best_logits: np.ndarray | None = None  # of the validation pictures, by these very weights, where known
        self._last_logits: np.ndarray | None = None
        self._known = {} if compiled is None else compiled
        self.steps = self._begin(max(1, self.progress.phase_epoch))  # the optimiser of a checkpoint is of that epoch
        self.pace, self.eval_pace = Pace(self._most_batches()), Pace(self._most_batches())

    def _begin(self, epoch: int) -> Steps:
        """Returns the steps of an epoch of this phase, its optimiser at its beginning, for the blocks trained in it."""
        if self._plan:
            self._plan.begin(epoch)
        steps = compiled_steps(
            self.model, self.spec, self.labels[self.train], norms=self._norms, plan=self._plan, known=self._known
        )
        if self._norms:
            self._norms.follow(self.model.trainable_variables)
        return steps

    def _most_batches(self) -> int:
        """Returns how many batches may go into one call.

        Inputs that are computed anew come one batch at a time: in batches of another size they would have other last
        digits, and a curve would depend on how quick the machine just was.
        """
        image_bytes = math.prod(self.model.input_shape[1:]) * np.dtype(self.model.inputs[0].dtype).itemsize
        return max(1, CALL_BYTES // (image_bytes * self.spec.batch_size)) if self.source.is_cached else 1

    def run(self) -> Computation[None]:
        """Trains to the last epoch of the phase, or until patience runs out.

        Yields:
            `Phase`, `Step` and `Epoch`. After the last, `restore_best` puts the best weights back.

        Raises:
            StopRequested: `should_stop` said so.
            TrainingError: "loss_not_finite".
        """
        yield Phase("compiling")
        self.steps.compile()
        while self.progress.phase_epoch < self.spec.epochs and not self._has_lost_patience():
            if self._plan and self._plan.changes_at(self.progress.phase_epoch + 1):
                yield Phase("compiling")
                self.steps = self._begin(self.progress.phase_epoch + 1)
                self.steps.compile()
            started_s = self.clock.elapsed_s
            train_loss, train_accuracy = yield from self._train_epoch(self.progress.epoch + 1)
            val_loss, val_accuracy = yield from self._validate()
            self._check_finite(val_loss, self.progress.epoch + 1)  # the last step may have broken the weights
            yield self._close_epoch(train_loss, train_accuracy, val_loss, val_accuracy, started_s)

    def _train_epoch(self, epoch: int) -> Computation[tuple[float, float]]:
        for event in self.source.prepare(epoch):
            yield event
            self._stop_if_asked()
        losses, accuracies = [], []
        for chosen in self.pace.calls(self._batches(epoch)):
            for loss, accuracy, elapsed_s in self._take_steps(chosen, epoch):
                losses.append(loss)
                accuracies.append(accuracy)
                yield self._close_step(epoch, loss, accuracy, elapsed_s)
                self._stop_if_asked()
        return float(np.mean(losses)), float(np.mean(accuracies))

    def _batches(self, epoch: int) -> np.ndarray:
        if self.spec.fault == "sorted-classes":
            return in_full_batches(class_by_class(self.train, self.labels), self.spec.batch_size)
        return batches(self.train, self.spec.batch_size, self.spec.seed, epoch)

    def _take_steps(self, chosen: np.ndarray, epoch: int) -> Iterable[tuple[float, float, float]]:
        """Trains on batches of pictures, int (k, B); returns each one's loss, accuracy and time on the clock."""
        started_s = self.clock.elapsed_s
        inputs = self.source.train_batch(chosen.ravel(), epoch)
        losses, accuracies = self.steps.train(_in_batches(inputs, chosen), self.labels[chosen])
        ended_s = self.clock.elapsed_s
        self.pace.note(len(chosen), ended_s - started_s)
        if self._norms:
            self._norms.add(self.steps.squares)
        times_s = np.linspace(started_s, ended_s, len(chosen) + 1)[1:]  # a call tells only when it began and ended
        return zip(losses.tolist(), accuracies.tolist(), times_s.tolist(), strict=True)

    def _close_step(self, epoch: int, loss: float, accuracy: float, elapsed_s: float) -> Step:
        self._check_finite(loss, epoch)
        self.progress.step += 1
        self.progress.images += self.spec.batch_size
        return Step(self.progress.step, epoch, loss, accuracy, elapsed_s, self.progress.images)

    def _validate(self) -> Computation[tuple[float, float]]:
        self._last_logits = logits = yield from self.predict(self.validation, "validating")
        return self._judged(logits, self.validation)

    def _judged(self, logits: np.ndarray, chosen: np.ndarray) -> tuple[float, float]:
        """Returns loss and accuracy of what is said of pictures."""
        labels = self.labels[chosen]
        return log_loss(logits, labels), float(np.mean(logits.argmax(axis=1) == labels))

    def predict(self, indices: np.ndarray, phase: str) -> Computation[np.ndarray]:
        """Classifies pictures, as many batches a turn as fit.

        Args:
            indices: int (n,), numbers of the pictures.
            phase: Name of the `Phase` events to yield.

        Yields:
            A `Phase` before the first call, which may compile something, and one after each.

        Returns:
            float (n, classes), logits.
        """
        parts, n_done = [], 0
        yield Phase(phase, 0, len(indices))
        self._stop_if_asked()
        for chosen in self.eval_pace.calls(in_full_batches(indices, self.spec.batch_size)):
            parts.append(self._classify(chosen))
            n_done += chosen.size
            yield Phase(phase, min(n_done, len(indices)), len(indices))
            self._stop_if_asked()
        return np.concatenate(parts)[: len(indices)]

    def _classify(self, chosen: np.ndarray) -> np.ndarray:
        started_s = self.clock.elapsed_s
        inputs = self.source.eval_batch(chosen.ravel())
        logits = self.steps.logits(_in_batches(inputs, chosen))
        self.eval_pace.note(len(chosen), self.clock.elapsed_s - started_s)
        return np.concatenate(logits)

    def _close_epoch(
        self, train_loss: float, train_accuracy: float, val_loss: float, val_accuracy: float, started_s: float
    ) -> Epoch:
        is_best = self.progress.close_epoch(val_accuracy, val_loss)
        if is_best:
            self.best_weights, self.best_logits = copies(self.model.variables), self._last_logits
        now_s = self.clock.elapsed_s
        return Epoch(
            self.progress.epoch,
            train_loss,
            train_accuracy,
            val_loss,
            val_accuracy,
            now_s - started_s,
            now_s,
            self.progress.step,
            self.progress.images,
            is_best,
            phase=self.progress.phase,
            gradient_norms=self._norms.close_epoch() if self._norms else None,
        )

    def keep_as_best(self) -> None:
        """Makes the present weights those to beat: what a phase before this one has found."""
        self.best_weights = copies(self.model.variables)

    def restore_best(self) -> None:
        """Puts the weights of the best epoch back; without a finished epoch the present ones stay."""
        if self.best_weights is not None:
            put_back(self.model.variables, self.best_weights)

    def _has_lost_patience(self) -> bool:
        return bool(self.spec.patience) and self.progress.n_worse >= self.spec.patience

    def _check_finite(self, loss: float, epoch: int) -> None:
        if not math.isfinite(loss):
            raise TrainingError("loss_not_finite", epoch=epoch, learning_rate=self.spec.learning_rate)

    def _stop_if_asked(self) -> None:
        if self.should_stop():
            raise StopRequested


def batches(indices: np.ndarray, batch_size: int, seed: int, epoch: int) -> np.ndarray:
    """Returns the shuffled batches of one epoch, all of one size.

    Args:
        indices: int (n,), numbers of the training pictures.
        batch_size: Pictures in a batch.
        seed: The run's seed.
        epoch: Counted from 1.

    Returns:
        int (batches, batch_size).
    """
    return in_full_batches(generator(seed, f"order/{epoch}").permutation(indices), batch_size)


def in_full_batches(indices: np.ndarray, batch_size: int) -> np.ndarray:
    """Returns picture numbers in batches: int (batches, batch_size).

    The last batch is filled up with the first pictures of the same order: a smaller batch would have to be compiled
    anew, and no picture is left out.
    """
    return np.resize(indices, (steps_per_epoch(len(indices), batch_size), batch_size))


def _in_batches(inputs: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Returns inputs (k·B, …) as (k, B, …)."""
    return inputs.reshape(*chosen.shape, *inputs.shape[1:])
