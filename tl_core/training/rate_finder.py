"""Which learning rate to begin with: one step at each of many rates, ever larger ones, and what the losses say.

References: Smith 2017, "Cyclical Learning Rates for Training Neural Networks", section 3.3 (the range test). The two
rules that read the curve are "valley" and "minimum" of `Learner.lr_find` in fastai 2.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LOWEST, HIGHEST = 1e-6, 1.0
FEWEST, MOST = 24, 100  # steps
BUDGET_S = 15.0  # of steps; with the network and its compilation, about 20
SMOOTHING = 0.9
DIVERGED = 4.0  # times the lowest loss: fastai's, too
LEAST = 0.1  # of a loss that is nearly 0 already
SMOOTH_ERROR = ((1 - SMOOTHING) / (1 + SMOOTHING)) ** 0.5  # of a smoothed loss, against that of a single one
ERRORS = 4.0  # how many of them are no chance
CHANGES = 0.2  # of the loss at the lowest rates, which change nothing: a smaller fall or rise is none
CHANGES_NOTHING = 0.2  # the share of the rates that are so low


@dataclass(frozen=True)
class RateCurve:
    """What a range test has found.

    Attributes:
        rates: Learning rates, ascending.
        losses: The loss of the step's own pictures before each step, as many.
        smoothed: The same, averaged over the steps before.
        careful: The rate in the middle of the longest fall; None where the loss does not fall.
        bold: A tenth of the rate with the lowest loss; None likewise.
        rises: From which rate on the loss is above what it was in the beginning; None where it ends below.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]
    careful: float | None
    bold: float | None
    rises: float | None


def n_rates(step_s: float) -> int:
    """Returns how many rates can be tried, where a step takes so many seconds."""
    return max(FEWEST, min(MOST, int(BUDGET_S / max(step_s, 1e-6))))


def rates_to_try(n: int) -> np.ndarray:
    """Returns n rates from the lowest to the highest, each as many times the one before: float (n,)."""
    return np.geomspace(LOWEST, HIGHEST, n)


def smooth(losses: Sequence[float]) -> np.ndarray:
    """Returns losses averaged with falling weights over the steps before, the beginning set right: float (n,).

    References: Kingma & Ba 2015, section 3 (the correction of the bias at the beginning).
    """
    average, out = 0.0, []
    for n, loss in enumerate(losses, start=1):
        average = SMOOTHING * average + (1 - SMOOTHING) * loss
        out.append(average / (1 - SMOOTHING**n))
    return np.array(out)


def has_diverged(losses: Sequence[float]) -> bool:
    """Says whether the loss has left the valley for good."""
    found = smooth(losses)
    return not math.isfinite(losses[-1]) or bool(found[-1] > DIVERGED * found.min())


def _beginning(losses: Sequence[float]) -> tuple[float, float, int]:
    """Returns the mean loss at the lowest rates, how far from it a curve must get to differ, and how many they are."""
    n = max(1, int(CHANGES_NOTHING * len(losses)))
    mean, error = float(np.mean(losses[:n])), float(np.std(losses[:n])) * SMOOTH_ERROR
    return mean, max(LEAST, CHANGES * mean, ERRORS * error), n


def longest_fall(losses: Sequence[float] | np.ndarray) -> tuple[int, int]:
    """Returns where the longest fall of a curve begins and ends.

    The fall is the longest subsequence in which every loss is lower than the one before.

    Args:
        losses: Smoothed.
    """
    lengths, starts = np.ones(len(losses), int), np.arange(len(losses))
    for at in range(1, len(losses)):
        before = [one for one in range(at) if losses[one] > losses[at]]
        if before:
            last = max(before, key=lengths.__getitem__)
            lengths[at], starts[at] = lengths[last] + 1, starts[last]
    end = int(lengths.argmax())
    return int(starts[end]), end


def rate_curve(rates: Sequence[float] | np.ndarray, losses: Sequence[float]) -> RateCurve:
    """Returns what was found, as far as the losses are numbers.

    Args:
        rates: Ascending, at least as many as losses.
        losses: Of single steps; the last may be none.
    """
    n = next((at for at, loss in enumerate(losses) if not math.isfinite(loss)), len(losses))
    smoothed = smooth(losses[:n])
    before, change, n_before = _beginning(losses[:n])
    above = smoothed > before + change
    n_rising = int(above[::-1].argmin()) if not above.all() else 0  # so many at the end
    falls = n > n_before and smoothed[n_before:].min() < before - change
    return RateCurve(
        tuple(map(float, rates[:n])),
        tuple(map(float, losses[:n])),
        tuple(map(float, smoothed)),
        float(rates[sum(longest_fall(smoothed)) // 2]) if falls else None,
        float(rates[n_before + int(smoothed[n_before:].argmin())]) / 10 if falls else None,
        float(rates[n - n_rising]) if n_rising else None,
    )
