"""Distances, thresholds and AUROC against computations by hand."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tl_core.evaluation.insight.unlike import auroc, distances, threshold, unseen_classes

RANDOM = np.random.default_rng(0)


def test_the_distance_is_one_less_the_cosine_to_the_kth_nearest():
    known = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [-1.0, 0.0]], np.float32)
    rows = np.array([[1.0, 0.0], [0.6, 0.8]], np.float32)
    assert distances(rows, known, 1) == pytest.approx([0.0, 1 - (0.6 * 0.8 + 0.8 * 0.6)], abs=1e-6)
    assert distances(rows, known, 2) == pytest.approx([0.2, 0.2], abs=1e-6)
    assert distances(rows, known, 50) == pytest.approx([2.0, 1.6], abs=1e-6)


def test_the_threshold_leaves_at_most_its_share_of_new_pictures_beyond():
    assert threshold(np.arange(1.0, 100.0), 0.05) == 95  # the 95th of 99: (99 + 1) · 0.95
    assert threshold(np.arange(5.0), 0.05) == 4  # too few to say more than the largest
    beyond = []
    for _ in range(400):
        drawn = RANDOM.normal(size=60)
        beyond.append(drawn[-1] > threshold(drawn[:-1], 0.1))
    assert np.mean(beyond) <= 0.14


def test_auroc_counts_pairs_and_half_of_the_ties():
    far, near = RANDOM.integers(5, 12, size=40).astype(float), RANDOM.integers(0, 10, size=60).astype(float)
    by_hand = np.mean([1.0 if f > n else 0.5 if f == n else 0.0 for f in far for n in near])
    found = auroc(far, near)
    assert found.value == pytest.approx(by_hand)
    assert found.value == pytest.approx(roc_auc_score([1] * 40 + [0] * 60, [*far, *near]))
    assert found.low < found.value < found.high <= 1


def test_the_interval_of_auroc_holds_the_truth_as_often_as_it_says():
    truth = 0.7602  # of two normal distributions one standard deviation apart
    held = []
    for _ in range(300):
        found = auroc(RANDOM.normal(1, 1, size=50), RANDOM.normal(0, 1, size=80))
        held.append(found.low <= truth <= found.high)
    assert 0.9 <= np.mean(held) <= 0.99


def test_far_things_that_come_out_near_are_below_chance():
    assert auroc(np.zeros(10), np.ones(10)).value == 0


def test_a_class_left_out_is_measured_against_the_others_without_it():
    labels, known_labels = np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1])
    apart = np.array([[0.0, 0.1, 0.9, 0.8], [0.1, 0.0, 0.7, 0.9], [0.9, 0.8, 0.2, 0.3], [0.6, 0.7, 0.1, 0.2]])
    found = unseen_classes(apart, labels, known_labels, 1)
    # class 0 left out: its two are .8 and .7 from the rest, the others .2 and .1
    assert found == {0: 1.0, 1: 1.0}
    assert unseen_classes(apart[:2], labels[:2], known_labels, 1) == {}
    alike = np.full((4, 4), 0.5)
    assert unseen_classes(alike, labels, known_labels, 1) == {0: 0.5, 1: 0.5}
