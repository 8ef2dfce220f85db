"""The door to the instructor's desk: a key that was set when the server started."""

import streamlit as st

from pages.ui import admission, services, state
from pages.ui.text import sentence, t
from tl_core.errors import TransferLabError
from tl_core.store.instructor.key import LEAST_LENGTH, is_too_short, key_in_use


def draw() -> None:
    """Draws the field for the key, folded away; or says that none was set, or one that is not used."""
    with st.expander(t("classroom.instructor"), icon=":material/key:"):
        if not key_in_use():
            st.caption(t("classroom.short_key", least=LEAST_LENGTH) if is_too_short() else t("classroom.no_key"))
            st.caption(t("classroom.by_link"))
            return
        with st.form("instructor", clear_on_submit=True, border=False):
            received = st.text_input(
                t("classroom.key"), type="password", autocomplete="off", max_chars=200, key="instructor-key"
            )
            is_pressed = st.form_submit_button(t("classroom.enter"), key="instructor-enter")
        if is_pressed and _is_admitted(received):
            admission.admit()
            st.rerun()


def _is_admitted(received: str) -> bool:
    """Says whether the key is right; draws why not."""
    try:
        is_right = services.instructor_key().check(
            received, address=state.client(), browser=state.visitor().owner, admission=state.admission()
        )
    except TransferLabError as error:
        st.error(sentence(error))
        st.caption(t("classroom.by_link"))
        return False
    if not is_right:
        st.error(t("classroom.wrong_key"))
    return is_right


def draw_leave() -> None:
    """Draws the button that makes the instructor a visitor like any other."""
    if st.button(t("classroom.leave"), icon=":material/logout:", type="tertiary", key="instructor-leave"):
        admission.leave()
        st.rerun()
