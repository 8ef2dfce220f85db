"""How well a network still does what its source was trained for, epoch by epoch."""

from collections.abc import Sequence
from dataclasses import dataclass

from tl_core.charts import theme

FEW_EPOCHS = 12  # up to here each has a tick and a marker


@dataclass(frozen=True)
class ForgettingInfo:
    """What was measured.

    Attributes:
        points: (epoch, accuracy) of the source's own task; an epoch without one has no point.
        before: What the source had reached itself, at its best; None where that is not known.
    """

    points: tuple[tuple[int, float], ...]
    before: float | None


@dataclass(frozen=True)
class ForgettingLabels:
    """The words on the chart, in the reader's language."""

    epochs: str
    accuracy: str
    now: str
    before: str


def forgetting_info(epochs: Sequence[tuple[int, float | None]], before: float | None) -> ForgettingInfo:
    """Returns what to draw.

    Args:
        epochs: Number and accuracy of each epoch, as the record has them.
        before: Validation accuracy of the source.
    """
    return ForgettingInfo(tuple((number, found) for number, found in epochs if found is not None), before)


def forgetting_data(info: ForgettingInfo, labels: ForgettingLabels) -> dict:
    """Returns the chart as the plain data that Plotly draws."""
    title = {"standoff": 8, "font": {"size": 13}}
    is_short = len(info.points) <= FEW_EPOCHS
    x_axis = {"title": {"text": labels.epochs, **title}, "automargin": True, "zeroline": False, "showgrid": False}
    y_axis = {"title": {"text": labels.accuracy, **title}, "range": [0, 1.03], "tickformat": ".0%", "automargin": True}
    layout = theme.plain_layout(
        xaxis=x_axis | ({"dtick": 1} if is_short else {}), yaxis=y_axis | {"dtick": 0.25}, hovermode="closest"
    )
    now = [_line("now", info.points, labels.now, theme.RUN, is_marked=is_short)]
    if info.before is None or not info.points:
        return {"data": now, "layout": layout}
    ends = [(number, info.before) for number in (info.points[0][0], info.points[-1][0])]
    return {"data": [*now, _line("before", ends, labels.before, theme.BACKBONE, dash="dot")], "layout": layout}


def _line(
    uid: str,
    points: Sequence[tuple[int, float]],
    name: str,
    style: theme.Style,
    *,
    dash: str = "solid",
    is_marked: bool = False,
) -> dict:
    return {
        "type": "scatter",
        "uid": f"forgetting-{uid}",
        "name": name,
        "x": [number for number, _ in points],
        "y": [accuracy for _, accuracy in points],
        "mode": "lines+markers" if is_marked else "lines",
        "line": {"color": style.colour, "dash": dash, "width": 2},
        "marker": {"color": style.colour, "symbol": style.marker, "size": 6},
        "hovertemplate": "%{y:.1%}<extra></extra>",
    }
