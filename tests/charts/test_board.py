import json
import math
from dataclasses import replace

import pytest

from tl_core.charts import theme
from tl_core.charts.board import BoardInfo, BoardLabels, BoardPoint, BoardRun, board_data, board_figure, board_info

LABELS = BoardLabels("Accuracy", "Frozen", "Pictures", "pretrained", "random", "mean")
PROBE = BoardRun("id-1", "probe", "Anna", "pretrained", 1.0, 52, 0.8, (0.75, 0.85))
SCRATCH = BoardRun("id-2", "scratch", "Ben", "random", 0.0, 10, 0.3)


def traces(*runs: BoardRun, x: str = "frozen") -> dict:
    return {trace.uid: trace for trace in board_figure(board_info(runs, x), LABELS).data}


def test_each_tested_run_is_a_point_among_those_that_started_alike():
    untested = replace(PROBE, accuracy=None)
    assert board_info([SCRATCH, PROBE, untested], "frozen") == BoardInfo(
        "frozen",
        (BoardPoint("id-1", "probe", "Anna", 1.0, 0.8, (0.75, 0.85)),),
        (BoardPoint("id-2", "scratch", "Ben", 0.0, 0.3, None),),
    )


def test_the_same_runs_can_stand_along_the_pictures_of_each_class():
    info = board_info([PROBE, SCRATCH], "per_class")
    assert [point.x for point in (*info.pretrained, *info.random)] == [52, 10]
    axis = board_figure(info, LABELS).layout.xaxis
    assert (axis.type, axis.title.text) == ("log", "Pictures")
    assert {1, 10, 50, 1000} <= set(axis.tickvals)


def test_the_interval_is_drawn_where_there_is_one():
    drawn = traces(PROBE, replace(PROBE, run_id="id-3", interval=None))["board-pretrained"].error_y
    assert drawn.array == pytest.approx((0.05, 0.0))
    assert drawn.arrayminus == pytest.approx((0.05, 0.0))


def test_pretrained_and_random_differ_by_colour_and_shape():
    drawn = traces(PROBE, SCRATCH)
    first, second = drawn["board-pretrained"].marker, drawn["board-random"].marker
    assert first.color != second.color
    assert (first.symbol, second.symbol) == (theme.RUN.marker, theme.BASELINE.marker)
    assert [trace.name for trace in drawn.values()] == ["pretrained", "random"]


def test_runs_that_started_in_another_way_are_told_apart_where_there_are_any():
    drawn = traces(PROBE, SCRATCH, replace(PROBE, start="partly"), replace(PROBE, start="matched"))
    assert len(drawn["board-other"].x) == 2
    assert len({trace.marker.color for trace in drawn.values() if trace.marker.color}) == 3


def test_names_are_shown_letter_by_letter():
    drawn = traces(replace(PROBE, name="<b>%{x}</b>", owner="<a href='x'>A&B</a>"))["board-pretrained"]
    assert drawn.text == ("&lt;b&gt;&#37;{x}&lt;/b&gt;",)
    assert drawn.customdata == ("&lt;a href='x'&gt;A&amp;B&lt;/a&gt;",)


def test_long_names_are_shortened_before_they_are_escaped():
    drawn = traces(replace(PROBE, name="<" * 80))["board-pretrained"]
    assert drawn.text == ("&lt;" * 39 + "…",)


def test_an_empty_board_keeps_both_names_in_its_legend():
    data = board_data(board_info([], "frozen"), LABELS)
    assert [(trace["name"], trace["x"]) for trace in data["data"]] == [("pretrained", [None]), ("random", [None])]


def test_the_plain_data_and_the_figure_say_the_same_and_hold_no_nan():
    data = board_data(board_info([PROBE, SCRATCH], "frozen"), LABELS)
    written = json.loads(json.dumps(data, allow_nan=False))
    assert written["layout"]["xaxis"]["range"] == [-0.04, 1.04]
    assert not any(math.isnan(value) for trace in written["data"] for value in trace["y"])
    assert board_figure(board_info([PROBE, SCRATCH], "frozen"), LABELS).layout.yaxis.title.text == "Accuracy"


def test_the_mean_of_the_pretrained_runs_runs_along_the_places_where_there_are_several():
    runs = [
        replace(PROBE, run_id=str(at), frozen=x, accuracy=y)
        for at, (x, y) in enumerate([(1, 0.5), (0.5, 0.7), (1, 0.7)])
    ]
    info = board_info([*runs, SCRATCH], "frozen")
    assert info.mean == ((0.5, 0.7), (1.0, pytest.approx(0.6)))
    (mean,) = [trace for trace in board_figure(info, LABELS).data if trace.uid == "board-mean"]
    assert (mean.name, mean.x, mean.y) == ("mean", (0.5, 1.0), (0.7, pytest.approx(0.6)))
    assert board_info(runs[:2], "frozen").mean == ()
    assert board_info([runs[0], runs[2]], "frozen").mean == ()


def test_each_point_has_the_id_of_its_run():
    figure = board_figure(board_info([SCRATCH, PROBE], "frozen"), LABELS)
    assert [trace.ids for trace in figure.data] == [(PROBE.run_id,), (SCRATCH.run_id,)]
