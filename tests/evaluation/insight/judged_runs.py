"""Runs that said what a test wants them to have said."""

import numpy as np

from tl_core.evaluation.insight.outputs import Outputs, SplitOutputs
from tl_core.evaluation.insight.parts import Judged


def said(labels: list[int], predicted: list[int], n_classes: int, sure: list[float] | None = None) -> SplitOutputs:
    """Returns outputs whose largest probability is of the predicted class; all others share the rest.

    Args:
        labels: Of the pictures.
        predicted: The class that gets the largest probability.
        n_classes: Of all.
        sure: That probability of each picture; 0.9 if none is given.
    """
    best = np.full(len(labels), 0.9) if sure is None else np.array(sure)
    probabilities = np.repeat((1 - best[:, None]) / (n_classes - 1), n_classes, axis=1)
    probabilities[np.arange(len(labels)), predicted] = best
    return SplitOutputs(np.log(probabilities).astype(np.float32), np.array(labels))


def judged(
    test: SplitOutputs,
    validation: SplitOutputs | None = None,
    *,
    classes: str = "abc",
    largest: int = 0,
    id: str = "run",
    has_probabilities: bool = True,
) -> Judged:
    """Returns a run with classes "a", "b", …, of which training had most pictures of the class `largest`."""
    trained = np.bincount([largest], minlength=len(classes))
    return Judged(id, tuple(classes), Outputs(validation or test, test, trained, has_probabilities))
