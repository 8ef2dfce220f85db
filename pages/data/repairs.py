"""What makes a data set ready for training that is not: each repair is one click, and makes another data set."""

from collections.abc import Callable

import streamlit as st

from pages.data.change import change
from pages.ui import state
from pages.ui.text import sentence, t
from tl_core.datasets.own.album import Album
from tl_core.datasets.own.edits import filled, split_again, without_groups, without_lacking
from tl_core.planning.plan import is_ready

ICONS = {"fill": "move_down", "leave_out": "block", "split_again": "shuffle", "without_groups": "group_off"}


def draw(id: str, album: Album) -> None:
    """Draws a button for each repair that helps; none where nothing is to be repaired.

    Args:
        id: Of the data set; the visitor may change it.
        album: As it is now.
    """
    repairs = _repairs(album)
    if not repairs:
        return
    if problem := state.pop("data-change-problem"):
        st.error(sentence(problem))
    with st.container(horizontal=True, key="data-repairs"):
        for name, edit in repairs.items():
            if st.button(t(f"data.repair_{name}"), icon=f":material/{ICONS[name]}:", key=f"repair-{name}"):
                change(id, edit)


def _repairs(album: Album) -> dict[str, Callable[[Album], Album]]:
    """Returns the edits after which the data set can be trained on, by their names."""
    if is_ready(album.info):
        return {}
    found: dict[str, Callable[[Album], Album]] = {}
    if album.info.lacks:
        found = {"fill": filled, "leave_out": without_lacking}
    found["split_again"] = lambda latest: split_again(latest, latest.seed)
    if any(album.used.group):
        found["without_groups"] = without_groups
    return {name: edit for name, edit in found.items() if is_ready(edit(album).info)}
