"""What the one pass through the frozen blocks costs, said before it begins; and smaller pictures, where it is long."""

import streamlit as st

from pages.ui import controls, state
from pages.ui.text import seconds, size, t
from tl_core.engine.runs.estimates import Estimate
from tl_core.models.catalog import BackboneInfo
from tl_core.planning.fit import quicker_sizes
from tl_core.spec import RunSpec

TOLD_S, LONG_S = 5.0, 20.0  # from how many seconds on the pass is spoken of, and smaller pictures are offered


def draw(spec: RunSpec, backbone: BackboneInfo, estimate: Estimate) -> None:
    """Draws what the pass costs; nothing where it is over in a moment, or there is none."""
    if estimate.prefix_s < TOLD_S:
        return
    code = "pass_time" if estimate.prefix_bytes is None else "pass_cost"
    cost = t(f"lab.{code}", px=spec.image_size, time=seconds(estimate.prefix_s), memory=size(estimate.prefix_bytes))
    st.caption(cost, help=t("lab.pass_about"))
    sizes = quicker_sizes(backbone, spec.image_size)
    if estimate.prefix_s >= LONG_S and sizes and not controls.is_fixed("image_size"):
        _offer(backbone, sizes)


def _offer(backbone: BackboneInfo, sizes: list[int]) -> None:
    """Draws a button for each smaller size, which sets the control to it."""
    with st.container(horizontal=True, vertical_alignment="center", key="quicker"):
        st.caption(t("lab.quicker"), width="content")
        for px in sizes:
            if st.button(f"{px} px", key=f"quicker-{px}", help=t("lab.quicker_help", px=px)):
                state.set_widget(controls.NAMES["image_size"].format(backbone=backbone.id), px)
                st.rerun()
