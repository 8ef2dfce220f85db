"""What was predicted in a mission, beside what the visitor's own runs measured."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType

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


@dataclass(frozen=True)
class Verdict:
    """A prediction with what became of it, in words.

    Attributes:
        id: Of its step.
        title: What the step is called.
        said: What was predicted.
        measured: What the visitor's own runs measured.
        outcome: How well the two agree.
        is_right: Whether it counts as right; None: nothing says so or otherwise.
    """

    id: str
    title: str
    said: str
    measured: str
    outcome: str
    is_right: bool | None


UNJUDGED = MappingProxyType({"undecided": "learn.undecided", "lost": "learn.not_measured"})


def draw(lesson: Lesson, progress: Progress, results: Results) -> None:
    """Draws a line for each prediction whose runs are over."""
    for verdict in verdicts(lesson, progress, results):
        with st.container(border=True, key=f"verdict-{verdict.id}"):
            st.caption(literal(verdict.title))
            places = st.columns(2)
            places[0].markdown(f"{t('learn.said')}{t('unit.colon')}**{literal(verdict.said)}**")
            places[1].markdown(f"{t('learn.measured')}{t('unit.colon')}**{literal(verdict.measured)}**")
            if verdict.is_right is None:
                st.caption(f":material/balance: {verdict.outcome}")  # a sentence: a badge would be cut short
                continue
            icon, colour = ("check_circle", "green") if verdict.is_right else ("compare_arrows", "orange")
            st.badge(verdict.outcome, icon=f":material/{icon}:", color=colour)


def verdicts(lesson: Lesson, progress: Progress, results: Results) -> Iterator[Verdict]:
    """Yields what became of each prediction whose runs are over, also where they say nothing to it."""
    for step in lesson.mission.steps:
        if step.kind == "predict" and step.id in progress.answers:
            measured = results.measured(step.measure)
            ties = results.ties(step.measure) if step.form == "order" else frozenset()
            judged = judge(step, progress.answers[step.id], measured, ties)
            if judged is not None:
                yield _verdict(lesson, step, progress.answers[step.id], judged, results)
            elif unjudged := UNJUDGED.get(results.standing(step.measure)):
                said = answer_said(lesson, step, progress.answers[step.id])
                yield Verdict(step.id, _title(lesson, step), said, "–", t(unjudged), is_right=None)


def _verdict(lesson: Lesson, step: Step, given: object, judged: Judgement, results: Results) -> Verdict:
    words = lesson.texts[state.language()]
    measured = said_of(step.measure, words, results)
    if step.form == "choice":
        measured = words.choice(step.id, str(results.measured(step.measure)))
    said, outcome = answer_said(lesson, step, given), _outcome(step, judged, lesson)
    return Verdict(step.id, _title(lesson, step), said, measured, outcome, judged.is_right)


def _title(lesson: Lesson, step: Step) -> str:
    return lesson.texts[state.language()].sections[step.id].title or t("learn.kind_predict")


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
