"""Ratios are those of medians, candidates take turns, and figures are judged in the right direction."""

import pytest

from tl_core.bench.timing import percentile, ratio, side_by_side, value


def test_candidates_take_turns():
    order = []

    def candidate(name: str):
        def call() -> float:
            order.append(name)
            return float(len(order))

        return call

    samples = side_by_side({"plain": candidate("plain"), "ours": candidate("ours")}, 3)
    assert order == ["plain", "ours"] * 3
    assert samples == {"plain": [1.0, 3.0, 5.0], "ours": [2.0, 4.0, 6.0]}


def test_a_ratio_is_that_of_the_medians_and_carries_its_parts():
    row = ratio("epoch", {"plain": [8.0, 100.0, 10.0], "ours": [0.5, 0.4, 9.0]}, at_least=20)
    assert row["ratio"] == pytest.approx(20.0)
    assert row["seconds"] == {"plain": 10.0, "ours": 0.5}
    assert row["samples"] == {"plain": [8.0, 100.0, 10.0], "ours": [0.5, 0.4, 9.0]}
    assert (row["at_least"], row["is_reached"]) == (20, True)


@pytest.mark.parametrize(
    ("figure", "is_reached"), [({"at_most": 0.6}, False), ({"at_least": 0.6}, True), ({"at_most": 0.7}, True)]
)
def test_a_figure_is_an_upper_or_a_lower_bound(figure, is_reached):
    assert value("pass", 0.7, "s", **figure)["is_reached"] is is_reached


def test_what_has_no_figure_or_no_number_is_not_judged():
    assert "is_reached" not in value("peak", 1.0, "GB")
    assert "is_reached" not in value("kept", None, "", at_least=0.8)


def test_a_percentile_is_a_value_that_was_measured():
    values = list(range(100, 0, -1))
    assert [percentile(values, share) for share in (0.5, 0.95, 1.0)] == [51, 96, 100]
    assert percentile([7.0], 0.95) == 7.0
