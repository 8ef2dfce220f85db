"""Imports on their way: how far each is, how long it still takes, and the button that ends it."""

import streamlit as st

from pages.ui import services, state
from pages.ui.text import literal, seconds_left, sentence, t
from tl_core.engine.imports.import_queue import ImportSnapshot, ImportState
from tl_core.errors import UnknownIdError

POLL_S = 0.7


def draw() -> bool:
    """Draws the visitor's imports, redrawn as long as one is under way; returns whether one is."""
    is_open = bool(_open())
    st.fragment(_draw_all, run_every=POLL_S if is_open else None)()
    return is_open


def _open() -> list[ImportSnapshot]:
    return [one for one in services.engine().imports.mine(by=state.visitor()) if not one.state.is_finished]


def _draw_all() -> None:
    watched: dict[str, bool] = state.get("imports") or {}
    mine = services.engine().imports.mine(by=state.visitor())
    ended = [one for one in mine if one.state.is_finished and watched.get(one.id)]
    state.put("imports", {one.id: not one.state.is_finished for one in mine})
    for one in mine:
        if not one.state.is_finished:
            _draw_one(one)
    if ended:
        state.put("imports-said", ended)
        for one in ended:
            _open_made(one)
        st.rerun()
    for said in state.get("imports-said") or []:
        _draw_end(said)


def _draw_one(one: ImportSnapshot) -> None:
    """Draws the progress of an import, with its end in sight."""
    with st.container(horizontal=True, vertical_alignment="center", key=f"import-{one.id}"):
        if one.state is ImportState.WAITING or one.total is None:
            share, text = 0.0, t("data.import_waiting" if one.state is ImportState.WAITING else "data.import_opening")
        else:
            share = one.done / one.total
            text = t("data.import_running", done=one.done, total=one.total, left=seconds_left(one.left_s))
        st.progress(share, text=f"{literal(one.name)} · {text}")
        if st.button(t("data.cancel"), icon=":material/close:", key=f"cancel-{one.id}"):
            _cancel(one.id)


def _cancel(import_id: str) -> None:
    try:
        services.engine().imports.cancel(import_id, by=state.visitor())
    except UnknownIdError:  # over, and forgotten since
        return
    st.rerun()


def _open_made(one: ImportSnapshot) -> None:
    """Opens the data set that an import has made."""
    if one.album is not None:
        state.set_widget("data-shown", one.album.id)
        if state.get("data-into") is not None:
            state.set_widget("data-into", one.album.id)


def _draw_end(one: ImportSnapshot) -> None:
    if one.error is not None:
        st.error(sentence(one.error))
    elif one.state is ImportState.CANCELLED:
        st.info(t("data.import_cancelled", name=literal(one.name)))
    elif one.album is not None:
        n = one.album.n_skipped
        st.success(t("data.import_done" if n else "data.import_done_all", name=literal(one.album.name), n=n))
