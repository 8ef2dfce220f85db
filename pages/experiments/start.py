"""The button that begins an experiment."""

import streamlit as st

from pages.experiments import prediction
from pages.experiments.names import automatic
from pages.ui import services, state
from pages.ui.text import sentence, t
from tl_core.errors import TransferLabError
from tl_core.experiments.sweep import Sweep


def draw(sweep: Sweep, *, is_ready: bool = True) -> None:
    """Draws it; it can be pressed once there is a prediction, or one was skipped."""
    is_pressed = st.button(
        t("experiments.start", n=sweep.n_trials),
        type="primary",
        icon=":material/play_arrow:",
        disabled=not is_ready,
        key="start-sweep",
        help=None if is_ready else t("experiments.predict_first"),
    )
    if not is_ready:
        st.caption(t("experiments.predict_first"))
    if is_pressed and is_ready:
        begin(sweep)


def begin(sweep: Sweep) -> None:
    """Starts an experiment and opens it; says in one sentence why it could not be started."""
    try:
        record = services.engine().sweeps.start(sweep, by=state.visitor(), name=automatic(sweep))
    except TransferLabError as error:
        st.error(sentence(error))
        return
    prediction.forget(sweep.kind)
    state.open_experiment({"sweep": record.id})
    st.rerun()
