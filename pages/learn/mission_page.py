"""A mission: its steps as a strip of buttons, the step that is open, and what is said at the end."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import streamlit as st

from pages.learn import ending, explain, kept, look, predict, quiz, race, read
from pages.learn.results import results_of
from pages.ui import state
from pages.ui.text import literal, t
from tl_core.lessons.catalog import Lesson
from tl_core.lessons.mission import Step
from tl_core.lessons.progress import Progress

ICONS = MappingProxyType(
    {
        "read": ":material/menu_book:",
        "predict": ":material/lock:",
        "run": ":material/play_arrow:",
        "look": ":material/visibility:",
        "explain": ":material/edit_note:",
        "quiz": ":material/help:",
    }
)
DRAW: Mapping[str, Callable] = MappingProxyType(
    {
        "read": read.draw,
        "predict": predict.draw,
        "run": race.draw,
        "look": look.draw,
        "explain": explain.draw,
        "quiz": quiz.draw,
    }
)


def draw(lesson: Lesson, asked: str | None) -> None:
    """Draws a mission at the step that the address asks for, as far as the visitor may go there.

    Args:
        lesson: The mission with its words.
        asked: Id of a step, `kept.END`, or None: where the visitor left off.
    """
    mission, words = lesson.mission, lesson.texts[state.language()]
    progress = kept.progress_of(mission)
    step = _shown(lesson, progress, asked)
    if st.button(t("learn.all"), key="back", icon=":material/arrow_back:", type="tertiary"):
        state.open_learning({})
        st.rerun()
    st.header(literal(words.title), anchor=False)
    _draw_strip(lesson, progress, step)
    if step is None:
        ending.draw(lesson, progress)
        return
    section = words.sections[step.id]
    with st.container(key=f"step-{step.kind}"):
        st.subheader(literal(section.title or t(f"learn.kind_{step.kind}")), anchor=False)
        DRAW[step.kind](lesson, step, progress, results_of(mission, progress))


def _shown(lesson: Lesson, progress: Progress, asked: str | None) -> Step | None:
    """Returns the step to show, None for the end; what may not be opened yet leads to the first that is not done."""
    mission = lesson.mission
    if progress.ended_at and (asked == kept.END or asked is None):
        kept.open_step(mission, None)
        return None
    wanted = mission.step(asked or "") or progress.open_step(mission)
    if not progress.may_open(mission, wanted):
        if asked:
            st.info(t("learn.not_yet"), icon=":material/lock:")
        wanted = progress.open_step(mission)
    kept.open_step(mission, wanted.id)
    return wanted


def _draw_strip(lesson: Lesson, progress: Progress, step: Step | None) -> None:
    """Draws a small button for each step; those that may not be opened yet cannot be pressed."""
    mission, words = lesson.mission, lesson.texts[state.language()]
    with st.container(horizontal=True, key="mission-steps"):
        for number, one in enumerate(mission.steps, start=1):
            title = words.sections[one.id].title or t(f"learn.kind_{one.kind}")
            is_pressed = st.button(
                str(number),
                key=f"to-{one.id}",
                icon=":material/check:" if progress.is_done(one) else ICONS[one.kind],
                type="primary" if one is step else "secondary",
                disabled=not progress.may_open(mission, one),
                help=literal(title),
            )
            if is_pressed and one is not step:
                kept.open_step(mission, one.id)
                st.rerun()
        is_pressed = st.button(
            t("learn.end"),
            key="to-end",
            icon=":material/flag:",
            type="primary" if step is None else "secondary",
            disabled=not progress.ended_at,
        )
        if is_pressed and step is not None:
            kept.open_step(mission, None)
            st.rerun()
