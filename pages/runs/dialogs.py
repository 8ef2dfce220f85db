"""The questions that are asked before a run is changed."""

from collections.abc import Sequence

import streamlit as st

from pages.ui import services, state
from pages.ui.actions import attempt_here
from pages.ui.run_names import name_of
from pages.ui.text import t
from tl_core.store.records import RunRecord


def rename(record: RunRecord) -> None:
    """Asks for a run's new name, and gives it to the run."""

    @st.dialog(t("runs.rename"))
    def dialog() -> None:
        name = st.text_input(t("runs.new_name"), value=name_of(record), max_chars=80)
        is_pressed = st.button(t("runs.save"), type="primary")
        if is_pressed and attempt_here(lambda: services.engine().runs.rename(record.id, name, by=state.visitor())):
            st.rerun()

    dialog()


def delete(records: Sequence[RunRecord]) -> None:
    """Asks whether some runs shall be deleted, and deletes them."""

    @st.dialog(t("runs.delete_title"))
    def dialog() -> None:
        st.markdown(t("runs.delete_question", n=len(records)))
        for record in records:
            st.text(name_of(record))
        if st.button(t("runs.delete", n=len(records)), type="primary", icon=":material/delete:"):
            for record in records:
                if not attempt_here(lambda record=record: services.engine().runs.delete(record.id, by=state.visitor())):
                    return
            st.rerun()

    dialog()
