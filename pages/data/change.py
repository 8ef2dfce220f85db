"""The way from a page to a changed data set: the edit is made, and the page goes on with what it has become."""

from collections.abc import Callable

import streamlit as st

from pages.ui import services, state
from tl_core.datasets.own.album import Album
from tl_core.errors import TransferLabError


def change(id: str, edit: Callable[[Album], Album], *, is_this_very: bool = False) -> None:
    """Changes a data set in the visitor's name and draws the page again; a refusal is said there.

    Args:
        id: Of the data set.
        edit: Makes the new album out of the old one.
        is_this_very: As for `Albums.change`.
    """
    try:
        record = services.engine().albums.change(id, edit, by=state.visitor(), is_this_very=is_this_very)
    except TransferLabError as error:
        state.put("data-change-problem", error.to_dict())
    else:
        state.put(f"data-class-{record.id}", state.get(f"data-class-{id}"))
        for name in ("data-shown", "dataset", "data-into"):
            if state.get(name) == id:
                state.set_widget(name, record.id)
    st.rerun()
