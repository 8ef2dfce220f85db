"""A step that looks at what came out: curves, results with their intervals, or the proof; and asks about it."""

import streamlit as st

from pages.learn import kept, lost, verdicts
from pages.learn.live import draw_live
from pages.learn.predict import choose
from pages.learn.results import Results, told
from pages.learn.table import draw_results
from pages.ui import state
from pages.ui.blocks import weight_proof
from pages.ui.text import literal, t
from tl_core.lessons.catalog import Lesson
from tl_core.lessons.mission import Step
from tl_core.lessons.mission_text import ANSWER
from tl_core.lessons.progress import Progress


def draw(lesson: Lesson, step: Step, progress: Progress, results: Results) -> None:
    mission, words = lesson.mission, lesson.texts[state.language()]
    st.markdown(told(words.sections[step.id].body, words, results))
    is_lost = results.is_lost(runs=step.runs, sweep=step.sweep)
    if is_lost:
        lost.draw_said(lesson, step, results)
        lost.draw_back(mission, step)
        if results.is_gone(runs=step.runs, sweep=step.sweep):
            return
    draw_shown(lesson, step, progress, results)
    if step.show in ("results", "sweep") and not results.is_moving:
        verdicts.draw(lesson, progress, results)
    if results.is_moving:
        st.caption(t("learn.wait"))
        return
    is_measured = not is_lost or _is_measured(step, results)
    if step.choices and not is_measured:
        st.info(t("learn.not_measured"), icon=":material/block:")
    elif step.choices and not draw_question(lesson, step, progress, results):
        return
    word = lost.way_on(step, results) if is_lost else "next"
    if st.button(t(f"learn.{word}"), type="primary", icon=":material/arrow_forward:", key="next"):
        kept.go_on(mission, step, is_measured=is_measured)


def _is_measured(step: Step, results: Results) -> bool:
    """Says whether there is something to ask about, though not all of it got to its end."""
    if step.measure:
        return results.standing(step.measure) != "lost"
    return not results.is_unmeasured(runs=step.runs, sweep=step.sweep)


def draw_shown(lesson: Lesson, step: Step, progress: Progress, results: Results) -> None:
    """Draws what a step looks at; as long as something of it moves, how far that is."""
    if step.show in ("curves", "sweep") or results.is_moving:
        draw_live(lesson, step, progress, results)
    elif step.show == "results":
        draw_results(lesson, step, results)
    elif step.show == "proof":
        _draw_proofs(lesson, step, results)


def _draw_proofs(lesson: Lesson, step: Step, results: Results) -> None:
    """Draws the fingerprints of each run, several of them behind tabs: each has as many lines as blocks."""
    words = lesson.texts[state.language()]
    names = [literal(words.run_name(name)) for name in step.runs]
    places = st.tabs(names) if len(names) > 1 else [st.container()]
    for name, place in zip(step.runs, places, strict=True):
        proof = results.runs[name].record.proof
        if not proof:
            place.caption(t("learn.not_measured"))
        else:
            with place:
                weight_proof(proof)


def draw_question(lesson: Lesson, step: Step, progress: Progress, results: Results) -> bool:
    """Draws the question of a step until it is answered, then the answer; returns whether it was."""
    mission, words = lesson.mission, lesson.texts[state.language()]
    given = progress.answers.get(step.id)
    if given is None:
        said = choose(step.choices, step, words, kept.answer_name(mission, step))
        if st.button(t("learn.answer"), type="primary", icon=":material/check:", key="answer", disabled=said is None):
            kept.keep_answer(mission, step, said)
        return False
    right = results.measured(step.measure) if step.measure else step.right
    answer = told(words.sections[step.id].parts.get(ANSWER, ""), words, results)
    if right is None:  # the runs are whole, and their numbers allow no word
        st.info(f"**{t('learn.undecided')}**\n\n{answer}", icon=":material/balance:")
        return True
    is_right = given == right
    said = literal(words.choice(step.id, given))
    outcome = t("learn.right" if is_right else "learn.wrong", said=said)
    if not is_right:
        outcome += f" {t('learn.was_right', right=literal(words.choice(step.id, str(right))))}"
    box, icon = (st.success, "check_circle") if is_right else (st.warning, "compare_arrows")
    box(f"**{outcome}**\n\n{answer}", icon=f":material/{icon}:")
    return True
