"""The race of scratch against pretraining, extended: one budget more, three times as long."""

from collections.abc import Sequence

import streamlit as st

from pages.experiments import start
from pages.ui.text import t
from tl_core.experiments.preset import Row
from tl_core.experiments.presets.catch_up import CATCH_UP, longer
from tl_core.experiments.sweep import Sweep


def draw(sweep: Sweep, rows: Sequence[Row]) -> None:
    """Draws the button below an answer that scratch has not caught up, or that nothing can be told."""
    said = CATCH_UP.answer(rows) if sweep.kind == CATCH_UP.id else None
    more = longer(sweep) if said is not None and said.code in ("catch_up_behind", "catch_up_noise") else None
    if more is not None:
        epochs = max(int(cell.factors["epochs"]) for cell in more.cells)
        label = t("experiments.longer", epochs=epochs)
        if st.button(label, key="longer", icon=":material/fast_forward:", help=t("experiments.longer_help")):
            start.begin(more)
