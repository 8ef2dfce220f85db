"""Which test pictures a network got wrong, how well it knows each class, and whether it is as sure as it should be."""

from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from pages.insights import calibration, confusions
from pages.insights.confusions import picture_words, sureness
from pages.insights.pictures import draw_pictures
from pages.ui import csv_download
from pages.ui.answers import answered
from pages.ui.persistent import persistent
from pages.ui.run_names import class_name_in, name_of
from pages.ui.text import literal, named, percent, t
from tl_core.store.records import RunRecord

MOST_SHOWN = 12
MEASURES = ("precision", "recall", "f1")


def draw(records: Sequence[RunRecord]) -> None:
    """Draws the errors of each run, side by side where there is room."""
    shown = named(("counts", "shares"), lambda name: t(f"insights.{name}"))
    control = partial(
        st.segmented_control, t("insights.shown"), list(shown), required=True, format_func=shown.__getitem__
    )
    has_shares = persistent(control, "matrix-shown", "counts") == "shares"
    with st.container(key="insight-runs"):
        for record, column in zip(records, st.columns(len(records), gap="large"), strict=True):
            with column:
                _draw_run(record, has_shares, is_wide=len(records) == 1)


def _draw_run(record: RunRecord, has_shares: bool, is_wide: bool) -> None:
    st.header(literal(name_of(record)), anchor=False)
    answer = answered("errors", [record])
    if answer is None:
        return
    _draw_scores(record, answer)
    confusions.draw(record, answer, has_shares, is_wide)
    _draw_list(record, answer, "mistakes")
    _draw_list(record, answer, "unsure")
    with st.expander(t("insights.classes"), icon=":material/table_rows:"):
        _draw_classes(record, answer)
    calibration.draw(record)


def _draw_scores(record: RunRecord, answer: dict) -> None:
    largest = class_name_in(record, answer["largest"])
    with st.container(horizontal=True, gap="medium"):
        for name in ("accuracy", "majority_accuracy", "balanced_accuracy"):
            told = t(f"insights.{name}_help", largest=literal(largest))
            st.metric(t(f"insights.{name}"), percent(answer[name], 1), help=told, width="content")
    low, high = (percent(end, 1) for end in answer["interval"])
    more = [t("insights.first", k=k, share=percent(share)) for k, share in enumerate(answer["top_k"], 1) if k > 1]
    st.caption(t("insights.interval", low=low, high=high, n=answer["n"]))
    if more:
        st.caption(t("insights.top_k", shares=t("insights.comma").join(more)))
    if not answer["has_probabilities"]:
        st.caption(t("insights.svm_order"))


def _draw_classes(record: RunRecord, answer: dict) -> None:
    st.caption(t("insights.classes_about"))
    columns = {name: t(f"insights.{name}") for name in ("class", "n", *MEASURES)}
    rows = [
        {columns["class"]: class_name_in(record, row["class"]), columns["n"]: row["n"]}
        | {columns[name]: _with_interval(row, name) for name in MEASURES}
        for row in answer["classes"]
    ]
    table = pd.DataFrame(rows)
    st.table(table.set_index(columns["class"]), alt=t("insights.classes"))
    csv_download.offer(table, f"classes-{record.id[:6]}")


def _with_interval(row: dict, name: str) -> str:
    if row[name] is None:
        return percent(None)
    low, high = (f"{end * 100:.0f}" for end in row[f"{name}_interval"])
    return f"{percent(row[name])} ({low}–{high})"


def _draw_list(record: RunRecord, answer: dict, name: str) -> None:
    """Draws the most confident mistakes, or the hits that were least sure."""
    st.subheader(t(f"insights.{name}"), anchor=False)
    shown = answer[name][:MOST_SHOWN]
    places = [one["image"] for one in shown]
    if not places:
        (st.success if name == "mistakes" else st.info)(t(f"insights.no_{name}"))
        return
    draw_pictures(
        record,
        places,
        [picture_words(record, answer, place) for place in places],
        key=f"{name}-{record.id}",
        label=t(f"insights.{name}_label", n=len(places)),
        badges=[
            class_name_in(record, one["predicted"]) if name == "mistakes" else sureness(answer, one["image"])
            for one in shown
        ],
    )
