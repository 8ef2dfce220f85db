"""What the whole class predicted, once the instructor shows it: counts without names, and one's own result on top."""

from typing import Any

import streamlit as st

from pages.ui import pace, predictions_chart, services, state
from pages.ui.text import t
from tl_core.errors import StoreError
from tl_core.lessons.catalog import Lesson
from tl_core.lessons.mission import Step
from tl_core.store.access import Visitor
from tl_core.store.instructor import reveal

POLL_S = 4.1
KEPT_S = 2.0  # a class is asked for once in so long, however many students look


def draw(lesson: Lesson, step: Step, measured: Any) -> None:
    """Draws it below a prediction that is locked, and looks every few seconds whether it may.

    Args:
        lesson: The mission with its words.
        step: Of the kind "predict".
        measured: What the visitor's own runs say; None: nothing yet.
    """
    pace.draw_again("class-predictions", _draw, POLL_S, lesson, step, measured)


def _draw(lesson: Lesson, step: Step, measured: Any) -> None:
    if reveal.is_shown(services.engine().store, lesson.mission.id, step.id):
        answers = _answers(str(services.engine().home), lesson.mission.id, step.id, state.visitor())
        if answers:
            st.subheader(t("missions.class_predicts"), anchor=False)
            predictions_chart.draw(lesson, step, answers, measured)
            st.caption(t("missions.answered", n=len(answers)))
    pace.keep_pace("class-predictions", POLL_S)


@st.cache_data(ttl=KEPT_S, max_entries=32, show_spinner=False)
def _answers(home: str, mission: str, step: str, _by: Visitor) -> list[Any]:
    """Returns what all answered; everybody who may see it finds the same. None of them where it was hidden just now."""
    try:
        return reveal.answers_of_class(services.engine().store, mission, step, by=_by)
    except StoreError:
        return []
