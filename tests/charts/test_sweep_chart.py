"""What is drawn of a sweep: means, bands, trials; what somebody predicted and what a paper found."""

import json
from typing import Any

import pytest

from tl_core.charts import theme
from tl_core.charts.sweep import SweepLabels, small_multiples, sweep_data, sweep_figure, sweep_info
from tl_core.charts.sweep_records import LevelPoint, SeedPoint
from tl_core.experiments.preset import Published

LABELS = SweepLabels(
    **{name: name for name in SweepLabels.__dataclass_fields__ if name != "levels"}, levels={"frozen": "Frozen <b>"}
)


def row(level: object, seed: int, accuracy: float | None, arm: str = "frozen") -> dict:
    run_id = f"{level}-{seed}-{arm}"
    return {"x": level, "arm": arm, "seed": seed, "run_id": run_id, "state": "", "test_accuracy": accuracy}


BLOCKS = [row("stem", 0, 0.2), row("<b>mid</b>", 0, 0.5), row("top", 0, None), row("stem", 1, 0.4), row("top", 1, None)]
SIZES = [row(size, seed, 0.3 + size / 50 + seed / 100) for seed in (0, 1, 2) for size in (10, 1, 2)]


def traces(info, labels: SweepLabels = LABELS) -> dict:
    return {trace["uid"]: trace for trace in sweep_data(info, labels)["data"]}


def test_levels_that_are_names_stand_in_their_order_one_step_apart():
    info = sweep_info(BLOCKS, "x", is_logarithmic=True)
    assert info.scale == "names"
    assert info.ticks == ((0.0, "stem"), (1.0, "<b>mid</b>"), (2.0, "top"))
    axis = sweep_data(info, LABELS)["layout"]["xaxis"]
    assert (axis["tickvals"], axis["ticktext"]) == ([0.0, 1.0, 2.0], ["stem", "&lt;b&gt;mid&lt;/b&gt;", "top"])


def test_a_mean_has_an_interval_from_two_seeds_on_and_what_is_missing_is_a_gap():
    (line,) = sweep_info(BLOCKS, "x").lines
    first, middle, last = line.points
    assert (first.mean, first.n) == (pytest.approx(0.3), 2)
    half = 12.706 * 0.1  # Student's quantile for one degree of freedom; the standard error of .2 and .4
    assert first.interval == pytest.approx((0.3 - half, 0.3 + half), abs=1e-3)
    assert middle == LevelPoint(1.0, "<b>mid</b>", 0.5, None, 1)
    assert last == LevelPoint(2.0, "top", None, None, 0)
    assert line.trials[0] == SeedPoint(0.0, 0, "stem-0-frozen", 0.2)
    assert len(line.trials) == 3


def test_numbers_that_grow_by_factors_have_a_logarithmic_axis():
    info = sweep_info(SIZES, "x", is_logarithmic=True)
    axis = sweep_data(info, LABELS)["layout"]["xaxis"]
    assert (info.scale, axis["type"]) == ("log", "log")
    assert (axis["tickvals"], axis["ticktext"]) == ([1.0, 2.0, 10.0], ["1", "2", "10"])
    assert traces(info)["mean-"]["x"] == [1.0, 2.0, 10.0]
    assert sweep_info(SIZES, "x").scale == "linear"
    assert sweep_info([row(0, 0, 0.5), row(10, 0, 0.5)], "x", is_logarithmic=True).scale == "linear"


def test_the_band_goes_around_neighbouring_levels_and_not_across_a_gap():
    (line,) = sweep_info(SIZES, "x").lines
    band = traces(sweep_info(SIZES, "x"))["band--0"]
    lows, highs = zip(*(point.interval for point in line.points if point.interval), strict=True)
    assert band["x"] == [1.0, 2.0, 10.0, 10.0, 2.0, 1.0]
    assert band["y"] == [*lows, *reversed(highs)]
    apart = [row(level, seed, 0.5 + seed / 10) for seed in (0, 1) for level in "abc" if (level, seed) != ("b", 1)]
    uids = set(traces(sweep_info(apart, "x")))
    assert {"band--0", "band--1"} <= uids
    assert "key-band" in uids


def test_a_single_seed_has_no_band_and_no_word_about_one():
    uids = set(traces(sweep_info([row("a", 0, 0.5), row("b", 0, 0.6)], "x")))
    assert uids == {"mean-", "trials-", "key-trials"}


def test_each_line_has_its_name_and_a_look_of_its_own():
    rows = [row(1, 0, 0.5), row(1, 0, 0.2, "scratch"), row(1, 0, 0.6, "tuned")]
    drawn = traces(sweep_info(rows, "x", "arm"))
    means = [drawn[f"mean-{arm}"] for arm in ("frozen", "scratch", "tuned")]
    assert [trace["name"] for trace in means] == ["Frozen &lt;b&gt;", "scratch", "tuned"]
    assert drawn["mean-scratch"]["line"]["dash"] == theme.BASELINE.dash
    assert len({trace["line"]["color"] for trace in means}) == 3
    assert all(drawn[f"trials-{arm}"]["legendgroup"] == arm for arm in ("frozen", "scratch", "tuned"))


def test_a_paper_has_an_axis_of_its_own_and_a_prediction_has_not():
    published = (Published("", ((1.0, 0.9), (10.0, 0.97))), Published("", ((1.0, 0.5), (2.0, 0.6))))
    info = sweep_info(SIZES, "x", sketch={1: 0.1, 10: 0.8, 99: 0.5}, published=published)
    drawn, layout = traces(info), sweep_data(info, LABELS)["layout"]
    assert info.sketch == ((1.0, 0.1), (10.0, 0.8))
    assert (drawn["sketch"]["line"]["dash"], drawn["sketch"].get("yaxis")) == ("dot", None)
    assert (drawn["published"]["line"]["dash"], drawn["published"]["yaxis"]) == ("dash", "y2")
    assert drawn["published"]["x"] == [1.0, 10.0, None, 1.0, 2.0]
    assert (layout["yaxis2"]["title"]["text"], layout["yaxis2"]["side"]) == ("published", "right")
    assert layout["yaxis2"]["range"] == pytest.approx([0.45, 1.0])
    assert "yaxis2" not in sweep_data(sweep_info(SIZES, "x"), LABELS)["layout"]


def test_what_is_shown_holds_all_trials_and_the_prediction():
    low, high = sweep_data(sweep_info(SIZES, "x", sketch={1: 0.08}), LABELS)["layout"]["yaxis"]["range"]
    assert 0 <= low < 0.08
    assert 0.52 < high <= 0.6


def test_a_sweep_of_which_nothing_has_ended_shows_its_levels():
    data = sweep_data(sweep_info([row("a", 0, None), row("b", 0, None)], "x"), LABELS)
    assert data["layout"]["xaxis"]["ticktext"] == ["a", "b"]
    assert data["layout"]["yaxis"]["range"] == [0.0, 1.03]
    assert sweep_data(sweep_info([], "x"), LABELS)["layout"]["xaxis"]["tickvals"] == []


def test_many_names_are_turned_and_long_ones_are_cut():
    info = sweep_info([row(f"a_very_long_name_of_a_block_of_layers_{n}", 0, 0.5) for n in range(19)], "x")
    axis = sweep_data(info, LABELS)["layout"]["xaxis"]
    assert axis["tickangle"] == -60
    assert max(map(len, axis["ticktext"])) <= 28
    assert sweep_data(sweep_info(BLOCKS, "x"), LABELS)["layout"]["xaxis"]["tickangle"] == 0


def test_between_levels_without_an_order_there_is_no_line_and_each_has_a_stroke_of_its_own():
    drawn = traces(sweep_info(SIZES, "x", is_ordered=False))
    assert drawn["mean-"]["mode"] == "markers"
    assert [drawn[f"band--{number}"]["x"] for number in range(3)] == [[1.0, 1.0], [2.0, 2.0], [10.0, 10.0]]
    assert drawn["band--0"]["line"]["width"] > 0
    assert traces(sweep_info(SIZES, "x"))["band--0"]["line"]["width"] == 0


def test_each_of_many_lines_has_a_small_chart_with_the_same_axes_and_the_others_behind_it():
    rows = [
        row(level, seed, 0.1 * at + level / 20, arm)
        for at, arm in enumerate("abcde")
        for level in (1, 5)
        for seed in (0, 1)
    ]
    whole = sweep_info(rows, "x", "arm", published=(Published("b", ((1.0, 0.5),)), Published("", ((5.0, 0.6),))))
    charts = small_multiples(whole)
    assert [[line.name for line in one.lines] for one in charts] == [["a"], ["b"], ["c"], ["d"], ["e"]]
    assert [line.name for line in charts[1].others] == ["a", "c", "d", "e"]
    assert [len(one.published) for one in charts] == [1, 2, 1, 1, 1]
    layouts = [sweep_data(one, LABELS)["layout"] for one in charts]
    assert [one["yaxis"]["range"] for one in layouts] == [sweep_data(whole, LABELS)["layout"]["yaxis"]["range"]] * 5
    assert len({json.dumps(one["xaxis"]) for one in layouts}) == 1
    assert not any(one["showlegend"] for one in layouts)
    drawn = traces(charts[1])
    assert {uid for uid in drawn if uid.startswith("behind-")} == {f"behind-{arm}" for arm in "acde"}
    assert drawn["behind-a"]["hoverinfo"] == "skip"


def test_of_small_charts_only_that_of_the_predicted_line_shows_the_prediction():
    rows = [row(size, 0, 0.3, arm) for arm in "ab" for size in (1, 2, 5)]
    charts = small_multiples(sweep_info(rows, "x", "arm", sketch={1: 0.9}, sketched="b"))
    assert ["sketch" in traces(one) for one in charts] == [False, True]
    ranges = [sweep_data(one, LABELS)["layout"]["yaxis"]["range"] for one in charts]
    assert ranges[0] == ranges[1]


def test_plotly_takes_what_is_drawn_and_a_browser_too():
    info = sweep_info(SIZES, "x", "arm", is_logarithmic=True, sketch={1: 0.2}, published=(Published("", ((1, 0.5),)),))
    assert json.dumps(sweep_data(info, LABELS))
    figure: Any = sweep_figure(info, LABELS)
    assert len(figure.data) == len(sweep_data(info, LABELS)["data"])


def test_infos_of_equal_rows_are_equal():
    assert sweep_info(SIZES, "x", "arm") == sweep_info(list(SIZES), "x", "arm")
    assert sweep_info(SIZES, "x") != sweep_info(SIZES[:-1], "x")
