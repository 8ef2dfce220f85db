"""The question how pictures that are not square become squares, asked before they are imported."""

import streamlit as st

from pages.ui.text import named, t
from tl_core.datasets.images.preparation import FRAMINGS


def choose_framing() -> str:
    """Draws the choice of how pictures that are not square become so."""
    names = named(FRAMINGS, lambda framing: t(f"data.framing_{framing}"))
    chosen = st.segmented_control(
        t("data.framing"),
        FRAMINGS,
        default=FRAMINGS[0],
        required=True,
        format_func=names.__getitem__,
        help=t("data.framing_help"),
        key="new-framing",
    )
    return str(chosen)
