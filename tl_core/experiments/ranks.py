"""How alike two orders are."""

from collections.abc import Sequence
from itertools import combinations


def kendall_tau(first: Sequence[float], second: Sequence[float]) -> float:
    """Returns Kendall's τ-b of two lists of numbers: 1 the same order, −1 the opposite one, 0 where one has no order.

    As `scipy.stats.kendalltau`, whose module takes a second to load while a page waits.

    References: Kendall 1945, "The Treatment of Ties in Ranking Problems".
    """
    signs = [
        (_sign(first[one] - first[two]), _sign(second[one] - second[two]))
        for one, two in combinations(range(len(first)), 2)
    ]
    n_apart = [sum(sign != 0 for sign in column) for column in zip(*signs, strict=True)] if signs else [0, 0]
    together = sum(one * two for one, two in signs)
    return together / (n_apart[0] * n_apart[1]) ** 0.5 if min(n_apart) else 0.0


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
