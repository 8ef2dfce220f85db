"""Step 4, the class: what everybody has found out, and the desk from which the instructor leads the lesson.

The learner answers: what do the runs of a whole class say that one run cannot?
Reads the runs that were shared; the instructor's desk changes the queue, the limits, and what is kept.
"""

import streamlit as st

from pages.ui import class_board, class_join, class_key, class_limits, class_queue, class_retention, state
from pages.ui.text import t


def draw() -> None:
    st.title(t("classroom.title"))
    st.markdown(t("classroom.lead"))
    class_board.draw()
    if not state.visitor().is_instructor:
        class_key.draw()
        return
    desk = {
        "queue": class_queue.draw,
        "join": class_join.draw,
        "limits": class_limits.draw,
        "old": class_retention.draw,
    }
    st.divider()
    for tab, draw_part in zip(st.tabs([t(f"classroom.{name}") for name in desk]), desk.values(), strict=True):
        with tab:
            draw_part()
    class_key.draw_leave()


draw()
