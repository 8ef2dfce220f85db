"""Which test pictures a network got wrong, and how well it knows each class."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.insights.answers import answered
from pages.insights.pictures import draw_pictures, shown_name
from pages.ui import csv_download
from pages.ui.run_names import name_of
from pages.ui.text import literal, percent, t
from tl_core.store.records import RunRecord

MOST_SHOWN = 24


def draw(records: Sequence[RunRecord]) -> None:
    """Draws the errors of each run."""
    for record in records:
        st.header(literal(name_of(record)), anchor=False)
        answer = answered("errors", [record])
        if answer is not None:
            _draw_scores(answer)
            _draw_classes(record, answer)
            _draw_mistakes(record, answer)


def _draw_scores(answer: dict) -> None:
    with st.container(horizontal=True):
        for name in ("accuracy", "balanced_accuracy", "majority_accuracy"):
            st.metric(t(f"insights.{name}"), percent(answer[name], 1), help=t(f"insights.{name}_help"))


def _draw_classes(record: RunRecord, answer: dict) -> None:
    columns = {name: t(f"insights.{name}") for name in ("class", "n", "precision", "recall", "f1")}
    rows = [
        {
            columns["class"]: shown_name(record, row["class"]),
            columns["n"]: row["n"],
            **{columns[name]: percent(row[name]) for name in ("precision", "recall", "f1")},
        }
        for row in answer["classes"]
    ]
    table = pd.DataFrame(rows)
    st.table(table.set_index(columns["class"]), alt=t("insights.classes"))
    csv_download.offer(table, f"classes-{record.id[:6]}")


def _draw_mistakes(record: RunRecord, answer: dict) -> None:
    st.subheader(t("insights.mistakes"), anchor=False)
    shown = answer["mistakes"][:MOST_SHOWN]
    if not shown:
        st.success(t("insights.no_mistakes"))
        return
    abouts = [
        t(
            "insights.mistake",
            true=shown_name(record, one["true"]),
            predicted=shown_name(record, one["predicted"]),
            probability=percent(one["probability"]),
        )
        for one in shown
    ]
    places = [one["image"] for one in shown]
    badges = [shown_name(record, one["predicted"]) for one in shown]
    label = t("insights.mistakes_label", n=len(shown))
    draw_pictures(record, places, abouts, key=f"mistakes-{record.id}", label=label, badges=badges)
