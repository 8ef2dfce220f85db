"""Where a newcomer lands: missions, claims on trial, the clinic of classic bugs, and the check of one's own code.

The learner answers: what do I expect, what did my own runs show, and why?
Reads the place in a lesson from the address; writes it, and how far somebody is in which mission.
"""

from types import MappingProxyType

import streamlit as st

from pages.learn import claims, clinic, code_check, mission_page, overview
from pages.ui import services, state
from pages.ui.text import literal, named, t
from tl_core.disk.home import data_home
from tl_core.lessons.catalog import lessons

MOST_LETTERS = 40  # of an unknown mission that are said again
VIEWS = MappingProxyType(
    {"missions": overview.draw, "claims": claims.draw, "clinic": clinic.draw, "code": code_check.draw}
)
"""Word in the address → what is drawn."""


def draw() -> None:
    services.prepare_statistics()
    st.title(t("learn.title"))
    opened = state.learning()
    if "mission" not in opened:
        _draw_view(opened.get("view", ""))
        return
    found = lessons(data_home()).lessons
    if opened["mission"] in found:
        mission_page.draw(found[opened["mission"]], opened.get("step"))
        return
    st.warning(t("learn.no_mission", received=literal(opened["mission"][:MOST_LETTERS])))
    state.open_learning({})
    overview.draw()


def _draw_view(asked: str) -> None:
    """Draws the choice of what to learn from, and what was chosen."""
    view = asked if asked in VIEWS else next(iter(VIEWS))
    names = named(VIEWS, lambda one: t(f"learn.view_{one}"))
    chosen = st.segmented_control(
        t("learn.views"),
        list(VIEWS),
        default=view,
        required=True,
        format_func=names.__getitem__,
        key=f"learn-view-{view}-{state.language()}",  # another one for each: what the address says is marked
        label_visibility="collapsed",
    )
    if chosen != view:
        state.open_learning({} if chosen == next(iter(VIEWS)) else {"view": chosen})
        st.rerun()
    VIEWS[view]()


draw()
