"""How far the visitor is in a mission, read from the store and changed there."""

from collections.abc import Callable

import streamlit as st

from pages.ui import services, state
from pages.ui.text import sentence, t
from tl_core.errors import TransferLabError
from tl_core.lessons.mission import Mission, Step
from tl_core.lessons.progress import Progress
from tl_core.store.limits import admit
from tl_core.store.names import now


def progress_of(mission: Mission) -> Progress:
    """Returns how far the visitor is in one mission."""
    kept = services.engine().store.progress.mine(mission.id, by=state.visitor())
    return Progress.from_dict(kept).fitting(mission)


def all_progress() -> dict[str, Progress]:
    """Returns mission → how far the visitor is, of all that were begun."""
    kept = services.engine().store.progress.all_mine(by=state.visitor())
    return {lesson: Progress.from_dict(data) for lesson, data in kept.items()}


def change(mission: Mission, edit: Callable[[Progress], Progress]) -> Progress | None:
    """Changes it; says in one sentence why it could not be changed, and returns None."""

    def edited(before: dict | None) -> dict:
        return edit(Progress.from_dict(before).fitting(mission)).to_dict()

    try:
        admit(services.engine().store, by=state.visitor())
        kept = services.engine().store.progress.change(mission.id, edited, by=state.visitor())
    except TransferLabError as error:
        st.error(sentence(error))
        return None
    return Progress.from_dict(kept)


def go_on(mission: Mission, step: Step, answer: object = None, *, is_measured: bool = True) -> None:
    """Keeps an answer, if there is one, leaves the step for the next one, and draws the page again.

    A look whose runs measured nothing (`is_measured`) may be left without an answer.
    """

    def edit(before: Progress) -> Progress:
        told = before if answer is None else before.answered(step, answer, mission=mission)
        return told.went_on(mission, step, now(), is_measured=is_measured)

    kept = change(mission, edit)
    if kept is not None:
        at = None if kept.ended_at and step is mission.steps[-1] else kept.at
        open_step(mission, at)
        st.rerun()


def keep_answer(mission: Mission, step: Step, answer: object) -> None:
    """Keeps an answer and stays, to see what comes of it."""
    if change(mission, lambda before: before.answered(step, answer, mission=mission)) is not None:
        st.rerun()


def open_step(mission: Mission, step: str | None) -> None:
    """Has the address name a step of a mission; None: its end."""
    state.open_learning({"mission": mission.id, "step": step or END})


def open_mission(mission: Mission) -> None:
    """Opens a mission where the visitor left off, and draws the page again."""
    progress = progress_of(mission)
    open_step(mission, None if progress.ended_at else progress.open_step(mission).id)
    st.rerun()


END = "end"
"""Stands in the place of a step for what is said at the end."""


def begin_anew(mission: Mission) -> None:
    """Forgets what was answered and draws the page again; the runs stay among the visitor's own."""
    try:
        services.engine().store.progress.change(mission.id, lambda before: None, by=state.visitor())
    except TransferLabError as error:
        st.error(sentence(error))
        return
    for step in mission.steps:
        name = answer_name(mission, step)
        for one in (name, *(f"{name}-{place}" for place in range(1, 10))):  # an order has a choice for each place
            state.set_widget(one, None)
    open_step(mission, mission.steps[0].id)
    st.rerun()


def draw_anew(mission: Mission) -> None:
    """Draws the way back to the beginning, which asks once more: what was said cannot be brought back."""
    with st.popover(t("learn.anew"), icon=":material/restart_alt:", type="tertiary", help=t("learn.anew_help")):
        st.markdown(t("learn.anew_ask"))
        if st.button(t("learn.anew"), key=f"anew-{mission.id}", icon=":material/restart_alt:"):
            begin_anew(mission)


def answer_name(mission: Mission, step: Step) -> str:
    """Returns what an answer is remembered by while it is being made."""
    return f"answer-{mission.id}-{step.id}"
