"""The curve that a learner expects, drawn before the first run, and how far it lay from what was measured."""

import math
from collections import Counter
from collections.abc import Sequence

import streamlit as st

from pages.experiments.names import factor, level
from pages.ui import state
from pages.ui.component import WEB, component
from pages.ui.text import t
from tl_core.charts.sweep import sweep_info
from tl_core.experiments.preset import Preset, Row
from tl_core.experiments.sketch import agreement, points_of
from tl_core.experiments.sweep import Level, Sweep

FEWEST = 3  # levels that make a curve
_SKETCH = component(
    "sketch",
    html='<div class="tl-sketch" role="group"></div>',
    css=(WEB / "sketch.css").read_text(encoding="utf-8"),
)
Points = tuple[tuple[Level, float], ...]


def is_possible(preset: Preset, sweep: Sweep) -> bool:
    """Says whether there is a curve to expect: a line of at least three levels that have an order."""
    return preset.chart == "lines" and preset.is_ordered and len(_levels(preset, sweep)) >= FEWEST


def choose(preset: Preset, sweep: Sweep) -> Points:
    """Draws an empty chart with the axes of the one to come; returns what was drawn on it, once it is whole."""
    levels, name = _levels(preset, sweep), name_of(preset)
    token = f"{state.widget_key(name)} {levels}"
    before = state.get(name)
    values = before["values"] if isinstance(before, dict) and before.get("token") == token else [None] * len(levels)
    shown = [level(preset.x, one, preset.id) for one in levels]
    words = {
        "label": t("experiments.sketch_label", x=factor(preset.x, preset.id)),
        "unset": t("experiments.sketch_unset"),
    }
    data = {"levels": shown, "places": _places(preset, sweep), "values": values, "token": token, "words": words}
    st.caption(t("experiments.sketch_about") + _of_line(preset, sweep))
    told = _SKETCH(
        data=data, key=state.widget_key(name, of_language=True), default={"drawn": None}, on_drawn_change=_nothing
    ).drawn
    if isinstance(told, dict) and told.get("token") == token:
        state.put(name, {"token": token, "values": list(told.get("values") or [])})
        values = told.get("values")
    return points_of(levels, values)


def forget(preset: Preset) -> None:
    """Has the next experiment of a kind begin with an empty chart."""
    state.set_widget(name_of(preset), None)


def draw_agreement(preset: Preset, sweep: Sweep, rows: Sequence[Row]) -> None:
    """Says in numbers how far the sketch lies from the means, and whether it rises and falls with them."""
    sketched = line_of(preset, sweep)
    line = {} if preset.series is None or sketched is None else {preset.series: sketched}
    found = agreement(dict(sweep.sketch), rows, preset.x, **line)
    if found is None:
        return
    said = [t("experiments.sketch_distance", distance=f"{100 * found.distance:.1f}", n=found.n)]
    if found.rank_correlation is not None:
        rho = f"{found.rank_correlation:.2f}".replace("-", "−")
        said.append(t("experiments.sketch_order", rho=rho))
    with st.container(border=True, key="prediction"):
        st.caption(t("experiments.sketched") + _of_line(preset, sweep))
        for one in said:
            st.markdown(one)


def name_of(preset: Preset) -> str:
    """Returns what a sketch is remembered by."""
    return f"sweep-sketch-{preset.id}"


def line_of(preset: Preset, sweep: Sweep) -> Level | None:
    """Returns which line is sketched: the first with enough levels, else the first; None where all is one line."""
    if preset.series is None:
        return None
    n_levels = Counter(cell.factors[preset.series] for cell in sweep.cells)
    return next((line for line, n in n_levels.items() if n >= FEWEST), next(iter(n_levels)))


def _levels(preset: Preset, sweep: Sweep) -> list[Level]:
    """Returns the levels of the line that is sketched, from left to right."""
    line = line_of(preset, sweep)
    cells = [cell for cell in sweep.cells if preset.series is None or cell.factors[preset.series] == line]
    found = list(dict.fromkeys(cell.factors[preset.x] for cell in cells))
    return found if any(isinstance(one, str) for one in found) else sorted(found)


def _places(preset: Preset, sweep: Sweep) -> list[float]:
    """Returns where the levels stand from left to right, in [0, 1], as the chart to come has them."""
    rows = [{preset.x: one, "seed": 0, "run_id": "", "test_accuracy": None} for one in _levels(preset, sweep)]
    info = sweep_info(rows, preset.x, is_logarithmic=preset.is_logarithmic)
    at = [math.log(point.at) if info.scale == "log" else point.at for point in info.lines[0].points]
    return [(place - at[0]) / (at[-1] - at[0]) for place in at]


def _of_line(preset: Preset, sweep: Sweep) -> str:
    """Returns of which line it is, where there are several."""
    line = line_of(preset, sweep)
    if preset.series is None or line is None or len({cell.factors[preset.series] for cell in sweep.cells}) < 2:
        return ""
    return f" {t('experiments.sketch_line', line=level(preset.series, line, preset.id))}"


def _nothing() -> None:
    """Has the page drawn again when a point was set, which is all that is needed."""
