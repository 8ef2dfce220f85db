"""CKA against its other formula, hand-made tables, and what the paper promises of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tl_core.errors import SpecError
from tl_core.evaluation.insight.similarity import LEAST_PICTURES, Shown, centred_gram, linear_cka, spread_evenly

RANDOM = np.random.default_rng(0)


def cka(first: np.ndarray, second: np.ndarray) -> float | None:
    return linear_cka(centred_gram(first.copy()), centred_gram(second.copy()))


def by_features(x: np.ndarray, y: np.ndarray) -> float:
    """Returns CKA by the products of features, not of pictures: the paper's equation, term by term."""
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    return np.sum((y.T @ x) ** 2) / np.sqrt(np.sum((x.T @ x) ** 2) * np.sum((y.T @ y) ** 2))


@pytest.mark.parametrize(("n", "p", "q"), [(10, 1, 1), (40, 3, 8), (25, 60, 7)])
def test_the_products_of_pictures_and_of_features_say_the_same(n, p, q):
    x = RANDOM.normal(size=(n, p))
    y = np.hstack([x[:, :1], RANDOM.normal(size=(n, q))]) + 3
    assert cka(x, y) == pytest.approx(by_features(x, y), rel=1e-12)
    assert cka(x.astype(np.float32), y.astype(np.float32)) == pytest.approx(by_features(x, y), rel=1e-5)


def test_of_single_features_it_is_the_squared_correlation():
    x, y = RANDOM.normal(size=(30, 1)), RANDOM.normal(size=(30, 1))
    assert cka(x, y) == pytest.approx(np.corrcoef(x[:, 0], y[:, 0])[0, 1] ** 2, rel=1e-12)


def test_a_table_made_by_hand():
    """Ten pictures: x tells the first five from the others, (x, z) tells as much again by z, which is uncorrelated."""
    x = np.repeat([1.0, -1.0], 5)
    z = np.array([1, -1, 1, -1, 0, 1, -1, 1, -1, 0], float)
    both = np.stack([x, z], axis=1)
    # YᵀX is 10 and 0, XᵀX is 10, YᵀY is diag(10, 8): 100 / (10 · √(100 + 64))
    assert cka(x[:, None], both) == pytest.approx(10 / np.sqrt(164), rel=1e-12)
    assert cka(x[:, None], z[:, None]) == pytest.approx(0.0, abs=1e-15)


@given(st.integers(0, 1000), st.floats(0.01, 100.0), st.floats(-10.0, 10.0))
def test_turning_mirroring_scaling_and_shifting_change_nothing(seed, scale, shift):
    random = np.random.default_rng(seed)
    x, y = random.normal(size=(20, 6)), random.normal(size=(20, 6))
    turned = scale * x @ np.linalg.qr(random.normal(size=(6, 6)))[0] + shift
    assert cka(x, turned) == pytest.approx(1.0, abs=1e-9)
    assert cka(turned, y) == pytest.approx(cka(x, y), rel=1e-7)
    assert cka(x, y) == pytest.approx(cka(y, x), rel=1e-12)


def test_stretching_one_direction_is_seen():
    x = RANDOM.normal(size=(200, 4))
    assert (cka(x, x * [10, 1, 1, 1]) or 1) < 0.9


@pytest.mark.parametrize("dead", [np.zeros((20, 3)), np.full((20, 3), 7.3), np.full((20, 3), np.nan)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_of_a_dead_block_nothing_is_told(dead, dtype):
    assert centred_gram(dead.astype(dtype)) is None
    assert cka(dead.astype(dtype), RANDOM.normal(size=(20, 3)).astype(dtype)) is None


def test_of_too_few_pictures_nothing_is_told():
    assert centred_gram(RANDOM.normal(size=(LEAST_PICTURES - 1, 3))) is None


@pytest.mark.parametrize(("n", "wanted"), [(0, 5), (3, 5), (5, 5), (661, 500), (10, 3)])
def test_pictures_are_spread_over_the_whole_split(n, wanted):
    places = spread_evenly(n, wanted)
    assert len(places) == len({*places.tolist()}) == min(n, wanted)
    if n:
        assert places[0] == 0
        assert n - places[-1] <= -(-n // len(places))
        assert np.ptp(np.diff(places)) <= 1


def test_the_number_of_pictures_is_checked():
    assert Shown.from_dict({"n": "50"}).n == 50
    with pytest.raises(SpecError):
        Shown(n=2)
