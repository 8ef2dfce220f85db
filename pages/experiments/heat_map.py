"""The map of an experiment over networks, grown from the trials that are done."""

import json

import streamlit as st

from pages.ui import state
from pages.ui.live_chart import Saving, live_figure
from pages.ui.sweep_names import name_of
from pages.ui.text import t
from tl_core.charts.sweep_map import MapLabels, map_data, map_info
from tl_core.engine.runs.sweep_snapshots import SweepSnapshot

ROW_PX, AXIS_PX = 34, 70
COLUMNS = ("¼", "½", "¾", "1")


def draw(snapshot: SweepSnapshot) -> None:
    """Draws it: a row for each network, a column for each depth, the mean over seeds in each cell."""
    record = snapshot.record
    n_rows = len({(row["backbone"], row["image_size"]) for row in snapshot.rows})
    words = {name: t("experiments.save", format=name.upper()) for name in ("png", "svg")}
    live_figure(
        _drawn(record.id, snapshot.version, state.language(), snapshot),
        key="sweep-map",
        height=AXIS_PX + ROW_PX * n_rows,
        revision=record.id,
        label=t("experiments.map", name=name_of(record)),
        save=Saving(f"{record.sweep['kind']}-{record.id[:6]}", **words),
    )
    st.caption(t("experiments.map_about"))


@st.cache_data(max_entries=64, show_spinner=False)
def _drawn(sweep_id: str, version: int, language: str, _snapshot: SweepSnapshot) -> str:
    """Returns the figure as JSON; who looks at the same trials in the same language gets the same one."""
    labels = MapLabels(
        t("experiments.map_depth"),
        COLUMNS,
        t("experiments.map_block"),
        t("experiments.chart_interval"),
        t("experiments.chart_seeds"),
    )
    return json.dumps(map_data(map_info(_snapshot.rows), labels), separators=(",", ":"), allow_nan=False)
