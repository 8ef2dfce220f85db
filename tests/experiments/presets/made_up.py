"""Rows with made-up scores."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

WIGGLE = (0.004, -0.003, 0.0, 0.002, -0.003)
"""What seeds add, different for every level: little, but not nothing."""


def rows(
    levels: Mapping[Any, float | Sequence[float]],
    factor: str,
    n_seeds: int = 5,
    wiggle: float = 1.0,
    shift: int = 0,
    **fixed: Any,
) -> list[dict]:
    """Returns a row for each level and seed, in the order of a sweep.

    Args:
        levels: Level → accuracy, to which a little noise is added, or the accuracy of each seed.
        factor: Its name.
        n_seeds: How many.
        wiggle: How much of the noise.
        shift: Another one makes other noise.
        **fixed: Other factors, the same in all rows.
    """
    found = []
    for seed, (at, (level, score)) in product(range(n_seeds), enumerate(levels.items())):
        noise = WIGGLE[((seed + shift) * (at + 2 + shift) + at) % 5] * wiggle
        value = score[seed] if isinstance(score, Sequence) else score + noise
        found.append(
            {factor: level, **fixed, "seed": seed, "run_id": f"{at}-{seed}", "state": "completed"}
            | {"test_accuracy": value, "val_accuracy": value, "seconds": 1.0}
        )
    return found
