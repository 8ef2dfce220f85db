"""A step in which the visitor says in their own words why, and reads the model answer afterwards."""

import streamlit as st

from pages.learn import kept, lost
from pages.learn.look import draw_shown
from pages.learn.results import Results, told
from pages.ui import state
from pages.ui.text import literal, t
from tl_core.lessons.catalog import Lesson
from tl_core.lessons.mission import Step
from tl_core.lessons.mission_text import ANSWER
from tl_core.lessons.progress import MOST_SIGNS, Progress


def draw(lesson: Lesson, step: Step, progress: Progress, results: Results) -> None:
    mission, words = lesson.mission, lesson.texts[state.language()]
    section = words.sections[step.id]
    st.markdown(told(section.body, words, results))
    if step.show and results.is_lost(runs=step.runs, sweep=step.sweep):
        lost.draw_said(lesson, step, results)
    if step.show and not results.is_gone(runs=step.runs, sweep=step.sweep):
        draw_shown(lesson, step, progress, results)
    kept_text = progress.answers.get(step.id)
    name = kept.answer_name(mission, step)
    said = st.text_area(
        t("learn.own_words"),
        value=state.get(name) or kept_text or "",
        max_chars=MOST_SIGNS,
        placeholder=t("learn.own_words_begin"),
        key=state.widget_key(name),
        on_change=_remember,
        args=(name,),
    )
    text = said or ""
    state.put(name, text)
    if kept_text is not None:
        with st.container(border=True, key="model-answer"):
            st.caption(t("learn.model_answer"))
            st.markdown(told(section.parts[ANSWER], words, results))
        st.caption(t("learn.own_said", said=literal(kept_text)))
    with st.container(horizontal=True):
        is_new = bool(text.strip()) and " ".join(text.split()) != kept_text
        words_ = "say_again" if kept_text is not None else "say"
        kind = "secondary" if kept_text is not None else "primary"
        is_said = st.button(t(f"learn.{words_}"), key="say", icon=":material/edit_note:", type=kind)
        is_over = kept_text is not None and st.button(
            t("learn.next"), type="primary", icon=":material/arrow_forward:", key="next"
        )
    if is_said and is_new:
        kept.keep_answer(mission, step, text)
    elif is_said and not text.strip():  # the button is open all the same: a field tells what was typed when it is left
        st.warning(t("learn.say_first"), icon=":material/edit:")
    if is_over:
        kept.go_on(mission, step, text if is_new else None)


def _remember(name: str) -> None:
    """Keeps what was typed before the page is drawn: the click that ended the typing may lead away from it."""
    state.put(name, state.widget_value(name) or "")
