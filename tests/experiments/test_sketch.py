"""How far a sketched curve lies from the means, against numbers computed by hand."""

import pytest

from tests.experiments.presets.made_up import rows
from tl_core.experiments.sketch import Agreement, agreement, points_of

MEASURED = rows({1: 0.2, 2: 0.4, 5: 0.5, 10: 0.7}, "per_class", wiggle=0)


def test_the_distance_is_the_mean_over_levels_and_the_order_spearmans():
    found = agreement({1: 0.3, 2: 0.3, 5: 0.7, 10: 0.6}, MEASURED, "per_class")
    assert found == Agreement(pytest.approx(0.125), pytest.approx(0.7379, abs=1e-4), 4)  # ranks 1.5, 1.5, 4, 3


@pytest.mark.parametrize(
    ("sketch", "rank_correlation"),
    [
        ({1: 0.1, 2: 0.2, 5: 0.3, 10: 0.9}, 1.0),
        ({1: 0.9, 2: 0.8, 5: 0.7, 10: 0.1}, -1.0),
        ({1: 0.5, 2: 0.5, 5: 0.5, 10: 0.5}, None),
        ({1: 0.1, 2: 0.2}, None),
    ],
)
def test_a_flat_curve_and_two_levels_have_no_order(sketch, rank_correlation):
    found = agreement(sketch, MEASURED, "per_class")
    assert found is not None
    assert found.rank_correlation == (rank_correlation and pytest.approx(rank_correlation))


def test_only_what_was_measured_counts_and_only_of_the_line_that_was_sketched():
    assert agreement({99: 0.5}, MEASURED, "per_class") is None
    assert agreement({1: 0.5}, [row | {"test_accuracy": None} for row in MEASURED], "per_class") is None
    two = [row | {"arm": "a"} for row in MEASURED] + [row | {"arm": "b", "test_accuracy": 0.9} for row in MEASURED]
    found = agreement({1: 0.3, 2: 0.5}, two, "per_class", arm="a")
    assert found == Agreement(pytest.approx(0.1), None, 2)


def test_what_a_browser_says_is_a_curve_only_where_each_level_has_an_accuracy():
    assert points_of(["a", "b"], [0.1, 1]) == (("a", 0.1), ("b", 1.0))
    for wrong in (None, "ab", [0.1], [0.1, None], [0.1, 1.1], [0.1, float("nan")], [0.1, "x"], {"a": 0.1}):
        assert points_of(["a", "b"], wrong) == ()
