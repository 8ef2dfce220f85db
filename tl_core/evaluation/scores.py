"""Scores on pictures that training never saw, with the uncertainty that their number leaves."""

import math
from typing import Any

import numpy as np

Z_95 = 1.959964  # standard normal quantile of a 95 % interval


def log_loss(logits: np.ndarray, labels: np.ndarray) -> float:
    """Returns the mean cross-entropy, in nats; NaN where a logit is no finite number.

    Args:
        logits: float (n, classes).
        labels: int (n,).
    """
    from scipy.special import log_softmax  # scikit-learn's takes probabilities, and clips those of huge logits

    if not np.isfinite(logits).all():
        return math.nan
    return float(-log_softmax(logits.astype(np.float64), axis=1)[np.arange(len(labels)), labels].mean())


def softmax(logits: np.ndarray) -> np.ndarray:
    """Returns probabilities: float64 (n, classes), rows sum to 1."""
    from scipy.special import softmax as of_rows

    return of_rows(logits.astype(np.float64), axis=1)


def wilson_interval(n_right: int, n: int) -> tuple[float, float]:
    """Returns the 95 % interval of a fraction.

    References: Wilson, JASA 22 (1927) 209–212.
    """
    from statsmodels.stats.proportion import proportion_confint

    ends: Any = proportion_confint(n_right, n, method="wilson")
    return max(0.0, float(ends[0])), min(1.0, float(ends[1]))  # what is left of rounding


def paired_difference(right_a: np.ndarray, right_b: np.ndarray) -> tuple[float, float, float]:
    """Compares two networks on the same pictures.

    Args:
        right_a: bool (n,), which pictures the first classified rightly.
        right_b: bool (n,), the same for the second.

    Returns:
        Difference of the accuracies (first minus second), and its 95 % interval (low, high).

    References: Agresti & Min, Statistics in Medicine 24 (2005) 729–740: the Wald interval for matched pairs with half a
        picture added to each of the four cells.
    """
    only_a, only_b = int(np.sum(right_a & ~right_b)), int(np.sum(~right_a & right_b))
    return (only_a - only_b) / len(right_a), *paired_interval(only_a, only_b, len(right_a))


def paired_interval(only_a: int, only_b: int, n: int) -> tuple[float, float]:
    """Returns the 95 % interval of the difference of two accuracies on the same n pictures, of which `only_a` were
    right with the first alone and `only_b` with the second alone; source as `paired_difference`."""
    gain, cells = only_a - only_b, only_a + only_b + 1
    half = Z_95 * math.sqrt(max(cells - gain**2 / (n + 2), 0.0)) / (n + 2)
    centre = gain / (n + 2)
    return centre - half, centre + half


def confusion(predicted: np.ndarray, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Returns int (classes, classes): row = the right class, column = the predicted one."""
    from sklearn.metrics import confusion_matrix

    return confusion_matrix(labels, predicted, labels=np.arange(n_classes))


def score(logits: np.ndarray, labels: np.ndarray, trained: np.ndarray, *, has_loss: bool = True) -> dict:
    """Returns the scores of one network as plain data.

    Args:
        logits: float (n, classes).
        labels: int (n,).
        trained: int (m,), the labels of the training pictures.
        has_loss: Whether the logits are those of probabilities; the margins of an SVM are not, and its loss is None.

    Returns:
        {"accuracy", "interval": [low, high], "n", "loss", "confusion": rows, "right": one "1" or "0" a picture,
        "largest": label of the class that the training had most of}.
    """
    predicted = logits.argmax(axis=1)
    right = predicted == labels
    return {
        "accuracy": float(right.mean()),
        "interval": list(wilson_interval(int(right.sum()), len(labels))),
        "n": len(labels),
        "loss": log_loss(logits, labels) if has_loss else None,
        "confusion": confusion(predicted, labels, logits.shape[1]).tolist(),
        "right": "".join("1" if is_right else "0" for is_right in right),
        "largest": int(np.bincount(trained).argmax()),
    }
