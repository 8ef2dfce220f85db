"""What training has changed in each block, in the geometry of the layer map: one column a block, a panel a measure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from tl_core.charts import theme
from tl_core.charts.layer_map import COLOURS, GAP, PATTERNS, LayerMapInfo, Role
from tl_core.charts.names import plain
from tl_core.charts.weight_changes import bar_height, percent_moved

Measure = Literal["relative_change", "cka", "mean_drift", "cka_with_first"]
STRIP_PX, PANEL_PX, SPACE_PX = 56, 84, 30  # of the strip, of each panel below it, and of the title above each
LEFT_PX = 34  # for the numbers at the panels
PALEST = 0.16  # opacity of a block that has hardly moved
NARROWEST = 0.07  # of the strip's width, that a number fits into


@dataclass(frozen=True)
class Column:
    """One block, or the head: its place on the strip, and its measures; None is what cannot be told."""

    name: str
    role: Role
    start: float
    width: float
    values: Mapping[str, float | None]

    @property
    def middle(self) -> float:
        return self.start + self.width / 2


@dataclass(frozen=True)
class MovedInfo:
    """The columns from the input on, and the measures that are drawn, from above.

    What can be told of no block is left out, and so is a drift that is 0 throughout.
    """

    columns: tuple[Column, ...]
    measures: tuple[Measure, ...]


@dataclass(frozen=True)
class MovedLabels:
    """The words on the chart, in the reader's language: the roles, the measures, and what stands for what is unmoved
    or cannot be told.
    """

    frozen: str
    trainable: str
    head: str
    dropped: str
    relative_change: str
    cka: str
    mean_drift: str
    cka_with_first: str
    unmoved: str
    untold: str


def moved_info(
    strip: LayerMapInfo, blocks: Sequence[Mapping], measures: Sequence[Measure] = get_args(Measure)
) -> MovedInfo:
    """Returns what to draw of a run.

    Args:
        strip: Its layer map.
        blocks: The rows of the answer "moved", the head last.
        measures: Those that are wanted, from above.

    Raises:
        ValueError: The rows are not those of this layer map.
    """
    used = [segment for segment in strip.segments if segment.role != "dropped"]
    values = [{name: row.get(name) for name in measures} for row in blocks]
    values += [{}] * (len(strip.segments) - len(used))
    columns = tuple(
        Column(segment.name, segment.role, segment.start, segment.width, measured)
        for segment, measured in zip(strip.segments, values, strict=True)
    )
    told = {name for column in columns for name, value in column.values.items() if value is not None}
    if not any(column.values.get("mean_drift") for column in columns):
        told.discard("mean_drift")
    return MovedInfo(columns, tuple(name for name in measures if name in told))


def height_px(info: MovedInfo) -> int:
    """Returns how high the chart is."""
    return sum(SPACE_PX + (STRIP_PX if name == "relative_change" else PANEL_PX) for name in info.measures) + 8


def moved_data(info: MovedInfo, labels: MovedLabels) -> dict:
    """Returns the chart as the plain data that Plotly draws: bars whose widths are those of the layer map."""
    traces, layout, top_px, height = [], {}, 0, height_px(info)
    for at, measure in enumerate(info.measures):
        tall = STRIP_PX if measure == "relative_change" else PANEL_PX
        upper, top_px = 1 - (top_px + SPACE_PX) / height, top_px + SPACE_PX + tall
        axis = "" if at == 0 else str(at + 1)
        layout[f"yaxis{axis}"] = _axis(info, measure, [max(0.0, 1 - top_px / height), upper])
        layout.setdefault("annotations", []).append(_title(getattr(labels, measure), upper))
        bars = [
            {**_bars(role, info, measure, labels), "yaxis": f"y{axis}"}
            for role in get_args(Role)
            if any(column.role == role for column in info.columns)
        ]
        traces += [*bars, *({**trace, "yaxis": f"y{axis}"} for trace in _texts(info, measure, labels))]
    return {"data": traces, "layout": _layout(layout)}


def _bars(role: Role, info: MovedInfo, measure: Measure, labels: MovedLabels) -> dict:
    chosen = [column for column in info.columns if column.role == role]
    is_strip = measure == "relative_change"
    values = [column.values.get(measure) for column in chosen]
    colour = COLOURS[role]
    if is_strip and role != "dropped":
        colour = [theme.translucent(colour, PALEST + (1 - PALEST) * _share(value)) for value in values]
    return {
        "type": "bar",
        "uid": f"{measure}-{role}",
        "x": [column.middle for column in chosen],
        "width": [column.width - GAP for column in chosen],
        "y": [1.0] * len(chosen) if is_strip else values,
        "customdata": [[plain(column.name), _said(column, measure, labels)] for column in chosen],
        "hovertemplate": f"<b>%{{customdata[0]}}</b><br>{getattr(labels, role)}<br>%{{customdata[1]}}<extra></extra>",
        "marker": {
            "color": colour,
            "cornerradius": 3,
            "line": {"width": 0},
            "pattern": {
                "shape": PATTERNS[role],
                "fillmode": "overlay",
                "size": 9,
                "solidity": 0.1,
                "fgcolor": theme.ON_FILL,
                "fgopacity": 0.45,
            },
        },
    }


def _share(change: float | None) -> float:
    return 0.0 if not change else bar_height(change)


def _said(column: Column, measure: Measure, labels: MovedLabels) -> str:
    value = column.values.get(measure)
    if value is None:
        return labels.untold
    if measure == "relative_change":
        return labels.unmoved if value == 0.0 and column.role == "frozen" else percent_moved(value)
    return f"{value:.2f}"


def _texts(info: MovedInfo, measure: Measure, labels: MovedLabels) -> list[dict]:
    """Returns the numbers on the strip, where they fit in, or a dash for what cannot be told."""
    if measure != "relative_change":
        untold = [column for column in info.columns if column.role != "dropped" and column.values.get(measure) is None]
        return [_text(f"{measure}-untold", [(column.middle, 0.0, "–") for column in untold], above=True)]
    shown, frozen = [], [column for column in info.columns if column.role == "frozen"]
    is_unmoved = all(column.values[measure] == 0.0 for column in frozen)
    if frozen and is_unmoved:
        end = frozen[-1].start + frozen[-1].width
        shown.append(((frozen[0].start + end) / 2, 0.5, labels.unmoved, end - frozen[0].start, 0.0))
    for column in info.columns:
        value = column.values.get(measure)
        if value is not None and not (is_unmoved and column.role == "frozen"):
            shown.append((column.middle, 0.5, percent_moved(value), column.width, _share(value)))
    fitting = [one for one in shown if one[3] >= NARROWEST]
    pale, strong = ([one[:3] for one in fitting if (one[4] > 0.6) is is_strong] for is_strong in (False, True))
    return [_text("pale", pale), _text("strong", strong) | {"textfont": {"size": 11, "color": theme.ON_FILL}}]


def _text(uid: str, points: Sequence[tuple[float, float, str]], *, above: bool = False) -> dict:
    return {
        "type": "scatter",
        "mode": "text",
        "uid": uid,
        "x": [x for x, _, _ in points],
        "y": [y for _, y, _ in points],
        "text": [text for _, _, text in points],
        "textposition": "top center" if above else "middle center",
        "textfont": {"size": 11},
        "hoverinfo": "skip",
    }


def _axis(info: MovedInfo, measure: Measure, domain: list[float]) -> dict:
    axis = {"domain": domain, "fixedrange": True, "zeroline": False, "tickfont": {"size": 11}}
    if measure == "relative_change":
        return axis | {"visible": False, "range": [0, 1]}
    if measure == "mean_drift":
        most = max((column.values.get(measure) or 0.0 for column in info.columns), default=0.0)
        return axis | {"range": [0, 1.08 * most or 1.0], "nticks": 3}
    return axis | {"range": [0, 1.04], "tickvals": [0, 0.5, 1]}


def _title(words: str, upper: float) -> dict:
    place = {"xref": "paper", "yref": "paper", "x": 0, "y": upper, "xanchor": "left", "yanchor": "bottom"}
    return {"text": words, "showarrow": False, "align": "left", "font": {"size": 12}, "yshift": 1, **place}


def _layout(axes: dict) -> dict:
    return theme.plain_layout(
        barmode="overlay",
        xaxis={"visible": False, "fixedrange": True, "range": [-0.002, 1.002]},
        margin={"l": LEFT_PX, "r": 2, "t": 0, "b": 2},
        showlegend=False,
        hovermode="closest",
        dragmode=False,
        **axes,
    )
