"""How alike two representations of the same pictures are: linear centred kernel alignment."""

from dataclasses import dataclass

import numpy as np

from tl_core.fields import Checked, Number, setting

LEAST_PICTURES = 10  # with fewer, anything is like anything
DEAD = 1e-12  # of the power that is left when the mean is taken away: float32 has no more digits


@dataclass(frozen=True)
class Shown(Checked):
    """What can be chosen of a comparison.

    Attributes:
        n: Test pictures that the networks are shown, at most.
    """

    n: int = setting(500, Number(LEAST_PICTURES, 1000))


def centred_gram(features: np.ndarray) -> np.ndarray | None:
    """Returns how alike any two pictures are to a network: the products of their features, the mean taken away.

    Args:
        features: float (n, …), one row a picture. Overwritten where it is float.

    Returns:
        float (n, n), of the features' type; None where nothing can be told: every picture looks the same (a dead
        block), there are too few, or a number is not finite.
    """
    rows = features.reshape(len(features), -1)
    power = float(np.vdot(rows, rows))
    if len(rows) < LEAST_PICTURES or not np.isfinite(power):
        return None
    rows -= rows.mean(axis=0, dtype=np.float64).astype(rows.dtype)
    left = float(np.vdot(rows, rows))
    return rows @ rows.T if left > DEAD * power else None


def linear_cka(first: np.ndarray | None, second: np.ndarray | None) -> float | None:
    """Returns the linear CKA of two representations, 0 to 1: 1 where one is the other turned, mirrored or scaled.

    Args:
        first: float (n, n), from `centred_gram`; None: nothing can be told.
        second: Of the same pictures in the same order.

    Returns:
        ‖YᵀX‖² / (‖XᵀX‖ ‖YᵀY‖) in Frobenius norms, for centred X and Y; None where nothing can be told.

    References: Kornblith et al. 2019, "Similarity of Neural Network Representations Revisited", section 3.
    """
    if first is None or second is None:
        return None
    first, second = first.astype(np.float64), second.astype(np.float64)
    sizes = float(np.linalg.norm(first) * np.linalg.norm(second))
    return min(1.0, max(0.0, float(np.vdot(first, second)) / sizes)) if sizes > 0 else None


def spread_evenly(n: int, n_wanted: int) -> np.ndarray:
    """Returns places among n, evenly spread, so that every class has its share of a sorted split: int (min,)."""
    n_chosen = min(n, n_wanted)
    return np.arange(n_chosen) * n // max(n_chosen, 1)
