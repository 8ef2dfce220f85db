"""How many runs an experiment is, and how long they take on this machine as far as that was measured."""

import json
from pathlib import Path

import streamlit as st

from pages.ui import pace, services
from pages.ui.text import seconds, t
from tl_core.disk.home import data_home
from tl_core.engine.runs.estimates import Pending
from tl_core.errors import TransferLabError
from tl_core.experiments.preset import Preset
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.sweep import Sweep

KEPT_S = 10  # an estimate
MEASURING_S, WAITING_S = 1.0, 4.7  # between two questions for what a run costs


def told(sweep: Sweep) -> str:
    """Returns the number of runs, and their time where it is known.

    Raises:
        TransferLabError: A trial cannot be run.
    """
    return _said(sweep.n_trials, _whole_s(sweep))


def told_of(preset: Preset) -> str:
    """Returns the same of a preset as it begins, for a card.

    Raises:
        TransferLabError: A trial cannot be run.
    """
    return _said(*_usual(str(data_home()), preset.id))


def _said(n_trials: int, whole_s: float | None) -> str:
    if whole_s is None:
        return t("experiments.cost_unknown", n=n_trials)
    if whole_s == 0:
        return t("experiments.cost_nothing", n=n_trials)
    return t("experiments.cost", n=n_trials, time=seconds(whole_s))


@st.cache_data(ttl=KEPT_S, max_entries=64, show_spinner=False)
def _usual(home: str, preset_id: str) -> tuple[int, float | None]:
    """Returns trials and seconds for all who ask within a few seconds.

    Also that they are not known yet: nobody waits at a card, and to plan the trials of all cards takes long.
    """
    preset = PRESETS[preset_id]
    sweep = preset.sweep({}, preset.n_seeds, Path(home))
    return sweep.n_trials, services.engine().sweeps.estimate_s(sweep)


def draw(sweep: Sweep) -> None:
    """Draws it, has one trial measured where nothing of its kind was, and asks again until that is done."""
    st.caption(told(sweep), help=t("experiments.cost_about"))
    pending, is_drawn = _pending(sweep), False
    if pending is not None:

        def ask() -> None:
            nonlocal is_drawn
            if is_drawn and _pending(sweep) is not pending:
                st.rerun()
            is_drawn = True  # the first time is a part of the page's own run, which may be that of a click further down

        pace.draw_again("sweep-cost", ask, MEASURING_S if pending is Pending.MEASURING else WAITING_S)


def _whole_s(sweep: Sweep) -> float | None:
    """Returns the seconds that a sweep takes; None where that is not known yet."""
    try:
        return _known_s(str(data_home()), json.dumps(sweep.to_dict()), sweep)
    except LookupError:
        return None


@st.cache_data(ttl=KEPT_S, max_entries=64, show_spinner=False)
def _known_s(home: str, told: str, _sweep: Sweep) -> float:
    """Returns the same for all who ask within a few seconds: each trial is looked up. What is not known is not kept."""
    whole_s = services.engine().sweeps.estimate_s(_sweep)
    if whole_s is None:
        raise LookupError
    return whole_s


def _pending(sweep: Sweep) -> Pending | None:
    """Returns why the time is not known yet; None where it is, or never will be."""
    try:
        if _whole_s(sweep) is not None:
            return None
        spec = sweep.trials(data_home())[0].spec
        answer = services.engine().requests.estimate(spec)
    except TransferLabError:
        return None
    if isinstance(answer, Pending):
        return None if answer is Pending.FAILED else answer
    return None if answer.run_s(spec) is None else Pending.WAITING  # what a fit takes, only a fit shows
