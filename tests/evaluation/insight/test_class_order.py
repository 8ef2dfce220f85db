from itertools import pairwise

import numpy as np
import pytest

from tl_core.evaluation.insight.class_order import MOST_COMPARED, class_order, shares_of_rows

PAIRS = ((0, 3), (1, 4), (2, 5))


def test_classes_that_are_taken_for_each_other_stand_side_by_side():
    counts = np.eye(6, dtype=int) * 20
    for one, other in PAIRS:  # three pairs, none of which are neighbours
        counts[one, other] = counts[other, one] = 8
    order = class_order(counts)
    assert sorted(order) == list(range(6))
    assert {frozenset(order[at : at + 2]) for at in (0, 2, 4)} == {*map(frozenset, PAIRS)}


def test_a_chain_of_neighbours_is_laid_out_as_a_chain():
    names = [3, 0, 4, 1, 2]  # each is confused with the next of these, and no other
    counts = np.eye(5, dtype=int) * 50
    for one, other in pairwise(names):
        counts[one, other] = counts[other, one] = 10
    order = class_order(counts)
    apart = [abs(order.index(one) - order.index(other)) for one, other in pairwise(names)]
    assert sum(apart) <= 5  # of 4 if all are neighbours; the tree allows one to stand aside


def test_confusion_counts_by_share_so_that_a_rare_class_is_not_overlooked():
    counts = np.array([[900, 9, 0, 0], [9, 900, 0, 0], [0, 0, 6, 0], [3, 0, 0, 3]])
    order = class_order(counts)
    assert abs(order.index(3) - order.index(0)) == 1


@pytest.mark.parametrize("n_classes", [1, 2, MOST_COMPARED + 1])
def test_where_there_is_nothing_to_order_or_too_much_the_order_stays(n_classes):
    assert class_order(np.ones((n_classes, n_classes), int)) == list(range(n_classes))


def test_a_class_without_pictures_has_no_shares():
    shares = shares_of_rows(np.array([[1, 3], [0, 0]]))
    np.testing.assert_array_equal(shares, [[0.25, 0.75], [0, 0]])
    assert sorted(class_order(np.diag([5, 0, 5]))) == [0, 1, 2]
