"""How like its own map the map of a network stays while its weights are drawn at random, from the output on."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from tl_core.charts import theme
from tl_core.charts.names import plain, plain_in_template, shortened


@dataclass(frozen=True)
class Stage:
    """Parts drawn so far, the last of them, and the rank correlation then, in [−1, 1]; None where there is none."""

    n: int
    part: str
    correlation: float | None


@dataclass(frozen=True)
class CascadeRun:
    """A run with its role and its stages, from the head to the input."""

    name: str
    role: str
    stages: tuple[Stage, ...]


@dataclass(frozen=True)
class CascadeInfo:
    """The runs."""

    runs: tuple[CascadeRun, ...]


@dataclass(frozen=True)
class CascadeLabels:
    """The words on the figure, in the reader's language."""

    parts: str
    correlation: str
    trained: str


def cascade_info(runs: Sequence[tuple[str, str, Sequence[tuple[int, str, float | None]]]]) -> CascadeInfo:
    """Returns what to draw.

    Args:
        runs: Name, role and (parts drawn, the last of them, correlation) of each.
    """
    return CascadeInfo(
        tuple(CascadeRun(name, role, tuple(Stage(*stage) for stage in stages)) for name, role, stages in runs)
    )


def cascade_figure(info: CascadeInfo, labels: CascadeLabels) -> go.Figure:
    """Returns a line for each run that begins at 1, the trained network compared with itself.

    Parts are counted, for networks have more or fewer of them; each point tells its name.
    """
    styles = theme.styles([run.role for run in info.runs])
    lines = [_line(run, style, labels) for run, style in zip(info.runs, styles, strict=True)]
    fixed = {"fixedrange": True, "automargin": True}
    return go.Figure(
        lines,
        theme.layout(
            showlegend=len(lines) > 1,
            dragmode=False,
            xaxis={**fixed, "title": {"text": labels.parts}, "rangemode": "tozero", "nticks": 8},
            yaxis={**fixed, "title": {"text": labels.correlation}, "range": [-1.05, 1.1], "nticks": 5},
        ),
    )


def _line(run: CascadeRun, style: theme.Style, labels: CascadeLabels) -> go.Scatter:
    stages = (Stage(0, labels.trained, 1.0), *run.stages)
    return go.Scatter(
        x=[stage.n for stage in stages],
        y=[stage.correlation for stage in stages],
        mode="lines+markers",
        connectgaps=True,
        name=plain(shortened(run.name, 40)),
        customdata=[plain(stage.part) for stage in stages],
        hovertemplate=f"<b>%{{customdata}}</b><br>{plain_in_template(labels.correlation)} %{{y:.2f}}<extra></extra>",
        line={"color": style.colour, "dash": style.dash, "width": 2},
        marker={"symbol": style.marker, "size": 7, "color": style.colour},
    )
