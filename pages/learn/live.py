"""The runs of a step, live: a line of progress for each that is not over, and their curves."""

import time

import streamlit as st

from pages.learn.results import Results, results_of
from pages.ui import pace, state, sweep_chart
from pages.ui.blocks import curves, progress_line
from pages.ui.live_chart import Replay
from pages.ui.text import literal, percent, sentence, t, time_left
from tl_core.engine.runs.sweep_snapshots import SweepSnapshot
from tl_core.experiments.sentence import answer_of, paragraphs
from tl_core.lessons.catalog import Lesson
from tl_core.lessons.mission import Step
from tl_core.lessons.progress import Progress
from tl_core.store.records import RunState

POLL_S = 1.0
REPLAY_S = 5.0  # after a record was asked for, its curves are revealed


def draw_live(lesson: Lesson, step: Step, progress: Progress, results: Results) -> None:
    """Draws what a step looks at, each second anew while something of it moves or is replayed."""
    is_moving, is_drawn = _moves(results), False

    def draw() -> None:
        nonlocal is_drawn
        now = results_of(lesson.mission, progress, is_again=True)
        _draw(lesson, step, now)
        if _moves(now):
            pace.keep_pace("mission-live", POLL_S)
        elif is_moving and is_drawn:
            st.rerun()
        is_drawn = True  # the first time is a part of the page's own run, which may be that of a click further down

    pace.draw_again("mission-live", draw, POLL_S if is_moving else None)


def _moves(results: Results) -> bool:
    return results.is_moving or _replay(results) is not None


def _draw(lesson: Lesson, step: Step, results: Results) -> None:
    words = lesson.texts[state.language()]
    if step.sweep and step.sweep in results.sweeps:
        draw_sweep(results.sweeps[step.sweep])
    shown = [(name, results.runs[name]) for name in step.runs if name in results.runs]
    for name, one in shown:
        with st.container(horizontal=True, vertical_alignment="center", key=f"line-{name}"):
            st.markdown(f"**{literal(words.run_name(name))}**", width="content")
            if one.is_active:
                progress_line(one)
            elif one.record.error:
                st.caption(sentence(one.record.error))
            elif one.record.state is not RunState.COMPLETED:
                st.caption(t(f"state.{one.record.state.value}"))
            else:
                st.caption(t("learn.scored", accuracy=percent(one.record.test_accuracy)))
    begun = [(name, one) for name, one in shown if one.trace or one.epochs]
    if begun:
        names = [words.run_name(name) for name, _ in begun]
        curves([one for _, one in begun], names, key="mission", replay=_replay(results))


def draw_sweep(snapshot: SweepSnapshot) -> None:
    """Draws how far a sweep is, and its curve."""
    share = snapshot.n_done / snapshot.n_trials
    if snapshot.record.is_active:
        said = [t("experiments.done", done=snapshot.n_done, n=snapshot.n_trials)]
        said += [time_left(snapshot.left_s)] if snapshot.left_s is not None else []
        st.progress(min(share, 1.0), text=" · ".join(said))
    if snapshot.record.error:
        st.error(sentence(snapshot.record.error))
    sweep_chart.draw(snapshot)
    answer = None if snapshot.record.is_active else answer_of(snapshot.record.sweep["kind"], snapshot.rows)
    if answer is not None:
        first, *others = map(literal, paragraphs(snapshot.record.sweep["kind"], answer, state.language()))
        st.info("\n\n".join([f"**{first}**", *others]), icon=":material/lightbulb:")


def _replay(results: Results) -> Replay | None:
    """Says which curves are revealed bit by bit: those of records that were asked for a moment ago."""
    asked = state.get("asked_at", 0.0)
    runs = tuple(one.record.id for one in results.runs.values() if one.record.recorded_from)
    return Replay(str(asked), runs) if runs and time.monotonic() - asked < REPLAY_S else None
