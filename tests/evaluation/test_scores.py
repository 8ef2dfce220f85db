import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tl_core.evaluation.scores import confusion, log_loss, paired_difference, score, softmax, wilson_interval

LOGITS = arrays.arrays(np.float32, (4, 3), elements=st.floats(-50, 50, width=32))


def flags(marks: str) -> np.ndarray:
    return np.array([mark == "1" for mark in marks])


@pytest.mark.parametrize(
    ("n_right", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe, Statistics in Medicine 17 (1998), table I, method 3
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (0, 10, 0.0000, 0.2775),  # by hand: z² / (n + z²) with z² = 3.8415
        (5, 10, 0.2366, 0.7634),  # by hand: 1/2 ± z / (2 √(n + z²))
        (10, 10, 0.7225, 1.0000),
    ],
)
def test_intervals_agree_with_published_ones(n_right, n, low, high):
    np.testing.assert_allclose(wilson_interval(n_right, n), (low, high), atol=6e-5)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_the_fraction_and_stays_within_0_and_1(counts):
    low, high = wilson_interval(*counts)
    assert 0 <= low <= counts[0] / counts[1] + 1e-12
    assert counts[0] / counts[1] - 1e-12 <= high <= 1
    assert low < high


def test_a_paired_difference_agrees_with_a_calculation_by_hand():
    # ten pictures: both right on 4, only a on 3, only b on 1, both wrong on 2
    right_a = flags("1111111000")
    right_b = flags("1111000100")
    difference, low, high = paired_difference(right_a, right_b)
    # half a picture in each cell: n = 12, a alone 3.5, b alone 1.5
    centre = 2 / 12
    half = 1.959964 * math.sqrt((5 - 2**2 / 12) / 12**2)
    assert difference == pytest.approx(0.2)
    assert (low, high) == pytest.approx((centre - half, centre + half))
    assert low < 0 < high  # four pictures that disagree decide nothing


def test_a_paired_difference_turns_its_sign_with_the_order():
    right_a, right_b = flags("110100111010"), flags("010110100001")
    forward, backward = paired_difference(right_a, right_b), paired_difference(right_b, right_a)
    assert backward == pytest.approx((-forward[0], -forward[2], -forward[1]))


def test_two_equal_networks_differ_by_nothing_but_not_for_certain():
    difference, low, high = paired_difference(flags("1100"), flags("1100"))
    assert difference == 0
    assert low == -high
    assert high > 0


def test_the_log_loss_agrees_with_a_calculation_by_hand():
    logits = np.log(np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3]]))
    assert log_loss(logits, np.array([0, 2])) == pytest.approx(-(math.log(0.7) + math.log(0.3)) / 2)


def test_huge_logits_neither_overflow_nor_lose_the_loss():
    logits = np.array([[1000.0, 0.0], [-1000.0, 0.0]], np.float32)
    assert log_loss(logits, np.array([1, 1])) == pytest.approx(500.0)
    np.testing.assert_array_equal(softmax(logits), [[1, 0], [0, 1]])


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_logits_that_are_no_numbers_have_no_loss(broken):
    assert math.isnan(log_loss(np.array([[broken, 0.0], [1.0, 2.0]], np.float32), np.array([0, 1])))


@given(LOGITS)
def test_probabilities_are_positive_sum_to_one_and_keep_the_order(logits):
    probabilities = softmax(logits)
    assert probabilities.dtype == np.float64
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
    assert (probabilities >= 0).all()
    chosen = probabilities[np.arange(4), logits.argmax(axis=1)]
    np.testing.assert_array_equal(chosen, probabilities.max(axis=1))


@given(LOGITS, st.floats(-100, 100))
def test_probabilities_ignore_what_is_added_to_every_logit(logits, shift):
    np.testing.assert_allclose(softmax(logits.astype(np.float64) + shift), softmax(logits), atol=1e-9)


def test_the_confusion_counts_the_right_class_in_rows():
    table = confusion(np.array([0, 1, 1, 2, 0]), np.array([0, 1, 2, 2, 2]), 3)
    np.testing.assert_array_equal(table, [[1, 0, 0], [0, 1, 0], [1, 1, 1]])


def test_a_score_is_plain_data_that_fits_together():
    logits = np.array([[2.0, 1, 0], [0, 3, 1], [1, 0, 0], [0, 0, 5]], np.float32)
    scores = score(logits, np.array([0, 1, 2, 2]), np.array([0, 1, 1, 2]))
    assert scores["accuracy"] == 0.75
    assert scores["right"] == "1101"
    assert (scores["n"], scores["largest"]) == (4, 1)
    assert scores["confusion"] == [[1, 0, 0], [0, 1, 0], [1, 0, 1]]
    assert tuple(scores["interval"]) == wilson_interval(3, 4)
    log_sums = [math.log(sum(map(math.exp, row))) for row in logits.tolist()]
    assert scores["loss"] == pytest.approx((sum(log_sums) - (2 + 3 + 0 + 5)) / 4)
