"""Two orders of fine-tuning on pictures unlike those that were trained on: what may be said of each kind.

References: Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution",
table 1.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tl_core.experiments.preset import Answer, Row
from tl_core.experiments.presets.arms import beside
from tl_core.experiments.presets.rates import ARMS
from tl_core.experiments.rows import level_text
from tl_core.experiments.statistics import Difference, corrected, paired_difference
from tl_core.experiments.sweep import SEED

FIRST = 1e-5
"""The rate that is asked about first: where the two orders differ most on familiar pictures."""


def rates_of(rows: Sequence[Row]) -> tuple[float, ...]:
    """Returns the rates at which both orders have the seeds that a comparison takes."""
    found: dict[float, dict[str, set[int]]] = {}
    for row in rows:
        if row["test_accuracy"] is not None:
            found.setdefault(row["learning_rate"], {}).setdefault(row["arm"], set()).add(row[SEED])
    return tuple(rate for rate, arms in found.items() if len(set.intersection(*arms.values())) > 1 and len(arms) > 1)


def compared(scored: Sequence[tuple[Row, Mapping[str, Any]]], kinds: Sequence[str]) -> dict[str, Difference]:
    """Returns what the head first scores above all at once on each kind of pictures, corrected for all kinds.

    Args:
        scored: Trials of one rate, and the accuracy of each by kind of pictures.
        kinds: Keys of these accuracies.
    """
    found = {}
    for kind in kinds:
        by_arm = [{row[SEED]: scores[kind] for row, scores in scored if row["arm"] == arm} for arm in ARMS]
        found[kind] = paired_difference(*by_arm)
    return corrected(found)


def shift_answers(found: Mapping[str, Difference], rate: float) -> list[Answer]:
    """Returns a sentence for each kind of pictures: which order is better there, or that it cannot be told."""
    return [beside("shift", one, pictures=kind, rate=level_text(rate)) for kind, one in found.items()]
