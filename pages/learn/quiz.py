"""A step with one question whose answer no run decides."""

import streamlit as st

from pages.learn import kept
from pages.learn.look import draw_question
from pages.learn.results import Results, told
from pages.ui import state
from pages.ui.text import t
from tl_core.lessons.catalog import Lesson
from tl_core.lessons.mission import Step
from tl_core.lessons.progress import Progress


def draw(lesson: Lesson, step: Step, progress: Progress, results: Results) -> None:
    words = lesson.texts[state.language()]
    st.markdown(told(words.sections[step.id].body, words, results))
    if draw_question(lesson, step, progress, results) and st.button(
        t("learn.next"), type="primary", icon=":material/arrow_forward:", key="next"
    ):
        kept.go_on(lesson.mission, step)
