"""The class board: how well each shared run did, against how much of it was frozen or how many pictures it had."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

import plotly.graph_objects as go

from tl_core.charts import theme
from tl_core.charts.names import plain_in_template, shortened

BoardAxis = Literal["frozen", "per_class"]
STARTS = ("pretrained", "random")
OTHER = "other"  # whose backbone started in another way; it has a place in the legend where there are any
_STYLES: dict[str, theme.Style] = dict(zip((*STARTS, OTHER), (theme.RUN, theme.BASELINE, theme.OTHERS[0]), strict=True))
_NAME_LETTERS = 40
_TICKS = [base * 10**power for power in range(5) for base in (1, 2, 5)]  # a logarithmic axis that pupils can read


@dataclass(frozen=True)
class BoardRun:
    """One run that its owner shows to the class.

    Attributes:
        run_id: The run.
        name: What its owner called it; shown literally.
        owner: What the class calls its owner; shown literally.
        start: How its backbone started: `RunSpec.started_as`.
        frozen: Frozen blocks as a fraction of all blocks, in [0, 1].
        per_class: Training images per class.
        accuracy: Test accuracy, fraction in [0, 1]; None where it was not tested.
        interval: Its 95 % interval (low, high); None where it was not computed.
    """

    run_id: str
    name: str
    owner: str
    start: str
    frozen: float
    per_class: float
    accuracy: float | None
    interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class BoardPoint:
    """One point: a tested run."""

    run_id: str
    name: str
    owner: str
    x: float
    y: float
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class BoardInfo:
    """All that the figure shows: what it runs along, and the points of the runs that started in either way or another.

    `mean` are the means of the pretrained runs at each place, (x, accuracy), where there are several places.
    """

    x: BoardAxis
    pretrained: tuple[BoardPoint, ...]
    random: tuple[BoardPoint, ...]
    mean: tuple[tuple[float, float], ...] = ()
    other: tuple[BoardPoint, ...] = ()


@dataclass(frozen=True)
class BoardLabels:
    """The words on the board, in the reader's language."""

    accuracy: str
    frozen: str
    per_class: str
    pretrained: str
    random: str
    mean: str
    other: str = ""


def board_info(runs: Sequence[BoardRun], x: BoardAxis) -> BoardInfo:
    """Returns what to draw of some runs; those that were not tested have no point.

    Args:
        runs: The runs, in any order.
        x: What the board runs along.
    """
    points = {start: tuple(_points(runs, start, x)) for start in (*STARTS, OTHER)}
    return BoardInfo(x, **points, mean=_means(points["pretrained"]))


def _means(points: Sequence[BoardPoint]) -> tuple[tuple[float, float], ...]:
    """Returns the mean accuracy at each place; nothing where one point is all that there would be to see."""
    places: dict[float, list[float]] = {}
    for point in points:
        places.setdefault(point.x, []).append(point.y)
    return tuple((x, fmean(places[x])) for x in sorted(places)) if 1 < len(places) < len(points) else ()


def _points(runs: Sequence[BoardRun], start: str, x: BoardAxis) -> list[BoardPoint]:
    return [
        BoardPoint(run.run_id, run.name, run.owner, float(getattr(run, x)), run.accuracy, run.interval)
        for run in runs
        if (run.start if run.start in STARTS else OTHER) == start and run.accuracy is not None
    ]


def board_figure(info: BoardInfo, labels: BoardLabels) -> go.Figure:
    """Returns the figure: a point for each run with its 95 % interval; colour and shape tell how it started.

    Args:
        info: From `board_info`.
        labels: Words in the reader's language.
    """
    return go.Figure(board_data(info, labels))


def board_data(info: BoardInfo, labels: BoardLabels, scale: float = 1.0) -> dict:
    """Returns what `board_figure` returns as the plain data that Plotly draws in a browser.

    Args:
        info: From `board_info`.
        labels: Words in the reader's language.
        scale: How large letters and points are, relative to those for a desk.
    """
    shown = (*STARTS, OTHER) if info.other else STARTS
    traces = [_trace(start, getattr(info, start), getattr(labels, start), scale) for start in shown]
    if info.mean:
        traces.append(_mean_trace(info.mean, labels.mean))
    return {"data": traces, "layout": _layout(info, labels, scale)}


def _mean_trace(mean: Sequence[tuple[float, float]], word: str) -> dict:
    return {
        "type": "scatter",
        "mode": "lines",
        "uid": "board-mean",
        "name": word,
        "x": [x for x, _ in mean],
        "y": [y for _, y in mean],
        "line": {"color": theme.RUN.colour, "dash": "dot", "width": 2},
        "hoverinfo": "skip",
    }


def _trace(start: str, points: Sequence[BoardPoint], word: str, scale: float) -> dict:
    style = _STYLES[start]
    return {
        "type": "scatter",
        "mode": "markers",
        "uid": f"board-{start}",
        "name": word,
        "x": [point.x for point in points] or [None],  # keeps its name in the legend
        "y": [point.y for point in points] or [None],
        "ids": [point.run_id for point in points],
        "text": [plain_in_template(shortened(point.name, _NAME_LETTERS)) for point in points],
        "customdata": [plain_in_template(shortened(point.owner, _NAME_LETTERS)) for point in points],
        "hovertemplate": "%{text}<br>%{customdata}<br>%{y:.1%}<extra></extra>",
        "marker": {"color": theme.translucent(style.colour, 0.8), "symbol": style.marker, "size": 9 * scale},
        "error_y": _intervals(points, style),
    }


def _intervals(points: Sequence[BoardPoint], style: theme.Style) -> dict:
    """Returns the bars of the points; one without an interval has none."""
    ends = [point.interval or (point.y, point.y) for point in points]
    up = [high - point.y for point, (_, high) in zip(points, ends, strict=True)]
    down = [point.y - low for point, (low, _) in zip(points, ends, strict=True)]
    look = {"color": theme.translucent(style.colour, 0.45), "thickness": 1.25, "width": 0}
    return {"type": "data", "symmetric": False, "array": up, "arrayminus": down, **look}


def _layout(info: BoardInfo, labels: BoardLabels, scale: float) -> dict:
    letters = theme.LETTERS_PX * scale
    x_axis = _axis(getattr(labels, info.x), letters) | {"showgrid": False}
    if info.x == "frozen":
        x_axis |= {"range": [-0.04, 1.04], "tickformat": ".0%", "dtick": 0.25}
    else:
        x_axis |= {"type": "log", "tickvals": _TICKS, "ticktext": [f"{tick:,}" for tick in _TICKS]}
    y_axis = _axis(labels.accuracy, letters) | {"range": [0, 1.03], "tickformat": ".0%", "dtick": 0.25}
    margin = {"l": 64, "r": 12, "t": 8, "b": 8}
    font = {"size": letters}
    return theme.plain_layout(xaxis=x_axis, yaxis=y_axis, font=font, hovermode="closest", margin=margin)


def _axis(title: str, letters: float) -> dict:
    return {"title": {"text": title, "standoff": 8, "font": {"size": letters}}, "automargin": True, "zeroline": False}
