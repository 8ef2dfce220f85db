"""Two networks on the same pictures: one bar, divided into both right, only one, and neither."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

import plotly.graph_objects as go

from tl_core.charts import theme
from tl_core.charts.names import plain

HEIGHT = 112
LEAST_NAMED = 0.05  # of the bar: a narrower part has no room for its number
_PATTERN = MappingProxyType({"fgcolor": theme.ON_FILL, "fgopacity": 0.3, "size": 7})


@dataclass(frozen=True)
class PairGroup:
    """One part of the pictures: what it is called, and how many it has."""

    name: str
    n: int


@dataclass(frozen=True)
class PairGroupsInfo:
    """The four parts, from both right to neither, and the roles of the two runs."""

    groups: tuple[PairGroup, ...]
    roles: tuple[str, str]


def pair_groups_info(groups: Sequence[tuple[str, int]], roles: tuple[str, str]) -> PairGroupsInfo:
    """Returns what to draw.

    Args:
        groups: Name and number of pictures: both right, only the first, only the second, neither.
        roles: "run" or "baseline" of the two.
    """
    return PairGroupsInfo(tuple(PairGroup(*group) for group in groups), roles)


def pair_groups_figure(info: PairGroupsInfo) -> go.Figure:
    """Returns the bar; its parts differ by pattern as well as by colour, and have their numbers upon them.

    Args:
        info: From `pair_groups_info`.
    """
    first, second = theme.styles(info.roles)
    looks = ((theme.HEAD, ""), (first.colour, "/"), (second.colour, "\\"), (theme.NEUTRAL, "x"))
    total = max(1, sum(group.n for group in info.groups))
    bars = [
        go.Bar(
            orientation="h",
            y=[0],
            x=[group.n],
            name=plain(group.name),
            marker={"color": colour, "pattern": {**_PATTERN, "shape": shape, "bgcolor": colour}},
            text=[f"<b>{group.n:,}</b>" if group.n / total >= LEAST_NAMED else ""],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"color": theme.ON_FILL, "size": 15},
            hovertext=[f"{plain(group.name)}: {group.n:,} ({group.n / total:.0%})"],
            hoverinfo="text",
        )
        for group, (colour, shape) in zip(info.groups, looks, strict=True)
    ]
    hidden = {"visible": False, "fixedrange": True}
    return go.Figure(
        bars,
        theme.layout(
            barmode="stack",
            bargap=0.1,
            xaxis=hidden | {"range": [0, total]},
            yaxis=hidden,
            legend=theme.plain_layout()["legend"] | {"traceorder": "normal"},
            margin={"l": 0, "r": 0, "t": 8, "b": 0},
            hovermode="closest",
            dragmode=False,
        ),
    )
