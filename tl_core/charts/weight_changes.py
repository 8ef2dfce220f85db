"""How far each block has moved, as bars that grow while a run trains: the layer map in motion."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tl_core.charts import theme
from tl_core.charts.layer_map import COLOURS, PATTERNS
from tl_core.charts.names import plain

LEAST, MOST = 1e-4, 1.0  # relative changes at the foot and at the top of the strip, which is logarithmic
FOOT = 0.06  # of the strip's height: what was not moved is still seen
_HOVER = "<b>%{customdata[0]}</b><br>%{customdata[1]}: %{customdata[2]}"


@dataclass(frozen=True)
class WeightChangesLabels:
    """The words on the strip, in the reader's language: the three roles, what is drawn of each, and of which run."""

    frozen: str
    trainable: str
    head: str
    change: str
    title: str


def bar_height(change: float) -> float:
    """Returns how high a relative change stands, 0 to 1: nothing at the foot, each factor of ten a quarter higher."""
    if change <= 0.0:
        return FOOT
    share = math.log10(min(change, MOST) / LEAST) / math.log10(MOST / LEAST)
    return FOOT + (1 - FOOT) * max(0.05, share)  # what has moved at all stands out from what has not


def weight_changes_data(
    blocks: Sequence[str], changes: Sequence[float], is_frozen: Sequence[bool], labels: WeightChangesLabels
) -> dict:
    """Returns the plain data of a strip about 40 pixels high: one bar for each block from the input on, then the head.

    Args:
        blocks: Names of the blocks before the head.
        changes: Relative change of the weights of each block, then of the head; see `training.weight_change`.
        is_frozen: Whether each block is frozen.
        labels: Words in the reader's language.
    """
    roles = [*("frozen" if frozen else "trainable" for frozen in is_frozen), "head"]
    rows = list(zip([*blocks, labels.head], changes, roles, strict=True))
    traces = [_bars(role, rows, labels) for role in COLOURS if role in roles]
    hidden = {"visible": False, "fixedrange": True}
    layout = theme.plain_layout(
        barmode="overlay",
        bargap=0.12,
        xaxis=hidden | {"range": [-0.5, len(rows) - 0.5]},
        yaxis=hidden | {"range": [0, 1.02]},
        margin={"l": 0, "r": 0, "t": 14, "b": 0},
        annotations=[_title(labels.title)],
        showlegend=False,
        hovermode="closest",
        dragmode=False,
    )
    return {"data": traces, "layout": layout}


def _title(words: str) -> dict:
    place = {"xref": "paper", "yref": "paper", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom"}
    return {"text": words, "showarrow": False, "font": {"size": 11}, "yshift": -2, **place}


def _bars(role: str, rows: Sequence[tuple[str, float, str]], labels: WeightChangesLabels) -> dict:
    chosen = [(at, name, change) for at, (name, change, one) in enumerate(rows) if one == role]
    pattern = {
        "shape": PATTERNS[role],
        "fillmode": "overlay",
        "size": 5,
        "solidity": 0.12,
        "fgcolor": theme.ON_FILL,
        "fgopacity": 0.45,
    }
    return {
        "type": "bar",
        "uid": role,
        "x": [at for at, _, _ in chosen],
        "y": [bar_height(change) for _, _, change in chosen],
        "customdata": [[plain(name), labels.change, percent_moved(change)] for _, name, change in chosen],
        "hovertemplate": f"{_HOVER}<br>{getattr(labels, role)}<extra></extra>",
        "marker": {"color": COLOURS[role], "cornerradius": 1, "line": {"width": 0}, "pattern": pattern},
    }


def percent_moved(change: float) -> str:
    """Returns a relative change in per cent with two digits that count, "0" only for what is exactly as it was."""
    if change == 0.0:
        return "0"
    share = 100 * change
    return f"{share:.0f}%" if share >= 9.5 else f"{share:.1f}%" if share >= 0.095 else "< 0.1%"
