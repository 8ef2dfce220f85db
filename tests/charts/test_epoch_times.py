"""Bars of seconds: their means, a point for each seed, and an axis that begins at 0."""

import json

from tl_core.charts.epoch_times import TimesInfo, TimesLabels, times_data, times_figure, times_info

ROWS = [
    {"way": "plain", "seed": 0, "epoch_s": 2.0},
    {"way": "cached", "seed": 0, "epoch_s": 0.1},
    {"way": "plain", "seed": 1, "epoch_s": 4.0},
    {"way": "cached", "seed": 1, "epoch_s": None},
    {"way": "unfrozen", "seed": 0},
]


def test_seconds_are_gathered_by_way_and_what_is_missing_is_a_gap():
    info = times_info(ROWS, "way")
    assert info == TimesInfo(("plain", "cached", "unfrozen"), ((2.0, 4.0), (0.1,), ()))
    assert info.means == (3.0, 0.1, None)


def test_a_bar_is_as_long_as_it_takes_and_names_are_said_in_words():
    drawn = times_data(times_info(ROWS, "way"), TimesLabels("seconds", {"plain": "anew"}))
    bars, points = drawn["data"]
    assert (bars["x"], points["x"]) == ([3.0, 0.1, None], [2.0, 4.0, 0.1])
    assert drawn["layout"]["yaxis"]["ticktext"] == ["anew<br>3 s", "cached<br>0.1 s", "unfrozen"]
    assert drawn["layout"]["xaxis"]["range"][0] == 0
    json.dumps(drawn, allow_nan=False)
    assert len(times_figure(times_info(ROWS, "way"), TimesLabels("seconds")).data) == 2
