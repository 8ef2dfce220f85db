"""Probabilities as a list that people read: best first, with names."""

from collections.abc import Sequence

import numpy as np


def ranked(probabilities: np.ndarray, classes: Sequence[str], n: int) -> list[dict]:
    """Returns the n most probable classes: [{"class", "probability"}], best first, equal ones in class order.

    Args:
        probabilities: float (classes,), each in [0, 1].
        classes: Their names.
        n: How many to return at most.
    """
    order = np.argsort(-np.asarray(probabilities), kind="stable")[:n]
    return [{"class": classes[index], "probability": float(probabilities[index])} for index in order]
