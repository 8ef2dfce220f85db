"""What a whole class predicts, and what was measured drawn on top: bars of choices, a histogram of numbers, or a curve
with the band in which the middle half of all sketches lie.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, quantiles
from typing import Any

import plotly.graph_objects as go

from tl_core.charts import theme
from tl_core.charts.names import plain, shortened

MOST_BINS = 12
_NAME_LETTERS = 28


@dataclass(frozen=True)
class BarsInfo:
    """How often each choice was predicted, and which was measured."""

    choices: tuple[str, ...]
    counts: tuple[int, ...]
    measured: str | None = None


@dataclass(frozen=True)
class NumbersInfo:
    """How many numbers lie in each bin of one width, the bins by their centres, and what was measured."""

    centres: tuple[float, ...]
    counts: tuple[int, ...]
    width: float
    measured: float | None = None


@dataclass(frozen=True)
class BandInfo:
    """The mean of sketched curves, the quartiles around it, and what was measured at each place."""

    places: tuple[str, ...]
    low: tuple[float, ...]
    mean: tuple[float, ...]
    high: tuple[float, ...]
    measured: tuple[float, ...] = ()


PredictionsInfo = BarsInfo | NumbersInfo | BandInfo


@dataclass(frozen=True)
class PredictionsLabels:
    """The words on the figure, in the reader's language: its parts, its axes, and the names of choices and places."""

    predicted: str
    measured: str
    students: str
    value: str = ""
    names: Mapping[str, str] = field(default_factory=dict)


def bars_info(answers: Sequence[Any], choices: Sequence[str], measured: Any = None) -> BarsInfo:
    """Returns how often each choice was predicted; of an order what stands in its first place.

    Args:
        answers: A choice each, or a list of them in order; what is none of the choices is left out.
        choices: All that can be predicted.
        measured: The same; None: nothing was measured yet.
    """
    counts = Counter(map(_first, answers))
    said = _first(measured)
    return BarsInfo(tuple(choices), tuple(counts[choice] for choice in choices), said if said in choices else None)


def _first(answer: Any) -> str | None:
    first = answer[0] if isinstance(answer, list | tuple) and answer else answer
    return first if isinstance(first, str) else None


def numbers_info(answers: Sequence[Any], measured: float | None = None, factor: float = 1.0) -> NumbersInfo:
    """Returns how many numbers lie in each bin, a few round bins around multiples of 1, 2 or 5 times a power of ten.

    Args:
        answers: A number each; what is none is left out.
        measured: What was measured; None: nothing yet.
        factor: By what all of them are multiplied, 100 for fractions that are shown in percent.
    """
    shown = [factor * one for one in answers if isinstance(one, int | float) and math.isfinite(one)]
    at = None if measured is None else factor * measured
    if not shown:
        return NumbersInfo((), (), 1.0, at)
    width = _width(max(shown) - min(shown))
    counts = Counter(math.floor(one / width + 0.5) for one in shown)
    bins = range(min(counts), max(counts) + 1)
    return NumbersInfo(tuple(n * width for n in bins), tuple(counts[n] for n in bins), width, at)


def _width(span: float) -> float:
    """Returns the smallest round width of which few enough bins hold all numbers."""
    least = span / (MOST_BINS - 1)
    if least <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    return next(times * power for times in (1, 2, 5, 10) if times * power >= least)


def band_info(answers: Sequence[Any], places: Sequence[str], measured: Mapping[str, float] | None = None) -> BandInfo:
    """Returns the mean of sketches and their quartiles at each place.

    Args:
        answers: Place → value each; what is no whole sketch is left out.
        places: In their order.
        measured: The same; None: nothing was measured yet.
    """
    whole = [one for one in answers if isinstance(one, Mapping) and set(one) == set(places)]
    columns = [sorted(float(one[place]) for one in whole) for place in places] if whole else []
    quarters = [quantiles(column, n=4, method="inclusive") if len(column) > 1 else column * 3 for column in columns]
    known = tuple(measured[place] for place in places) if measured and set(measured) == set(places) else ()
    low, high = tuple(each[0] for each in quarters), tuple(each[2] for each in quarters)
    return BandInfo(tuple(places), low, tuple(map(fmean, columns)), high, known)


def predictions_figure(info: PredictionsInfo, labels: PredictionsLabels) -> go.Figure:
    """Returns the figure; what was measured is a diamond, a line or a curve in the colour of runs."""
    return go.Figure(predictions_data(info, labels))


def predictions_data(info: PredictionsInfo, labels: PredictionsLabels, scale: float = 1.0) -> dict:
    """Returns the figure as the plain data that Plotly draws in a browser.

    Args:
        info: From one of the functions above.
        labels: Words in the reader's language.
        scale: How large letters and lines are, relative to those for a desk.
    """
    if isinstance(info, BarsInfo):
        return _bars(info, labels, scale)
    return _numbers(info, labels, scale) if isinstance(info, NumbersInfo) else _band(info, labels, scale)


def _bars(info: BarsInfo, labels: PredictionsLabels, scale: float) -> dict:
    names = [plain(shortened(labels.names.get(one, one), _NAME_LETTERS)) for one in info.choices]
    places = list(range(len(names)))
    traces = [_predicted(places, info.counts, 0.7, labels)]
    if info.measured is not None:
        at = info.choices.index(info.measured)
        traces.append(_measured([at], [info.counts[at]], "markers", labels, scale))
    x_axis = _axis("", scale) | {"tickvals": places, "ticktext": names, "range": [-0.5, len(names) - 0.5]}
    return {"data": traces, "layout": _layout(x_axis, _counting(info.counts, labels, scale), scale)}


def _numbers(info: NumbersInfo, labels: PredictionsLabels, scale: float) -> dict:
    traces = [_predicted(info.centres, info.counts, 0.92 * info.width, labels)]
    if info.measured is not None:
        top = max(info.counts, default=1)
        line = _measured([info.measured, info.measured], [0, top], "lines+markers", labels, scale)
        line["marker"]["size"] = [0, line["marker"]["size"]]
        traces.append(line | {"name": f"{line['name']} {info.measured:.3g}"})
    x_axis = _axis(labels.value, scale)
    return {"data": traces, "layout": _layout(x_axis, _counting(info.counts, labels, scale), scale)}


def _band(info: BandInfo, labels: PredictionsLabels, scale: float) -> dict:
    names = [plain(shortened(labels.names.get(one, one), _NAME_LETTERS)) for one in info.places]
    places = list(range(len(names)))
    edge = {"type": "scatter", "mode": "lines", "x": places, "hoverinfo": "skip", "showlegend": False}
    edge |= {"line": {"width": 0, "color": theme.NEUTRAL}}
    filling = {"fill": "tonexty", "fillcolor": theme.translucent(theme.NEUTRAL, 0.25)}
    traces = [
        edge | {"uid": "low", "y": list(info.low)},
        edge | filling | {"uid": "high", "y": list(info.high)},
        {
            "type": "scatter",
            "uid": "predicted",
            "mode": "lines+markers",
            "name": plain(labels.predicted),
            "x": places,
            "y": list(info.mean),
            "line": {"color": theme.NEUTRAL, "dash": "dot", "width": 2 * scale},
            "hovertemplate": "%{y:.0%}<extra></extra>",
        },
    ]
    if info.measured:
        traces.append(_measured(places, info.measured, "lines+markers", labels, scale))
    x_axis = _axis("", scale) | {"tickvals": places, "ticktext": names, "range": [-0.3, len(names) - 0.7]}
    y_axis = _axis(labels.value, scale) | {"range": [0, 1.03], "tickformat": ".0%", "dtick": 0.25}
    return {"data": traces, "layout": _layout(x_axis, y_axis, scale)}


def _predicted(places: Sequence[float], counts: Sequence[int], width: float, labels: PredictionsLabels) -> dict:
    return {
        "type": "bar",
        "uid": "predicted",
        "name": plain(labels.predicted),
        "x": list(places),
        "y": list(counts),
        "width": width,
        "hovertemplate": "%{y}<extra></extra>",
        "marker": {"color": theme.translucent(theme.NEUTRAL, 0.6)},
    }


def _measured(
    x: Sequence[float], y: Sequence[float], mode: str, labels: PredictionsLabels, scale: float
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "uid": "measured",
        "mode": mode,
        "name": plain(labels.measured),
        "x": list(x),
        "y": list(y),
        "line": {"color": theme.RUN.colour, "width": 3 * scale},
        "marker": {"color": theme.RUN.colour, "symbol": "diamond", "size": 14 * scale},
        "hoverinfo": "name",
        "cliponaxis": False,
    }


def _counting(counts: Sequence[int], labels: PredictionsLabels, scale: float) -> dict:
    """Returns an axis of students: it begins at 0 and counts whole ones."""
    most = max(counts, default=0)
    return _axis(labels.students, scale) | {"range": [0, max(most * 1.12, 1.2)], "dtick": max(1, math.ceil(most / 8))}


def _axis(title: str, scale: float) -> dict:
    words = {"text": plain(title), "standoff": 8, "font": {"size": theme.LETTERS_PX * scale}}
    return {"title": words, "automargin": True, "zeroline": False, "fixedrange": True}


def _layout(x_axis: dict, y_axis: dict, scale: float) -> dict:
    return theme.plain_layout(
        xaxis=x_axis | {"showgrid": False},
        yaxis=y_axis,
        font={"size": theme.LETTERS_PX * scale},
        showlegend=True,
        hovermode="closest",
        margin={"l": 8, "r": 16, "t": 8, "b": 8},
    )
