"""A step that trains: what will be trained, how long that takes, one button, and the live curves below it."""

import time
from collections.abc import Sequence

import streamlit as st

from pages.learn import kept, lost
from pages.learn.live import draw_live
from pages.learn.results import Results, told
from pages.ui import pace, services, state
from pages.ui.text import seconds, sentence, t
from tl_core.disk.home import data_home
from tl_core.engine.runs.estimates import Estimate, Pending
from tl_core.errors import TransferLabError
from tl_core.lessons.catalog import Lesson
from tl_core.lessons.mission import Mission, Step
from tl_core.lessons.progress import Progress
from tl_core.store.names import MAX_NAME
from tl_core.store.records import SweepState

MEASURING_S, WAITING_S = 1.0, 4.7  # between two questions for what a run costs
KEPT_S = 3  # what a sweep takes
GO_ON = (SweepState.COMPLETED, SweepState.STOPPED, SweepState.INTERRUPTED)  # a trial of a completed one may have failed


def draw(lesson: Lesson, step: Step, progress: Progress, results: Results) -> None:
    mission, words = lesson.mission, lesson.texts[state.language()]
    st.markdown(told(words.sections[step.id].body, words, results))
    is_started = progress.is_started(step)
    is_lost = is_started and results.is_lost(runs=step.runs, sweep=step.sweep)
    if is_lost:
        lost.draw_said(lesson, step, results)
    if not is_started or is_lost:
        _draw_cost(mission, step, results)
        word, icon = ("train_again", "replay") if is_lost else ("start", "play_arrow")
        n = _n_missing(mission, step, results)
        if st.button(t(f"learn.{word}", n=n), type="primary", icon=f":material/{icon}:", key="start"):
            _start(lesson, step, results)
    if is_started:
        draw_live(lesson, step, progress, results)
        word = lost.way_on(step, results) if is_lost else "next"
        kind = "secondary" if is_lost else "primary"
        if st.button(t(f"learn.{word}"), type=kind, icon=":material/arrow_forward:", key="next"):
            kept.go_on(mission, step)


def _n_missing(mission: Mission, step: Step, results: Results) -> int:
    """Returns how many trainings a step still takes."""
    n_trials = results.n_lost_trials(step.sweep) if step.sweep else 0
    if n_trials is None:  # it is not there
        n_trials = mission.sweep(step.sweep, data_home()).n_trials
    return len(results.lost_runs(step.runs)) + n_trials


def _start(lesson: Lesson, step: Step, results: Results) -> None:
    """Asks for all that is not there yet; says in one sentence why something could not be queued."""
    mission, words, engine = lesson.mission, lesson.texts[state.language()], services.engine()
    try:
        for name in step.runs:
            if results.is_lost(runs=[name]):
                title = f"{words.title} · {words.run_name(name)}"[:MAX_NAME]
                run = engine.runs.submit(mission.spec(name, data_home()), by=state.visitor(), name=title)
                kept.change(mission, lambda before, name=name, id=run.id: before.with_run(name, id))
        if step.sweep and results.is_lost(sweep=step.sweep):
            _start_sweep(mission, step, words.title, results)
    except TransferLabError as error:
        st.error(sentence(error))
        return
    state.put("asked_at", time.monotonic())
    st.rerun()


def _start_sweep(mission: Mission, step: Step, title: str, results: Results) -> None:
    """Begins the sweep of a step; goes on with one of the visitor's own that was stopped."""
    sweeps, by = services.engine().sweeps, state.visitor()
    before = results.sweeps.get(step.sweep)
    if before is not None and before.record.owner == by.owner and before.record.state in GO_ON:
        sweeps.go_on(before.record.id, by=by)
        return
    begun = sweeps.start(mission.sweep(step.sweep, data_home()), by=by, name=title[:MAX_NAME])
    kept.change(mission, lambda progress: progress.with_sweep(step.sweep, begun.id))


@st.cache_data(ttl=KEPT_S, max_entries=64, show_spinner=False)
def _sweep_s(home: str, mission_id: str, sweep: str, _mission: Mission) -> float | None:
    """Returns the seconds that a sweep takes, for all who ask within a few seconds: each trial is looked up."""
    return services.engine().sweeps.estimate_s(_mission.sweep(sweep, data_home()))


def _draw_cost(mission: Mission, step: Step, results: Results) -> None:
    """Says how long it takes, as soon as that was measured; asks again until then."""
    pending, is_drawn = _said_cost(mission, step, results, is_drawn=True), False
    if pending is None:
        return

    def ask() -> None:
        nonlocal is_drawn
        if is_drawn and _said_cost(mission, step, results, is_drawn=False) is not pending:
            st.rerun()
        is_drawn = True  # the first time is a part of the page's own run, which may be that of a click further down

    pace.draw_again("mission-cost", ask, MEASURING_S if pending is Pending.MEASURING else WAITING_S)


def _said_cost(mission: Mission, step: Step, results: Results, *, is_drawn: bool) -> Pending | None:
    """Draws the time, if asked to; returns why it is not known yet, None where it is or never will be."""
    try:
        if step.sweep:
            whole_s = _sweep_s(str(data_home()), mission.id, step.sweep, mission)
            pending = None if whole_s is not None else Pending.MEASURING
        else:
            whole_s, pending = _runs_s(mission, [name for name in step.runs if results.is_lost(runs=[name])])
    except TransferLabError as error:
        if is_drawn:
            st.error(sentence(error))
        return None
    if is_drawn:
        st.caption(
            t("learn.cost_unknown")
            if whole_s is None
            else t("learn.cost_nothing")
            if whole_s == 0
            else t("learn.cost", time=seconds(whole_s)),
            help=t("experiments.cost_about"),
        )
    return None if pending is Pending.FAILED else pending


def _runs_s(mission: Mission, names: Sequence[str]) -> tuple[float | None, Pending | None]:
    """Returns the seconds that runs take which are not known yet, or why that cannot be said."""
    engine, whole_s = services.engine(), 0.0
    for name in names:
        spec = mission.spec(name, data_home())
        if engine.runs.is_known(spec):
            continue
        answer = engine.requests.estimate(spec)
        if not isinstance(answer, Estimate):
            return None, answer
        whole_s += answer.run_s(spec) or 0.0
    return whole_s, None
