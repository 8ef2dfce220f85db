"""A curve that somebody sketched before the first number was there, and how far what was measured lies from it."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tl_core.experiments.preset import Preset
from tl_core.experiments.rows import scores
from tl_core.experiments.sweep import Level, Sweep

FEWEST_RANKED = 3  # levels that make a curve, whose order says anything


@dataclass(frozen=True)
class Agreement:
    """How far a sketch lies from the means over seeds.

    Attributes:
        distance: Mean absolute difference, a fraction.
        rank_correlation: Spearman's, in [−1, 1]; None for fewer than three levels, and where either is flat.
        n: Levels that have both.
    """

    distance: float
    rank_correlation: float | None
    n: int


def points_of(levels: Sequence[Level], told: object) -> tuple[tuple[Level, float], ...]:
    """Returns (level, accuracy) each of what a browser says was drawn; nothing where a level has none yet.

    Args:
        levels: Of x, in their order.
        told: Anything: an accuracy in [0, 1] or None for each level is used.
    """
    if not isinstance(told, list) or len(told) != len(levels):
        return ()
    if not all(isinstance(value, int | float) and 0 <= value <= 1 for value in told):
        return ()
    return tuple((level, float(value)) for level, value in zip(levels, told, strict=True))


def sketched_line(preset: Preset, sweep: Sweep) -> Level | None:
    """Returns which line is sketched: the first with enough levels, else the first; None where all is one line."""
    if preset.series is None:
        return None
    n_levels = Counter(cell.factors[preset.series] for cell in sweep.cells)
    return next((line for line, n in n_levels.items() if n >= FEWEST_RANKED), next(iter(n_levels)))


def agreement(
    sketch: Mapping[Level, float], rows: Sequence[Mapping[str, Any]], x: str, **line: Level
) -> Agreement | None:
    """Compares a sketch with the means of the line that it is of; None where no level has both.

    Args:
        sketch: Level of x → predicted accuracy.
        rows: Of the sweep.
        x: The factor on the horizontal axis.
        **line: The factor that makes lines, and which of its levels was sketched.

    References: Spearman 1904, "The Proof and Measurement of Association between Two Things".
    """
    known = {level: of_seeds for level, of_seeds in scores(rows, x, **line).items() if of_seeds and level in sketch}
    if not known:
        return None
    drawn = [sketch[level] for level in known]
    measured = [sum(of_seeds.values()) / len(of_seeds) for of_seeds in known.values()]
    distance = sum(abs(one - other) for one, other in zip(drawn, measured, strict=True)) / len(drawn)
    return Agreement(distance, _rank_correlation(drawn, measured), len(drawn))


def _rank_correlation(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Returns Pearson's correlation of the ranks, equal values sharing theirs."""
    import pandas as pd

    ranks = [pd.Series(values).round(9).rank() for values in (first, second)]
    if len(first) < FEWEST_RANKED or any(one.nunique() < 2 for one in ranks):
        return None
    found = float(ranks[0].corr(ranks[1]))
    return found if math.isfinite(found) else None
