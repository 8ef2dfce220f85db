"""Step 4, the class: what everybody has found out, and the desk from which the instructor leads the lesson.

The learner answers: what do the runs of a whole class say that one run cannot?
Reads the runs that were shared, and for the instructor how far all are in a mission; the desk changes the queue, the
limits, what is kept, and what all pages show.
"""

from functools import partial

import streamlit as st

from pages.classroom import board, instructor_key, limits, missions, pause, plans, projector, queue, retention
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
        projector.draw(is_instructor)
        return
    st.markdown(t("classroom.lead"))
    board.draw()
    if not is_instructor:
        instructor_key.draw()
        return
    desk = {
        "queue": queue.draw,
        "missions": missions.draw,
        "plans": plans.draw,
        "limits": limits.draw,
        "old": retention.draw,
    }
    st.divider()
    pause.draw()
    for tab, (name, draw_part) in zip(st.tabs([t(f"classroom.{name}") for name in desk]), desk.items(), strict=True):
        with tab, st.container(key=f"desk-{name}"):
            draw_part()
    instructor_key.draw_leave()


draw()
