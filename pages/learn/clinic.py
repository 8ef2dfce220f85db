"""The pitfall clinic: classic bugs as runs to diagnose and mend, and cards of those that no curve shows."""

import streamlit as st

from pages.learn import clinic_case, clinic_runs
from pages.ui import state
from pages.ui.text import literal, t
from tl_core.lessons.clinic import CARDS, CASES, MENDED, SICK, Card, Case

OPEN = "step"  # in the address, beside the view
N_COLUMNS = 2
ICONS = ((MENDED, ":material/healing:"), (SICK, ":material/sick:"))


def draw() -> None:
    """Draws the case that is open, or all of them, and the cards."""
    case = CASES.get(state.learning().get(OPEN, ""))
    if case is not None:
        if st.button(t("clinic.back"), key="clinic-back", icon=":material/arrow_back:", type="tertiary"):
            _open(None)
        clinic_case.draw(case)
        return
    st.header(t("clinic.title"), anchor=False)
    st.markdown(t("clinic.lead"))
    for at in range(0, len(CASES), N_COLUMNS):
        places = st.columns(N_COLUMNS, gap="small")
        for place, one in zip(places, list(CASES.values())[at : at + N_COLUMNS], strict=False):
            with place:
                _draw_entry(one)
    st.subheader(t("clinic.cards"), anchor=False)
    st.markdown(t("clinic.cards_lead"))
    for card in CARDS.values():
        _draw_card(card)


def _draw_entry(case: Case) -> None:
    """Draws what a case looks like from outside, and the way in."""
    with st.container(border=True, height="stretch", key=f"clinic-entry-{case.id}"):
        st.markdown(f"**{list(CASES).index(case.id) + 1} · {t(f'clinic_case.{case.id}.title')}**")
        st.markdown(t(f"clinic_case.{case.id}.looks"))
        kept = clinic_runs.kept()
        is_begun = next((icon for which, icon in ICONS if f"{case.id}-{which}" in kept), ":material/stethoscope:")
        if st.button(t("clinic.open"), key=f"clinic-open-{case.id}", icon=is_begun):
            _open(case.id)


def _open(id: str | None) -> None:
    others = {name: value for name, value in state.learning().items() if name != OPEN}
    state.open_learning(others if id is None else {**others, OPEN: id})
    st.rerun()


def _draw_card(card: Card) -> None:
    """Draws one bug that shows at once, or not at all."""
    kind = t("clinic.at_once") if card.error else t("clinic.unseen")
    with st.expander(f"{t(f'clinic_card.{card.id}.title')} — {kind}", key=f"clinic-card-{card.id}"):
        st.code(card.code, language="python")
        if card.error:
            st.markdown(t("clinic.answers", error=literal(card.error)))
        st.markdown(t(f"clinic_card.{card.id}.about"))
