"""How many pictures each class has in each split: whether a network sees one class more often than another."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

import plotly.graph_objects as go

from tl_core.charts import theme
from tl_core.charts.names import plain, shortened
from tl_core.datasets.own.splits import SPLITS

MOST_CLASSES = 40
_COLOURS = theme.SPLITS
_SHAPES = ("", "/", "x")
_PATTERN = MappingProxyType({"fgcolor": theme.ON_FILL, "size": 5})


@dataclass(frozen=True)
class ClassBar:
    """One class and its pictures in train, validation and test."""

    name: str
    counts: tuple[int, int, int]


@dataclass(frozen=True)
class BalanceInfo:
    """The classes in their order, and how many more there are that are not drawn."""

    bars: tuple[ClassBar, ...]
    n_more: int = 0


@dataclass(frozen=True)
class BalanceLabels:
    """The words on the figure, in the reader's language."""

    train: str
    validation: str
    test: str


def balance_info(counts: Sequence[tuple[str, tuple[int, int, int]]]) -> BalanceInfo:
    """Returns what to draw: every class, or of very many the largest and the smallest.

    Args:
        counts: Class name and its number of pictures in train, validation and test.
    """
    bars = [ClassBar(name, (int(train), int(validated), int(tested))) for name, (train, validated, tested) in counts]
    if len(bars) > MOST_CLASSES:
        ranked = sorted(bars, key=lambda bar: -sum(bar.counts))
        bars = ranked[: MOST_CLASSES // 2] + ranked[-MOST_CLASSES // 2 :]
    return BalanceInfo(tuple(bars), len(counts) - len(bars))


def balance_height(info: BalanceInfo) -> int:
    """Returns a height in px that gives every class a line of its own."""
    return 60 + 24 * max(2, len(info.bars))


def balance_figure(info: BalanceInfo, labels: BalanceLabels) -> go.Figure:
    """Returns one horizontal bar a class, divided into its splits; they differ by pattern as well as by colour."""
    places = list(range(len(info.bars)))
    traces = []
    for at, split in enumerate(SPLITS):
        word = getattr(labels, split)
        traces.append(
            go.Bar(
                orientation="h",
                y=places,
                x=[bar.counts[at] for bar in info.bars],
                name=word,
                marker={
                    "color": _COLOURS[at],
                    "pattern": {**_PATTERN, "shape": _SHAPES[at], "bgcolor": _COLOURS[at]},
                },
                hovertext=[f"{plain(bar.name)} · {word}: {bar.counts[at]:,}" for bar in info.bars],
                hoverinfo="text",
            )
        )
    return go.Figure(traces, _layout(info, places))


def _layout(info: BalanceInfo, places: list[int]) -> go.Layout:
    return theme.layout(
        barmode="stack",
        legend={**theme.plain_layout()["legend"], "traceorder": "normal"},
        xaxis={"rangemode": "tozero", "fixedrange": True, "automargin": True},
        yaxis={
            "tickvals": places,
            "ticktext": [plain(shortened(bar.name, 24)) for bar in info.bars],
            "range": [len(places) - 0.5, -0.5],
            "automargin": True,
            "fixedrange": True,
            "showgrid": False,
            "zeroline": False,
        },
        hovermode="closest",
        dragmode=False,
    )
