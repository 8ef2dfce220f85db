"""How far training has moved what a block holds: its weights, and the statistics of its BatchNorm layers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class BlockState:
    """What a block holds at one moment.

    Attributes:
        weights: All of its weights but the statistics.
        means: float (channels,), the moving means of all its BatchNorm layers, one after the other.
        variances: float (channels,), the moving variances, with the small number that the layers add to them.
    """

    weights: Sequence[np.ndarray]
    means: np.ndarray
    variances: np.ndarray


def relative_change(before: BlockState, after: BlockState) -> float | None:
    """Returns ‖w − w₀‖ / ‖w₀‖ over all weights of a block; 0.0 is exactly as it was, None where there is nothing to
    compare with: no weights, or all of them were 0.
    """
    pairs = [(_float64(now), _float64(was)) for now, was in zip(after.weights, before.weights, strict=True)]
    moved = sum(float(np.sum((now - was) ** 2)) for now, was in pairs)
    size = sum(float(np.sum(was**2)) for _, was in pairs)
    return float(np.sqrt(moved / size)) if size > 0.0 else None


def statistics_drift(before: BlockState, after: BlockState) -> tuple[float | None, float | None]:
    """Returns how far the statistics of a block's BatchNorm layers have drifted; None, None where it has none.

    Returns:
        The root mean square over the channels of (μ − μ₀) / σ₀, in standard deviations as they were, and of
        ln(σ² / σ₀²), which counts a variance that has doubled as much as one that has halved.
    """
    if not before.means.size:
        return None, None
    were, are = _float64(before.variances), _float64(after.variances)
    shifts = (_float64(after.means) - _float64(before.means)) / np.sqrt(were)
    return _root_mean_square(shifts), _root_mean_square(np.log(are / were))


def _root_mean_square(values: np.ndarray) -> float | None:
    result = float(np.sqrt(np.mean(values**2)))
    return result if np.isfinite(result) else None


def _float64(array: np.ndarray) -> np.ndarray:
    return np.asarray(array, np.float64)
