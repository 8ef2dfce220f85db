"""Reliability: how often a network is right, against how sure it was, before and after temperature scaling."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from tl_core.charts import theme

HEIGHT = 300


@dataclass(frozen=True)
class ReliabilityBin:
    """Pictures that were answered about equally surely.

    Attributes:
        low: The least probability of the bin.
        high: The greatest.
        n: How many pictures.
        confidence: Their mean probability.
        accuracy: The share that is right.
        interval: Its 95 % interval.
    """

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class ReliabilityInfo:
    """The bins with pictures, before and after scaling, and how the run is drawn: as "run" or "baseline"."""

    bins: tuple[ReliabilityBin, ...]
    scaled: tuple[ReliabilityBin, ...]
    role: str


@dataclass(frozen=True)
class ReliabilityLabels:
    """The words on the figure, in the reader's language."""

    confidence: str
    accuracy: str
    before: str
    after: str
    pictures: str


def reliability_info(bins: Sequence[Mapping], scaled: Sequence[Mapping], role: str = "run") -> ReliabilityInfo:
    """Returns what to draw; bins without pictures are left out.

    Args:
        bins: As the part "calibration" answers, before scaling.
        scaled: The same after it.
        role: "run" or "baseline".
    """
    return ReliabilityInfo(_filled(bins), _filled(scaled), role)


def _filled(bins: Sequence[Mapping]) -> tuple[ReliabilityBin, ...]:
    return tuple(ReliabilityBin(**{**bin, "interval": tuple(bin["interval"])}) for bin in bins if bin["n"])


def reliability_figure(info: ReliabilityInfo, labels: ReliabilityLabels) -> go.Figure:
    """Returns bars with their intervals about a diagonal, points for what scaling makes of them, and, below, how many
    pictures are in each bin.

    Args:
        info: From `reliability_info`.
        labels: Words in the reader's language.
    """
    (style,) = theme.styles((info.role,))
    traces = [_bars(info, labels, style), _diagonal(), _points(info, labels), _counts(info, labels)]
    return go.Figure(traces, _layout(labels))


def _diagonal() -> go.Scatter:
    line = {"color": theme.NEUTRAL, "dash": "dot", "width": 2}
    return go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line=line, hoverinfo="skip", showlegend=False)


def _bars(info: ReliabilityInfo, labels: ReliabilityLabels, style: theme.Style) -> go.Bar:
    return go.Bar(
        x=[(bin.low + bin.high) / 2 for bin in info.bins],
        y=[bin.accuracy for bin in info.bins],
        width=[(bin.high - bin.low) * 0.92 for bin in info.bins],
        name=labels.before,
        marker={"color": theme.translucent(style.colour, 0.55), "line": {"color": style.colour, "width": 1}},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [bin.interval[1] - bin.accuracy for bin in info.bins],
            "arrayminus": [bin.accuracy - bin.interval[0] for bin in info.bins],
            "color": theme.NEUTRAL,
            "thickness": 1.5,
            "width": 3,
        },
        hovertext=[_told(bin, labels) for bin in info.bins],
        hoverinfo="text",
    )


def _points(info: ReliabilityInfo, labels: ReliabilityLabels) -> go.Scatter:
    return go.Scatter(
        x=[bin.confidence for bin in info.scaled],
        y=[bin.accuracy for bin in info.scaled],
        mode="markers",
        name=labels.after,
        marker={"color": theme.HEAD, "symbol": "diamond", "size": 9},
        hovertext=[_told(bin, labels) for bin in info.scaled],
        hoverinfo="text",
    )


def _counts(info: ReliabilityInfo, labels: ReliabilityLabels) -> go.Bar:
    return go.Bar(
        x=[(bin.low + bin.high) / 2 for bin in info.bins],
        y=[bin.n for bin in info.bins],
        width=[(bin.high - bin.low) * 0.92 for bin in info.bins],
        yaxis="y2",
        name=labels.pictures,
        showlegend=False,
        marker={"color": theme.translucent(theme.NEUTRAL, 0.6)},
        hovertext=[_told(bin, labels) for bin in info.bins],
        hoverinfo="text",
    )


def _told(bin: ReliabilityBin, labels: ReliabilityLabels) -> str:
    parts = (f"{labels.confidence}: {bin.confidence:.0%}", f"{labels.accuracy}: {bin.accuracy:.0%}")
    return "<br>".join((*parts, f"{labels.pictures}: {bin.n:,}"))


def _layout(labels: ReliabilityLabels) -> go.Layout:
    def axis(title: str) -> dict:
        return {"title": {"text": title, "standoff": 6}, "automargin": True, "fixedrange": True, "zeroline": False}

    return theme.layout(
        xaxis=axis(labels.confidence) | {"range": [0, 1], "tickformat": ".0%", "dtick": 0.25, "anchor": "y2"},
        yaxis=axis(labels.accuracy) | {"range": [0, 1.02], "tickformat": ".0%", "dtick": 0.25, "domain": [0.3, 1]},
        yaxis2=axis("") | {"domain": [0, 0.2], "nticks": 3, "rangemode": "tozero"},
        barmode="overlay",
        hovermode="closest",
        dragmode=False,
    )
