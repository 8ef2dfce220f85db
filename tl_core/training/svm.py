"""A head that is fitted instead of trained: linear support vector machines on the features before it, by scikit-learn.

One machine a class tells it from all others, on standardised features. Mean and spread are folded into the weights, so
that what is left is the network's own last layer, which answers with decision values instead of logits.
"""

import warnings
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from tl_core.errors import TrainingError
from tl_core.seeds import child_seed
from tl_core.training.events import Computation, Phase
from tl_core.training.losses import class_weights
from tl_core.training.trainer import Trainer, in_full_batches

WAIT_S = 0.05  # then whoever shares the worker has a turn
MOST_ROUNDS = 3_000  # over all pictures; far more than features of a network need


@dataclass(frozen=True)
class Machine:
    """One linear machine: float64 (features,) and a number; positive for its class."""

    weights: np.ndarray
    offset: float


def fit_machine(
    features: np.ndarray, is_class: np.ndarray, weights: tuple[float, float], c: float, seed: int
) -> Machine:
    """Fits one machine.

    Args:
        features: float64 (n, d), standardised.
        is_class: bool (n,), which pictures show its class.
        weights: What the others and those of its class count.
        c: What a picture on the wrong side of its margin costs.
        seed: Of the order in which pictures are looked at.

    Raises:
        TrainingError: "svm_not_fitted": it has not come to rest.

    Thread: any.

    References: Fan et al. 2008, "LIBLINEAR", section 2 (squared hinge loss, by dual coordinate descent).
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.svm import LinearSVC

    options: dict[str, Any] = {"class_weight": dict(enumerate(weights)), "dual": True, "max_iter": MOST_ROUNDS}
    machine: Any = LinearSVC(C=c, random_state=seed, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            machine.fit(features, is_class.astype(int))
        except ConvergenceWarning as warning:
            raise TrainingError("svm_not_fitted", svm_c=c) from warning
    return Machine(machine.coef_[0], float(machine.intercept_[0]))


class SvmTrainer(Trainer):
    """Fits the last layer of a network, as a trainer whose only epoch is the fit; arguments as there.

    Random:
        The order of pictures within the fit of class k is the child "svm/k" of `spec.seed`.

    Thread: worker; a machine is fitted in a thread of its own, so that the worker can make way for others.
    """

    def run(self) -> Computation[None]:
        """Fits, unless that was done before a stop.

        Yields:
            `Phase` and one `Epoch`, without losses: margins are no probabilities.

        Raises:
            StopRequested: `should_stop` said so.
            TrainingError: "svm_not_fitted".
        """
        if self.progress.epoch:
            return
        started_s, labels = self.clock.elapsed_s, self.labels[self.train]
        features = yield from self._features()
        kernel, bias = yield from self._fitted(features, labels)
        self.model.get_layer("head_logits").set_weights([kernel, bias])
        train_accuracy = yield from self._accuracy(self.train)
        val_accuracy = yield from self._accuracy(self.validation)
        self.progress.step, self.progress.images = 1, len(self.train)
        epoch = self._close_epoch(0.0, train_accuracy, 0.0, val_accuracy, started_s)  # of one, no loss has to choose
        yield replace(epoch, train_loss=None, val_loss=None)

    def _accuracy(self, chosen: np.ndarray) -> Computation[float]:
        logits = yield from self.predict(chosen, "validating")
        return float(np.mean(logits.argmax(axis=1) == self.labels[chosen]))

    def _features(self) -> Computation[np.ndarray]:
        """Returns what the last layer is fed of the training pictures: float32 (n, d)."""
        inner, parts, n_done = self._inner(), [], 0
        for chosen in in_full_batches(self.train, self.spec.batch_size):
            inputs = self.source.eval_batch(chosen)
            parts.append(inputs if inner is None else inner.predict_on_batch(inputs))
            n_done = min(n_done + len(chosen), len(self.train))
            yield Phase("features", n_done, len(self.train))
            self._stop_if_asked()
        return np.concatenate(parts)[: len(self.train)]

    def _inner(self) -> keras.Model | None:
        """Returns the network up to its last layer; None where that is all that is fed with features."""
        if len(self.model.input_shape) == 2:
            return None
        inner = keras.Model(self.model.inputs, self.model.get_layer("head_logits").input)
        inner.compile(jit_compile=False)  # as `trainer.compile_model` does  # pyright: ignore[reportArgumentType]
        return inner

    def _fitted(self, features: np.ndarray, labels: np.ndarray) -> Computation[tuple[np.ndarray, np.ndarray]]:
        """Returns kernel float32 (d, classes) and bias float32 (classes,) of the last layer."""
        from sklearn.preprocessing import StandardScaler

        scaler: Any = StandardScaler().fit(features.astype(np.float64))
        scaled = scaler.transform(features.astype(np.float64))
        machines = yield from self._machines(scaled, labels)
        kernel = np.stack([one.weights / scaler.scale_ for one in machines], axis=1)
        bias = np.array([one.offset for one in machines]) - scaler.mean_ @ kernel
        return kernel.astype(np.float32), bias.astype(np.float32)

    def _machines(self, features: np.ndarray, labels: np.ndarray) -> Computation[list[Machine]]:
        n_classes = self.model.output_shape[-1]
        is_balanced = self.spec.class_weight == "balanced"
        counts = class_weights(labels, n_classes) if is_balanced else np.ones(n_classes)
        if n_classes == 2:  # one boundary, seen from both sides
            machine = yield from self._machine(features, labels == 1, (counts[0], counts[1]), 1, 1)
            return [Machine(-machine.weights, -machine.offset), machine]
        machines = []
        for number in range(n_classes):
            weights = 1.0, counts[number]
            machines.append((yield from self._machine(features, labels == number, weights, number, n_classes)))
        return machines

    def _machine(
        self, features: np.ndarray, is_class: np.ndarray, weights: tuple[float, float], number: int, n_all: int
    ) -> Computation[Machine]:
        seed = child_seed(self.spec.seed, f"svm/{number}")
        with ThreadPoolExecutor(1) as thread:  # what was begun is ended, also when a stop is asked for
            machine = thread.submit(fit_machine, features, is_class, weights, self.spec.svm_c, seed)
            is_done = False
            while not is_done:
                is_done = bool(wait([machine], timeout=WAIT_S).done)
                yield Phase("fitting", min(number, n_all), n_all)
                self._stop_if_asked()
        return machine.result()
