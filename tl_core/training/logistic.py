"""A head that is a linear probe fitted to convergence: logistic regression on standardised features.

What it answers are logits of probabilities, as those of a head that was trained in steps.
"""

from functools import partial
from typing import Any

import numpy as np

from tl_core.training.events import Computation
from tl_core.training.fitted import FittedTrainer, Linear, must_settle

MOST_ITERATIONS = 1_000
TOLERANCE = 1e-7  # of the largest derivative; at scikit-learn's 1e-4 logits are still off by several units
WIDE = 2  # features a picture; with more of them, to find the space of the pictures takes less than it saves


def tolerance(c: float) -> float:
    """Returns at which largest derivative a fit has converged: the weaker the penalty, the flatter the way there."""
    return TOLERANCE / max(1.0, c)


def fit_logistic(features: np.ndarray, labels: np.ndarray, weights: np.ndarray | None, c: float) -> Linear:
    """Fits multinomial logistic regression; of two classes binary, whose one boundary is shared out between both.

    Where there are far more features than pictures, the fit runs in the space that the pictures span: the penalised
    weights lie in it, the fit is the same, and each of its steps costs a fraction.

    Args:
        features: float64 (n, d), standardised.
        labels: int (n,), from 0 on, each class at least once.
        weights: float (classes,), what a picture of each class counts; None: all count the same.
        c: Inverse strength of the L2 penalty.

    Raises:
        TrainingError: "fit_not_settled".

    Thread: any, one at a time.

    References: Liu & Nocedal 1989 (L-BFGS); Hastie & Tibshirani 2004, "Efficient quadratic regularization for
    expression arrays" (the space that the pictures span).
    """
    from sklearn.linear_model import LogisticRegression

    counts = None if weights is None else dict(enumerate(weights))
    fit: Any = LogisticRegression(C=c, class_weight=counts, max_iter=MOST_ITERATIONS, tol=tolerance(c))
    is_wide = features.shape[1] > WIDE * len(features)
    axes, coordinates = np.linalg.qr(features.T) if is_wide else (None, features.T)  # (d, n), (n or d, n)
    with must_settle("logistic", c):
        fit.fit(coordinates.T, labels)
    kernel = fit.coef_.T if axes is None else axes @ fit.coef_.T  # (d, classes), or (d, 1) of two
    offsets = fit.intercept_
    if len(offsets) == 1:
        return Linear(np.hstack([-kernel, kernel]) / 2, np.append(-offsets, offsets) / 2)
    return Linear(kernel, offsets)


class LogisticTrainer(FittedTrainer):
    """Fits all classes at once, to convergence: nothing of it is drawn at random.

    Thread: worker.
    """

    def _fitted(self, features: np.ndarray, labels: np.ndarray, weights: np.ndarray | None) -> Computation[Linear]:
        return (yield from self._aside(partial(fit_logistic, features, labels, weights, self.spec.logistic_c)))
