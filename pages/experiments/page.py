"""Experiments: the field's questions asked of many real runs, each with a prediction first and an answer afterwards.

The learner answers: what do I expect, what was measured, and how sure is that?
Reads the experiment from the address, and the lab's settings; writes both the address and sweeps.
"""

import streamlit as st

from pages.experiments import asked, overview, own, progress
from pages.ui import services, state
from pages.ui.text import t
from tl_core.experiments.own import KIND
from tl_core.experiments.presets import PRESETS


def draw() -> None:
    services.prepare_statistics()
    st.title(t("experiments.title"))
    opened = state.experiment()
    kind = opened.get("sweep_kind", "")
    if "sweep" in opened:
        _draw_way_back()
        progress.draw(opened["sweep"])
    elif kind in PRESETS:
        _draw_way_back()
        asked.draw(PRESETS[kind], opened)
    elif kind == KIND:
        _draw_way_back()
        own.draw(opened)
    else:
        if kind:
            st.warning(t("experiments.no_such_kind"))
        overview.draw()


def _draw_way_back() -> None:
    if st.button(t("experiments.back"), key="back", icon=":material/arrow_back:", type="tertiary"):
        state.open_experiment({})
        st.rerun()


draw()
