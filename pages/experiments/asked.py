"""A question of the field before it is asked: on what, with how many runs, and what the learner expects."""

from collections.abc import Mapping

import streamlit as st

from pages.experiments import cost, prediction, settings, start
from pages.ui.text import sentence, t
from tl_core.errors import TransferLabError
from tl_core.experiments.preset import Preset


def draw(preset: Preset, opened: Mapping[str, str]) -> None:
    """Draws it; `opened` is what the address says of it."""
    st.header(t(f"sweep.{preset.id}.title"), anchor=False)
    st.markdown(t(f"sweep.{preset.id}.question"))
    st.markdown(t(f"sweep.{preset.id}.why"))
    st.caption(t(f"sweep.{preset.id}.reference"))
    st.subheader(t("experiments.step_data"), anchor=False)
    try:
        st.caption(t(f"sweep.{preset.id}.about"))
        sweep = settings.choose(preset, opened)
        cost.draw(sweep)
    except TransferLabError as error:
        st.error(sentence(error))
        return
    st.subheader(t("experiments.step_prediction"), anchor=False)
    predicted = prediction.choose(preset, sweep)
    start.draw(predicted or sweep, is_ready=predicted is not None)
