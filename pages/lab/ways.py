"""The named ways of training blocks, and the two controls by which blocks differ: their rates, their first epochs."""

from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from types import MappingProxyType

import streamlit as st

from pages.ui import controls, state
from pages.ui.controls import NAMES
from pages.ui.streamlit_internals import DeltaGenerator
from pages.ui.text import named, t
from pages.ui.words import meaning
from tl_core.spec import RANGES
from tl_core.training.unfreezing import ULMFIT_FACTOR

FACTORS = (1.0, 1.2, 1.5, 2.0, ULMFIT_FACTOR)
WAYS = MappingProxyType(
    {
        "at_once": {"phases": 1, "unfreeze_every": 0, "block_rate_factor": 1.0},
        "head_first": {"phases": 2, "unfreeze_every": 0, "block_rate_factor": 1.0},
        "gradual": {"phases": 2, "unfreeze_every": 1, "block_rate_factor": 1.0},
        "ulmfit": {"phases": 2, "unfreeze_every": 1, "block_rate_factor": ULMFIT_FACTOR},
    }
)
FIELDS = tuple(WAYS["ulmfit"])
"""What a way sets."""


def draw(start: str) -> None:
    """Draws the named ways of training blocks, each of which sets the three controls below."""
    st.caption(t("lab.ways"), help=meaning("unfreezing"))
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="training-ways"):
        for way, values in WAYS.items():
            if st.button(t(f"lab.way_{way}"), key=f"way-{way}", help=t(f"lab.way_{way}_about")):
                for field, value in values.items():
                    state.set_widget(NAMES.get(field, field).format(start=start), value)


def choose(halves: Iterator[DeltaGenerator], *, is_disabled: bool) -> dict:
    """Draws how much slower each block learns than the one after it, and how fast they are unfrozen."""
    chosen: dict = {}
    factors = sorted({*FACTORS, *controls.of_link("block_rate_factor")})
    names = named(factors, lambda factor: t("lab.same_rate") if factor == 1 else f"÷ {factor:g}")
    box = partial(st.selectbox, t("field.block_rate_factor"), factors, help=meaning("block_rates"))
    with nullcontext() if controls.is_hidden("block_rate_factor") else next(halves):
        box = partial(box, format_func=names.__getitem__)
        chosen["block_rate_factor"] = controls.choose("block_rate_factor", box, default=1.0, is_disabled=is_disabled)
    number = partial(st.number_input, t("field.unfreeze_every"), *RANGES["unfreeze_every"], help=meaning("unfreezing"))
    with nullcontext() if controls.is_hidden("unfreeze_every") else next(halves):
        number = partial(number, step=1)
        chosen["unfreeze_every"] = controls.choose("unfreeze_every", number, default=0, is_disabled=is_disabled)
    return chosen
