"""What a class predicts: bars, bins and bands against tables made by hand, and the measured value on top."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tl_core.charts import theme
from tl_core.charts.predictions import (
    MOST_BINS,
    BandInfo,
    BarsInfo,
    NumbersInfo,
    PredictionsLabels,
    band_info,
    bars_info,
    numbers_info,
    predictions_data,
    predictions_figure,
)

LABELS = PredictionsLabels("predicted", "measured", "students", "points", {"a": "<b>A</b>"})


def test_choices_are_counted_and_what_is_none_of_them_is_left_out():
    assert bars_info(["a", "b", "a", "gone", 3], ["a", "b", "c"], "b") == BarsInfo(("a", "b", "c"), (2, 1, 0), "b")
    assert bars_info([], ["a"], "gone") == BarsInfo(("a",), (0,), None)


def test_of_orders_the_first_places_are_counted():
    assert bars_info([["a", "b"], ["a", "b"], ["b", "a"]], ["a", "b"], ["b", "a"]) == BarsInfo(("a", "b"), (2, 1), "b")


def test_numbers_lie_in_round_bins_in_the_unit_that_is_shown():
    info = numbers_info([0.1, 0.12, 0.3, "x", 0.3], measured=0.254, factor=100)
    assert info == NumbersInfo((10.0, 12.0, 14.0, 16.0, 18.0, 20.0, 22.0, 24.0, 26.0, 28.0, 30.0),
                               (1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2), 2.0, 25.4)  # fmt: skip
    assert numbers_info([20, 20]) == NumbersInfo((20.0,), (2,), 1.0)
    assert numbers_info([], 3.0) == NumbersInfo((), (), 1.0, 3.0)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_no_number_gets_lost_and_bins_stay_few(numbers):
    info = numbers_info(numbers)
    assert sum(info.counts) == len(numbers)
    assert len(info.centres) <= MOST_BINS + 1
    for number in (min(numbers), max(numbers)):
        assert any(abs(number - centre) <= info.width * 0.5000001 for centre in info.centres)


def test_sketches_are_a_mean_within_their_quartiles():
    answers = [{"a": one, "b": 1.0} for one in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert band_info([*answers, {"a": 1.0}, 7], ["a", "b"], {"a": 0.4, "b": 0.5}) == BandInfo(
        ("a", "b"), (0.25, 1.0), (0.5, 1.0), (0.75, 1.0), (0.4, 0.5)
    )
    assert band_info([{"a": 0.5}], ["a"]) == BandInfo(("a",), (0.5,), (0.5,), (0.5,))
    assert band_info([], ["a"]) == BandInfo(("a",), (), (), ())


@pytest.mark.parametrize(
    "info",
    [
        bars_info(["a"], ["a", "b"], "a"),
        numbers_info([0.1, 0.5], 0.3, 100),
        band_info([{"a": 0.5, "b": 0.7}], ["a", "b"], {"a": 0.5, "b": 0.7}),
    ],
)
def test_what_was_measured_is_drawn_on_top_in_the_colour_of_runs_and_names_are_letters(info):
    drawn = predictions_data(info, LABELS, 1.6)
    assert drawn["data"][-1]["uid"] == "measured"
    assert drawn["data"][-1]["line"]["color"] == theme.RUN.colour
    assert "<b>" not in json.dumps(drawn, allow_nan=False)
    assert len(predictions_figure(info, LABELS).data) == len(drawn["data"])


def test_as_long_as_nothing_was_measured_nothing_is_drawn_on_top():
    for info in (bars_info(["a"], ["a"]), numbers_info([1]), band_info([{"a": 0.5}], ["a"])):
        assert "measured" not in {trace["uid"] for trace in predictions_data(info, LABELS)["data"]}


def test_students_are_counted_in_whole_ones_from_zero():
    axis = predictions_data(bars_info(["a"] * 20, ["a"]), LABELS)["layout"]["yaxis"]
    assert (axis["range"][0], axis["dtick"]) == (0, 3)
