"""What somebody's own runs say of a claim: the number that decides, its 95 % interval, and the verdict that follows.

A verdict follows from the interval alone. Where it holds both a yes and a no, nothing is decided here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Literal

from tl_core.evaluation.comparison import best_validation, compare_runs
from tl_core.evaluation.scores import wilson_interval
from tl_core.experiments.statistics import Difference, corrected, paired_difference
from tl_core.lessons.measures import VALUES, Result

Outcome = Literal["fits", "not", "undecided"]
OUTCOMES: tuple[Outcome, ...] = ("fits", "not", "undecided")
Runs = Mapping[str, Mapping[int, Result]]
"""Arm of a claim → seed → the run that tried it."""
Number = tuple[Literal["share", "points", "times", "count"], float]
"""A number with its unit, as `measures.unit` names them; points are fractions here."""
CLOSE = 0.05
"""Shares that differ by less for sure count as the same."""
QUICKER = 1.1
"""How many times as quick saves time: what differs by less is no saving that anybody plans by."""


@dataclass(frozen=True)
class Finding:
    """What was found.

    Attributes:
        outcome: Whether the claim "fits" what was measured here, does "not", or is "undecided".
        numbers: Name in the sentence of the claim → number; "low" and "high" are the ends of the interval of the one
            that decides, and are missing where something was counted.
    """

    outcome: Outcome
    numbers: Mapping[str, Number]


def scores(runs: Runs, arm: str, of: str = "test_accuracy") -> dict[int, float]:
    """Returns seed → what the runs of an arm have of one of `measures.VALUES`; those without it are left out."""
    found = {seed: VALUES[of].of(result) for seed, result in runs.get(arm, {}).items() if result.is_done}
    return {seed: value for seed, value in found.items() if value is not None}


def above(difference: Difference | None, numbers: Mapping[str, Number], margin: float = 0.0) -> Finding | None:
    """Returns the verdict on a claim that a difference is above 0; None where there is no difference.

    Args:
        difference: Over seeds; where all differ by exactly the same, nothing is known of chance.
        numbers: What else the sentence names.
        margin: As of `higher`.
    """
    if difference is None:
        return None
    if difference.interval is None:
        return Finding("undecided", {**numbers, "difference": ("points", difference.mean)})
    return Finding(_side(*difference.interval, margin), {**numbers, **_told(difference.mean, *difference.interval)})


def _side(low: float, high: float, margin: float = 0.0) -> Outcome:
    if high < 0:
        return "not"
    return "fits" if low > -margin else "undecided"


def _told(difference: float, low: float, high: float) -> dict[str, Number]:
    return {"difference": ("points", difference), "low": ("points", low), "high": ("points", high)}


def _means(runs: Runs, *arms: str, of: str = "test_accuracy") -> dict[str, Number] | None:
    """Returns arm → mean over its seeds; None as long as one of them has no run that was trained to its end."""
    known = {arm: scores(runs, arm, of) for arm in arms}
    if not all(known.values()):
        return None
    return {arm: ("share", sum(values.values()) / len(values)) for arm, values in known.items()}


def higher(runs: Runs, first: str, second: str, margin: float = 0.0) -> Finding | None:
    """Judges "the first tests better than the second": over seeds where there are several, else over the pictures.

    Args:
        runs: Of both arms, and perhaps of others that are told beside them.
        first: Of which something is claimed.
        second: Beside which.
        margin: What it may lose for the claim to fit: with one above 0 the claim is "no worse". What it loses for sure
            speaks against the claim either way.

    References: Agresti & Min 2005, as `evaluation.scores.paired_difference`; Student's paired t-test over seeds.
    """
    means = _means(runs, *runs)
    if means is None:
        return None
    ones, others = scores(runs, first), scores(runs, second)
    if len(set(ones) & set(others)) > 1:
        return above(paired_difference(ones, others), means, margin)
    compared = compare_runs(*(next(iter(runs[arm].values())).record for arm in (first, second)))
    if compared is None:
        return None
    side = _side(compared.low, compared.high, margin)
    return Finding(side, {**means, **_told(compared.difference, compared.low, compared.high)})


def gains_more(runs: Runs, first: tuple[str, str], second: tuple[str, str]) -> Finding | None:
    """Judges "the first pair lies further apart than the second": a difference of two differences, seed by seed.

    Args:
        runs: Of four arms.
        first: Two of them: what one scores above the other.
        second: The other two.
    """
    means = _means(runs, *first, *second)
    if means is None:
        return None
    apart = [_apart(scores(runs, one), scores(runs, other)) for one, other in (first, second)]
    return above(paired_difference(*apart), means)


def _apart(ones: Mapping[int, float], others: Mapping[int, float]) -> dict[int, float]:
    return {seed: ones[seed] - others[seed] for seed in ones if seed in others}


def overfits_more(runs: Runs, first: str, second: str) -> Finding | None:
    """Judges "the first overfits more": training accuracy above test accuracy, seed by seed."""
    means = _means(runs, first, second)
    trained = [scores(runs, arm, "train_accuracy") for arm in (first, second)]
    if means is None or not all(trained):
        return None
    gaps = [_apart(known, scores(runs, arm)) for known, arm in zip(trained, (first, second), strict=True)]
    for arm, gap in zip((first, second), gaps, strict=True):
        means[f"{arm}_gap"] = ("points", sum(gap.values()) / max(1, len(gap)))
    return above(paired_difference(*gaps), means)


def always_quicker(runs: Runs, arms: tuple[str, ...], other: str) -> Finding | None:
    """Judges "each of these saves time": an epoch of every arm is quicker than one of the other, by a tenth or more.

    One that is not quicker for sure is enough against it; for it, all have to be. What is told with its interval is
    the slowest of them.
    """
    slow = scores(runs, other, "epoch_s")
    ratios = {}
    for arm in arms:
        known = scores(runs, arm, "epoch_s")
        times = {seed: log(slow[seed] / known[seed] / QUICKER) for seed in known if seed in slow and known[seed] > 0}
        ratios[arm] = paired_difference(times, dict.fromkeys(times, 0.0))
    found = corrected(ratios)
    if len(found) < len(arms):
        return None
    numbers: dict[str, Number] = {arm: ("times", exp(one.mean) * QUICKER) for arm, one in found.items()}
    slowest = min(found.values(), key=lambda one: one.mean)
    if slowest.interval is not None:
        ends = zip(("low", "high"), slowest.interval, strict=True)
        numbers |= {name: ("times", exp(end) * QUICKER) for name, end in ends}
    return Finding(_of_all(list(found.values())), numbers)


def _of_all(found: list[Difference]) -> Outcome:
    if all(one.outcome == "better" for one in found):
        return "fits"
    return "not" if any(one.outcome == "worse" for one in found) else "undecided"


def same(runs: Runs, arm: str, n_validation: int) -> Finding | None:
    """Judges "validation tells what a test would": the two shares of one run, each of pictures of its own.

    References: Newcombe 1998, "Interval estimation for the difference between independent proportions", Statistics in
    Medicine 17, 873-890, method 10.
    """
    result = next((one for one in runs.get(arm, {}).values() if one.is_done), None)
    best = best_validation(result.epochs) if result else None
    if result is None or best is None or not result.record.scores:
        return None
    n, test = int(result.record.scores["n"]), float(result.record.scores["accuracy"])
    low, high = independent_interval(round(best * n_validation), n_validation, round(test * n), n)
    outcome: Outcome = "not" if low > 0 or high < 0 else "undecided"
    if max(abs(low), abs(high)) < CLOSE:
        outcome = "fits"
    return Finding(outcome, {"validation": ("share", best), "test": ("share", test), **_told(best - test, low, high)})


def independent_interval(n_right: int, n: int, other_right: int, other_n: int) -> tuple[float, float]:
    """Returns the 95 % interval of the difference of two fractions of different pictures; source as `same`."""
    first, second = n_right / n, other_right / other_n
    (low, high), (other_low, other_high) = wilson_interval(n_right, n), wilson_interval(other_right, other_n)
    below = sqrt((first - low) ** 2 + (other_high - second) ** 2)
    over = sqrt((high - first) ** 2 + (second - other_low) ** 2)
    return first - second - below, first - second + over


def unchanged(runs: Runs, arm: str) -> Finding | None:
    """Judges "these blocks were frozen" by the hashes of their weights: a count, which needs no interval."""
    known = {name: list(scores(runs, name, "changed_blocks").values()) for name in runs}
    counts: dict[str, Number] = {name: ("count", found[0]) for name, found in known.items() if found}
    if len(counts) < len(known) or arm not in counts:
        return None
    return Finding("fits" if counts[arm][1] == 0 else "not", counts)


def counted(claimed: int, **found: int) -> Finding:
    """Judges "there are so many" by what the catalogue counts; the first number is the one that is claimed."""
    first = next(iter(found.values()))
    numbers: dict[str, Number] = {name: ("count", float(n)) for name, n in found.items()}
    return Finding("fits" if first == claimed else "not", {**numbers, "claimed": ("count", float(claimed))})
