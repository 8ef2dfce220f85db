"""Changes of weights and statistics against tables made by hand."""

import numpy as np
import pytest

from tl_core.models.movement import BlockState, relative_change, statistics_drift

NONE = np.zeros(0)


def state(*weights, means=NONE, variances=NONE) -> BlockState:
    return BlockState([np.array(one, np.float32) for one in weights], np.array(means), np.array(variances))


def test_the_change_is_the_length_of_the_way_against_that_of_the_weights():
    before, after = state([[3.0, 0.0]], [4.0]), state([[3.0, 3.0]], [8.0])
    assert relative_change(before, after) == pytest.approx(1.0)  # √(9 + 16) / √(9 + 16)
    assert relative_change(before, state([[3.0, 0.0]], [4.5])) == pytest.approx(0.1)


def test_what_has_not_moved_is_exactly_as_it_was():
    weights = np.random.default_rng(0).normal(size=(50, 7))
    assert relative_change(state(weights), state(weights)) == 0.0


def test_statistics_are_no_weights():
    before, after = (state([1.0], means=[mean], variances=[1.0]) for mean in (0.0, 5.0))
    assert relative_change(before, after) == 0.0
    assert statistics_drift(before, after)[0] == pytest.approx(5.0)


@pytest.mark.parametrize("weights", [[], [np.zeros(4)]])
def test_where_there_was_nothing_no_change_is_told(weights):
    assert relative_change(state(*weights), state(*(one + 1 for one in weights))) is None


def test_drift_counts_in_standard_deviations_and_in_factors():
    before = state(means=[0.0, 10.0], variances=[1.0, 4.0])
    after = state(means=[3.0, 18.0], variances=[np.e, 4.0 / np.e])
    # shifts of 3 and of 8 / 2 standard deviations; one variance times e, one divided by it
    assert statistics_drift(before, after) == (pytest.approx(np.sqrt((9 + 16) / 2)), pytest.approx(1.0))


def test_without_batchnorm_nothing_is_told_and_without_drift_zero():
    assert statistics_drift(state([1.0]), state([2.0])) == (None, None)
    same = state(means=[1.0, 2.0], variances=[0.5, 3.0])
    assert statistics_drift(same, same) == (0.0, 0.0)


def test_statistics_that_are_no_numbers_tell_nothing():
    before, after = state(means=[0.0], variances=[1.0]), state(means=[np.inf], variances=[1.0])
    assert statistics_drift(before, after)[0] is None
