"""The training loop, as one would write it on a blackboard: order, step, validate, keep the best.

`Trainer.run` is a generator: it yields an event after every step, so whoever drives it may train several runs in turns.
"""

import math
from collections.abc import Callable, Iterator

import keras
import numpy as np

from tl_core.errors import TrainingError
from tl_core.evaluation.scores import log_loss
from tl_core.models.trained import copies, put_back
from tl_core.seeds import generator
from tl_core.spec import RunSpec
from tl_core.training.clock import Clock
from tl_core.training.events import Epoch, Event, Phase, Step
from tl_core.training.progress import Progress
from tl_core.training.sources import Source


class StopRequested(Exception):
    """Raised inside a training by whoever wants it to end; the best weights so far are kept."""


class Trainer:
    """Trains a suffix (or a whole network) on a source of inputs.

    Args:
        model: Inputs of `source` → logits (N, classes).
        source: Gives the inputs of each step.
        labels: int (pictures in the dataset,).
        train: int (n,), numbers of the training pictures.
        validation: int (m,), numbers of the validation pictures.
        spec: Epochs, batch size, optimiser, patience, seed.
        clock: Counts the seconds that this run computes.
        should_stop: Asked after every batch.

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
    ) -> None:
        self.model, self.source, self.labels = model, source, labels
        self.train, self.validation = train, validation
        self.spec, self.clock, self.should_stop = spec, clock, should_stop
        self.progress = Progress()
        self.best_weights: list[np.ndarray] | None = None
        compile_model(model, spec)
        model.optimizer.build(model.trainable_variables)

    def run(self) -> Iterator[Event]:
        """Trains to the last epoch, or until patience runs out.

        Yields:
            `Phase`, `Step` and `Epoch`. After the last, `restore_best` puts the best weights back.

        Raises:
            StopRequested: `should_stop` said so.
            TrainingError: "loss_not_finite".
        """
        yield Phase("compiling")
        while self.progress.epoch < self.spec.epochs and not self._has_lost_patience():
            started_s = self.clock.elapsed_s
            train_loss, train_accuracy = yield from self._train_epoch(self.progress.epoch + 1)
            val_loss, val_accuracy = yield from self._validate()
            self._check_finite(val_loss, self.progress.epoch + 1)  # the last step may have broken the weights
            yield self._close_epoch(train_loss, train_accuracy, val_loss, val_accuracy, started_s)

    def _train_epoch(self, epoch: int) -> Iterator[Event]:
        losses, accuracies = [], []
        for indices in batches(self.train, self.spec.batch_size, self.spec.seed, epoch):
            inputs, labels = self.source.train_batch(indices, epoch), self.labels[indices]
            self.model.reset_metrics()
            logs = self.model.train_on_batch(inputs, labels, return_dict=True)
            losses.append(float(logs["loss"]))
            accuracies.append(float(logs["accuracy"]))
            self._check_finite(losses[-1], epoch)
            self.progress.step += 1
            self.progress.images += len(indices)
            yield Step(
                self.progress.step, epoch, losses[-1], accuracies[-1], self.clock.elapsed_s, self.progress.images
            )
            self._stop_if_asked()
        return float(np.mean(losses)), float(np.mean(accuracies))

    def _validate(self) -> Iterator[Event]:
        logits = yield from self.predict(self.validation, "validating")
        labels = self.labels[self.validation]
        return log_loss(logits, labels), float(np.mean(logits.argmax(axis=1) == labels))

    def predict(self, indices: np.ndarray, phase: str) -> Iterator[Event]:
        """Classifies pictures, one batch a turn.

        Args:
            indices: int (n,), numbers of the pictures.
            phase: Name of the `Phase` events to yield.

        Returns:
            float (n, classes), logits.
        """
        size = self.spec.batch_size
        parts = []
        for start in range(0, len(indices), size):
            chosen = indices[start : start + size]
            filled = np.resize(chosen, size)  # always a full batch: another shape would be compiled anew
            parts.append(self.model.predict_on_batch(self.source.eval_batch(filled))[: len(chosen)])
            yield Phase(phase, min(start + size, len(indices)), len(indices))
            self._stop_if_asked()
        return np.concatenate(parts)

    def _close_epoch(
        self, train_loss: float, train_accuracy: float, val_loss: float, val_accuracy: float, started_s: float
    ) -> Epoch:
        is_best = self.progress.close_epoch(val_accuracy, val_loss)
        if is_best:
            self.best_weights = copies(self.model.variables)
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
        )

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


def steps_per_epoch(n_train: int, batch_size: int) -> int:
    """Returns how many batches one pass over the training pictures takes."""
    return math.ceil(n_train / batch_size)


def batches(indices: np.ndarray, batch_size: int, seed: int, epoch: int) -> Iterator[np.ndarray]:
    """Yields the shuffled batches of one epoch, all of one size.

    The last batch is filled up with the first pictures of the same order: a smaller batch would have to be compiled
    anew, and no picture is left out.

    Args:
        indices: int (n,), numbers of the training pictures.
        batch_size: Pictures in a batch.
        seed: The run's seed.
        epoch: Counted from 1.
    """
    order = generator(seed, f"order/{epoch}").permutation(indices)
    n_batches = steps_per_epoch(len(order), batch_size)
    yield from np.resize(order, (n_batches, batch_size))


def compile_model(model: keras.Model, spec: RunSpec) -> None:
    """Gives a model its optimiser and loss, and the function of a step; nothing is traced before the first step."""
    model.compile(
        optimizer=make_optimizer(spec),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,  # XLA on convolutions is catastrophic on a CPU
    )


def make_optimizer(spec: RunSpec) -> keras.optimizers.Optimizer:
    """Returns the optimiser of a spec, fresh.

    References: Kingma & Ba 2015 (Adam); Sutskever et al. 2013 (Nesterov's momentum).
    """
    if spec.optimizer == "adam":
        return keras.optimizers.Adam(spec.learning_rate)
    return keras.optimizers.SGD(spec.learning_rate, momentum=spec.momentum, nesterov=spec.nesterov)
