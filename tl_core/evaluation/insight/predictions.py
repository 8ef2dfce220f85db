"""What several networks say of the same test pictures: first of those on which they are not of one mind."""

from collections.abc import Sequence

import numpy as np

from tl_core.evaluation.insight.parts import Judged, check_same_pictures
from tl_core.evaluation.scores import softmax
from tl_core.seeds import generator


def answer(judged: Sequence[Judged], n: int) -> dict:
    """Returns the answers to `n` test pictures.

    Args:
        judged: Networks that were tested on the same pictures.
        n: How many pictures.

    Returns:
        {"n_test", "n_split": pictures that some get right and others wrong, "pictures": [{"image": place among the test
        pictures, "true", "answers": [{"predicted", "probability", "right"}…], one a network}…]}. Half of the pictures
        are such on which they differ, as far as there are any.

    Raises:
        InputError: "pairs_differ".

    Random:
        Child "predictions" of seed 0: which pictures.
    """
    check_same_pictures(judged)
    labels, right = judged[0].outputs.test.labels, np.stack([one.outputs.test.is_right for one in judged])
    is_split = np.asarray(right.any(axis=0) & ~right.all(axis=0))
    order = generator(0, "predictions").permutation(len(labels))
    split, alike = order[is_split[order]], order[np.logical_not(is_split[order])]
    n_split = min(len(split), max(-(-n // 2), n - len(alike)))
    chosen = [*split[:n_split], *alike[: n - n_split]]
    said = [(one, softmax(one.outputs.test.logits)) for one in judged]
    return {
        "n_test": len(labels),
        "n_split": int(is_split.sum()),
        "pictures": [
            {
                "image": int(at),
                "true": judged[0].classes[int(labels[at])],
                "answers": [
                    {
                        "predicted": one.classes[int(one.outputs.test.predicted[at])],
                        "probability": float(shares[at].max()),
                        "right": bool(one.outputs.test.is_right[at]),
                    }
                    for one, shares in said
                ],
            }
            for at in chosen
        ],
    }
