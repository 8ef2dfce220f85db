"""Which test pictures a network got wrong, and how well it knows each class."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tl_core.evaluation.insight.class_order import class_order
from tl_core.evaluation.insight.outputs import SplitOutputs
from tl_core.evaluation.insight.parts import Judged
from tl_core.evaluation.scores import confusion, softmax, wilson_interval

MOST_PICTURES = 60  # in a list
MOST_GUESSES = 5


def answer(judged: Sequence[Judged]) -> dict:
    """Returns how one network did on its test pictures.

    Returns:
        {"n", "accuracy", "interval": [low, high], "majority_accuracy", "largest": the class that training had most
        pictures of, "balanced_accuracy", "has_probabilities",
        "top_k": the share whose right class is among the first 1, 2, … answers, up to 5,
        "confusion": rows = right class, "order": labels, those that are taken for each other side by side,
        "classes": [{"class", "n", "precision", "recall", "f1", and of each "…_interval"}…],
        "labels", "predicted": a label a picture, "probabilities": of the predicted class,
        "mistakes": [{"image": place among the test pictures, "true", "predicted", "probability"}…], the surest first,
        "unsure": likewise those that are right, the least sure first}. A precision or F1 of nothing is None. Of an SVM
        a probability is the softmax of its margins: it says which answer is surer, and no more.
    """
    from sklearn.metrics import recall_score

    (one,) = judged
    said, counts = one.outputs.test, _counts(one)
    probabilities = softmax(said.logits).max(axis=1)
    surest = (-probabilities).argsort(kind="stable")
    present = np.unique(said.labels)
    return {
        "n": len(said),
        "accuracy": float(said.is_right.mean()),
        "interval": list(wilson_interval(int(said.is_right.sum()), len(said))),
        "majority_accuracy": float((said.labels == one.outputs.largest).mean()),
        "largest": one.classes[one.outputs.largest],
        "balanced_accuracy": float(recall_score(said.labels, said.predicted, labels=present, average="macro")),
        "has_probabilities": one.outputs.has_probabilities,
        "top_k": _top_k(said),
        "confusion": counts.tolist(),
        "order": class_order(counts),
        "classes": _classes(one, counts),
        "labels": said.labels.tolist(),
        "predicted": said.predicted.tolist(),
        "probabilities": probabilities.tolist(),
        "mistakes": [_picture(one, at, probabilities) for at in surest[~said.is_right[surest]][:MOST_PICTURES]],
        "unsure": [_picture(one, at, probabilities) for at in surest[said.is_right[surest]][::-1][:MOST_PICTURES]],
    }


def _counts(one: Judged) -> np.ndarray:
    said = one.outputs.test
    return confusion(said.predicted, said.labels, len(one.classes))


def _top_k(said: SplitOutputs) -> list[float]:
    """Returns the share of pictures whose right class is among the first k answers, k = 1, 2, …"""
    from sklearn.metrics import top_k_accuracy_score

    n_classes = said.logits.shape[1]
    labels, more = np.arange(n_classes), range(2, min(MOST_GUESSES, n_classes - 1) + 1)  # all classes are always right
    score: Any = top_k_accuracy_score
    return [float(said.is_right.mean()), *(float(score(said.labels, said.logits, k=k, labels=labels)) for k in more)]


def _classes(one: Judged, counts: np.ndarray) -> list[dict]:
    """Returns precision, recall and F1 of each class, with their 95 % intervals.

    F1 is 2p / (1 + p), where p is the share of hits among all pictures that are of the class or were taken for it: a
    fraction of independent pictures, so that its interval gives that of F1.

    References:
        Hand, Christen and Kirielle, Machine Learning 110 (2021) 451–456 (the fraction); Lam, Gopal and Qian,
        arXiv:2309.14621 (2024), the "Wilson indirect" interval.
    """
    rows = []
    for at, name in enumerate(one.classes):
        hits, n, taken = int(counts[at, at]), int(counts[at].sum()), int(counts[:, at].sum())
        row: dict[str, object] = {"class": name, "n": n}
        for measure, total in (("precision", taken), ("recall", n), ("f1", n + taken - hits)):
            row[measure], row[f"{measure}_interval"] = _share(hits, total)
        row["f1"], row["f1_interval"] = _f1(row["f1"]), _f1(row["f1_interval"])
        rows.append(row)
    return rows


def _share(hits: int, total: int) -> tuple[Any, Any]:
    return (hits / total, list(wilson_interval(hits, total))) if total else (None, None)


def _f1(share: Any) -> Any:
    if isinstance(share, list):
        return [_f1(end) for end in share]
    return None if share is None else 2 * share / (1 + share)


def _picture(one: Judged, at: int, probabilities: np.ndarray) -> dict:
    said = one.outputs.test
    return {
        "image": int(at),
        "true": one.classes[said.labels[at]],
        "predicted": one.classes[said.predicted[at]],
        "probability": float(probabilities[at]),
    }
