"""The learning rate as it is planned over the epochs, drawn small."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from tl_core.charts import theme


@dataclass(frozen=True)
class RatesInfo:
    """The curve: epochs done and the rate there; and all epochs, where the axis ends."""

    epochs: tuple[float, ...]
    rates: tuple[float, ...]
    n_epochs: int


@dataclass(frozen=True)
class RatesLabels:
    """The words on the figure, in the reader's language."""

    epochs: str
    rate: str


def rates_info(points: Sequence[tuple[float, float]], n_epochs: int) -> RatesInfo:
    """Returns what to draw.

    Args:
        points: (epochs done, rate), as `planning.rates.planned_rates` returns them.
        n_epochs: Of the phase.
    """
    epochs, rates = zip(*points, strict=True)
    return RatesInfo(epochs, rates, n_epochs)


def rates_figure(info: RatesInfo, labels: RatesLabels) -> go.Figure:
    """Returns one line, which keeps a rate until the next one: so it is used."""
    line = go.Scatter(
        x=[*info.epochs, info.n_epochs],
        y=[*info.rates, info.rates[-1]],
        mode="lines",
        line={"color": theme.RUN.colour, "width": 2, "shape": "hv"},
        hovertemplate=f"{labels.epochs} %{{x:.2f}} · {labels.rate} %{{y:.3g}}<extra></extra>",
    )
    fixed = {"fixedrange": True, "automargin": True, "nticks": 4}
    return go.Figure(
        line,
        theme.layout(
            showlegend=False,
            dragmode=False,
            xaxis={**fixed, "title": {"text": labels.epochs}, "range": [0, info.n_epochs]},
            yaxis={**fixed, "rangemode": "tozero", "tickformat": ".2~g"},
        ),
    )
