"""Scores on pictures that training never saw, with the uncertainty that their number leaves."""

import math

import numpy as np

Z_95 = 1.959964  # standard normal quantile of a 95 % interval


def log_loss(logits: np.ndarray, labels: np.ndarray) -> float:
    """Returns the mean cross-entropy, in nats; NaN where a logit is no finite number.

    Args:
        logits: float (n, classes).
        labels: int (n,).
    """
    if not np.isfinite(logits).all():
        return math.nan
    logits = logits.astype(np.float64)
    top = logits.max(axis=1, keepdims=True)
    log_sum = top[:, 0] + np.log(np.exp(logits - top).sum(axis=1))
    return float(np.mean(log_sum - logits[np.arange(len(labels)), labels]))


def softmax(logits: np.ndarray) -> np.ndarray:
    """Returns probabilities: float64 (n, classes), rows sum to 1."""
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def wilson_interval(n_right: int, n: int) -> tuple[float, float]:
    """Returns the 95 % interval of a fraction.

    References: Wilson, JASA 22 (1927) 209–212.
    """
    share, z2 = n_right / n, Z_95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


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
    counts = np.zeros((n_classes, n_classes), dtype=np.int64)
    np.add.at(counts, (labels, predicted), 1)
    return counts


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
