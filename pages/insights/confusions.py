"""What was taken for what: the matrix of a run, and the pictures of the cell that is chosen."""

import pandas as pd
import streamlit as st

from pages.insights.matrix import about, matrix
from pages.insights.pictures import draw_pictures
from pages.ui import csv_download
from pages.ui.run_names import class_name_in
from pages.ui.text import literal, percent, t
from tl_core.charts.confusion_matrix import confusion_info
from tl_core.store.records import RunRecord

MOST_SHOWN, MOST_IN_A_COLUMN = 24, 12


def draw(record: RunRecord, answer: dict, has_shares: bool, is_wide: bool) -> None:
    """Draws the matrix of a run; a cell that is chosen has only this drawn again.

    Args:
        record: The run.
        answer: Of the part "errors".
        has_shares: Whether shares are drawn in place of numbers.
        is_wide: Whether there is room for the pictures beside the matrix.
    """
    st.subheader(t("insights.matrix"), anchor=False)
    st.fragment(_draw)(record, answer, has_shares, is_wide)


def _draw(record: RunRecord, answer: dict, has_shares: bool, is_wide: bool) -> None:
    info = confusion_info(answer["confusion"], answer["order"])
    names = [class_name_in(record, answer["classes"][label]["class"]) for label in info.labels]
    left, right = st.columns([5, 4], gap="large") if is_wide else (st.container(), st.container())
    with left.container(key=f"{'wide' if is_wide else 'narrow'}-matrix-{record.id}"):
        key, label = f"matrix-{record.id}", t("insights.matrix_label")
        cell = matrix(info, names, key=key, role=record.role, label=label, has_shares=has_shares)
        st.caption(t("insights.matrix_about"))
        if info.n_more:
            st.caption(t("insights.matrix_more", n=info.n_more))
        csv_download.offer(_table(record, answer), f"confusion-{record.id[:6]}")
    if cell is not None:
        most = MOST_SHOWN if is_wide else MOST_IN_A_COLUMN
        with right:
            st.markdown(f"**{literal(about(cell, names))}**")
            _draw_cell(record, answer, (info.labels[cell.row], info.labels[cell.column]), about(cell, names), most)


def _draw_cell(record: RunRecord, answer: dict, labels: tuple[int, int], label: str, most: int) -> None:
    """Draws the pictures of one class that were taken for one class, the surest first."""
    said = zip(answer["labels"], answer["predicted"], strict=True)
    places = [place for place, pair in enumerate(said) if pair == labels]
    places.sort(key=lambda place: -answer["probabilities"][place])
    shown = places[:most]
    draw_pictures(
        record,
        shown,
        [picture_words(record, answer, place) for place in shown],
        key=f"cell-{record.id}",
        label=label,
        badges=[sureness(answer, place) for place in shown],
    )
    if len(places) > len(shown):
        st.caption(t("insights.surest_of", shown=len(shown), n=len(places)))


def picture_words(record: RunRecord, answer: dict, place: int) -> str:
    """Returns what a picture is and what it was taken for, with how sure that was where a probability says so."""
    labels = answer["labels"][place], answer["predicted"][place]
    true, predicted = (class_name_in(record, answer["classes"][label]["class"]) for label in labels)
    said = ("hit" if labels[0] == labels[1] else "mistake") + ("" if answer["has_probabilities"] else "_unsaid")
    probability = percent(answer["probabilities"][place])
    return t(f"insights.{said}", true=true, predicted=predicted, probability=probability)


def sureness(answer: dict, place: int) -> str:
    """Returns how sure an answer was, as a badge; nothing where that is no probability."""
    return percent(answer["probabilities"][place]) if answer["has_probabilities"] else ""


def _table(record: RunRecord, answer: dict) -> pd.DataFrame:
    """Returns the whole matrix as numbers, in the order in which it is drawn."""
    names = [class_name_in(record, answer["classes"][label]["class"]) for label in answer["order"]]
    counts = [[answer["confusion"][right][taken] for taken in answer["order"]] for right in answer["order"]]
    table = pd.DataFrame(counts, columns=pd.Index(names))
    table.insert(0, t("insights.class"), names, allow_duplicates=True)
    return table
