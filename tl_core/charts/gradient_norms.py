"""How large the gradient of each block was, epoch by epoch: a line a block, the paler the nearer to the input."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tl_core.charts import theme
from tl_core.charts.names import plain_in_template

PALEST = 0.3  # opacity of the block that is nearest to the input
MOST_POWERS = 3  # of ten, up to which 2 and 5 have a tick as well
FEW_EPOCHS = 12  # up to here each has a tick and a marker


@dataclass(frozen=True)
class Line:
    """The norms of one block, or of the head, along the epochs; None where it was frozen or nothing was measured."""

    name: str
    is_head: bool
    norms: tuple[float | None, ...]


@dataclass(frozen=True)
class GradientNormsInfo:
    """The lines from the input on, without those of blocks that never had a gradient; what no epoch has is no line."""

    epochs: tuple[int, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class GradientNormsLabels:
    """The words on the chart, in the reader's language."""

    epochs: str
    norm: str
    blocks: str
    head: str


def gradient_norms_info(names: Sequence[str], epochs: Sequence[tuple[int, Sequence | None]]) -> GradientNormsInfo:
    """Returns what to draw of a run.

    Args:
        names: Of the blocks from the input on; the head comes after them.
        epochs: Number and norms of each epoch, as the record has them.
    """
    rows = [(number, norms if norms and len(norms) == len(names) + 1 else None) for number, norms in epochs]
    lines = tuple(
        Line(name, at == len(names), tuple(norms[at] if norms else None for _, norms in rows))
        for at, name in enumerate([*names, "head"])
    )
    measured = tuple(line for line in lines if any(norm is not None for norm in line.norms))
    return GradientNormsInfo(tuple(number for number, _ in rows), measured)


def gradient_norms_data(info: GradientNormsInfo, labels: GradientNormsLabels) -> dict:
    """Returns the chart as the plain data that Plotly draws. Its axis is logarithmic: 0 has no place on it."""
    blocks = [line for line in info.lines if not line.is_head]
    traces = []
    for at, line in enumerate(info.lines):
        share = PALEST + (1 - PALEST) * (at + 1) / max(len(blocks), 1)
        colour = theme.HEAD if line.is_head else theme.translucent(theme.TRAINABLE, round(min(share, 1.0), 3))
        traces.append(_curve(line, colour, info, labels, is_named=line.is_head or at == len(blocks) - 1))
    title = {"standoff": 8, "font": {"size": 13}}
    x_axis = {"title": {"text": labels.epochs, **title}, "automargin": True, "zeroline": False, "showgrid": False}
    if len(info.epochs) <= FEW_EPOCHS:
        x_axis |= {"dtick": 1}
    y_axis = {"title": {"text": labels.norm, **title}, "type": "log", "automargin": True, **_ticks(info)}
    layout = theme.plain_layout(xaxis=x_axis, yaxis=y_axis, hovermode="closest")
    return {"data": traces, "layout": layout}


def _ticks(info: GradientNormsInfo) -> dict:
    """Returns ticks at 1, 2 and 5 of each power of ten, or at the powers alone where there are many."""
    norms = [norm for line in info.lines for norm in line.norms if norm]
    if not norms:
        return {}
    low, high = math.floor(math.log10(min(norms))), math.ceil(math.log10(max(norms)))
    digits = (1, 2, 5) if high - low <= MOST_POWERS else (1,)
    values = [digit * 10.0**power for power in range(low, high + 1) for digit in digits]
    return {"tickvals": values, "ticktext": [f"{value:g}" for value in values]}


def _curve(line: Line, colour: str, info: GradientNormsInfo, labels: GradientNormsLabels, *, is_named: bool) -> dict:
    name = labels.head if line.is_head else line.name
    marker = {"color": colour, "size": 7 if line.is_head else 5, "symbol": "square" if line.is_head else "circle"}
    return {
        "type": "scatter",
        "uid": f"norm-{line.name}",
        "x": list(info.epochs),
        "y": [norm or None for norm in line.norms],
        "mode": "lines+markers" if len(info.epochs) <= FEW_EPOCHS else "lines",
        "line": {"color": colour, "width": 2.5 if line.is_head else 1.75, "dash": "dash" if line.is_head else "solid"},
        "marker": marker,
        "name": labels.head if line.is_head else labels.blocks,
        "showlegend": is_named,
        "connectgaps": False,
        "hovertemplate": f"<b>{plain_in_template(name)}</b><br>%{{y:.3~g}}<extra></extra>",
    }
