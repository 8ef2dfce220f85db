"""A few test pictures worth a closer look: the surest mistakes, and hits of every degree of sureness."""

from collections.abc import Sequence

import numpy as np

from tl_core.evaluation.insight.parts import Judged
from tl_core.evaluation.scores import softmax

MOST = 8  # of either kind


def answer(judged: Sequence[Judged]) -> dict:
    """Returns mistakes and hits of one network.

    Returns:
        {"pictures": [{"image": place among the test pictures, "true", "predicted", "probability"}…]}, the mistakes
        first, the surest of them first; then hits, evenly spread from the surest to the least sure.
    """
    (one,) = judged
    said = one.outputs.test
    probabilities = softmax(said.logits).max(axis=1)
    order = (-probabilities).argsort(kind="stable")
    mistakes, hits = order[~said.is_right[order]][:MOST], order[said.is_right[order]]
    spread = hits[np.unique(np.linspace(0, len(hits) - 1, MOST).round().astype(int))] if len(hits) else hits
    return {
        "pictures": [
            {
                "image": at,
                "true": one.classes[said.labels[at]],
                "predicted": one.classes[said.predicted[at]],
                "probability": float(probabilities[at]),
            }
            for at in map(int, (*mistakes, *spread))
        ]
    }
