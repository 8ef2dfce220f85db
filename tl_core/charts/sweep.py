"""A sweep's chart: the mean over seeds at each level with its band, each trial as a faint point, and beside them what
somebody predicted and what a paper found.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import plotly.graph_objects as go

from tl_core.charts import theme
from tl_core.charts.names import plain, plain_in_template, shortened
from tl_core.charts.sweep_records import LevelPoint, Scale, SeedPoint, SweepInfo, SweepLabels, SweepLine
from tl_core.experiments.preset import Published
from tl_core.experiments.rows import level_text
from tl_core.experiments.statistics import mean_interval
from tl_core.experiments.sweep import SEED

__all__ = ["SweepInfo", "SweepLabels", "small_multiples", "sweep_data", "sweep_figure", "sweep_info"]

MOST_UPRIGHT = 40  # letters of all levels together that stand side by side on a telephone
MOST_LETTERS = 28
MOST_OF_AXIS = 26  # letters that fit along the second axis
BAND = 0.16  # opacity
FAINT = 0.45


def sweep_info(
    rows: Sequence[Mapping[str, Any]],
    x: str,
    series: str | None = None,
    *,
    is_logarithmic: bool = False,
    is_ordered: bool = True,
    sketch: Mapping[Any, float] | None = None,
    sketched: Any = "",
    published: Sequence[Published] = (),
) -> SweepInfo:
    """Returns what to draw of the rows of a sweep.

    Args:
        rows: One a trial, as `experiments.preset.Row`, in the order of the sweep; a trial without a score keeps its
            level's place.
        x: The factor on the horizontal axis.
        series: The factor that makes one line each; None: one line in all.
        is_logarithmic: Whether x grows by factors. Levels that are no numbers stand one step apart in any case.
        is_ordered: Whether lines go from level to level: not where these are only different from each other.
        sketch, sketched: What somebody predicted, level of x → accuracy, and for which line: a level of `series`.
        published: Curves from a paper.
    """
    levels = list(dict.fromkeys(row[x] for row in rows))
    is_number = all(isinstance(level, int | float) and not isinstance(level, bool) for level in levels)
    scale: Scale = "names" if not is_number else "log" if is_logarithmic and min(levels, default=1) > 0 else "linear"
    places = {level: float(at if scale == "names" else level) for at, level in enumerate(levels)}
    names = dict.fromkeys(row[series] if series else "" for row in rows)
    lines = (
        _line(str(name), [row for row in rows if series is None or row[series] == name], x, places) for name in names
    )
    predicted = sorted((places[level], float(value)) for level, value in (sketch or {}).items() if level in places)
    return SweepInfo(
        scale,
        tuple(sorted((at, level_text(level)) for level, at in places.items())),
        is_ordered,
        tuple(lines),
        tuple(predicted),
        tuple((one.series, one.points) for one in published),
        sketched=str(sketched),
    )


def small_multiples(info: SweepInfo) -> tuple[SweepInfo, ...]:
    """Returns a chart for each line, with the others faintly behind it: many lines in one are a tangle.

    All have the same axes. A curve from a paper and a predicted one stand beside their own line.

    References: Tufte 1990, "Envisioning Information", chapter 4.
    """
    return tuple(
        replace(
            info,
            lines=(line,),
            others=tuple(other for other in info.lines if other is not line),
            published=tuple(curve for curve in info.published if curve[0] in ("", line.name)),
        )
        for line in info.lines
    )


def _line(name: str, rows: Sequence[Mapping[str, Any]], x: str, places: Mapping[Any, float]) -> SweepLine:
    levels = sorted(dict.fromkeys(row[x] for row in rows), key=lambda level: places[level])
    scored = [row for row in rows if row["test_accuracy"] is not None]
    trials = (SeedPoint(places[row[x]], row[SEED], str(row["run_id"]), row["test_accuracy"]) for row in scored)
    points = (
        _level(level, places[level], [row["test_accuracy"] for row in scored if row[x] == level]) for level in levels
    )
    return SweepLine(name, tuple(points), tuple(trials))


def _level(level: Any, at: float, values: Sequence[float]) -> LevelPoint:
    if not values:
        return LevelPoint(at, level_text(level), None, None, 0)
    mean = mean_interval(values)
    return LevelPoint(at, level_text(level), mean.mean, mean.interval, mean.n)


def sweep_figure(info: SweepInfo, labels: SweepLabels) -> go.Figure:
    """Returns the figure: a strong line of means, a band from two seeds on, faint points.

    A band says where the mean lies, not where trials do. Its ends may lie outside of what is shown: of two seeds little
    is known.

    Args:
        info: From `sweep_info`.
        labels: Words in the reader's language.
    """
    return go.Figure(sweep_data(info, labels))


def sweep_data(info: SweepInfo, labels: SweepLabels) -> dict:
    """Returns what `sweep_figure` returns as the plain data that Plotly draws in a browser."""
    roles = ["baseline" if line.name == "scratch" else "run" for line in info.lines]
    traces = [_behind(line, is_ordered=info.is_ordered) for line in info.others]
    for line, style in zip(info.lines, theme.styles(roles), strict=True):
        traces += _bands(line, style, is_ordered=info.is_ordered)
        traces += [_faint(line, style, labels), _means(line, style, labels, is_ordered=info.is_ordered)]
    if info.sketch and info.sketched in ("", *(line.name for line in info.lines)):
        traces.append(_beside("sketch", info.sketch, "dot", 3.0, labels.sketch))
    if info.published:
        points = [point for _, curve in info.published for point in (*curve, (None, None))][:-1]
        traces.append(_beside("published", points, "dash", 2.0, labels.published) | {"yaxis": "y2"})
    return {"data": [*traces, *_keys(info, labels)], "layout": _layout(info, labels)}


def _name(line: SweepLine, labels: SweepLabels) -> str:
    return shortened(labels.levels.get(line.name, line.name) if line.name else labels.mean, 32)


def _means(line: SweepLine, style: theme.Style, labels: SweepLabels, *, is_ordered: bool) -> dict:
    name = _name(line, labels)
    shown = "%{customdata[0]}: %{y:.1%}<br>%{customdata[1]}"
    about = [[plain(labels.levels.get(point.level, point.level)), _spread(point, labels)] for point in line.points]
    return {
        "type": "scatter",
        "uid": f"mean-{line.name}",
        "name": plain(name),
        "legendgroup": line.name,
        "x": [point.at for point in line.points],
        "y": [point.mean for point in line.points],
        "customdata": about,
        "hovertemplate": f"{shown}<extra>{plain_in_template(name)}</extra>",
        "connectgaps": False,
        "mode": "lines+markers" if is_ordered else "markers",
        "line": {"color": style.colour, "width": 2.5, "dash": style.dash},
        "marker": {"color": style.colour, "size": 8, "symbol": style.marker},
    }


def _spread(point: LevelPoint, labels: SweepLabels) -> str:
    """Returns how sure a mean is."""
    seeds = f"{point.n} {labels.seeds}"
    if point.interval is None:
        return seeds
    return f"{labels.interval}: {point.interval[0]:.1%} – {point.interval[1]:.1%}, {seeds}"


def _faint(line: SweepLine, style: theme.Style, labels: SweepLabels) -> dict:
    marker = {"color": theme.translucent(style.colour, FAINT), "size": 5, "symbol": style.marker}
    return {
        "type": "scatter",
        "uid": f"trials-{line.name}",
        "legendgroup": line.name,
        "showlegend": False,
        "x": [trial.at for trial in line.trials],
        "y": [trial.accuracy for trial in line.trials],
        "customdata": [[trial.seed, trial.run_id] for trial in line.trials],
        "hovertemplate": f"%{{y:.1%}}<extra>{labels.seed} %{{customdata[0]}}</extra>",
        "mode": "markers",
        "marker": marker,
    }


def _behind(line: SweepLine, *, is_ordered: bool) -> dict:
    colour = theme.translucent(theme.NEUTRAL, FAINT)
    return {
        "type": "scatter",
        "uid": f"behind-{line.name}",
        "showlegend": False,
        "hoverinfo": "skip",
        "x": [point.at for point in line.points],
        "y": [point.mean for point in line.points],
        "connectgaps": False,
        "mode": "lines" if is_ordered else "markers",
        "line": {"color": colour, "width": 1.2},
        "marker": {"color": colour, "size": 4},
    }


def _bands(line: SweepLine, style: theme.Style, *, is_ordered: bool) -> list[dict]:
    """Returns a band for each stretch of neighbouring levels that have an interval; a lone one is a stroke."""
    stretches, is_open = [], False
    for point in line.points:
        if point.interval is None:
            is_open = False
            continue
        if is_open:
            stretches[-1].append(point)
        else:
            stretches.append([point])
        is_open = is_ordered
    return [_band(number, stretch, line, style) for number, stretch in enumerate(stretches)]


def _band(number: int, stretch: Sequence[LevelPoint], line: SweepLine, style: theme.Style) -> dict:
    ends = [(point.at, *point.interval) for point in stretch if point.interval]
    around = [(at, low) for at, low, _ in ends] + [(at, high) for at, _, high in reversed(ends)]
    stroke = {"color": theme.translucent(style.colour, 2 * BAND), "width": 6 if len(ends) == 1 else 0}
    return {
        "type": "scatter",
        "uid": f"band-{line.name}-{number}",
        "legendgroup": line.name,
        "showlegend": False,
        "hoverinfo": "skip",
        "x": [at for at, _ in around],
        "y": [value for _, value in around],
        "mode": "lines",
        "line": stroke,
        "fill": "toself",
        "fillcolor": theme.translucent(style.colour, BAND),
    }


def _beside(uid: str, points: Iterable[tuple[Any, Any]], dash: str, width: float, name: str) -> dict:
    at = list(points)
    return {
        "type": "scatter",
        "uid": uid,
        "name": plain(name),
        "x": [x for x, _ in at],
        "y": [y for _, y in at],
        "mode": "lines+markers",
        "line": {"color": theme.NEUTRAL, "width": width, "dash": dash},
        "marker": {"color": theme.NEUTRAL, "size": 6, "symbol": "circle-open" if uid == "sketch" else "diamond-open"},
        "hovertemplate": f"%{{y:.1%}}<extra>{plain_in_template(name)}</extra>",
    }


def _keys(info: SweepInfo, labels: SweepLabels) -> list[dict]:
    """Returns traces without points that explain faint points and bands in the legend."""
    nothing = {"type": "scatter", "x": [None], "y": [None], "mode": "markers", "hoverinfo": "skip"}
    point = {"color": theme.translucent(theme.NEUTRAL, FAINT), "size": 5}
    keys = [nothing | {"uid": "key-trials", "name": labels.trial, "marker": point}]
    if any(level.interval for line in info.lines for level in line.points):
        square = {"color": theme.translucent(theme.NEUTRAL, 2 * BAND), "size": 12, "symbol": "square"}
        keys.append(nothing | {"uid": "key-band", "name": labels.interval, "marker": square})
    return keys


def _layout(info: SweepInfo, labels: SweepLabels) -> dict:
    accuracy = {"title": _title(labels.accuracy), "tickformat": ".0%", "zeroline": False, "nticks": 6}
    all_lines = (*info.lines, *info.others)
    shown = [trial.accuracy for line in all_lines for trial in line.trials] + [y for _, y in info.sketch]
    layout = theme.plain_layout(
        xaxis=_x_axis(info, labels),
        yaxis=accuracy | {"range": _range(shown), "automargin": True},
        hovermode="closest",
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
    )
    if info.others:
        layout["showlegend"] = False  # the words above the small chart say what it is of
    layout["legend"] = {**layout["legend"], "font": {"size": 12}, "tracegroupgap": 0}  # five entries on a telephone
    if info.published:
        found = [y for _, curve in info.published for _, y in curve]
        side = {"overlaying": "y", "side": "right", "showgrid": False, "range": _range(found), "automargin": True}
        layout["yaxis2"] = accuracy | side | {"title": _title(shortened(labels.published, MOST_OF_AXIS))}
    return layout


def _x_axis(info: SweepInfo, labels: SweepLabels) -> dict:
    names = [plain(shortened(labels.levels.get(name, name), MOST_LETTERS)) for _, name in info.ticks]
    axis = {"title": _title(labels.x), "showgrid": False, "zeroline": False, "automargin": True}
    axis |= {"tickvals": [at for at, _ in info.ticks], "ticktext": names, "tickfont": {"size": 11}}
    if info.scale == "log":
        return axis | {"type": "log"}
    if info.scale == "names":
        is_upright = sum(map(len, names)) <= MOST_UPRIGHT
        axis |= {"range": [-0.4, len(names) - 0.6], "tickangle": 0 if is_upright else -60}
    return axis


def _title(words: str) -> dict:
    return {"text": plain(words), "standoff": 8, "font": {"size": 13}}


def _range(values: Sequence[float]) -> list[float]:
    """Returns what an axis of accuracies shows: what there is and a little more, in steps of 5 points."""
    if not values:
        return [0.0, 1.03]
    low, high = math.floor(20 * min(values) - 0.2) / 20, math.ceil(20 * max(values) + 0.2) / 20
    return [max(0.0, low), min(1.03, high)]
