"""Who may look at an experiment, and who may change it: its owner says so."""

import streamlit as st

from pages.experiments.names import link
from pages.ui import services, state
from pages.ui.actions import attempt
from pages.ui.sharing import ICONS
from pages.ui.text import named, t
from tl_core.store.records import SweepRecord, Visibility


def may_change(record: SweepRecord) -> bool:
    """Says whether this visitor may change an experiment; the store asks again whatever a page thinks."""
    by = state.visitor()
    return by.is_instructor or record.owner == by.owner


def draw(record: SweepRecord) -> None:
    """Draws a button that opens the choice of who may see an experiment."""
    with st.popover(t("classroom.share"), icon=ICONS[record.visibility], key=f"sharing-{record.id}"):
        chosen = st.segmented_control(
            t("classroom.seen_by"),
            list(Visibility),
            default=record.visibility,
            required=True,
            key=f"share-{record.id}-{record.visibility}",  # another choice elsewhere makes another widget
            format_func=named(Visibility, lambda one: t(f"visibility.{one.value}")).__getitem__,
        )
        if chosen not in (None, record.visibility) and attempt(services.engine().sweeps.share, record.id, chosen):
            st.rerun()
        st.caption(t(f"experiments.{record.visibility.value}_about"))
        if record.visibility is not Visibility.PRIVATE:
            st.code(link(record.id), language=None, wrap_lines=True)
