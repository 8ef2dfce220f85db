"""The curve of an experiment, grown from the trials that are done."""

import json

import streamlit as st

from pages.experiments.names import factor, level, name_of, sweep_of
from pages.ui import state
from pages.ui.live_chart import Saving, live_figure
from pages.ui.text import t
from tl_core.charts.sweep import SweepLabels, sweep_data, sweep_info
from tl_core.engine.runs.sweep_snapshots import SweepSnapshot
from tl_core.experiments.own import LOGARITHMIC, choices_of
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.sweep import Level, Sweep

CHART_PX = 400
WORDS = ("accuracy", "mean", "trial", "interval", "seed", "seeds", "sketch")


def draw(snapshot: SweepSnapshot) -> None:
    """Draws it: a mean over seeds with its interval at each level, a line for each level of a second factor."""
    record, sweep = snapshot.record, sweep_of(snapshot.record)
    x, _ = _axes(sweep)
    words = {name: t("experiments.save", format=name.upper()) for name in ("png", "svg")}
    live_figure(
        _drawn(record.id, snapshot.version, state.language(), snapshot),
        key="sweep-chart",
        height=CHART_PX,
        revision=record.id,
        label=t("experiments.chart", name=name_of(record), x=factor(x, sweep.kind)),
        save=Saving(f"{sweep.kind}-{record.id[:6]}", **words),
    )


def _axes(sweep: Sweep) -> tuple[str, str | None]:
    """Returns the factor on the horizontal axis, and the one that makes lines."""
    preset = PRESETS.get(sweep.kind)
    if preset is not None:
        return preset.x, preset.series
    return sweep.factors[0], sweep.factors[1] if len(sweep.factors) > 1 else None


@st.cache_data(max_entries=64, show_spinner=False)
def _drawn(sweep_id: str, version: int, language: str, _snapshot: SweepSnapshot) -> str:
    """Returns the figure as JSON; who looks at the same trials in the same language gets the same one."""
    sweep, preset = sweep_of(_snapshot.record), PRESETS.get(_snapshot.record.sweep["kind"])
    x, series = _axes(sweep)
    is_logarithmic = x in LOGARITHMIC if preset is None else preset.is_logarithmic
    info = sweep_info(
        _snapshot.rows,
        x,
        series,
        is_logarithmic=is_logarithmic,
        is_ordered=choices_of(x) is None if preset is None else preset.is_ordered,
        published=preset.published if preset is not None else (),
    )
    return json.dumps(sweep_data(info, _labels(sweep, x, series)), separators=(",", ":"), allow_nan=False)


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
