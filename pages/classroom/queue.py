"""The instructor's queue: how busy the machine is, what trains and what waits, with a hand on each run."""

import os
from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from pages.ui import pace, services, state
from pages.ui.actions import attempt
from pages.ui.owner_names import owner_names
from pages.ui.text import literal, seconds_left, t, time_left
from tl_core.engine.pool.capacity import free_bytes
from tl_core.engine.runs.forecast import QueueEntry
from tl_core.engine.service import EngineStatus

POLL_S = 2.3
SHOWN = 40  # rows with buttons; nobody reads further, and all of them are drawn anew at every look


def draw() -> None:
    """Draws the queue, and looks again every few seconds."""
    pace.draw_again("queue", _draw_live, POLL_S)


def _draw_live() -> None:
    pace.keep_pace("queue", POLL_S)
    status, places = services.engine().status(), services.engine().classroom.queue(by=state.visitor())
    _draw_load(status)
    _draw_switches(status, places)
    _draw_crowds()
    if not places:
        st.caption(t("classroom.queue_empty"))
    names = owner_names()
    for place in places[:SHOWN]:
        _draw_place(place, names.get(place.owner, "–"), is_held=status.is_held)
    if len(places) > SHOWN:
        st.caption(t("classroom.more", n=len(places) - SHOWN))


def _draw_load(status: EngineStatus) -> None:
    load = "–"
    with suppress(AttributeError, OSError):  # not every system tells
        load = f"{os.getloadavg()[0]:.1f}"
    with st.container(horizontal=True, gap="large", key="class-load"):
        st.metric(t("classroom.active"), status.n_active)
        st.metric(t("classroom.waiting"), status.n_waiting)
        st.metric(t("classroom.load", n=os.cpu_count() or 1), load, help=t("classroom.load_help"))
        st.metric(t("classroom.memory"), t("classroom.gigabytes", n=f"{free_bytes() / 1e9:.1f}"))


def _draw_switches(status: EngineStatus, places: Sequence[QueueEntry]) -> None:
    """Draws what concerns all runs: hold them, let them go on, stop them."""
    is_held = status.is_held
    with st.container(horizontal=True):
        st.button(
            t("classroom.go_on" if is_held else "classroom.hold"),
            icon=":material/play_arrow:" if is_held else ":material/pause:",
            type="primary" if is_held else "secondary",
            key="hold",
            on_click=services.engine().classroom.hold,
            args=[not is_held],
            kwargs={"by": state.visitor()},
        )
        with st.popover(
            t("classroom.stop_all", n=len(places)), icon=":material/stop:", disabled=not places, key="stop-all-ask"
        ):
            st.markdown(t("classroom.stop_all_question"))
            label = t("classroom.stop_all", n=len(places))
            st.button(label, type="primary", key="stop-all", on_click=_stop_all)


def _stop_all() -> None:
    places = services.engine().classroom.queue(by=state.visitor())
    for place in reversed(places):  # the last first: none begins in between
        attempt(services.engine().runs.stop, place.run_id)


def _draw_crowds() -> None:
    """Draws from which addresses more comes than from a class, each with a way to stop all of it."""
    classroom, by = services.engine().classroom, state.visitor()
    for crowd in classroom.crowds(by=by):
        mark = crowd.address[:4]  # tells it from others; the address itself is not kept
        said = t("classroom.crowd", mark=mark, n_runs=crowd.n_runs, n_owners=crowd.n_owners, n_new=crowd.n_new)
        shares = f" {t('classroom.crowd_shares')}" if crowd.n_owners > classroom.limits().class_size else ""
        label = t("classroom.crowd_clear", n=crowd.n_runs)
        with st.container(key=f"crowd-{crowd.address}"):
            st.warning(said + shares, icon=":material/groups:")
            with st.popover(label, icon=":material/mop:", key=f"crowd-ask-{crowd.address}"):
                st.markdown(t("classroom.crowd_question"))
                clear, told = f"crowd-clear-{crowd.address}", [crowd.address]
                st.button(label, type="primary", key=clear, on_click=classroom.clear, args=told, kwargs={"by": by})


def _draw_place(place: QueueEntry, owner: str, *, is_held: bool) -> None:
    """Draws one run in a row, with its buttons."""
    engine, is_waiting = services.engine(), place.position is not None
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"place-{place.run_id}"):
        role = f":{'violet' if place.role == 'run' else 'yellow'}-badge[{t(f'panel.{place.role}')}]"
        st.markdown(f"{role} **{literal(place.name)}**  \n{_about(place, literal(owner), is_held)}", width="stretch")
        if is_waiting:
            _draw_button("classroom.next", engine.classroom.prioritise, place, icon=":material/vertical_align_top:")
        _draw_button("panel.stop", engine.runs.stop, place, icon=":material/stop:")


def _draw_button(word: str, action: object, place: QueueEntry, *, icon: str) -> None:
    key, told = f"{word}-{place.run_id}", [action, place.run_id]
    st.button(t(word), icon=icon, key=key, help=t(f"{word}_help"), on_click=attempt, args=told)  # pyright: ignore[reportArgumentType]


def _about(place: QueueEntry, owner: str, is_held: bool) -> str:
    """Returns whose run it is, what it does, and how long that takes or when it begins."""
    if place.position is None:
        phase = t(f"phase.{place.phase}")
        doing = t("classroom.paused", phase=phase) if place.is_paused else phase
        left_s = None if place.phase == "saving" else place.left_s  # nobody has measured how long that takes
        return t("classroom.place_active", owner=owner, doing=doing, left=time_left(left_s))
    if place.begins_in_s is None or is_held:
        return t("classroom.place_waiting_unknown", owner=owner, position=place.position)
    begins = seconds_left(place.begins_in_s)
    return t("classroom.place_waiting", owner=owner, position=place.position, begins=begins)
