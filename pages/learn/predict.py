"""A step that asks what the visitor expects. What was said once stays, and is judged by their own runs later."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.learn import class_predictions, kept
from pages.learn.results import Results, told, value_said
from pages.ui import state
from pages.ui.sketch import sketch_on
from pages.ui.text import literal, named, t
from tl_core.lessons.catalog import Lesson
from tl_core.lessons.measures import VALUES, unit
from tl_core.lessons.mission import Measure, Step
from tl_core.lessons.mission_text import MissionText
from tl_core.lessons.progress import Progress

MOST_TYPED = 1e6
PERCENT = ("share", "points")  # units that people say in hundredths


def draw(lesson: Lesson, step: Step, progress: Progress, results: Results) -> None:
    mission, words = lesson.mission, lesson.texts[state.language()]
    st.markdown(told(words.sections[step.id].body, words, results))
    if step.id in progress.answers:
        said = answer_said(lesson, step, progress.answers[step.id])
        st.info(f"{t('learn.locked')}{t('unit.colon')}**{literal(said)}**", icon=":material/lock:")
        if st.button(t("learn.next"), type="primary", icon=":material/arrow_forward:", key="next"):
            kept.go_on(mission, step)
        class_predictions.draw(lesson, step, results.measured(step.measure))
        return
    given = _ask(step, mission.measures[step.measure], words, kept.answer_name(mission, step))
    st.caption(t("learn.lock_about"))
    if st.button(t("learn.lock"), type="primary", icon=":material/lock:", key="lock"):
        if given is None:  # the button is open all the same: a field tells what was typed only when it is left
            st.warning(t("learn.say_first"), icon=":material/edit:")
        else:
            kept.go_on(mission, step, given)


def answer_said(lesson: Lesson, step: Step, given: Any) -> str:
    """Returns a prediction in words."""
    words = lesson.texts[state.language()]
    if step.form == "choice":
        return words.choice(step.id, str(given))
    return value_said(lesson.mission.measures[step.measure], given, words)


def _ask(step: Step, measure: Measure, words: MissionText, name: str) -> Any:
    """Draws the question; returns what was answered, None as long as that is nothing whole."""
    if step.form == "choice":
        return choose(step.choices, step, words, name)
    if step.form == "number":
        return _number(measure, name)
    if step.form == "order":
        return _order(measure.runs, words, name)
    return _sketch(measure, words, name)


def choose(choices: Sequence[str], step: Step, words: MissionText, name: str) -> str | None:
    """Draws the choices of a question; returns the one that is marked."""
    names = named(choices, lambda choice: literal(words.choice(step.id, choice)))
    before = state.get(name)
    said = st.radio(
        t("learn.your_answer"),
        choices,
        index=list(choices).index(before) if before in choices else None,
        format_func=names.__getitem__,
        key=state.widget_key(name, of_language=True),
    )
    state.put(name, said)
    return said


def _number(measure: Measure, name: str) -> float | None:
    """Draws the field of a number; percent and points are typed as such."""
    of = unit(measure)
    is_percent = of in PERCENT
    before = state.get(name)
    said = st.number_input(
        t(f"learn.number_{of}"),
        value=before,
        step=1.0 if of != "times" else 0.1,
        min_value=-100.0 if of == "points" else -MOST_TYPED if measure.kind == "difference" else 0.0,
        max_value=100.0 if is_percent else MOST_TYPED,
        placeholder="0",
        key=state.widget_key(name),
        width=260,
    )
    state.put(name, said)
    return None if said is None else said / 100 if is_percent else float(said)


def _order(runs: Sequence[str], words: MissionText, name: str) -> list[str] | None:
    """Draws a choice for each place; what stands on one is not offered for those after it."""
    left, order = list(runs), []
    for place in range(1, len(runs) + 1):
        names = named(left, lambda run: literal(words.run_name(run)))
        key = f"{name}-{place}"
        before = state.get(key)
        said = st.selectbox(
            t("learn.place", n=place),
            left,
            index=left.index(before) if before in left else None,
            format_func=names.__getitem__,
            placeholder=t("learn.choose"),
            key=state.widget_key(f"{key}-{'-'.join(left)}", of_language=True),
        )
        state.put(key, said)
        if said is None:
            return None
        order.append(said)
        left.remove(said)
    return order


def _sketch(measure: Measure, words: MissionText, name: str) -> dict[str, float] | None:
    """Draws an empty chart with a place for each run; returns the curve once it is whole."""
    n = len(measure.runs)
    st.caption(t("experiments.sketch_about"))
    values = sketch_on(
        [words.run_name(run) for run in measure.runs],
        [at / (n - 1) for at in range(n)],
        name,
        t(f"learn.value_{measure.of}"),
    )
    known = {run: value for run, value in zip(measure.runs, values, strict=True) if value is not None}
    assert VALUES[measure.of].unit == "share"  # a chart from 0 to 100 %
    return known if len(known) == n else None
