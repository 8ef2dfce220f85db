"""What the curve of a learning-rate finder says, on curves whose shape is known, and on a real head."""

import math

import numpy as np
import pytest

from tl_core.training.rate_finder import (
    FEWEST,
    HIGHEST,
    LOWEST,
    MOST,
    has_diverged,
    longest_fall,
    n_rates,
    rate_curve,
    rates_to_try,
    smooth,
)


def test_each_rate_is_the_same_times_the_one_before_from_the_lowest_to_the_highest():
    rates = rates_to_try(13)
    assert rates[0] == pytest.approx(LOWEST)
    assert rates[-1] == pytest.approx(HIGHEST)
    assert np.allclose(rates[1:] / rates[:-1], 10**0.5)


@pytest.mark.parametrize(("step_s", "n"), [(0.0, MOST), (0.5, 30), (60.0, FEWEST)])
def test_slow_steps_try_fewer_rates_but_never_too_few(step_s, n):
    assert n_rates(step_s) == n


def test_losses_that_are_all_alike_stay_what_they_are_when_smoothed_from_the_first_on():
    assert np.allclose(smooth([3.0] * 20), 3.0)
    assert smooth([4.0, 2.0])[1] == pytest.approx((0.9 * 0.1 * 4 + 0.1 * 2) / (1 - 0.9**2))


@pytest.mark.parametrize(
    ("losses", "fall"),
    [
        ([5, 4, 3, 2, 1], (0, 4)),
        ([5, 5, 5, 4, 3, 9], (0, 4)),  # of three beginnings alike, the first
        ([9, 1, 5, 4.5, 4, 3.5, 3], (0, 6)),  # a dip does not end the fall around it
        ([2, 3, 2.5, 2, 1.5], (1, 4)),
    ],
)
def test_the_longest_fall_is_the_longest_row_of_ever_lower_losses(losses, fall):
    assert longest_fall(losses) == fall


def valley(n: int = 61) -> tuple[np.ndarray, list[float]]:
    """A curve that falls over a thousandfold of the rate and then rises steeply."""
    rates = rates_to_try(n)
    return rates, [3 - 2 * min(1, max(0, math.log10(rate) + 5) / 3) + 100 * max(0, rate - 1e-2) for rate in rates]


def test_the_careful_rate_lies_inside_the_fall_and_the_bold_one_a_tenth_below_the_lowest_loss():
    rates, losses = valley()
    found = rate_curve(rates, losses)
    lowest = rates[int(np.argmin(found.smoothed))]
    assert 1e-5 < found.careful < lowest
    assert found.bold == pytest.approx(lowest / 10)
    assert len(found.rates) == len(found.losses) == len(found.smoothed) == 61


@pytest.mark.parametrize(
    "losses",
    [
        [2.0] * 30,
        [2.0 - 0.01 * at for at in range(30)],
        [0.1, 0.3, *[0.2] * 28],  # as of a head that was trained first: single batches differ, and nothing falls
    ],
)
def test_a_curve_that_does_not_fall_far_proposes_nothing(losses):
    found = rate_curve(rates_to_try(30), losses)
    assert (found.careful, found.bold, found.rises) == (None, None, None)


def test_where_nothing_falls_it_says_from_which_rate_on_the_loss_only_rises():
    rates = rates_to_try(30)
    found = rate_curve(rates, [*[0.2] * 5, 0.5, *[0.2] * 14, *[0.6] * 10])
    assert (found.careful, found.bold) == (None, None)
    assert rates[20] <= found.rises <= rates[24]


def test_a_loss_that_is_no_number_ends_the_curve_before_it():
    rates, losses = valley()
    found = rate_curve(rates, [*losses[:40], math.nan])
    assert len(found.losses) == 40
    assert has_diverged([*losses[:40], math.nan])


def test_a_test_ends_once_the_loss_has_left_its_valley_for_good_and_not_at_one_bad_batch():
    _, losses = valley()
    assert not has_diverged(losses[:41])
    assert not has_diverged([*losses[:40], 2 * losses[39]])
    assert has_diverged([*losses[:40], *[100 * losses[39]] * 3])
