"""Who may look at a run or an experiment, and who may change it: its owner says so."""

from collections.abc import Callable
from types import MappingProxyType

import streamlit as st

from pages.ui import services, state
from pages.ui.actions import attempt
from pages.ui.text import named, t
from tl_core.store.records import RunRecord, SweepRecord, Visibility

ICONS = MappingProxyType(
    {
        Visibility.PRIVATE: ":material/lock:",
        Visibility.LINK: ":material/link:",
        Visibility.CLASS: ":material/groups:",
    }
)


def may_change(record: RunRecord | SweepRecord) -> bool:
    """Says whether this visitor may change it; the store asks again whatever a page thinks."""
    by = state.visitor()
    return by.is_instructor or record.owner == by.owner


def draw(record: RunRecord) -> None:
    """Draws a button that opens the choice of who may see a run."""
    draw_choice(record, services.engine().runs.share, run_link(record.id), "visibility")


def draw_choice(record: RunRecord | SweepRecord, share: Callable[..., None], link: str, about: str) -> None:
    """Draws a button that opens the choice of who may see something.

    Args:
        record: What it is about.
        share: Called with (id, chosen, by=visitor).
        link: The address under which others find it.
        about: The table of the copy files that says what each choice means.
    """
    with st.popover(t("classroom.share"), icon=ICONS[record.visibility], key=f"sharing-{record.id}"):
        chosen = st.segmented_control(
            t("classroom.seen_by"),
            list(Visibility),
            default=record.visibility,
            required=True,
            key=f"share-{record.id}-{record.visibility}",  # another choice elsewhere makes another widget
            format_func=named(Visibility, lambda one: t(f"visibility.{one.value}")).__getitem__,
        )
        if chosen not in (None, record.visibility) and attempt(share, record.id, chosen):
            st.rerun()
        st.caption(t(f"{about}.{record.visibility.value}_about"))
        if record.visibility is not Visibility.PRIVATE:
            st.code(link, language=None, wrap_lines=True)


def run_link(run_id: str) -> str:
    """Returns the address under which others find a run, in the language of this visit."""
    return state.address({"run": run_id, "lang": state.language()}, "lab")
