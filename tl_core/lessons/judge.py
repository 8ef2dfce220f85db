"""A prediction against what the student's own runs measured."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from tl_core.lessons.mission import Step


@dataclass(frozen=True)
class Judgement:
    """How a prediction fared.

    Attributes:
        is_right: Whether it counts as right.
        distance: How far a number was from what was measured, or a sketch on the mean; None for words.
        n_right: Pairs that an order has right, of `n_pairs`; those that chance may have ordered count for any order.
        n_pairs: All pairs of an order.
    """

    is_right: bool
    distance: float | None = None
    n_right: int = 0
    n_pairs: int = 0


def judge(step: Step, given: Any, measured: Any, ties: Collection[tuple[str, str]] = ()) -> Judgement | None:
    """Compares what was predicted with what was measured.

    Args:
        step: Of the kind "predict".
        given: As `progress.checked` lets it pass.
        measured: As `measures.measured` returns it; None: nothing was measured yet.
        ties: Pairs of an order that could be chance, as `measures.ties` returns them.

    Returns:
        None where there is nothing to compare.
    """
    if measured is None:
        return None
    if step.form == "number":
        distance = abs(float(given) - float(measured))
        return Judgement(distance <= step.tolerance + 1e-9, distance)
    if step.form == "sketch":
        return _sketch(step, given, measured)
    if step.form == "order":
        return _order(list(given), list(measured), ties)
    return Judgement(given == measured)


def _sketch(step: Step, given: Mapping[str, float], measured: Mapping[str, float]) -> Judgement:
    distances = [abs(float(given[name]) - value) for name, value in measured.items()]
    mean = sum(distances) / len(distances)
    return Judgement(mean <= step.tolerance + 1e-9, mean)


def _order(given: Sequence[str], measured: Sequence[str], ties: Collection[tuple[str, str]]) -> Judgement:
    """Counts the pairs that stand in the same order; one that could be chance is right either way."""
    pairs = list(combinations(measured, 2))
    n_right = sum((first, second) in ties or given.index(first) < given.index(second) for first, second in pairs)
    return Judgement(n_right == len(pairs), n_right=n_right, n_pairs=len(pairs))
