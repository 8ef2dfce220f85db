"""What can be said of a map over a picture in numbers: where it is strongest, and how like another one it is."""

import numpy as np

ZONES = 3  # along each side, for words such as "top left"


def intensities(signed: np.ndarray) -> np.ndarray:
    """Returns how many times the average of the positive part lies at each place; 0 everywhere where nothing does.

    So maps of networks whose logits differ in size, and maps with more or fewer places, share one scale: 1 throughout
    is evidence spread evenly.

    Args:
        signed: float (H, W).

    Returns:
        float64 (H, W), ≥ 0.
    """
    positive = np.maximum(np.asarray(signed, np.float64), 0.0)
    mean = positive.mean()
    return positive / mean if mean > 0 else positive


def zone_shares(weights: np.ndarray) -> np.ndarray:
    """Returns the share of a map that lies in each ninth of the picture.

    A place of the map that two ninths share counts for both by its area.

    Args:
        weights: float (H, W), ≥ 0.

    Returns:
        float64 (3, 3), adding up to 1; zeros where the map is 0 everywhere.
    """
    total = float(np.sum(weights))
    if total <= 0:
        return np.zeros((ZONES, ZONES))
    return _overlaps(weights.shape[0]) @ np.asarray(weights, np.float64) @ _overlaps(weights.shape[1]).T / total


def _overlaps(n: int) -> np.ndarray:
    """Returns which share of each of n places lies in each third of their length: float64 (3, n)."""
    starts, ends = np.arange(n) / n, np.arange(1, n + 1) / n
    thirds = np.arange(ZONES)[:, None] / ZONES
    return np.clip(np.minimum(ends, thirds + 1 / ZONES) - np.maximum(starts, thirds), 0.0, None) * n


def peak(weights: np.ndarray) -> tuple[float, float]:
    """Returns the middle of the strongest place, (x, y) in [0, 1] from the left and from the top."""
    row, column = np.unravel_index(int(np.argmax(weights)), weights.shape)
    return (float(column) + 0.5) / weights.shape[1], (float(row) + 0.5) / weights.shape[0]


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float | None:
    """Returns Spearman's rank correlation of two maps, place by place; None where one of them is the same everywhere.

    Args:
        one: float (H, W).
        other: As `one`.
    """
    from scipy.stats import spearmanr

    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    found: np.ndarray = np.asarray(spearmanr(np.ravel(one), np.ravel(other)))
    return float(found[0])
