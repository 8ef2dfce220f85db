""" "Pause and look here": a sentence that every open page of the class shows within seconds, until it is ended."""

import streamlit as st

from pages.ui import services, state
from pages.ui.actions import attempt_here
from pages.ui.text import literal, t
from tl_core.store.instructor.announcement import MOST_SIGNS, announce, announcement


def draw() -> None:
    """Draws the sentence with its button; while one is shown, that sentence and the button that ends it."""
    store = services.engine().store
    now = announcement(store)
    with st.container(horizontal=True, vertical_alignment="bottom", key="pause"):
        if now is not None:
            st.markdown(f"{t('missions.paused')}{t('unit.colon')}**{literal(now.text)}**")
            if st.button(t("missions.end_pause"), key="end-pause", icon=":material/play_arrow:", type="primary"):
                _say("")
            return
        typed = st.text_input(
            t("missions.pause_text"),
            value=state.get("pause-text", t("missions.pause_default")),
            max_chars=MOST_SIGNS,
            key=state.widget_key("pause-text", of_language=True),
            width=420,
        )
        text = typed or ""
        if st.button(t("missions.pause"), key="begin-pause", icon=":material/front_hand:", disabled=not text.strip()):
            state.put("pause-text", text)
            _say(text)


def _say(text: str) -> None:
    if attempt_here(lambda: announce(services.engine().store, text, by=state.visitor())):
        st.rerun()
