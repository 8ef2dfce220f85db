"""A sweep over networks as a map of colours: one row a network, one column a depth; what is missing is a gap."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from tl_core.charts import theme
from tl_core.charts.names import plain, plain_in_template
from tl_core.experiments.presets.networks import DEPTHS, depth_of, network_name
from tl_core.experiments.statistics import mean_interval

FAINTEST, STRONGEST = 0.06, 0.6  # opacity of a cell: whatever lies upon it reads on a light and on a dark ground
CELL = 0.94  # of its place


@dataclass(frozen=True)
class MapCell:
    """One network at one block.

    Attributes:
        row: Its place from the top.
        column: Its place from the left.
        block: Where the probe stands.
        mean: Mean test accuracy.
        interval: 95 % interval of the mean; None for a single seed.
        n: Seeds.
    """

    row: int
    column: int
    block: str
    mean: float
    interval: tuple[float, float] | None
    n: int


@dataclass(frozen=True)
class MapInfo:
    """What is drawn: the names of the rows, from the top, and the cells that have a score."""

    rows: tuple[str, ...]
    cells: tuple[MapCell, ...]

    @property
    def best(self) -> MapCell | None:
        """The cell with the highest mean."""
        return max(self.cells, key=lambda cell: cell.mean, default=None)


@dataclass(frozen=True)
class MapLabels:
    """The words on the map, in the reader's language: the axis of depths, its columns, and what the hover says."""

    depth: str
    columns: Sequence[str]
    block: str
    interval: str
    seeds: str


def map_info(rows: Sequence[Mapping[str, Any]]) -> MapInfo:
    """Returns what to draw of the rows of a sweep with the factors "backbone", "image_size" and "block"."""
    networks = list(dict.fromkeys((row["backbone"], row["image_size"]) for row in rows))
    found: dict[tuple[int, str], list[float]] = {}
    for row in rows:
        if row["test_accuracy"] is not None:
            place = networks.index((row["backbone"], row["image_size"]))
            found.setdefault((place, row["block"]), []).append(row["test_accuracy"])
    cells = (_cell(place, networks[place][0], block, values) for (place, block), values in found.items())
    return MapInfo(tuple(network_name(*one) for one in networks), tuple(cells))


def _cell(row: int, backbone: str, block: str, values: Sequence[float]) -> MapCell:
    mean = mean_interval(values)
    column = max(0, round(depth_of(backbone, block) * DEPTHS) - 1)
    return MapCell(row, column, block, mean.mean, mean.interval, mean.n)


def map_figure(info: MapInfo, labels: MapLabels) -> go.Figure:
    """Returns the map: the higher an accuracy, the stronger its colour; the best one is framed."""
    return go.Figure(map_data(info, labels))


def map_data(info: MapInfo, labels: MapLabels) -> dict:
    """Returns the figure as plain data, made of bars: the small Plotly bundle draws no other cells."""
    cells, best = info.cells, info.best
    low, high = min((one.mean for one in cells), default=0.0), max((one.mean for one in cells), default=1.0)
    bars = {
        "type": "bar",
        "orientation": "h",
        "uid": "cells",
        "base": [one.column - CELL / 2 for one in cells],
        "x": [CELL] * len(cells),
        "y": [one.row for one in cells],
        "width": CELL,
        "customdata": [[info.rows[one.row], one.block, f"{one.mean:.1%}", _spread(one, labels)] for one in cells],
        "hovertemplate": "%{customdata[0]}<br>"
        + plain_in_template(labels.block)
        + ": %{customdata[1]}<br>%{customdata[2]}<br>%{customdata[3]}<extra></extra>",
        "marker": {
            "color": [theme.translucent(theme.FROZEN, _opacity(one.mean, low, high)) for one in cells],
            "line": {"color": theme.HEAD, "width": [3 if one is best else 0 for one in cells]},
        },
    }
    texts = {
        "type": "scatter",
        "uid": "texts",
        "mode": "text",
        "x": [one.column for one in cells],
        "y": [one.row for one in cells],
        "text": [f"<b>{one.mean:.0%}</b>" if one is best else f"{one.mean:.0%}" for one in cells],
        "hoverinfo": "skip",
    }
    return {"data": [bars, texts], "layout": _layout(info, labels)}


def _opacity(mean: float, low: float, high: float) -> float:
    share = (mean - low) / (high - low) if not math.isclose(high, low) else 1.0
    return round(FAINTEST + share * (STRONGEST - FAINTEST), 3)


def _spread(cell: MapCell, labels: MapLabels) -> str:
    seeds = f"{cell.n} {labels.seeds}"
    if cell.interval is None:
        return seeds
    return f"{labels.interval}: {cell.interval[0]:.1%} – {cell.interval[1]:.1%}, {seeds}"


def _layout(info: MapInfo, labels: MapLabels) -> dict:
    bare = {"showgrid": False, "zeroline": False, "automargin": True, "fixedrange": True, "ticks": ""}
    title = {"text": plain(labels.depth), "standoff": 8, "font": {"size": 13}}
    columns = {"tickvals": list(range(DEPTHS)), "ticktext": list(labels.columns), "range": [-0.5, DEPTHS - 0.5]}
    names = {"tickvals": list(range(len(info.rows))), "ticktext": [plain(name) for name in info.rows]}
    return theme.plain_layout(
        xaxis=bare | columns | {"title": title},
        yaxis=bare | names | {"range": [len(info.rows) - 0.5, -0.5], "tickfont": {"size": 12}},
        barmode="overlay",
        showlegend=False,
        hovermode="closest",
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
    )
