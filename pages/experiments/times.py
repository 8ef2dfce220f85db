"""The seconds of an epoch in each way of training of an experiment, grown from the trials that are done."""

import json

import streamlit as st

from pages.ui import state
from pages.ui.live_chart import Saving, live_figure
from pages.ui.sweep_names import level, name_of, sweep_of
from pages.ui.text import t
from tl_core.charts.epoch_times import TimesLabels, times_data, times_info
from tl_core.engine.runs.sweep_snapshots import SweepSnapshot

HEIGHT_PX = 230


def draw(snapshot: SweepSnapshot) -> None:
    """Draws a bar for each way, and a point for each seed."""
    record = snapshot.record
    words = {name: t("experiments.save", format=name.upper()) for name in ("png", "svg")}
    live_figure(
        _drawn(record.id, snapshot.version, state.language(), snapshot),
        key="sweep-times",
        height=HEIGHT_PX,
        revision=record.id,
        label=t("experiments.times", name=name_of(record)),
        save=Saving(f"{record.sweep['kind']}-{record.id[:6]}", **words),
    )
    st.caption(t("experiments.times_about"))


@st.cache_data(max_entries=64, show_spinner=False)
def _drawn(sweep_id: str, version: int, language: str, _snapshot: SweepSnapshot) -> str:
    """Returns the figure as JSON; who looks at the same trials in the same language gets the same one."""
    sweep = sweep_of(_snapshot.record)
    (way,) = sweep.factors
    words = {str(one): level(way, one, sweep.kind) for one in dict.fromkeys(cell.factors[way] for cell in sweep.cells)}
    labels = TimesLabels(t("experiments.times_axis"), words)
    return json.dumps(times_data(times_info(_snapshot.rows, way), labels), separators=(",", ":"), allow_nan=False)
