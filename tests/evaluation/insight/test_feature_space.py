"""Feature spaces against computations by hand."""

import numpy as np
import pytest
from scipy.spatial import procrustes

from tl_core.errors import InputError
from tl_core.evaluation.insight.feature_space import chosen_pictures, directions, matched, principal_axes, purity

RANDOM = np.random.default_rng(0)


def shares_by_hand(rows: np.ndarray, labels: np.ndarray, k: int) -> list[float]:
    """Returns for each picture the share of like ones among the k others with the largest cosine, one by one."""
    shares = []
    for at, row in enumerate(rows):
        cosines = [float(row @ other) if other_at != at else -9.0 for other_at, other in enumerate(rows)]
        nearest = sorted(range(len(rows)), key=lambda other_at: -cosines[other_at])[:k]
        shares.append(sum(int(labels[other_at] == labels[at]) for other_at in nearest) / k)
    return shares


def test_purity_is_the_share_of_like_neighbours_each_picture_itself_left_out():
    rows = directions(RANDOM.normal(size=(60, 8)))
    labels = RANDOM.integers(3, size=60)
    by_hand = shares_by_hand(rows, labels, 7)
    found = purity(rows, labels, 7, 4)
    assert found.share == pytest.approx(np.mean(by_hand), abs=1e-12)
    assert found.low < found.share < found.high
    assert found.of_class[3] is None
    for label in range(3):
        assert found.of_class[label] == pytest.approx(np.mean(np.array(by_hand)[labels == label]))
    assert found.n_of_class == (*np.bincount(labels), 0)


def test_the_interval_of_purity_is_about_two_standard_errors_to_each_side():
    rows, labels = directions(RANDOM.normal(size=(300, 8))), RANDOM.integers(2, size=300)
    shares = shares_by_hand(rows, labels, 5)
    found = purity(rows, labels, 5, 2)
    error = np.std(shares, ddof=1) / np.sqrt(300)
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * error, rel=0.15)
    assert purity(rows, labels, 5, 2) == found  # it is seeded


def test_classes_that_lie_apart_are_pure_and_neighbours_by_lot_are_what_chance_says():
    labels = np.repeat([0, 1], 20)
    apart = directions(np.eye(2)[labels] + RANDOM.normal(scale=0.01, size=(40, 2)))
    found = purity(apart, labels, 10, 2)
    assert (found.share, found.low, found.high) == (1.0, 1.0, 1.0)
    assert found.chance == pytest.approx(19 / 39)


def test_too_few_pictures_are_refused_and_few_have_few_neighbours():
    with pytest.raises(InputError) as caught:
        purity(np.eye(3, dtype=np.float32), np.arange(3), 1, 3)
    assert caught.value.code == "too_few_pictures"
    assert purity(np.ones((4, 2), np.float32), np.zeros(4, int), 50, 1).share == 1.0


def test_the_same_picture_turned_mirrored_and_scaled_is_turned_back():
    points = RANDOM.normal(size=(50, 2))
    turn = np.array([[0.6, -0.8], [0.8, 0.6]]) @ np.diag([1, -1])
    (first, second), differs = matched([points, 3.0 * points @ turn + [5, 7]])
    assert second == pytest.approx(first, abs=1e-9)
    assert differs == pytest.approx([0, 0], abs=1e-9)
    assert np.sqrt((first**2).sum(axis=1).mean()) == pytest.approx(1)
    assert first.mean(axis=0) == pytest.approx([0, 0], abs=1e-12)


def test_what_differs_is_the_disparity_of_procrustes_and_nothing_is_stretched():
    first, other = RANDOM.normal(size=(50, 2)), RANDOM.normal(size=(50, 2))
    turned, differs = matched([first, other])
    assert differs[1] == pytest.approx(procrustes(first, other)[2])
    centred = other - other.mean(axis=0)
    lengths = np.linalg.norm(turned[1], axis=1) / np.linalg.norm(centred, axis=1)
    assert np.ptp(lengths) == pytest.approx(0, abs=1e-9)


def test_the_two_axes_are_those_of_the_covariance():
    rows = (RANDOM.normal(size=(200, 5)) * [3, 2, 1, 0.5, 0.1]).astype(np.float32)
    points, share = principal_axes(rows)
    values, vectors = np.linalg.eigh(np.cov(rows.T))
    assert share == pytest.approx(values[-2:].sum() / values.sum(), rel=1e-4)
    by_hand = (rows - rows.mean(axis=0)) @ vectors[:, ::-1][:, :2]
    assert np.abs(points) == pytest.approx(np.abs(by_hand), abs=1e-3)


def test_a_choice_of_pictures_keeps_the_shares_of_the_classes_and_grows_without_losing_any():
    labels = np.repeat([0, 1, 2], [600, 300, 100])
    few, more = (chosen_pictures(labels, n, "test") for n in (100, 101))
    assert np.bincount(labels[few]).tolist() == [60, 30, 10]
    assert set(few) < set(more)
    assert np.array_equal(chosen_pictures(labels, 5000, "test"), np.arange(1000))


def test_directions_have_length_one_and_nothing_stays_nothing():
    rows = directions(np.array([[3.0, 4.0], [0.0, 0.0]]))
    assert rows.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [0.0, 0.0]]
