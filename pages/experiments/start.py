"""The buttons that begin an experiment, or share it out among a class."""

import streamlit as st

from pages.experiments import prediction
from pages.ui import services, state
from pages.ui.sweep_names import automatic
from pages.ui.text import sentence, t
from tl_core.engine.runs.offers import why_not
from tl_core.errors import TransferLabError
from tl_core.experiments.sweep import Sweep


def draw(sweep: Sweep, *, is_ready: bool = True) -> None:
    """Draws them; they can be pressed once there is a prediction, or one was skipped."""
    refused = why_not(sweep)
    first = None if is_ready else t("experiments.predict_first")
    with st.container(horizontal=True, key="start-ways"):
        is_started = st.button(
            t("experiments.start", n=sweep.n_trials),
            type="primary",
            icon=":material/play_arrow:",
            disabled=not is_ready,
            key="start-sweep",
            help=first,
        )
        is_offered = st.button(
            t("experiments.offer"),
            icon=":material/groups:",
            disabled=not is_ready or refused is not None,
            key="offer-sweep",
            help=sentence(refused) if refused else first or t("experiments.offer_help"),
        )
    if first is not None:
        st.caption(first)
    elif is_started or is_offered:
        begin(sweep, is_offered=is_offered)


def begin(sweep: Sweep, *, is_offered: bool = False) -> None:
    """Starts an experiment and opens it, or shares it out; says in one sentence why it could not be started."""
    by, name = state.visitor(), automatic(sweep)
    try:
        record = services.engine().sweeps.start(sweep, by=by, name=name, is_offered=is_offered)
    except TransferLabError as error:
        st.error(sentence(error))
        return
    prediction.forget(sweep.kind)
    state.open_experiment({"sweep": record.id})
    st.rerun()
