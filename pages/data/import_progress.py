"""Imports on their way: how far each is, how long it still takes, and the button that ends it."""

from contextlib import suppress

import streamlit as st

from pages.data import readings
from pages.ui import pace, services, state
from pages.ui.text import literal, note, seconds_left, sentence, t
from tl_core.datasets.own.description import describe
from tl_core.engine.imports.import_snapshot import ImportSnapshot, ImportState
from tl_core.errors import TransferLabError, UnknownIdError

POLL_S = 0.7
LOOK_S = 60.0  # between two looks at a question, which tell that somebody still has it before them


def draw() -> bool:
    """Draws the visitor's imports, redrawn as long as one is under way, and the questions that they ask.

    Returns:
        Whether an import is not at its end.
    """
    mine = _unfinished()
    asking = [one for one in mine if one.state is ImportState.ASKING]
    state.put("imports-asking", [one.id for one in asking])
    every = POLL_S if len(asking) < len(mine) else LOOK_S if asking else None
    pace.draw_again("imports", _draw_all, every)
    for one in asking:
        readings.draw(one)
    return bool(mine)


def _unfinished() -> list[ImportSnapshot]:
    return [one for one in services.engine().imports.mine(by=state.visitor()) if not one.state.is_finished]


def _draw_all() -> None:
    watched: dict[str, bool] = state.get("imports") or {}
    mine = services.engine().imports.mine(by=state.visitor())
    ended = [one for one in mine if one.state.is_finished and watched.get(one.id)]
    state.put("imports", {one.id: not one.state.is_finished for one in mine})
    for one in mine:
        if one.state.is_under_way:
            _draw_one(one)
    if ended:
        state.put("imports-said", [(one, _content(one)) for one in ended])
        for one in ended:
            _open_made(one)
    asking = [one.id for one in mine if one.state is ImportState.ASKING]
    if ended or asking != state.get("imports-asking"):
        st.rerun()
    for said, content in state.get("imports-said") or []:
        _draw_end(said, content)


def _content(one: ImportSnapshot) -> dict | None:
    """Returns what is in the data set that an import has made, as a note; None where there is none."""
    with suppress(TransferLabError):  # changed or deleted since
        return one.album and describe(services.engine().albums.album(one.album.id)).to_dict()
    return None


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


def _draw_end(one: ImportSnapshot, content: dict | None) -> None:
    if one.error is not None:
        st.error(sentence(one.error))
    elif one.state is ImportState.CANCELLED:
        st.info(t("data.import_cancelled", name=literal(one.name)))
    elif one.album is not None:
        n = one.album.n_skipped
        told = t("data.import_done" if n else "data.import_done_all", name=literal(one.album.name), n=n)
        st.success(told + (t("unit.stop") + note(content) if content else ""))
