"""Two networks picture by picture: where both are right, only one, or neither."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tl_core.evaluation.insight.parts import Judged, check_same_pictures
from tl_core.evaluation.scores import paired_difference

GROUPS = ("both", "only_first", "only_second", "neither")


def answer(judged: Sequence[Judged]) -> dict:
    """Returns how two networks did on the same test pictures.

    Returns:
        {"n", "accuracies": of the first and the second, "difference": first minus second, "interval": [low, high] of
        95 %, "p": of McNemar's exact test that only chance decides which of them is right where one is,
        "groups": [{"group": "both", "only_first", "only_second" or "neither", "n", "share", "images": places among the
        test pictures}…], "classes", "labels", "predicted": of the first and the second, a label a picture}.

    Raises:
        InputError: "pairs_differ": their test pictures are not the same.

    References: McNemar, Psychometrika 12 (1947) 153–157; the interval: as `scores.paired_difference`.
    """
    from statsmodels.stats.contingency_tables import mcnemar

    check_same_pictures(judged)
    first, _ = judged
    said = [one.outputs.test for one in judged]
    right = [one.is_right for one in said]
    members = (right[0] & right[1], right[0] & ~right[1], ~right[0] & right[1], ~(right[0] | right[1]))
    both, only_first, only_second, neither = (int(chosen.sum()) for chosen in members)
    difference, *interval = paired_difference(*right)
    test: Any = mcnemar([[both, only_first], [only_second, neither]], exact=True)
    return {
        "n": len(right[0]),
        "accuracies": [float(one.mean()) for one in right],
        "difference": difference,
        "interval": interval,
        "p": float(test.pvalue),
        "groups": [
            {
                "group": name,
                "n": int(chosen.sum()),
                "share": float(chosen.mean()),
                "images": np.flatnonzero(chosen).tolist(),
            }
            for name, chosen in zip(GROUPS, members, strict=True)
        ],
        "classes": list(first.classes),
        "labels": said[0].labels.tolist(),
        "predicted": [one.predicted.tolist() for one in said],
    }
