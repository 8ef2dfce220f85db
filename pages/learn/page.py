"""Where a newcomer lands: missions, claims on trial, the clinic of classic bugs, and the check of one's own code.

The learner answers: what do I expect, what did my own runs show, and why?
Reads the place in a lesson from the address; writes it, and how far somebody is in which mission.
"""

import streamlit as st

from pages.ui.text import t


def draw() -> None:
    st.title(t("learn.title"))


draw()
