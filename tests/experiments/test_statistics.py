"""Intervals and p-values against tables computed by hand."""

import math

import numpy as np
import pytest

from tl_core.experiments.statistics import Difference, Mean, differences, holm, mean_interval, paired_difference, pairs

T_95 = {1: 12.706, 2: 4.303, 4: 2.776}  # two-sided 95 % quantiles of Student's t, from a printed table


def seeds(*values: float) -> dict[int, float]:
    return dict(enumerate(values))


def compared(first: dict[int, float], second: dict[int, float]) -> Difference:
    found = paired_difference(first, second)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("values", "mean", "deviation"),
    [
        ((0.5, 0.7), 0.6, math.sqrt(0.02)),
        ((0.2, 0.4, 0.6), 0.4, 0.2),
        ((0.1, 0.2, 0.3, 0.4, 0.5), 0.3, math.sqrt(0.025)),
    ],
)
def test_the_interval_of_a_mean_is_students_also_for_two_values(values, mean, deviation):
    half = T_95[len(values) - 1] * deviation / math.sqrt(len(values))
    found = mean_interval(values)
    assert found.n == len(values)
    assert found.mean == pytest.approx(mean)
    assert found.interval == pytest.approx((mean - half, mean + half), abs=1e-3)


def test_a_single_value_has_no_interval():
    assert mean_interval([0.4]) == Mean(0.4, None, 1)


def test_a_difference_is_paired_by_seed():
    first, second = {3: 0.61, 1: 0.55, 2: 0.70, 9: 0.1}, {1: 0.50, 2: 0.63, 3: 0.50, 4: 0.9}
    found = compared(first, second)  # 0.11, 0.05, 0.07: mean .0767, deviation .0306, error .0176
    half = T_95[2] * 0.030551 / math.sqrt(3)
    assert found.mean == pytest.approx(0.076667, abs=1e-5)
    assert found.interval == pytest.approx((0.076667 - half, 0.076667 + half), abs=1e-4)
    assert found.p == pytest.approx(0.0490, abs=1e-3)  # t = 4.347 with 2 degrees: the table has 4.303 at .05
    assert (found.n, found.outcome) == (3, "better")


def test_pairing_sees_what_two_separate_intervals_do_not():
    first, second = seeds(0.50, 0.70, 0.90), seeds(0.45, 0.66, 0.84)
    apart = [mean_interval(list(values.values())).interval for values in (first, second)]
    assert apart[0] is not None
    assert apart[1] is not None
    assert apart[0][0] < apart[1][1]
    assert compared(first, second).outcome == "better"


def test_fewer_than_two_common_seeds_are_no_comparison():
    assert paired_difference({0: 0.5, 1: 0.6}, {1: 0.5, 2: 0.6}) is None


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_where_all_seeds_differ_by_the_same_nothing_is_known_of_the_noise(shift):
    found = compared(seeds(0.1 + shift, 0.2 + shift, 0.4 + shift), seeds(0.1, 0.2, 0.4))
    assert found.mean == pytest.approx(shift)
    assert (found.interval, found.p) == (None, 1.0)
    assert found.outcome == "within_noise"
    assert not found.is_within(0.5)


def test_within_noise_is_where_the_interval_contains_zero():
    for third in (0.0, 0.01, 0.02, 0.03, 0.05, 0.08):
        found = compared(seeds(0.02, 0.05, third), seeds(0.0, 0.0, 0.0))
        assert found.interval is not None
        assert (found.outcome == "within_noise") == (found.interval[0] <= 0) == (found.p >= 0.05)


def test_what_is_small_for_sure_is_not_only_unseen():
    sure = compared(seeds(0.501, 0.500, 0.499), seeds(0.5, 0.5, 0.5))
    unseen = compared(seeds(0.55, 0.45, 0.5), seeds(0.5, 0.5, 0.5))
    assert [one.outcome for one in (sure, unseen)] == ["within_noise"] * 2
    assert [one.is_within(0.01) for one in (sure, unseen)] == [True, False]


def test_holms_correction_is_that_of_his_table():
    # sorted: .01 · 4 = .04, .02 · 3 = .06, .03 · 2 = .06, .04 · 1 → no less than the one before
    assert holm([0.02, 0.01, 0.04, 0.03]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([]) == []


def test_holms_correction_is_that_of_statsmodels():
    from statsmodels.stats.multitest import multipletests

    for n in (1, 2, 7, 40):
        alone = np.random.default_rng(n).beta(0.3, 2, n)
        assert holm(list(alone)) == pytest.approx(multipletests(alone, method="holm")[1])


def test_one_clear_level_among_many_stays_clear_and_a_lucky_one_does_not():
    reference = seeds(0.5, 0.5, 0.5, 0.5)
    levels = {"clear": seeds(0.70, 0.71, 0.70, 0.71), "lucky": seeds(0.51, 0.54, 0.53, 0.56)}
    levels |= {f"other {n}": seeds(0.51, 0.49, 0.50, 0.50 + n / 1000) for n in range(1, 9)}
    alone = compared(levels["lucky"], reference)
    found = differences(levels, reference)
    assert (alone.outcome, found["lucky"].outcome, found["clear"].outcome) == ("better", "within_noise", "better")
    assert found["lucky"].interval == alone.interval


def test_a_level_without_common_seeds_is_left_out():
    assert list(differences({"a": seeds(0.1, 0.2), "b": {7: 0.3}}, seeds(0.1, 0.1))) == ["a"]


def test_all_pairs_are_compared_each_once_and_stand_there_both_ways():
    levels = {"a": seeds(0.50, 0.52, 0.51), "b": seeds(0.60, 0.61, 0.62), "c": seeds(0.55, 0.50, 0.58)}
    found = pairs(levels)
    assert set(found) == {(one, two) for one in "abc" for two in "abc" if one != two}
    alone = [compared(levels[one], levels[two]).p for one, two in ("ab", "ac", "bc")]
    assert [found[one, two].p for one, two in ("ab", "ac", "bc")] == pytest.approx(holm(alone))
    assert found["b", "a"] == -found["a", "b"]
    assert found["b", "a"].mean == pytest.approx(0.1)
    assert found["b", "a"].interval == pytest.approx(
        (0.1 - 4.303 * 0.01 / 3**0.5, 0.1 + 4.303 * 0.01 / 3**0.5), abs=1e-4
    )
