"""Learning curves: what a training measured, step by step and epoch by epoch."""

import math
from collections.abc import Iterable, Sequence

import plotly.graph_objects as go

from tl_core.charts import theme
from tl_core.charts.curve_records import (
    Axis,
    CurvesInfo,
    CurvesLabels,
    EpochPoint,
    Metric,
    RunCurve,
    Series,
    StepPoint,
)
from tl_core.charts.names import plain, plain_in_template, shortened

__all__ = [
    "Axis",
    "CurvesInfo",
    "CurvesLabels",
    "EpochPoint",
    "RunCurve",
    "Series",
    "StepPoint",
    "curves_data",
    "curves_figure",
    "curves_info",
]

MANY_EPOCHS = 8  # up to here each epoch has a tick of its own


def curves_info(runs: Sequence[RunCurve], metric: Metric, x: Axis, max_points: int = 300) -> CurvesInfo:
    """Returns what to draw of some runs.

    Args:
        runs: The runs, in the order in which they are drawn and named.
        metric: Which measure.
        x: What the curves run along.
        max_points: At most so many points for a train series. Neighbouring steps are averaged in buckets of 1, 2, 4, …
            steps, so that the points drawn already stay where they are while a run grows.
    """
    series = [one for run in runs for one in (_train(run, metric, x, max_points), _validation(run, metric, x))]
    marks = sorted({mark for run in runs if (mark := _second_phase(run, x)) is not None})
    planned = [run.n_epochs for run in runs if run.n_epochs is not None and x == "epochs"]
    end = float(max([*planned, *(point.epoch for run in runs for point in run.epochs)])) if planned else None
    return CurvesInfo(metric, x, tuple(run.state for run in runs), tuple(series), tuple(marks), end)


def _second_phase(run: RunCurve, x: Axis) -> float | None:
    """Returns where the second phase of a run begins; None while that is not known along this axis."""
    if run.head_epochs is None or x == "epochs":
        return run.head_epochs
    return next((float(getattr(point, x)) for point in run.epochs if point.epoch == run.head_epochs), None)


def _train(run: RunCurve, metric: Metric, x: Axis, max_points: int) -> Series:
    n_steps = 1
    while n_steps * max_points < len(run.steps):
        n_steps *= 2
    buckets = [run.steps[start : start + n_steps] for start in range(0, len(run.steps), n_steps)]
    field = "epoch_position" if x == "epochs" else x
    along = tuple(math.fsum(getattr(point, field) for point in bucket) / len(bucket) for bucket in buckets)
    measured = tuple(_mean(getattr(point, f"train_{metric}") for point in bucket) for bucket in buckets)
    return Series(run.run_id, run.name, run.role, "train", along, measured)


def _validation(run: RunCurve, metric: Metric, x: Axis) -> Series:
    field = "epoch" if x == "epochs" else x
    along = tuple(float(getattr(point, field)) for point in run.epochs)
    measured = tuple(_mean([getattr(point, f"val_{metric}")]) for point in run.epochs)
    best = next(
        (
            (at, value)
            for point, at, value in zip(run.epochs, along, measured, strict=True)
            if point.epoch == run.best_epoch and value is not None
        ),
        None,
    )
    return Series(run.run_id, run.name, run.role, "validation", along, measured, best)


def _mean(values: Iterable[float | None]) -> float | None:
    """Returns the mean of the values that are there; None where none is."""
    present = [value for value in values if value is not None and math.isfinite(value)]
    return math.fsum(present) / len(present) if present else None


def curves_figure(info: CurvesInfo, labels: CurvesLabels) -> go.Figure:
    """Returns the figure: train as thin translucent lines, validation as strong lines with markers, a star at the best.

    The legend names each run once and hides or shows all its curves together; grey entries explain the strokes.

    Args:
        info: From `curves_info`.
        labels: Words in the reader's language.
    """
    return go.Figure(curves_data(info, labels))


def curves_data(info: CurvesInfo, labels: CurvesLabels) -> dict:
    """Returns what `curves_figure` returns as the plain data that Plotly draws in a browser.

    A live chart is drawn each second for each visitor, and Plotly's own classes take ten times as long.
    """
    roles = {series.run_id: series.role for series in info.series}
    style_of = dict(zip(roles, theme.styles(tuple(roles.values())), strict=True))
    traces = []
    for series in info.series:
        traces.append(_curve(series, style_of[series.run_id], labels))
        if series.best:
            traces.append(_star(series, series.best, style_of[series.run_id]))
    strokes = [series.split for series in info.series[:2]] + ["best"] * any(series.best for series in info.series)
    return {"data": [*traces, *(_key(stroke, labels) for stroke in strokes)], "layout": _layout(info, labels)}


def _stroke(part: str, style: theme.Style) -> dict:
    if part == "train":
        return {"mode": "lines", "line": {"color": theme.translucent(style.colour, 0.7), "width": 1.25}}
    if part == "best":
        return {"mode": "markers", "marker": {"symbol": "star", "size": 16, "color": style.colour}}
    marker = {"color": style.colour, "size": 7, "symbol": style.marker}
    return {
        "mode": "lines+markers",
        "line": {"color": style.colour, "width": 2.5, "dash": style.dash},
        "marker": marker,
    }


def _named(series: Series, part: str) -> dict:
    """Returns what makes a trace a run's: identity, name, and a place in the legend that hides all of the run."""
    name = plain(shortened(series.name, 32))
    return {"uid": f"{series.run_id}-{part}", "name": name, "legendgroup": series.run_id}


def _curve(series: Series, style: theme.Style, labels: CurvesLabels) -> dict:
    hover = f"{plain_in_template(shortened(series.name, 32))} · {getattr(labels, series.split)}"
    is_named = series.split == "validation"
    nothing = [None] if is_named else []  # the legend names a run from its first step on, and does not grow later
    return {
        "type": "scatter",
        "x": list(series.x) or nothing,
        "y": list(series.y) or nothing,
        "connectgaps": False,
        "showlegend": is_named,
        "hovertemplate": f"%{{y}}<extra>{hover}</extra>",
        **_named(series, series.split),
        **_stroke(series.split, style),
    }


def _star(series: Series, best: tuple[float, float], style: theme.Style) -> dict:
    look = _named(series, "best") | _stroke("best", style)
    return {"type": "scatter", "x": [best[0]], "y": [best[1]], "showlegend": False, "hoverinfo": "skip", **look}


def _key(part: str, labels: CurvesLabels) -> dict:
    """Returns a trace without points that explains a stroke in the legend."""
    look = _stroke(part, theme.Style(theme.NEUTRAL, "solid", "circle"))
    named = {"uid": f"key-{part}", "name": getattr(labels, part)}
    return {"type": "scatter", "x": [None], "y": [None], "hoverinfo": "skip", **named, **look}


def _layout(info: CurvesInfo, labels: CurvesLabels) -> dict:
    hoverformat = {"epochs": ".2~f", "seconds": ".3~r", "images": ",.0f"}[info.x]
    x_axis = _axis(getattr(labels, info.x)) | {"hoverformat": hoverformat, "showgrid": False}
    if info.x == "images":
        x_axis["tickformat"] = "~s"
    longest = max((x for series in info.series for x in series.x), default=0)
    if info.end is not None:
        longest = max(longest, info.end)
        x_axis["range"] = [0, info.end * 1.03]
    if info.x == "epochs" and longest <= MANY_EPOCHS:
        x_axis["dtick"] = 1  # no half epochs
    y_axis = _axis(getattr(labels, info.metric)) | {"hoverformat": ".3f", "nticks": 6}
    if info.metric == "accuracy":
        y_axis |= {"range": [0, 1.03], "tickformat": ".0%", "hoverformat": ".1%", "dtick": 0.25}
    spike = {"spikecolor": theme.NEUTRAL, "spikethickness": 1, "spikedash": "dot"}
    y_axis |= {"automargin": False}  # but a fixed margin, so that accuracy and loss stand exactly above each other
    margin = {"l": 64, "r": 12, "t": 8, "b": 8}
    shown = theme.plain_layout(xaxis=x_axis | spike, yaxis=y_axis, hovermode="x unified", margin=margin)
    return shown | ({"shapes": [_mark(x, info, labels) for x in info.marks]} if info.marks else {})


def _mark(x: float, info: CurvesInfo, labels: CurvesLabels) -> dict:
    """Returns a line where the second phase begins, with a word on it, above or below, where curves leave more room."""
    is_below = _room_below(x, info)
    word = {"text": labels.second_phase, "xanchor": "left", "textangle": 0, "font": {"size": 12}}
    word |= {"textposition": "start" if is_below else "end", "yanchor": "bottom" if is_below else "top"}
    line = {"color": theme.NEUTRAL, "width": 1, "dash": "dot"}
    return {"type": "line", "x0": x, "x1": x, "yref": "paper", "y0": 0, "y1": 1, "line": line, "label": word}


def _room_below(start: float, info: CurvesInfo) -> bool:
    """Says whether curves and stars leave more room below them than above, from a place on."""
    whole = [(x, y) for series in info.series for x, y in zip(series.x, series.y, strict=True) if y is not None]
    highest = 1.0 if info.metric == "accuracy" else max((y for _, y in whole), default=1.0)
    after = [y for x, y in whole if x >= start]
    if not after:
        return info.metric == "accuracy"
    return min(after) >= highest - max(after)


def _axis(title: str) -> dict:
    named = {"text": title, "standoff": 8, "font": {"size": 13}}
    return {"title": named, "automargin": True, "zeroline": False, "rangemode": "tozero"}
