"""What a learning-rate finder has seen: the loss at each rate, and which rate the fall of the loss proposes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from tl_core.charts import theme

ROOM = 0.06  # of the height, above and below the curve
PROPOSED_PX = 11
SYMBOLS = ("circle", "star")  # careful, bold


@dataclass(frozen=True)
class RateTestInfo:
    """The curve.

    Attributes:
        rates: Learning rates, ascending.
        losses: The loss before the step at each.
        smoothed: The same, averaged over the steps before.
        proposed: (rate, smoothed loss) where the finder proposes to begin, careful and bold; none where the loss does
            not fall.
        chosen: The rate that is set now.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]
    proposed: tuple[tuple[float, float], ...]
    chosen: float


@dataclass(frozen=True)
class RateTestLabels:
    """The words on the figure, in the reader's language."""

    rate: str
    loss: str
    careful: str
    bold: str
    chosen: str


def rate_test_info(
    rates: Sequence[float],
    losses: Sequence[float],
    smoothed: Sequence[float],
    careful: float | None,
    bold: float | None,
    chosen: float,
) -> RateTestInfo:
    """Returns what to draw.

    Args:
        rates, losses, smoothed, careful, bold: As `training.rate_finder.RateCurve` has them.
        chosen: The rate that is set now.
    """
    points = tuple(
        (rate, float(np.interp(np.log(rate), np.log(rates), smoothed))) for rate in (careful, bold) if rate is not None
    )
    return RateTestInfo(tuple(rates), tuple(losses), tuple(smoothed), points, chosen)


def rate_test_figure(info: RateTestInfo, labels: RateTestLabels) -> go.Figure:
    """Returns points for single steps, a line through their average, the proposed rate, and the one set now."""
    hover = f"{labels.rate} %{{x:.2g}} · {labels.loss} %{{y:.2f}}<extra></extra>"
    dots = {"color": theme.NEUTRAL, "size": 4, "opacity": 0.6}
    figure = go.Figure(
        [
            go.Scatter(x=info.rates, y=info.losses, mode="markers", marker=dots, hoverinfo="skip", showlegend=False),
            go.Scatter(
                x=info.rates,
                y=info.smoothed,
                mode="lines",
                line={"color": theme.RUN.colour, "width": 2},
                hovertemplate=hover,
                showlegend=False,
            ),
        ]
    )
    low, high = min(info.smoothed), max(info.smoothed)
    span = [low - ROOM * (high - low), high + ROOM * (high - low)]
    figure.add_scatter(
        x=[info.chosen] * 2,
        y=span,
        mode="lines",
        line={"color": theme.NEUTRAL, "width": 1.5, "dash": "dash"},
        name=labels.chosen,
        hoverinfo="skip",
    )
    for point, symbol, name in zip(info.proposed, SYMBOLS, (labels.careful, labels.bold), strict=False):
        figure.add_scatter(
            x=[point[0]],
            y=[point[1]],
            mode="markers",
            marker={"color": theme.RUN.colour, "size": PROPOSED_PX, "symbol": symbol},
            name=name,
            hovertemplate=hover,
        )
    fixed = {"fixedrange": True, "automargin": True}
    figure.update_layout(
        theme.layout(
            dragmode=False,
            xaxis={**fixed, "type": "log", "title": {"text": labels.rate}, "dtick": 1, "exponentformat": "power"},
            yaxis={**fixed, "title": {"text": labels.loss}, "range": span, "nticks": 5},
        )
    )
    return figure
