"""What a learner expects, said before the first run and shown beside what was measured; once begun it stays."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from pages.experiments import sketch
from pages.ui import state
from pages.ui.text import named, t
from tl_core.experiments.preset import Preset, Row
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.sweep import Sweep

SKIP = ""


def choose(preset: Preset, sweep: Sweep) -> Sweep | None:
    """Draws the choice of what one expects, or the sketch of it; returns the sweep with it; None: nothing was said."""
    if sketch.is_possible(preset, sweep):
        is_sketching = bool(state.get("sweep-sketching"))
        words, icon = ("choose_instead", "rule") if is_sketching else ("sketch_instead", "draw")
        if st.button(t(f"experiments.{words}"), key="sketch", icon=f":material/{icon}:", type="tertiary"):
            state.put("sweep-sketching", not is_sketching)
            st.rerun()
        if is_sketching:
            points = sketch.choose(preset, sweep)
            return replace(sweep, sketch=points) if points else None
    said = _choose(preset)
    return None if said is None else replace(sweep, prediction=said)


def _choose(preset: Preset) -> str | None:
    """Draws the choice; returns one of the preset's choices, or `SKIP`; None: nothing was said."""
    options = (*preset.choices, SKIP)
    names = named(options, lambda choice: _said(preset.id, choice) if choice else t("experiments.skip"))
    name = _name(preset)
    before = state.get(name)
    said = st.radio(
        t("experiments.prediction"),
        options,
        index=options.index(before) if before in options else None,
        format_func=names.__getitem__,
        key=state.widget_key(name, of_language=True),
        help=t("experiments.prediction_about"),
    )
    state.put(name, said)
    return said


def forget(kind: str) -> None:
    """Has the next experiment of a kind begin without a prediction."""
    if kind in PRESETS:
        state.set_widget(_name(PRESETS[kind]), None)
        sketch.forget(PRESETS[kind])


def draw(sweep: Sweep) -> None:
    """Draws what was expected, while it cannot be known yet."""
    preset = PRESETS.get(sweep.kind)
    if preset is None:
        return
    if sweep.sketch:
        st.caption(f":material/lock: {t('experiments.sketch_locked')}")
        return
    if sweep.prediction not in preset.choices:
        st.caption(t("experiments.skipped"))
        return
    said = _said(preset.id, sweep.prediction)
    st.caption(f":material/lock: {t('experiments.predicted')}{t('unit.colon')}{said}")


def draw_beside_measured(sweep: Sweep, rows: Sequence[Row]) -> None:
    """Draws what was expected, if something was, beside what the numbers bear out."""
    preset = PRESETS.get(sweep.kind)
    if preset is not None and sweep.sketch:
        sketch.draw_agreement(preset, sweep, rows)
    if preset is None or sweep.prediction not in preset.choices:
        return
    verdict = preset.verdict(rows)
    said = _said(preset.id, sweep.prediction)
    measured = t("experiments.undecided") if verdict is None else _said(preset.id, verdict)
    with st.container(key="prediction"):
        places = st.columns(2)
    for place, words, what in zip(places, ("predicted", "measured"), (said, measured), strict=True):
        with place, st.container(border=True, height="stretch"):
            st.caption(t(f"experiments.{words}"))
            st.markdown(what)
            if words == "measured" and verdict is not None:
                is_right = verdict == sweep.prediction
                icon, colour = ("check_circle", "green") if is_right else ("compare_arrows", "orange")
                outcome = t("experiments.as_predicted" if is_right else "experiments.not_as_predicted")
                st.badge(outcome, icon=f":material/{icon}:", color=colour)


def _said(kind: str, choice: str) -> str:
    return t(f"sweep.{kind}.choice.{choice}")


def _name(preset: Preset) -> str:
    return f"sweep-prediction-{preset.id}"
