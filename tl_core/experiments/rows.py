"""Rows of a sweep, sorted by what was varied."""

from collections.abc import Mapping, Sequence
from typing import Any

from tl_core.experiments.statistics import FEWEST, Difference
from tl_core.experiments.sweep import SEED

Scores = dict[Any, dict[int, float]]
"""Level → seed → test accuracy."""
GIVEN_UP = ("failed", "stopped")
"""States in which a trial will have no score any more."""


def scores(rows: Sequence[Mapping[str, Any]], factor: str, **fixed: object) -> Scores:
    """Returns what the levels of a factor scored, in the order in which they first appear.

    Args:
        rows: Of a sweep.
        factor: Whose levels.
        **fixed: Other factors, and the level that each has in the rows that count.
    """
    found: Scores = {}
    for row in rows:
        if all(row[name] == level for name, level in fixed.items()):
            known = found.setdefault(row[factor], {})
            if row["test_accuracy"] is not None:
                known[row[SEED]] = row["test_accuracy"]
    return found


def is_judged(rows: Sequence[Mapping[str, Any]], factors: Sequence[str]) -> bool:
    """Says whether every cell has the seeds that a comparison takes, as far as they can still come.

    Until then a sentence would change with each trial.
    """
    cells: dict[tuple, list[Mapping[str, Any]]] = {}
    for row in rows:
        cells.setdefault(tuple(row[name] for name in factors), []).append(row)
    return bool(cells) and all(map(_is_settled, cells.values()))


def _is_settled(cell: Sequence[Mapping[str, Any]]) -> bool:
    n_scored = sum(row["test_accuracy"] is not None for row in cell)
    return n_scored >= FEWEST or (len(cell) >= FEWEST and all(_is_over(row) for row in cell))


def _is_over(row: Mapping[str, Any]) -> bool:
    return row["test_accuracy"] is not None or row["state"] in GIVEN_UP


def first_even(found: Mapping[Any, Difference], last: Any) -> Any:
    """Returns the first level from which on none is seen to lose anything against the last one.

    Args:
        found: Level → what it scored above the last one, in order.
        last: That one, which is returned where the one before it loses something.
    """
    from_here = last
    for level, difference in reversed(list(found.items())):
        if not difference.is_unseen and difference.mean < 0:
            break
        from_here = level
    return from_here


def most_lost(difference: Difference) -> float | None:
    """Returns how much may be lost where nothing is seen to be: what its interval reaches to; None without one."""
    return None if difference.interval is None else max(0.0, -difference.interval[0])


def level_text(level: object) -> str:
    """Returns a level as charts and sentences have it: 1e-5 and not 1e-05."""
    return f"{level:g}".replace("e-0", "e-") if isinstance(level, float) else str(level)
