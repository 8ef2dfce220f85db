"""A run beside "always the largest class", against counts made by hand and scikit-learn's definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tl_core.evaluation.rival import rival_of
from tl_core.evaluation.scores import paired_difference, score


def scores_of(labels: list[int], predicted: list[int], n_classes: int, trained: list[int] | None = None) -> dict:
    return score(np.eye(n_classes)[predicted], np.array(labels), np.array(labels if trained is None else trained))


def test_four_to_one_gives_eighty_percent_for_nothing():
    rival = rival_of(scores_of([0] * 80 + [1] * 20, [0] * 100, 2))
    assert (rival.accuracy, rival.largest, rival.n_tests) == (0.8, 0, (80, 20))
    assert (rival.recalls, rival.balanced_accuracy) == ((1.0, 0.0), 0.5)
    assert (rival.is_uneven, rival.is_beaten) == (True, False)


def test_a_run_that_finds_the_small_class_too_beats_it():
    rival = rival_of(scores_of([0] * 80 + [1] * 20, [0] * 78 + [1] * 20 + [0] * 2, 2))
    assert rival.is_beaten
    assert rival.balanced_accuracy == pytest.approx((78 / 80 + 18 / 20) / 2)


def test_the_largest_class_is_the_one_that_the_training_had_most_of():
    rival = rival_of(scores_of([0, 0, 0, 1], [0, 0, 0, 1], 2, trained=[1, 1, 0]))
    assert (rival.largest, rival.accuracy) == (1, 0.25)


def test_an_older_record_does_not_say_it_and_the_test_does():
    scores = scores_of([1, 1, 0], [1, 1, 0], 2)
    del scores["largest"]
    assert rival_of(scores).largest == 1


def test_a_class_without_test_pictures_has_no_recall_and_does_not_count():
    rival = rival_of(scores_of([0, 0, 2, 2], [0, 0, 2, 0], 3))
    assert rival.recalls == (1.0, None, 0.5)
    assert rival.balanced_accuracy == 0.75


@pytest.mark.parametrize(("n_large", "is_uneven"), [(19, False), (20, True), (50, True)])
def test_two_to_one_is_uneven(n_large, is_uneven):
    assert rival_of(scores_of([0] * n_large + [1] * 10, [0] * n_large + [1] * 10, 2)).is_uneven is is_uneven


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60))
def test_the_interval_is_that_of_the_two_answers_picture_by_picture(pairs):
    labels, predicted = (np.array(column) for column in zip(*pairs, strict=True))
    rival = rival_of(score(np.eye(4)[predicted], labels, labels))
    _, low, _ = paired_difference(predicted == labels, labels == rival.largest)
    assert rival.low == pytest.approx(low)
    assert rival.accuracy == pytest.approx(np.mean(labels == rival.largest))
    known = [np.mean(predicted[labels == one] == one) for one in sorted(set(labels.tolist()))]
    assert rival.balanced_accuracy == pytest.approx(np.mean(known))
