"""A head that is fitted once instead of being trained in steps: all that the ways of fitting share.

What the last layer is fed of the training pictures is standardised, and scikit-learn fits a linear function to it. Mean
and spread are folded into its weights, so that what is left is the network's own last layer.
"""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, cached_property
from threading import Lock
from typing import Any, TypeVar

import keras
import numpy as np

from tl_core.errors import TrainingError
from tl_core.training.events import Computation, Phase
from tl_core.training.losses import class_weights
from tl_core.training.trainer import Trainer, in_full_batches

WAIT_S = 0.05  # then whoever shares the worker has a turn
Fit = TypeVar("Fit")
_ONE_FIT = Lock()  # the number of BLAS threads, liblinear's random numbers and the filter of warnings are the process'


@dataclass(frozen=True)
class Linear:
    """A linear function for each class: float64 (features, classes) and (classes,)."""

    weights: np.ndarray
    offsets: np.ndarray


class FittedTrainer(Trainer, ABC):
    """Fits the last layer of a network, as a trainer whose only epoch is the fit; arguments as there.

    Thread: worker; a fit has a thread of its own, so that the worker can make way for others.
    """

    def run(self) -> Computation[None]:
        """Fits, unless that was done before a stop.

        Yields:
            `Phase` and one `Epoch`, without losses where the head has no probabilities. Every picture counts the same
            in a loss, whatever the classes weigh in the fit.

        Raises:
            StopRequested: `should_stop` said so.
            TrainingError: "fit_not_settled".
        """
        if self.progress.epoch:
            return
        started_s, labels = self.clock.elapsed_s, self.labels[self.train]
        features = (yield from self._features()).astype(np.float64)
        self.model.get_layer("head_logits").set_weights((yield from self._layer(features, labels)))
        train_loss, train_accuracy = self._judged((yield from self.predict(self.train, "validating")), self.train)
        val_loss, val_accuracy = yield from self._validate()
        self.progress.step, self.progress.images = 1, len(self.train)
        epoch = self._close_epoch(train_loss, train_accuracy, val_loss, val_accuracy, started_s)
        yield epoch if self.spec.has_probabilities else replace(epoch, train_loss=None, val_loss=None)

    @abstractmethod
    def _fitted(self, features: np.ndarray, labels: np.ndarray, weights: np.ndarray | None) -> Computation[Linear]:
        """Fits.

        Args:
            features: float64 (n, d), standardised.
            labels: int (n,).
            weights: float (classes,), what a picture of each class counts; None: all count the same.

        Yields:
            `Phase` "fitting".
        """

    def _layer(self, features: np.ndarray, labels: np.ndarray) -> Computation[list[np.ndarray]]:
        """Returns kernel float32 (d, classes) and bias float32 (classes,) of the last layer."""
        from sklearn.preprocessing import StandardScaler

        scaler: Any = StandardScaler().fit(features)
        is_balanced = self.spec.class_weight == "balanced"
        weights = class_weights(labels, self.model.output_shape[-1]) if is_balanced else None
        fit = yield from self._fitted(scaler.transform(features), labels, weights)
        kernel = fit.weights / scaler.scale_[:, None]
        return [kernel.astype(np.float32), (fit.offsets - scaler.mean_ @ kernel).astype(np.float32)]

    def _aside(self, fit: Callable[[], Fit], number: int = 0, n_all: int = 0) -> Computation[Fit]:
        """Returns what a fit returns, in a thread of its own; it is the `number`-th of `n_all`.

        What was begun is ended, also when a stop is asked for.
        """
        with ThreadPoolExecutor(1) as thread:
            fitting, is_done = thread.submit(_alone, fit), False
            while not is_done:
                is_done = bool(wait([fitting], timeout=WAIT_S).done)
                yield Phase("fitting", min(number, n_all), n_all)
                self._stop_if_asked()
        return fitting.result()

    def _features(self) -> Computation[np.ndarray]:
        """Returns what the last layer is fed of the training pictures: float32 (n, d)."""
        inner, parts, n_done = self._inner, [], 0
        for chosen in in_full_batches(self.train, self.spec.batch_size):
            inputs = self.source.eval_batch(chosen)
            parts.append(inputs if inner is None else inner.predict_on_batch(inputs))
            n_done = min(n_done + len(chosen), len(self.train))
            yield Phase("features", n_done, len(self.train))
            self._stop_if_asked()
        return np.concatenate(parts)[: len(self.train)]

    def _classify(self, chosen: np.ndarray) -> np.ndarray:
        """As a trainer does; a last layer alone is computed as it is: to trace it takes longer than to use it."""
        if self._inner is not None:
            return super()._classify(chosen)
        kernel, bias = self.model.get_layer("head_logits").get_weights()
        return self.source.eval_batch(chosen.ravel()) @ kernel + bias

    @cached_property
    def _inner(self) -> keras.Model | None:
        """The network up to its last layer; None where that is all that is fed with features."""
        if len(self.model.input_shape) == 2:
            return None
        inner = keras.Model(self.model.inputs, self.model.get_layer("head_logits").input)
        inner.compile(jit_compile=False)  # as `compilation.compile_model` does  # pyright: ignore[reportArgumentType]
        return inner


@contextmanager
def must_settle(head: str, c: float) -> Iterator[None]:
    """Has a fit that does not come to rest fail instead of warning.

    Args:
        head: As `RunSpec.head`.
        c: What the sentence of the error names as too large.

    Raises:
        TrainingError: "fit_not_settled".
    """
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            yield
        except ConvergenceWarning as warning:
            raise TrainingError("fit_not_settled", head=head, c=c) from warning


def _alone(fit: Callable[[], Fit]) -> Fit:
    """Computes one fit at a time, with one BLAS thread: between products this small, threads wait for each other."""
    with _ONE_FIT, _libraries().limit(limits=1, user_api="blas"):
        return fit()


@cache
def _libraries() -> Any:
    """Returns the libraries that compute; to look for them takes longer than to set them, so it is done once."""
    import scipy.linalg  # brings a BLAS of its own
    from threadpoolctl import ThreadpoolController

    assert scipy.linalg
    return ThreadpoolController()
