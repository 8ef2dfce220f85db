"""The layer map: the backbone as one strip of blocks, and the cut between what is frozen and what learns."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import plotly.graph_objects as go

from tl_core.charts import theme
from tl_core.charts.names import plain

Role = Literal["frozen", "trainable", "head", "dropped"]
DROPPED = theme.translucent(theme.NEUTRAL, 0.3)
COLOURS = {"frozen": theme.FROZEN, "trainable": theme.TRAINABLE, "head": theme.HEAD, "dropped": DROPPED}
PATTERNS = {"frozen": "/", "trainable": "", "head": "|", "dropped": "x"}  # the roles do not rest on colour alone
_PATTERN = {"size": 9, "solidity": 0.1, "fgcolor": theme.ON_FILL, "fgopacity": 0.45}
GAP = 0.0015  # of the strip's width, between two blocks


@dataclass(frozen=True)
class Segment:
    """One block of the strip, or the head. `start` and `width` are fractions of the strip; a head has no `n_layers`."""

    name: str
    n_layers: int | None
    params: int
    role: Role
    start: float
    width: float


@dataclass(frozen=True)
class LayerMapInfo:
    """The strip from input to output: the head comes after the blocks that it uses, then those that are left out.

    `cut` is where the frozen prefix ends, as a fraction.
    """

    segments: tuple[Segment, ...]
    cut: float


@dataclass(frozen=True)
class LayerMapLabels:
    """The words on a layer map, in the reader's language."""

    frozen: str
    trainable: str
    head: str
    dropped: str
    layers: str
    params: str
    cut: str


def layer_map_info(
    blocks: Sequence[tuple[str, int, int]],
    head: tuple[str, int],
    n_frozen: int,
    head_at: int | None = None,
    further: Collection[int] = (),
) -> LayerMapInfo:
    """Returns what to draw of a backbone and its head.

    Args:
        blocks: Name, number of layers and number of parameters of each block, from the input on.
        head: Name and number of parameters of the head.
        n_frozen: So many blocks are frozen, 0 to all of them before the head.
        head_at: So many blocks stand before the head; None: all.
        further: Numbers, from 1, of blocks behind these that are frozen as well.

    Raises:
        ValueError: `n_frozen` is not between 0 and the number of blocks before the head.
    """
    n_used = len(blocks) if head_at is None else head_at
    if not 0 <= n_frozen <= n_used:
        raise ValueError(f"n_frozen is {n_frozen}, allowed are 0 to {n_used}")
    numbers = (n_frozen, n_used - n_frozen, 1, len(blocks) - n_used)
    roles = [role for role, number in zip(get_args(Role), numbers, strict=True) for _ in range(number)]
    roles = ["frozen" if number in further and number <= n_used else role for number, role in enumerate(roles, 1)]
    rows = [*blocks[:n_used], (head[0], None, head[1]), *blocks[n_used:]]
    widths = segment_widths([params for _, _, params in rows])
    starts = [math.fsum(widths[:at]) for at in range(len(rows) + 1)]
    segments = (
        Segment(name, n_layers, params, role, start, width)
        for (name, n_layers, params), role, start, width in zip(rows, roles, starts[:-1], widths, strict=True)
    )
    return LayerMapInfo(tuple(segments), starts[n_frozen])


def segment_widths(params: Sequence[int]) -> tuple[float, ...]:
    """Returns the widths of the segments, fractions that sum to 1.

    A width grows with the square root of the parameters: they span four orders of magnitude, and the first blocks would
    be hairlines. None is narrower than half of what it would be if all were equal, or than 1.5 % where that is less.
    """
    narrowest = min(0.015, 0.5 / len(params))
    roots = [math.sqrt(count) for count in params]
    total = math.fsum(roots) or 1.0
    free = 1.0 - narrowest * len(params)
    shares = [root / total for root in roots] if any(roots) else [1.0 / len(params)] * len(params)
    return tuple(narrowest + free * share for share in shares)


def layer_map_figure(info: LayerMapInfo, labels: LayerMapLabels) -> go.Figure:
    """Returns the strip, about 110 pixels high: one bar trace for each role that occurs, and the cut as a dashed line.

    Args:
        info: From `layer_map_info`.
        labels: Words in the reader's language.
    """
    figure = go.Figure(layout=_layout())
    for role in get_args(Role):
        segments = [segment for segment in info.segments if segment.role == role]
        if segments:
            figure.add_trace(_bars(segments, role, labels))
    figure.add_shape(
        type="line",
        xref="x",
        yref="paper",
        x0=info.cut,
        x1=info.cut,
        y0=-0.1,
        y1=1.1,
        line={"color": theme.NEUTRAL, "width": 2, "dash": "dot"},
    )
    figure.add_annotation(
        x=info.cut,
        y=1.1,
        xref="x",
        yref="paper",
        yanchor="bottom",
        showarrow=False,
        xanchor="left" if info.cut < 0.2 else "right" if info.cut > 0.8 else "center",
        text=f"{labels.cut} ▼",
        font={"size": 12},
    )
    return figure


def _bars(segments: Sequence[Segment], role: Role, labels: LayerMapLabels) -> go.Bar:
    return go.Bar(
        orientation="h",
        y=[0] * len(segments),
        base=[segment.start + GAP / 2 for segment in segments],
        x=[segment.width - GAP for segment in segments],
        width=1,
        name=getattr(labels, role),
        uid=role,
        marker={
            "color": COLOURS[role],
            "cornerradius": 4,
            "line": {"width": 0},
            "pattern": {"shape": PATTERNS[role], "fillmode": "overlay", **_PATTERN},
        },
        text=[plain(segment.name) if role != "dropped" else "" for segment in segments],
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        textfont={"color": theme.ON_FILL},
        hovertext=[_hover(segment, labels) for segment in segments],
        hoverinfo="text",
    )


def _hover(segment: Segment, labels: LayerMapLabels) -> str:
    lines = [f"<b>{plain(segment.name)}</b>", getattr(labels, segment.role)]
    if segment.n_layers is not None:
        lines.append(f"{labels.layers}: {segment.n_layers:,}")
    return "<br>".join([*lines, f"{labels.params}: {segment.params:,}"])


def _layout() -> go.Layout:
    hidden = {"visible": False, "fixedrange": True}
    return theme.layout(
        barmode="overlay",
        xaxis={"range": [-0.002, 1.002], **hidden},
        yaxis={"range": [-0.5, 0.5], **hidden},
        margin={"l": 0, "r": 0, "t": 26, "b": 30},
        legend={"orientation": "h", "x": 0, "y": -0.15, "yanchor": "top", "itemclick": False, "itemdoubleclick": False},
        uniformtext={"minsize": 11, "mode": "hide"},
        hovermode="closest",
        dragmode=False,
    )
