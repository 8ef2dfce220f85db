"""Which test pictures a network got wrong, and how well it knows each class."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tl_core.evaluation.insight.parts import Judged
from tl_core.evaluation.scores import softmax

MOST_MISTAKES = 60


def answer(judged: Sequence[Judged]) -> dict:
    """Returns how one network did on its test pictures.

    Returns:
        {"n", "accuracy", "majority_accuracy", "balanced_accuracy", "confusion": rows = right class, "classes":
        [{"class", "n", "precision", "recall", "f1"}…], "mistakes": [{"image": place among the test pictures, "true",
        "predicted", "probability"}…], the surest first}. A precision or F1 of nothing is None.
    """
    from sklearn.metrics import balanced_accuracy_score, confusion_matrix, precision_recall_fscore_support

    (one,) = judged
    said, labels = one.outputs.test, range(len(one.classes))
    scores: Any = precision_recall_fscore_support(
        said.labels,
        said.predicted,
        labels=labels,
        zero_division=np.nan,  # pyright: ignore[reportArgumentType]
    )
    precision, recall, f1, n = scores
    probabilities = softmax(said.logits).max(axis=1)
    wrong = [int(at) for at in (-probabilities).argsort(kind="stable") if not said.is_right[at]]
    return {
        "n": len(said),
        "accuracy": float(said.is_right.mean()),
        "majority_accuracy": float((said.labels == one.outputs.largest).mean()),
        "balanced_accuracy": float(balanced_accuracy_score(said.labels, said.predicted)),
        "confusion": confusion_matrix(said.labels, said.predicted, labels=labels).tolist(),
        "classes": [
            {
                "class": one.classes[at],
                "n": int(n[at]),
                "precision": _number(precision[at]),
                "recall": _number(recall[at]),
                "f1": _number(f1[at]),
            }
            for at in labels
        ],
        "mistakes": [
            {
                "image": at,
                "true": one.classes[said.labels[at]],
                "predicted": one.classes[said.predicted[at]],
                "probability": float(probabilities[at]),
            }
            for at in wrong[:MOST_MISTAKES]
        ],
    }


def _number(value: float) -> float | None:
    return None if value != value else float(value)
