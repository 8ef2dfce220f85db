"""Where a newcomer lands: missions, claims on trial, the clinic of classic bugs, and the check of one's own code.

The learner answers: what do I expect, what did my own runs show, and why?
Reads the place in a lesson from the address; writes it, and how far somebody is in which mission.
"""

import streamlit as st

from pages.learn import mission_page, overview
from pages.ui import services, state
from pages.ui.text import literal, t
from tl_core.disk.home import data_home
from tl_core.lessons.catalog import lessons

MOST_LETTERS = 40  # of an unknown mission that are said again


def draw() -> None:
    services.prepare_statistics()
    st.title(t("learn.title"))
    opened = state.learning()
    if "mission" not in opened:
        overview.draw()
        return
    found = lessons(data_home()).lessons
    if opened["mission"] in found:
        mission_page.draw(found[opened["mission"]], opened.get("step"))
        return
    st.warning(t("learn.no_mission", received=literal(opened["mission"][:MOST_LETTERS])))
    state.open_learning({})
    overview.draw()


draw()
