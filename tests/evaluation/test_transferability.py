"""Scores of features against what they are by definition."""

import numpy as np
import pytest

from tl_core.evaluation.transferability import log_me, neighbours_accuracy, svm_accuracy

RANDOM = np.random.default_rng(3)
LABELS = np.repeat([0, 1, 2], 12)


def features(spread: float, n_features: int = 8) -> np.ndarray:
    """Returns features whose classes lie apart, and noise."""
    centres = np.random.default_rng(1).normal(size=(3, n_features))
    return centres[LABELS] + spread * np.random.default_rng(2).normal(size=(len(LABELS), n_features))


def density(found: np.ndarray, is_class: np.ndarray, alpha: float, beta: float) -> float:
    """Returns the logarithm of the evidence as it is defined: a normal density of all labels together."""
    from scipy.stats import multivariate_normal

    covariance = np.eye(len(found)) / beta + found @ found.T / alpha
    return multivariate_normal.logpdf(is_class, np.zeros(len(found)), covariance) / len(found)


@pytest.mark.parametrize(("spread", "n_features"), [(0.3, 8), (2.0, 8), (1.0, 60)])
def test_log_me_is_the_largest_density_of_the_labels(spread, n_features):
    from scipy.optimize import minimize

    found = features(spread, n_features)
    best = []
    for label in range(3):
        is_class = (label == LABELS).astype(float)
        sought = minimize(lambda x, y=is_class: -density(found, y, *np.exp(x)), (0.0, 0.0), method="Nelder-Mead")
        best.append(-sought.fun)
    assert log_me(found, LABELS) == pytest.approx(np.mean(best), abs=2e-3)


def test_log_me_prefers_features_that_tell_the_classes_apart_whatever_their_scale():
    near, far = features(3.0), features(0.3)
    assert log_me(far, LABELS) > log_me(near, LABELS) + 0.1
    assert log_me(100 * far, LABELS) == pytest.approx(log_me(far, LABELS), abs=1e-3)


def test_neighbours_vote_by_direction_and_not_by_length():
    known, labels = np.array([[1.0, 0.0], [2.0, 0.1], [0.0, 1.0], [0.1, 3.0]]), np.array([0, 0, 1, 1])
    asked = np.array([[50.0, 1.0], [0.0, 0.01], [1.0, 0.2], [0.3, 9.0]])
    assert neighbours_accuracy(known, labels, asked, np.array([0, 1, 1, 1]), k=1) == 0.75
    assert neighbours_accuracy(known, labels, asked[:1], np.array([0]), k=100) in (0.0, 1.0)  # there are only four


def test_a_machine_separates_what_a_line_separates():
    found = features(0.05)
    assert svm_accuracy(found, LABELS, found, LABELS, 0) == 1.0
    assert svm_accuracy(found, LABELS, found, (LABELS + 1) % 3, 0) == 0.0
