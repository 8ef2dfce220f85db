"""An order of classes in which those that are taken for each other lie together."""

import numpy as np

MOST_COMPARED = 200  # classes; the time for an order grows with their fourth power at worst


def class_order(counts: np.ndarray) -> list[int]:
    """Returns the labels in an order that puts confused classes side by side.

    Two classes are the nearer, the larger the share of their pictures that is taken for the other; a tree is built from
    the nearest to the furthest (average linkage), and its leaves are turned so that neighbours are as near as possible.

    Args:
        counts: int (classes, classes), rows = right class.

    References: Bar-Joseph, Gifford and Jaakkola, Bioinformatics 17 (2001) S22–S29.
    """
    n_classes = len(counts)
    if not 3 <= n_classes <= MOST_COMPARED:
        return list(range(n_classes))
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    shares = shares_of_rows(counts)
    apart = 1 - (shares + shares.T) / 2
    np.fill_diagonal(apart, 0)
    tree = linkage(squareform(apart, checks=False), method="average", optimal_ordering=True)
    order = [int(label) for label in leaves_list(tree)]
    return order if order[0] < order[-1] else order[::-1]  # either end may be the first: not by chance


def shares_of_rows(counts: np.ndarray) -> np.ndarray:
    """Returns the counts of each row as shares of the row, 0 where it has none: float64 (classes, classes)."""
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
