"""Step 4, the class: what everybody has found out, and the desk from which the instructor leads the lesson.

The learner answers: what do the runs of a whole class say that one run cannot?
Reads the runs that were shared; the instructor's desk changes the queue, the limits, and what is kept.
"""

from functools import partial

import streamlit as st

from pages.classroom import board, instructor_key, limits, queue, retention
from pages.classroom import join as class_join
from pages.ui import state
from pages.ui.persistent import persistent
from pages.ui.text import t


def draw() -> None:
    is_instructor = state.visitor().is_instructor
    with st.container(horizontal=True, vertical_alignment="bottom", key="class-head"):
        st.title(t("classroom.title"), width="stretch")
        toggle = partial(st.toggle, t("classroom.projector"), help=t("classroom.projector_help"))
        is_large = persistent(toggle, "projector", False)
        if is_instructor and not is_large:
            class_join.draw()
    if is_large:
        _draw_large(is_instructor)
        return
    st.markdown(t("classroom.lead"))
    board.draw()
    if not is_instructor:
        instructor_key.draw()
        return
    desk = {"queue": queue.draw, "limits": limits.draw, "old": retention.draw}
    st.divider()
    for tab, draw_part in zip(st.tabs([t(f"classroom.{name}") for name in desk]), desk.values(), strict=True):
        with tab:
            draw_part()
    instructor_key.draw_leave()


def _draw_large(is_instructor: bool) -> None:
    """Draws the board for a projector: the chart in large letters, and beside it the way to join."""
    with st.container(key="projector-board"):
        if not is_instructor:
            board.draw(is_large=True)
            return
        chart, join = st.columns([3, 1], gap="large")
        with chart:
            board.draw(is_large=True)
        with join:
            class_join.draw_large()


draw()
