"""The curve of an experiment, grown from the trials that are done."""

import json

import streamlit as st

from pages.ui import state
from pages.ui.live_chart import Saving, live_figure
from pages.ui.sweep_names import factor, level, name_of, sweep_of
from pages.ui.text import literal, t
from tl_core.charts.sweep import SweepLabels, small_multiples, sweep_data, sweep_info
from tl_core.engine.runs.sweep_snapshots import SweepSnapshot
from tl_core.experiments.own import LOGARITHMIC, choices_of
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.sketch import sketched_line
from tl_core.experiments.sweep import Level, Sweep
from tl_core.store.records import SweepRecord

CHART_PX, SMALL_PX = 400, 260
COLUMNS = 2  # of small charts; a telephone has them below each other
MOST_LINES = 4  # that one chart shows without becoming a tangle
WORDS = ("accuracy", "mean", "trial", "interval", "seed", "seeds", "sketch")


def draw(snapshot: SweepSnapshot) -> None:
    """Draws it: a mean over seeds with its interval at each level, a line for each level of a second factor.

    Of many such levels, each has a small chart of its own, all with the same axes.
    """
    record, sweep = snapshot.record, sweep_of(snapshot.record)
    x, series = _axes(sweep)
    names = dict.fromkeys(cell.factors[series] for cell in sweep.cells) if series else {}
    figures = _drawn(record.id, snapshot.version, state.language(), snapshot, len(names) > MOST_LINES)
    label = t("experiments.chart", name=name_of(record), x=factor(x, sweep.kind))
    if series is None or len(figures) == 1:
        _draw_one(figures[0], record, "sweep-chart", label, CHART_PX)
        return
    st.caption(t("experiments.small_charts", series=factor(series, sweep.kind)))
    words = [f"{factor(series, sweep.kind)}{t('unit.colon')}{level(series, value, sweep.kind)}" for value in names]
    for first in range(0, len(figures), COLUMNS):
        places = st.columns(COLUMNS, gap="medium")
        for at, place in zip(range(first, min(first + COLUMNS, len(figures))), places, strict=False):
            with place:
                st.markdown(f"**{literal(words[at])}**")
                _draw_one(figures[at], record, f"sweep-chart-{at}", f"{words[at]}{t('unit.comma')}{label}", SMALL_PX)


def _draw_one(figure: str, record: SweepRecord, key: str, label: str, height: int) -> None:
    words = {name: t("experiments.save", format=name.upper()) for name in ("png", "svg")}
    name = f"{record.sweep['kind']}-{record.id[:6]}{key.removeprefix('sweep-chart')}"
    live_figure(figure, key=key, height=height, revision=record.id, label=label, save=Saving(name, **words))


def _axes(sweep: Sweep) -> tuple[str, str | None]:
    """Returns the factor on the horizontal axis, and the one that makes lines."""
    preset = PRESETS.get(sweep.kind)
    if preset is not None:
        return preset.x, preset.series
    return sweep.factors[0], sweep.factors[1] if len(sweep.factors) > 1 else None


@st.cache_data(max_entries=64, show_spinner=False)
def _drawn(sweep_id: str, version: int, language: str, _snapshot: SweepSnapshot, are_many: bool) -> list[str]:
    """Returns the figure, or one for each of many lines, as JSON; all who look at the same trials get the same ones."""
    sweep, preset = sweep_of(_snapshot.record), PRESETS.get(_snapshot.record.sweep["kind"])
    x, series = _axes(sweep)
    is_logarithmic = x in LOGARITHMIC if preset is None else preset.is_logarithmic
    info = sweep_info(
        _snapshot.rows,
        x,
        series,
        is_logarithmic=is_logarithmic,
        is_ordered=choices_of(x) is None if preset is None else preset.is_ordered,
        sketch=dict(sweep.sketch),
        sketched="" if preset is None or preset.series is None else sketched_line(preset, sweep),
        published=preset.published if preset is not None else (),
    )
    labels = _labels(sweep, x, series)
    figures = [sweep_data(one, labels) for one in (small_multiples(info) if are_many else (info,))]
    return [json.dumps(figure, separators=(",", ":"), allow_nan=False) for figure in figures]


def _labels(sweep: Sweep, x: str, series: str | None) -> SweepLabels:
    varied = [name for name in (x, series) if name is not None]
    found = {name: dict.fromkeys(cell.factors[name] for cell in sweep.cells) for name in varied}
    levels = {_said(value): level(name, value, sweep.kind) for name in reversed(varied) for value in found[name]}
    published = t(f"sweep.{sweep.kind}.published") if getattr(PRESETS.get(sweep.kind), "published", ()) else ""
    words = {name: t(f"experiments.chart_{name}") for name in WORDS}
    return SweepLabels(x=factor(x, sweep.kind), published=published, levels=levels, **words)


def _said(value: Level) -> str:
    """Returns a level as the chart names it."""
    return f"{value:g}" if isinstance(value, float) else str(value)
