"""Whether the maps depend on what the networks have learned: the same networks with weights drawn at random."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from pages.ui import csv_download
from pages.ui.answers import answered
from pages.ui.explanations import Shown, draw_maps
from pages.ui.live_chart import live_figure
from pages.ui.run_names import name_of
from pages.ui.text import literal, t
from tl_core.charts.cascade import CascadeLabels, cascade_figure, cascade_info
from tl_core.store.records import RunRecord

CHART_PX = 280
ALIKE = 0.5  # a rank correlation from which on a map says little of what was learned


def draw(records: Sequence[RunRecord], answer: Mapping, picture: np.ndarray, chosen: Mapping) -> None:
    """Draws the maps of the networks with random weights, and how they came to differ from the trained ones.

    Args:
        records: The runs.
        answer: Their maps.
        picture: What the maps lie on.
        chosen: What was asked for.
    """
    asked = {name: chosen[name] for name in ("image", "block", "target")}
    found = answered("sanity", records, **asked)
    if found is None:
        return
    by_id = {record.id: record for record in records}
    shown = []
    for one in found["maps"]:
        name = name_of(by_id[one["run"]])
        shown.append(Shown(t("explain.trained", name=name), picture, one["trained"]))
        shown.append(Shown(t("explain.random", name=name), picture, one["random"]))
    draw_maps(shown, key="sanity", name=t("explain.picture"), has_picture=False)
    for record in records:
        last = [row for row in found["stages"] if row["run"] == record.id][-1]
        st.markdown(_verdict(name_of(record), last))
    _draw_cascade(records, found["stages"])


def _verdict(name: str, last: Mapping) -> str:
    """Returns what the check says of one run, with all its weights drawn at random."""
    if last["rank_correlation"] is None:
        return t("explain.no_correlation", name=literal(name))
    numbers = {key: f"{last[key]:.2f}".replace("-", "−") for key in ("rank_correlation", "low", "high")}
    key = "explain.alike" if last["rank_correlation"] >= ALIKE else "explain.unlike"
    return t(key, name=literal(name), **numbers)


def _draw_cascade(records: Sequence[RunRecord], stages: Sequence[Mapping]) -> None:
    rows = {record.id: [row for row in stages if row["run"] == record.id] for record in records}
    info = cascade_info(
        [
            (
                name_of(record),
                record.role,
                [(row["n"], _part(row["randomised"]), row["rank_correlation"]) for row in rows[record.id]],
            )
            for record in records
        ]
    )
    labels = CascadeLabels(t("explain.parts"), t("explain.correlation"), t("explain.untouched"))
    figure, key = cascade_figure(info, labels), f"cascade-{'-'.join(rows)}"
    live_figure(figure, key=key, height=CHART_PX, revision=key, label=t("explain.cascade"))
    names = {record.id: name_of(record) for record in records}
    table = pd.DataFrame(
        [
            {
                t("explain.run"): names[row["run"]],
                t("explain.part"): _part(row["randomised"]),
                t("explain.correlation"): row["rank_correlation"],
                t("explain.low"): row["low"],
                t("explain.high"): row["high"],
            }
            for row in stages
        ]
    )
    with st.expander(t("explain.cascade_table")):
        st.table(table.set_index(t("explain.run")).round(2), alt=t("explain.cascade"))
        csv_download.offer(table, "sanity")


def _part(name: str) -> str:
    return t("explain.head") if name == "head" else name
