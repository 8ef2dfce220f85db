"""Times things side by side: one after the other, again and again, so that a busy machine is busy for all of them."""

import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median

FEW_DIGITS = 5


def seconds(call: Callable[[], object]) -> float:
    """Returns how long a call takes."""
    began_s = time.perf_counter()
    call()
    return time.perf_counter() - began_s


def side_by_side(calls: Mapping[str, Callable[[], float]], repeat: int) -> dict[str, list[float]]:
    """Lets several candidates take turns.

    Args:
        calls: Name → a function that does the work once and returns the seconds that count.
        repeat: Turns of each.

    Returns:
        Name → seconds, one a turn.
    """
    samples: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeat):
        for name, call in calls.items():
            samples[name].append(call())
    return samples


def ratio(
    name: str, samples: Mapping[str, Sequence[float]], *, at_least: float | None = None, at_most: float | None = None
) -> dict:
    """Returns how many times longer the first candidate takes than the second, by their medians.

    Args:
        name: What was measured.
        samples: Two candidates: name → seconds.
        at_least: What the ratio should reach.
        at_most: What the ratio should not exceed.

    Returns:
        {"name", "ratio", "seconds": {candidate: median}, "samples": {candidate: all}, "at_least" or "at_most",
        "is_reached"}.
    """
    middles = {candidate: median(values) for candidate, values in samples.items()}
    over, under = middles.values()
    row = {"name": name, "ratio": over / under, "seconds": middles}
    row |= {"samples": {candidate: [_short(value) for value in values] for candidate, values in samples.items()}}
    return row | judged(over / under, at_least, at_most)


def value(
    name: str, measured: float | None, unit: str, *, at_least: float | None = None, at_most: float | None = None
) -> dict:
    """Returns one measured number beside the figure that it should reach: {"name", "value", "unit", …}.

    A number that could not be measured is None, and no figure is held against it.
    """
    return {"name": name, "value": measured, "unit": unit} | judged(measured, at_least, at_most)


def judged(measured: float | None, at_least: float | None, at_most: float | None) -> dict:
    """Returns the figure, if there is one, and whether it is reached."""
    if measured is None:
        return {}
    if at_least is not None:
        return {"at_least": at_least, "is_reached": measured >= at_least}
    if at_most is not None:
        return {"at_most": at_most, "is_reached": measured <= at_most}
    return {}


def percentile(values: Sequence[float], share: float) -> float:
    """Returns the value that a share of all values does not exceed, such as 0.95 for p95."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _short(number: float) -> float:
    return float(f"{number:.{FEW_DIGITS}g}")
