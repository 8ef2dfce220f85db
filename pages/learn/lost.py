"""What is said where runs of a mission failed or were stopped: which, what that means, and the ways on."""

import streamlit as st

from pages.learn import kept
from pages.learn.results import Results
from pages.ui import state
from pages.ui.text import literal, t
from tl_core.lessons.catalog import Lesson
from tl_core.lessons.mission import Mission, Step


def draw_said(lesson: Lesson, step: Step, results: Results) -> None:
    """Says what of a step has no result: what is gone has to be started again, one may go on without the rest."""
    st.warning(_said(lesson, step, results), icon=":material/replay:")


def _said(lesson: Lesson, step: Step, results: Results) -> str:
    words = lesson.texts[state.language()]
    if results.is_gone(runs=step.runs, sweep=step.sweep):
        return t("learn.lost" if step.kind == "run" else "learn.lost_look")
    said = []
    if names := results.lost_runs(step.runs):
        runs = t("unit.comma").join(literal(words.run_name(name)) for name in names)
        said.append(t("learn.lost_runs", runs=runs, n=len(names)))
    if n := results.n_lost_trials(step.sweep):
        said.append(t("learn.lost_trials", n=n, all=len(results.sweeps[step.sweep].rows)))
    is_unmeasured = results.is_unmeasured(runs=step.runs, sweep=step.sweep)
    return " ".join([*said, t("learn.lost_all" if is_unmeasured else "learn.lost_some")])


def way_on(step: Step, results: Results) -> str:
    """Returns what the way past a step is called whose runs did not all get to their end."""
    if results.is_gone(runs=step.runs, sweep=step.sweep):
        return "next"
    return "go_without" if results.is_unmeasured(runs=step.runs, sweep=step.sweep) else "go_with_rest"


def draw_back(mission: Mission, step: Step) -> None:
    """Draws the way back to the step that trains what a step looks at."""
    trains = next((one for one in mission.steps if one.kind == "run" and _trains(one, step)), None)
    if trains is not None and st.button(t("learn.to_training"), icon=":material/replay:", key="to-training"):
        kept.open_step(mission, trains.id)
        st.rerun()


def _trains(one: Step, step: Step) -> bool:
    return bool({*one.runs} & {*step.runs}) or bool(step.sweep and one.sweep == step.sweep)
