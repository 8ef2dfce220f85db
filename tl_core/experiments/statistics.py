"""What several seeds allow to say: intervals of means, paired differences, and many of them at once.

Runs of a sweep are tested on the same pictures; what varies between seeds is which pictures were trained on, their
order, and what was drawn at the start. The intervals are of that, not of other test pictures.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Literal, TypeVar

import numpy as np

LEVEL = 0.95
CHANCE = 1 - LEVEL
FEWEST = 2  # values that have a spread
Outcome = Literal["better", "worse", "within_noise"]
Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True)
class Mean:
    """A mean over seeds, and its 95 % interval (low, high): None for a single one."""

    mean: float
    interval: tuple[float, float] | None
    n: int


@dataclass(frozen=True)
class Difference:
    """What one level scored above another one, seed by seed.

    Attributes:
        mean: Mean difference, a fraction.
        interval: Its 95 % interval (low, high); None where all seeds differ by exactly the same, which says nothing
            about the noise.
        p: Probability of a mean at least as far from 0 if there were no difference; once corrected, for all of those
            that were compared; 1 where there is no interval.
        n: Seeds that both have.
    """

    mean: float
    interval: tuple[float, float] | None
    p: float
    n: int

    @property
    def outcome(self) -> Outcome:
        """Alone "within_noise" exactly where the interval contains 0; corrected, also where many were looked at."""
        if self.interval is None or self.p >= CHANCE:
            return "within_noise"
        return "better" if self.mean > 0 else "worse"

    @property
    def is_unseen(self) -> bool:
        """Whether the interval, as it is for this one alone, contains 0: where it does not, "nothing is lost" would
        say more than is known, however many were compared.
        """
        return self.interval is None or self.interval[0] <= 0 <= self.interval[1]

    def __neg__(self) -> "Difference":
        """Returns the same, seen from the other side."""
        turned = None if self.interval is None else (-self.interval[1], -self.interval[0])
        return replace(self, mean=-self.mean, interval=turned)

    def is_within(self, margin: float) -> bool:
        """Says whether the whole interval lies closer to 0 than a margin: an absence that was measured."""
        return self.interval is not None and max(map(abs, self.interval)) < margin


def mean_interval(values: Sequence[float]) -> Mean:
    """Returns the mean of values, at least one, and its 95 % t-interval.

    For few values there is no bootstrap here: resampling n values can show no more spread than they have, so that its
    intervals are too narrow by a factor of √((n − 1) / n) and more (for 3 values it has ten different means to offer),
    while the t-interval keeps its promise from two on, by being wide.

    References: Hesterberg 2015, "What Teachers Should Know About the Bootstrap", section 4; de Winter 2013, "Using the
    Student's t-test with extremely small sample sizes".
    """
    array = np.asarray(values, np.float64)
    mean = float(array.mean())
    if len(array) < FEWEST:
        return Mean(mean, None, len(array))
    half = _quantile(len(array) - 1) * _standard_error(array)
    return Mean(mean, (mean - half, mean + half), len(array))


def paired_difference(first: Mapping[Name, float], second: Mapping[Name, float]) -> Difference | None:
    """Compares two levels over the seeds that both have; None for fewer than two.

    Args:
        first: Seed → accuracy.
        second: The same; what is returned is `first` minus this.

    References: Student's paired t-test; Bouthillier et al. 2021, "Accounting for Variance in Machine Learning
    Benchmarks" (pair what can be paired).
    """
    common = [seed for seed in first if seed in second]
    if len(common) < FEWEST:
        return None
    # accuracies are counts over a number of pictures: what is left of rounding is no spread
    array = np.round([first[seed] - second[seed] for seed in common], 12)
    mean, error = float(array.mean()), _standard_error(array)
    if np.ptp(array) == 0:
        return Difference(mean, None, 1.0, len(array))
    half = _quantile(len(array) - 1) * error
    return Difference(mean, (mean - half, mean + half), _p_value(mean / error, len(array) - 1), len(array))


def differences(levels: Mapping[Name, Mapping[Any, float]], reference: Mapping[Any, float]) -> dict[Name, Difference]:
    """Compares many levels with one: the p of each is corrected for all of them; intervals are those of each alone.

    Where one is picked because it looks best, its mean is a little flattered; the correction keeps the claim that it
    differs at all.

    Args:
        levels: Level → seed → accuracy, without the reference; one that shares fewer than two seeds is left out.
        reference: Seed → accuracy.
    """
    return corrected({name: paired_difference(scores, reference) for name, scores in levels.items()})


def pairs(levels: Mapping[Name, Mapping[Any, float]]) -> dict[tuple[Name, Name], Difference]:
    """Compares each level with each: (first, second) → what the first scored above the second, corrected for all.

    So may be asked what was chosen after a look at the numbers, such as the best level and the worst.
    """
    found = {(one, two): paired_difference(levels[one], levels[two]) for one, two in combinations(levels, 2)}
    once = corrected(found)
    return once | {(two, one): -difference for (one, two), difference in once.items()}


def corrected(found: Mapping[Name, Difference | None]) -> dict[Name, Difference]:
    """Returns what was compared, with each p corrected for being so many.

    References: Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure".
    """
    known = {name: difference for name, difference in found.items() if difference is not None}
    adjusted = holm([difference.p for difference in known.values()])
    return {name: replace(one, p=p) for (name, one), p in zip(known.items(), adjusted, strict=True)}


def holm(p_values: Sequence[float]) -> list[float]:
    """Returns p-values corrected for being so many.

    As `statsmodels.stats.multitest.multipletests`, which collects the garbage of the whole process at each call: a
    tenth of a second and more in which a server answers nobody.
    """
    array = np.asarray(p_values, np.float64)
    order = np.argsort(array, kind="stable")
    factors = np.arange(len(array), 0, -1)
    adjusted = np.empty_like(array)
    adjusted[order] = np.minimum(np.maximum.accumulate(array[order] * factors), 1.0)
    return [float(p) for p in adjusted]


def _standard_error(array: np.ndarray) -> float:
    return float(array.std(ddof=1)) / len(array) ** 0.5


def _quantile(freedom: int) -> float:
    from scipy.special import stdtrit  # as scipy.stats' t, which takes a second to load

    return float(stdtrit(freedom, (1 + LEVEL) / 2))


def _p_value(t: float, freedom: int) -> float:
    from scipy.special import stdtr

    return float(2 * stdtr(freedom, -abs(t)))
