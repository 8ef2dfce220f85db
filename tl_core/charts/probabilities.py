"""The class probabilities that one classifier gave one picture, best first."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from tl_core.charts import theme
from tl_core.charts.names import plain, shortened


@dataclass(frozen=True)
class Probability:
    """One class and its probability, in [0, 1]."""

    name: str
    probability: float


@dataclass(frozen=True)
class ProbabilitiesInfo:
    """The most probable classes, best first, and how the classifier is drawn: as "run", "baseline" or "backbone"."""

    bars: tuple[Probability, ...]
    role: str


@dataclass(frozen=True)
class ProbabilitiesLabels:
    """The words on a figure of probabilities, in the reader's language."""

    probability: str


def probabilities_info(predictions: Sequence[tuple[str, float]], top: int = 5, role: str = "run") -> ProbabilitiesInfo:
    """Returns what to draw of one picture's predictions.

    Args:
        predictions: Class name and probability, in any order. Equal probabilities keep their order.
        top: At most so many classes.
        role: "run", "baseline" or "backbone".
    """
    bars = (Probability(name, float(probability)) for name, probability in predictions)
    ranked = sorted(bars, key=lambda bar: bar.probability, reverse=True)
    return ProbabilitiesInfo(tuple(ranked[:top]), role)


def probabilities_figure(info: ProbabilitiesInfo, labels: ProbabilitiesLabels) -> go.Figure:
    """Returns horizontal bars, the best on top and the only one at full strength.

    Args:
        info: From `probabilities_info`.
        labels: Words in the reader's language.
    """
    (style,) = theme.styles((info.role,))
    places = list(range(len(info.bars)))
    shown = [f"{bar.probability:.1%}" for bar in info.bars]
    bars = go.Bar(
        orientation="h",
        y=places,
        x=[bar.probability for bar in info.bars],
        width=0.62,
        marker={
            "color": [style.colour if place == 0 else theme.translucent(style.colour, 0.6) for place in places],
            "cornerradius": 4,
        },
        text=shown,
        textposition="outside",
        textangle=0,
        cliponaxis=False,
        hovertext=[f"{plain(bar.name)}: {text}" for bar, text in zip(info.bars, shown, strict=True)],
        hoverinfo="text",
        name=labels.probability,
        showlegend=False,
    )
    return go.Figure(bars, _layout(info, places))


def _layout(info: ProbabilitiesInfo, places: list[int]) -> go.Layout:
    names = [plain(shortened(bar.name, 22)) for bar in info.bars]
    return theme.layout(
        xaxis={"range": [0, 1.6], "visible": False, "fixedrange": True},  # room for "100.0%" in a narrow column
        yaxis={
            "tickvals": places,
            "ticktext": names,
            "range": [len(places) - 0.5, -0.5],
            "automargin": True,
            "fixedrange": True,
            "showgrid": False,
            "zeroline": False,
            "ticks": "outside",
            "ticklen": 6,
            "tickcolor": "rgba(0,0,0,0)",
        },
        margin={"l": 4, "r": 4, "t": 4, "b": 4},
        hovermode="closest",
        dragmode=False,
    )
