"""The class page for a projector: one chart in large letters, of the class's runs or of its predictions."""

from functools import partial

import streamlit as st

from pages.classroom import board, missions, predictions
from pages.classroom import join as class_join
from pages.classroom.class_progress import class_of
from pages.ui import pace
from pages.ui.persistent import persistent
from pages.ui.text import named, t

SHOWN = ("board", "predictions")


def draw(is_instructor: bool) -> None:
    """Draws the board, for the instructor with the way to join beside it; or, if they choose so, the predictions."""
    with st.container(key="projector-board"):
        if not is_instructor:
            board.draw(is_large=True)
            return
        names = named(SHOWN, lambda one: t(f"missions.projector_{one}"))
        control = partial(st.segmented_control, t("missions.projector"), SHOWN, required=True)
        chosen = persistent(partial(control, format_func=names.__getitem__), "projector-shows", SHOWN[0])
        if chosen == "predictions":
            pace.draw_again("large-predictions", _draw_predictions, missions.POLL_S)
            return
        chart, join = st.columns([3, 1], gap="large")
        with chart:
            board.draw(is_large=True)
        with join:
            class_join.draw_large()


def _draw_predictions() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", key="large-head"):
        lesson = missions.choose()
        if lesson is not None:
            draw_chart = predictions.choose(lesson, class_of(lesson.mission), is_large=True)
    if lesson is not None:
        draw_chart()
    pace.keep_pace("large-predictions", missions.POLL_S)
