"""What one student may have at most: a form for the instructor."""

from dataclasses import asdict

import streamlit as st

from pages.ui import services, state
from pages.ui.text import sentence, t
from tl_core.errors import TransferLabError
from tl_core.store.limits import ALLOWED, Limits


def draw() -> None:
    """Draws the limits that hold, and sets them to what the instructor has written."""
    st.caption(t("classroom.limits_about"))
    low, high = ALLOWED
    with st.form("limits"):
        with st.container(horizontal=True):
            chosen = {
                name: st.number_input(t(f"field.{name}"), low, high, value, step=1, width=190)
                for name, value in asdict(services.engine().classroom.limits()).items()
            }
        is_pressed = st.form_submit_button(t("classroom.save"), icon=":material/save:")
    if is_pressed:
        _save(Limits(**chosen))


def _save(chosen: Limits) -> None:
    try:
        services.engine().classroom.set_limits(chosen, by=state.visitor())
    except TransferLabError as error:
        st.error(sentence(error))
        return
    st.success(t("classroom.saved"))
