"""The questions that are asked before an experiment is changed."""

import streamlit as st

from pages.ui import services, state
from pages.ui.actions import attempt_here
from pages.ui.run_names import MOST_SIGNS
from pages.ui.sweep_names import name_of
from pages.ui.text import t
from tl_core.store.records import SweepRecord


def rename(record: SweepRecord) -> None:
    """Asks for an experiment's new name, and gives it to it."""

    @st.dialog(t("runs.rename"))
    def dialog() -> None:
        name = st.text_input(t("runs.new_name"), value=name_of(record), max_chars=MOST_SIGNS)
        is_pressed = st.button(t("runs.save"), type="primary")
        if is_pressed and attempt_here(lambda: services.engine().sweeps.rename(record.id, name, by=state.visitor())):
            st.rerun()

    dialog()


def delete(record: SweepRecord) -> None:
    """Asks whether an experiment shall be deleted, and deletes it; its runs stay."""

    @st.dialog(t("runs.delete_title"))
    def dialog() -> None:
        st.markdown(t("experiments.delete_question"))
        st.text(name_of(record))
        if st.button(t("experiments.delete"), type="primary", icon=":material/delete:", key="delete-sweep"):
            if not attempt_here(lambda: services.engine().sweeps.delete(record.id, by=state.visitor())):
                return
            state.open_experiment({})
            st.rerun()

    dialog()
