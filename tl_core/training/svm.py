"""A head of linear support vector machines: one a class tells it from all others, on standardised features.

The network's last layer then answers with decision values instead of logits: margins, which are no probabilities.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from tl_core.seeds import child_seed
from tl_core.training.events import Computation
from tl_core.training.fitted import FittedTrainer, Linear, must_settle

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
        TrainingError: "fit_not_settled".

    Thread: any, one at a time.

    References: Fan et al. 2008, "LIBLINEAR", section 2 (squared hinge loss, by dual coordinate descent).
    """
    from sklearn.svm import LinearSVC

    options: dict[str, Any] = {"class_weight": dict(enumerate(weights)), "dual": True, "max_iter": MOST_ROUNDS}
    machine: Any = LinearSVC(C=c, random_state=seed, **options)
    with must_settle("svm", c):
        machine.fit(features, is_class.astype(int))
    return Machine(machine.coef_[0], float(machine.intercept_[0]))


class SvmTrainer(FittedTrainer):
    """Fits a machine a class; of two classes one tells both.

    Random:
        The order of pictures within the fit of class k is the child "svm/k" of `spec.seed`.

    Thread: worker.
    """

    def _fitted(self, features: np.ndarray, labels: np.ndarray, weights: np.ndarray | None) -> Computation[Linear]:
        n_classes = self.model.output_shape[-1]
        counts = np.ones(n_classes) if weights is None else weights
        if n_classes == 2:  # one boundary, seen from both sides
            machine = yield from self._machine(features, labels == 1, (counts[0], counts[1]), 1, 1)
            machines = [Machine(-machine.weights, -machine.offset), machine]
        else:
            machines = []
            for number in range(n_classes):
                pair = 1.0, counts[number]
                machines.append((yield from self._machine(features, labels == number, pair, number, n_classes)))
        kernel, offsets = np.stack([one.weights for one in machines], axis=1), [one.offset for one in machines]
        return Linear(kernel, np.array(offsets))

    def _machine(
        self, features: np.ndarray, is_class: np.ndarray, weights: tuple[float, float], number: int, n_all: int
    ) -> Computation[Machine]:
        seed = child_seed(self.spec.seed, f"svm/{number}")
        fit = partial(fit_machine, features, is_class, weights, self.spec.svm_c, seed)
        return (yield from self._aside(fit, number, n_all))
