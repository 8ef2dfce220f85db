"""The curve that a learner expects, drawn before the first run, and how far it lay from what was measured."""

import math
from collections.abc import Sequence

import streamlit as st

from pages.ui import state
from pages.ui.sketch import sketch_on
from pages.ui.sweep_names import factor, level
from pages.ui.text import t
from tl_core.charts.sweep import sweep_info
from tl_core.experiments.preset import Preset, Row
from tl_core.experiments.sketch import FEWEST_RANKED, agreement, points_of, sketched_line
from tl_core.experiments.sweep import Level, Sweep

Points = tuple[tuple[Level, float], ...]


def is_possible(preset: Preset, sweep: Sweep) -> bool:
    """Says whether there is a curve to expect: a line of at least three levels that have an order."""
    return preset.chart == "lines" and preset.is_ordered and len(_levels(preset, sweep)) >= FEWEST_RANKED


def choose(preset: Preset, sweep: Sweep) -> Points:
    """Draws an empty chart with the axes of the one to come; returns what was drawn on it, once it is whole."""
    levels, name = _levels(preset, sweep), name_of(preset)
    shown = [level(preset.x, one, preset.id) for one in levels]
    st.caption(t("experiments.sketch_about") + _of_line(preset, sweep))
    values = sketch_on(shown, _places(preset, sweep), name, factor(preset.x, preset.id))
    return points_of(levels, values)


def forget(preset: Preset) -> None:
    """Has the next experiment of a kind begin with an empty chart."""
    state.set_widget(name_of(preset), None)


def draw_agreement(preset: Preset, sweep: Sweep, rows: Sequence[Row]) -> None:
    """Says in numbers how far the sketch lies from the means, and whether it rises and falls with them."""
    sketched = sketched_line(preset, sweep)
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


def _levels(preset: Preset, sweep: Sweep) -> list[Level]:
    """Returns the levels of the line that is sketched, from left to right."""
    line = sketched_line(preset, sweep)
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
    line = sketched_line(preset, sweep)
    if preset.series is None or line is None or len({cell.factors[preset.series] for cell in sweep.cells}) < 2:
        return ""
    return f" {t('experiments.sketch_line', line=level(preset.series, line, preset.id))}"
