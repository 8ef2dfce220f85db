"""Whether a network is right as often as it says, and one number that mends it."""

import pandas as pd
import streamlit as st

from pages.ui import csv_download
from pages.ui.answers import answered
from pages.ui.live_chart import live_figure
from pages.ui.text import percent, t
from tl_core.charts.reliability import HEIGHT, ReliabilityLabels, reliability_figure, reliability_info
from tl_core.store.records import RunRecord

WIDTH_PX = 640  # at most: a diagonal in a wide box is none to the eye


def draw(record: RunRecord) -> None:
    """Draws the reliability of a run, the error, and what temperature scaling makes of both."""
    st.subheader(t("insights.calibration"), anchor=False)
    answer = answered("calibration", [record])
    if answer is None:
        return
    with st.container(horizontal=True, gap="medium"):
        st.metric(t("insights.ece"), percent(answer["ece"], 1), help=t("insights.ece_help"), width="content")
        told = t("insights.temperature_help", n=answer["n_validation"])
        st.metric(t("insights.temperature"), f"{answer['temperature']:.2f}", help=told, width="content")
        st.metric(t("insights.ece_scaled"), percent(answer["ece_scaled"], 1), width="content")
    words = ("confidence", "share_right", "before", "after", "n")
    labels = ReliabilityLabels(*(t(f"insights.{name}") for name in words))
    with st.container(width=WIDTH_PX):
        live_figure(
            reliability_figure(reliability_info(answer["bins"], answer["bins_scaled"], record.role), labels),
            key=f"reliability-{record.id}",
            height=HEIGHT,
            revision=record.id,
            label=t("insights.calibration_about"),
        )
    st.caption(t("insights.calibration_about"))
    if answer["ece_scaled"] > answer["ece"]:
        st.caption(t("insights.scaled_worse"), width="stretch")
    if answer["is_at_limit"]:
        st.caption(t("insights.at_limit"))
    with st.expander(t("insights.calibration_table"), icon=":material/table_rows:"):
        _draw_table(record, answer)


def _draw_table(record: RunRecord, answer: dict) -> None:
    rows = [
        {
            t("insights.promised"): f"{percent(bin['low'])}–{percent(bin['high'])}",
            t("insights.n"): bin["n"],
            t("insights.confidence"): percent(bin["confidence"], 1),
            t("insights.share_right"): percent(bin["accuracy"], 1),
        }
        for bin in answer["bins"]
        if bin["n"]
    ]
    table = pd.DataFrame(rows)
    st.table(table.set_index(t("insights.promised")), alt=t("insights.calibration_about"))
    csv_download.offer(table, f"calibration-{record.id[:6]}")
