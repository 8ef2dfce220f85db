"""The timeline of a training: from which epoch on each block is trained, and at which rate."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from tl_core.charts import theme
from tl_core.charts.names import plain

ROW_PX, AROUND_PX = 20, 76


@dataclass(frozen=True)
class Row:
    """A block or the head: epochs `start` to `end` train it, counted from 1; none where it comes too late."""

    name: str
    start: int
    end: int
    rate: float
    is_head: bool

    @property
    def n_epochs(self) -> int:
        return max(0, self.end - self.start + 1)


@dataclass(frozen=True)
class TimelineInfo:
    """The rows from the head on toward the cut."""

    rows: tuple[Row, ...]
    n_epochs: int


@dataclass(frozen=True)
class TimelineLabels:
    """The words on the figure, in the reader's language."""

    epochs: str
    rate: str


def timeline_info(
    blocks: Sequence[tuple[str, int, float]], head: tuple[str, Sequence[tuple[int, float]]], n_epochs: int
) -> TimelineInfo:
    """Returns what to draw.

    Args:
        blocks: Name, first epoch and rate of each trained block, from the input on.
        head: Name of the head, and of each phase its first epoch and the head's rate.
        n_epochs: Of all phases.
    """
    rows = [Row(name, start, n_epochs, rate, is_head=False) for name, start, rate in reversed(blocks)]
    name, phases = head
    ends = [start - 1 for start, _ in phases[1:]] + [n_epochs]
    heads = [Row(name, start, end, rate, is_head=True) for (start, rate), end in zip(phases, ends, strict=True)]
    return TimelineInfo((*heads, *rows), n_epochs)


def height_px(info: TimelineInfo) -> int:
    """Returns how high the figure should be."""
    return AROUND_PX + ROW_PX * len({row.name for row in info.rows})


def timeline_figure(info: TimelineInfo, labels: TimelineLabels) -> go.Figure:
    """Returns a bar for each block, with its rate upon it."""
    names = [plain(row.name) for row in info.rows]
    bars = go.Bar(
        orientation="h",
        y=names,
        base=[row.start - 0.5 for row in info.rows],
        x=[row.n_epochs for row in info.rows],
        marker={
            "color": [theme.HEAD if row.is_head else theme.TRAINABLE for row in info.rows],
            "line": {"width": 1, "color": theme.ON_FILL},
        },
        text=[f"{row.rate:.2g}" if row.n_epochs else "" for row in info.rows],
        textposition="inside",
        insidetextanchor="start",
        textangle=0,
        textfont={"color": theme.ON_FILL, "size": 11},
        hovertext=[
            f"<b>{name}</b><br>{labels.rate} {row.rate:.2g}" for name, row in zip(names, info.rows, strict=True)
        ],
        hoverinfo="text",
    )
    fixed = {"fixedrange": True, "automargin": True}
    axis = {**fixed, "title": {"text": labels.epochs}, "range": [0.5, info.n_epochs + 0.5], "nticks": 10}
    return go.Figure(
        bars,
        theme.layout(
            barmode="overlay",
            showlegend=False,
            dragmode=False,
            bargap=0.15,
            margin={"l": 0, "r": 0, "t": 8, "b": 0},
            xaxis={**axis, "tickformat": "d"},
            yaxis={**fixed, "type": "category", "categoryorder": "array", "categoryarray": list(dict.fromkeys(names))},
        ),
    )
