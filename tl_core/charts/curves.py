"""Learning curves: what a training measured, step by step and epoch by epoch."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import plotly.graph_objects as go

from tl_core.charts import theme
from tl_core.charts.names import plain, plain_in_template, shortened

Metric = Literal["accuracy", "loss"]
Axis = Literal["epochs", "seconds", "images"]


class StepPoint(NamedTuple):
    """What was known after one optimiser step. A measure that is missing is None or NaN."""

    step: int
    seconds: float
    images: int
    epoch_position: float
    train_loss: float | None
    train_accuracy: float | None


class EpochPoint(NamedTuple):
    """What was known after one epoch. A measure that is missing is None or NaN."""

    epoch: int
    seconds: float
    images: int
    step: int
    val_loss: float | None
    val_accuracy: float | None
    train_loss: float | None
    train_accuracy: float | None


@dataclass(frozen=True)
class RunCurve:
    """One run as far as it has come.

    Attributes:
        run_id: Names the run; its curves keep their identity in the browser by it.
        name: What a person called it; shown literally.
        role: "run" or "baseline".
        state: The run's state; not drawn, but a changed state makes a changed info.
        steps: Steps in the order they were made.
        epochs: Epochs in the order they were made.
        best_epoch: The epoch whose weights were kept, counted from 1; None marks none.
    """

    run_id: str
    name: str
    role: Literal["run", "baseline"]
    state: str
    steps: tuple[StepPoint, ...] = ()
    epochs: tuple[EpochPoint, ...] = ()
    best_epoch: int | None = None


@dataclass(frozen=True)
class Series:
    """One line: a run's measure on one split. A None in `y` is a gap."""

    run_id: str
    name: str
    role: str
    split: Literal["train", "validation"]
    x: tuple[float, ...]
    y: tuple[float | None, ...]
    best: tuple[float, float] | None = None


@dataclass(frozen=True)
class CurvesInfo:
    """All that a figure of learning curves shows; for each run its train series, then its validation series."""

    metric: Metric
    x: Axis
    states: tuple[str, ...]
    series: tuple[Series, ...]


@dataclass(frozen=True)
class CurvesLabels:
    """The words on a figure of learning curves, in the reader's language."""

    accuracy: str
    loss: str
    epochs: str
    seconds: str
    images: str
    train: str
    validation: str
    best: str


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
    return CurvesInfo(metric, x, tuple(run.state for run in runs), tuple(series))


def _train(run: RunCurve, metric: Metric, x: Axis, max_points: int) -> Series:
    n_steps = 1
    while n_steps * max_points < len(run.steps):
        n_steps *= 2
    buckets = [run.steps[start : start + n_steps] for start in range(0, len(run.steps), n_steps)]
    field = "epoch_position" if x == "epochs" else x
    along = tuple(_mean(getattr(point, field) for point in bucket) for bucket in buckets)
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
    figure = go.Figure(layout=_layout(info, labels))
    roles = {series.run_id: series.role for series in info.series}
    style_of = dict(zip(roles, theme.styles(tuple(roles.values())), strict=True))
    for series in info.series:
        figure.add_trace(_curve(series, style_of[series.run_id], labels))
        if series.best:
            figure.add_trace(_star(series, style_of[series.run_id]))
    strokes = [series.split for series in info.series[:2]] + ["best"] * any(series.best for series in info.series)
    figure.add_traces([_key(stroke, labels) for stroke in strokes])
    return figure


def _stroke(part: str, style: theme.Style) -> dict:
    if part == "train":
        return {"mode": "lines", "line": {"color": theme.translucent(style.colour, 0.55), "width": 1.25}}
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


def _curve(series: Series, style: theme.Style, labels: CurvesLabels) -> go.Scatter:
    hover = f"{plain_in_template(shortened(series.name, 32))} · {getattr(labels, series.split)}"
    return go.Scatter(
        x=list(series.x),
        y=list(series.y),
        connectgaps=False,
        showlegend=series.split == "validation",
        hovertemplate=f"%{{y}}<extra>{hover}</extra>",
        **_named(series, series.split),
        **_stroke(series.split, style),
    )


def _star(series: Series, style: theme.Style) -> go.Scatter:
    x, y = series.best
    look = _named(series, "best") | _stroke("best", style)
    return go.Scatter(x=[x], y=[y], showlegend=False, hoverinfo="skip", **look)


def _key(part: str, labels: CurvesLabels) -> go.Scatter:
    """Returns a trace without points that explains a stroke in the legend."""
    look = _stroke(part, theme.Style(theme.NEUTRAL, "solid", "circle"))
    return go.Scatter(x=[None], y=[None], uid=f"key-{part}", name=getattr(labels, part), hoverinfo="skip", **look)


def _layout(info: CurvesInfo, labels: CurvesLabels) -> go.Layout:
    formats = {"epochs": (None, ".2~f"), "seconds": (None, ".1f"), "images": ("~s", ",.0f")}
    tickformat, hoverformat = formats[info.x]
    x_axis = {"tickformat": tickformat, "hoverformat": hoverformat, "rangemode": "tozero", "showgrid": False}
    spike = {"spikecolor": theme.NEUTRAL, "spikethickness": 1, "spikedash": "dot"}
    y_axis = {"rangemode": "tozero", "hoverformat": ".3f", "nticks": 6}
    if info.metric == "accuracy":
        y_axis = {"range": [0, 1.03], "tickformat": ".0%", "hoverformat": ".1%", "dtick": 0.25}
    return theme.layout(
        xaxis={"title": _title(getattr(labels, info.x)), "automargin": True, "zeroline": False, **x_axis},
        yaxis={"title": _title(getattr(labels, info.metric)), "automargin": True, "zeroline": False} | y_axis,
        hovermode="x unified",
    )


def _title(text: str) -> dict:
    return {"text": text, "standoff": 8, "font": {"size": 13}}
