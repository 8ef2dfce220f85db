"""Where pictures lie in a feature space: one point each, by class or by whether a run was right."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from tl_core.charts import theme
from tl_core.charts.names import plain

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "x", "star")
SIGNS = "●■◆▲▼✚✖★"  # the same as letters, for a legend in words
_ROOM = 1.06  # around the outermost point


@dataclass(frozen=True)
class Look:
    """How the points of a group are drawn; no two of a chart share both."""

    colour: str
    symbol: str
    sign: str


@dataclass(frozen=True)
class PointGroup:
    """Points of one look.

    Attributes:
        look: Its number, see `look`; the groups of a chart of right and wrong are 0 and 1.
        x: Where each lies.
        y: Likewise.
        ids: What a press on each gives back.
        abouts: What each is, in words.
    """

    look: int
    x: tuple[float, ...]
    y: tuple[float, ...]
    ids: tuple[str, ...]
    abouts: tuple[str, ...]


@dataclass(frozen=True)
class FeatureSpaceInfo:
    """The points of one space, in groups, and where the two axes end, which charts side by side share."""

    groups: tuple[PointGroup, ...]
    reach: tuple[float, float]
    is_by_class: bool = True


def look(number: int, *, is_by_class: bool = True) -> Look:
    """Returns how a group is drawn: classes in turn by colour, then by symbol; what is wrong stands out."""
    if not is_by_class:
        colour = (theme.SPLITS[0], theme.TRAINABLE)[number]
        return Look(colour, ("circle", "x")[number], "●✖"[number])
    n, m = len(theme.PALETTE), len(SYMBOLS)
    at = (number + number // n) % m
    return Look(theme.PALETTE[number % n].colour, SYMBOLS[at], SIGNS[at])


def feature_space_info(
    points: Sequence[Sequence[float]],
    groups: Sequence[int],
    ids: Sequence[str],
    abouts: Sequence[str],
    reach: tuple[float, float],
    *,
    is_by_class: bool = True,
) -> FeatureSpaceInfo:
    """Returns what to draw of one space.

    Args:
        points: (x, y) of each picture.
        groups: The look of each.
        ids: What a press on it gives back.
        abouts: What it is, in words.
        reach: From `reach_of`, of all charts side by side.
        is_by_class: Whether the groups are classes; else 0 is right, 1 wrong.
    """
    made = []
    for number in sorted(set(groups)):
        at = [place for place, group in enumerate(groups) if group == number]
        x, y = (tuple(float(points[place][axis]) for place in at) for axis in (0, 1))
        made.append(PointGroup(number, x, y, tuple(ids[place] for place in at), tuple(abouts[place] for place in at)))
    return FeatureSpaceInfo(tuple(made), reach, is_by_class)


def reach_of(spaces: Sequence[Sequence[Sequence[float]]]) -> tuple[float, float]:
    """Returns where the two axes end, so that charts side by side are of one scale."""
    ends = [max((abs(point[axis]) for points in spaces for point in points), default=1.0) for axis in (0, 1)]
    return _ROOM * ends[0], _ROOM * ends[1]


def feature_space_figure(info: FeatureSpaceInfo) -> go.Figure:
    """Returns a scatter plot without scales, since its units mean nothing; both axes have the same."""
    return go.Figure([_points(group, info) for group in info.groups], _layout(info.reach))


def _points(group: PointGroup, info: FeatureSpaceInfo) -> go.Scatter:
    drawn = look(group.look, is_by_class=info.is_by_class)
    return go.Scatter(
        x=group.x,
        y=group.y,
        ids=group.ids,
        mode="markers",
        marker={"color": drawn.colour, "symbol": drawn.symbol, "size": 7, "opacity": 0.82},
        text=[plain(about) for about in group.abouts],
        hoverinfo="text",
        showlegend=False,
        uid=str(group.look),
    )


def _layout(reach: tuple[float, float]) -> go.Layout:
    quiet = {"showticklabels": False, "showgrid": False, "zeroline": False, "ticks": ""}
    frame = {**quiet, "showline": True, "mirror": True}
    return theme.layout(
        xaxis={**frame, "range": [-reach[0], reach[0]]},
        yaxis={**frame, "range": [-reach[1], reach[1]], "scaleanchor": "x"},
        margin={"l": 4, "r": 4, "t": 4, "b": 4},
        hovermode="closest",
        dragmode="pan",
    )
