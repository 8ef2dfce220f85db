"""How long an epoch takes in several ways of training: a bar each, its mean over seeds, each seed as a point."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import plotly.graph_objects as go

from tl_core.charts import theme
from tl_core.charts.names import plain


@dataclass(frozen=True)
class TimesInfo:
    """What is drawn: the ways, from the top, and the seconds of an epoch with each seed."""

    ways: tuple[str, ...]
    seconds: tuple[tuple[float, ...], ...]

    @property
    def means(self) -> tuple[float | None, ...]:
        """Mean seconds of each way; None where none is known yet."""
        return tuple(sum(each) / len(each) if each else None for each in self.seconds)


@dataclass(frozen=True)
class TimesLabels:
    """The words on the figure, in the reader's language: the axis, and the ways that have a name."""

    seconds: str
    ways: Mapping[str, str] = field(default_factory=dict)


def times_info(rows: Sequence[Mapping[str, Any]], factor: str) -> TimesInfo:
    """Returns what to draw of the rows of a sweep, whose "epoch_s" are seconds of an epoch after the first.

    Args:
        rows: One a trial.
        factor: What makes the bars.
    """
    ways = tuple(dict.fromkeys(str(row[factor]) for row in rows))
    found = (tuple(row["epoch_s"] for row in rows if row[factor] == way and row.get("epoch_s")) for way in ways)
    return TimesInfo(ways, tuple(found))


def times_figure(info: TimesInfo, labels: TimesLabels) -> go.Figure:
    """Returns the figure; the axis begins at 0, so that a bar is as long as it takes."""
    return go.Figure(times_data(info, labels))


def times_data(info: TimesInfo, labels: TimesLabels) -> dict:
    """Returns the figure as plain data."""
    places, means = list(range(len(info.ways))), info.means
    bars = {
        "type": "bar",
        "orientation": "h",
        "uid": "means",
        "x": list(means),
        "y": places,
        "width": 0.6,
        "hovertemplate": "%{x:.3g} s<extra></extra>",
        "marker": {"color": theme.translucent(theme.RUN.colour, 0.55)},
    }
    single = [(second, place) for place, each in zip(places, info.seconds, strict=True) for second in each]
    points = {
        "type": "scatter",
        "uid": "seeds",
        "mode": "markers",
        "x": [second for second, _ in single],
        "y": [place for _, place in single],
        "hovertemplate": "%{x:.3g} s<extra></extra>",
        "marker": {"color": theme.RUN.colour, "size": 7},
    }
    return {"data": [bars, points], "layout": _layout(info, labels)}


def _layout(info: TimesInfo, labels: TimesLabels) -> dict:
    longest = max((second for each in info.seconds for second in each), default=1.0)
    names = [_name(labels.ways.get(way, way), mean) for way, mean in zip(info.ways, info.means, strict=True)]
    title = {"text": plain(labels.seconds), "standoff": 8, "font": {"size": 13}}
    axis = {"showgrid": False, "zeroline": False, "automargin": True, "fixedrange": True}
    places = {"tickvals": list(range(len(names))), "ticktext": names, "range": [len(names) - 0.5, -0.5]}
    return theme.plain_layout(
        xaxis=axis | {"title": title, "range": [0, 1.05 * longest], "nticks": 6},
        yaxis=axis | places,
        showlegend=False,
        hovermode="closest",
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
    )


def _name(way: str, mean: float | None) -> str:
    """Returns what stands beside a bar: the way, and its mean where there is one."""
    return plain(way) if mean is None else f"{plain(way)}<br>{mean:.2g} s"
