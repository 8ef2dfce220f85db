"""What was predicted in a mission, beside what the visitor's own runs measured."""

import streamlit as st

from pages.learn.predict import answer_said
from pages.learn.results import Results, said_of
from pages.ui import state
from pages.ui.text import literal, t
from tl_core.lessons.catalog import Lesson
from tl_core.lessons.judge import Judgement, judge
from tl_core.lessons.measures import unit
from tl_core.lessons.mission import Step
from tl_core.lessons.progress import Progress


def draw(lesson: Lesson, progress: Progress, results: Results) -> None:
    """Draws a line for each prediction that can be judged by now."""
    for step in lesson.mission.steps:
        if step.kind == "predict" and step.id in progress.answers:
            measured = results.measured(step.measure)
            ties = results.ties(step.measure) if step.form == "order" else frozenset()
            judged = judge(step, progress.answers[step.id], measured, ties)
            if judged is not None:
                _draw_line(lesson, step, progress.answers[step.id], judged, results)


def _draw_line(lesson: Lesson, step: Step, given: object, judged: Judgement, results: Results) -> None:
    words = lesson.texts[state.language()]
    title = words.sections[step.id].title or t("learn.kind_predict")
    measured = said_of(step.measure, words, results)
    if step.form == "choice":
        measured = words.choice(step.id, str(results.measured(step.measure)))
    with st.container(border=True, key=f"verdict-{step.id}"):
        st.caption(literal(title))
        places = st.columns(2)
        places[0].markdown(f"{t('learn.said')}{t('unit.colon')}**{literal(answer_said(lesson, step, given))}**")
        places[1].markdown(f"{t('learn.measured')}{t('unit.colon')}**{literal(measured)}**")
        icon, colour = ("check_circle", "green") if judged.is_right else ("compare_arrows", "orange")
        st.badge(_outcome(step, judged, lesson), icon=f":material/{icon}:", color=colour)


def _outcome(step: Step, judged: Judgement, lesson: Lesson) -> str:
    if step.form == "order":
        return t("learn.pairs", n=judged.n_pairs, right=judged.n_right)
    name = "as_said" if judged.is_right else "not_as_said"
    if judged.distance is None:
        return t(f"learn.{name}")
    of = unit(lesson.mission.measures[step.measure])
    if of in ("share", "points"):
        return t(f"learn.{name}_by", distance=t("learn.points", n=f"{100 * judged.distance:.1f}"))
    shown = f"{judged.distance:.1f}" if of != "count" else f"{judged.distance:.0f}"
    return t(f"learn.{name}_by", distance=shown)
