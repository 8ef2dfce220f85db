"""Kendall's τ against SciPy's."""

import numpy as np
import pytest

from tl_core.experiments.ranks import kendall_tau


@pytest.mark.parametrize("seed", range(5))
def test_it_is_what_scipy_computes_with_ties_too(seed):
    from scipy.stats import kendalltau

    random = np.random.default_rng(seed)
    first, second = random.integers(0, 6, 12).tolist(), random.integers(0, 6, 12).tolist()
    assert kendall_tau(first, second) == pytest.approx(kendalltau(first, second).statistic)


def test_where_there_is_no_order_it_is_nought():
    assert kendall_tau([1, 1, 1], [1, 2, 3]) == 0.0
    assert kendall_tau([], []) == 0.0
    assert kendall_tau([1, 2, 3], [3, 2, 1]) == -1.0
