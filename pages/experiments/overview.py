"""All questions as cards, and before them the visitor's own experiments."""

import streamlit as st

from pages.experiments import cost, dialogs
from pages.ui import services, state
from pages.ui.owner_names import owner_name
from pages.ui.sharing import may_change
from pages.ui.sweep_names import name_of, sweep_of
from pages.ui.text import day, literal, t
from pages.ui.words import draw_row
from tl_core.errors import TransferLabError
from tl_core.experiments.own import KIND
from tl_core.experiments.preset import Preset
from tl_core.experiments.presets import PRESETS
from tl_core.store.records import SweepRecord, SweepState

SHOWN = 4  # the newest; the questions shall be seen without scrolling
COLUMNS = 2


def draw() -> None:
    st.markdown(t("experiments.lead"))
    draw_row("sweep", "trial", "seed", "interval", "holm")
    _draw_sweeps()
    st.header(t("experiments.questions"), anchor=False)
    presets: list[Preset | None] = [*PRESETS.values(), None]  # the last one is the visitor's own
    for first in range(0, len(presets), COLUMNS):
        with st.container(key=f"cards-{first}"):
            places = st.columns(COLUMNS, gap="medium")
        for preset, place in zip(presets[first : first + COLUMNS], places, strict=False):
            with place:
                _draw_card(preset) if preset is not None else _draw_own_card()


def _draw_card(preset: Preset) -> None:
    """Draws a question, what it takes, and the way to it."""
    with st.container(border=True, key=f"card-{preset.id}", height="stretch"):
        st.subheader(t(f"sweep.{preset.id}.title"), anchor=preset.id)
        st.markdown(t(f"sweep.{preset.id}.question"))
        st.caption(t(f"sweep.{preset.id}.reference"))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(_cost(preset), width="stretch")
            if st.button(t("experiments.ask"), key=f"ask-{preset.id}", icon=":material/arrow_forward:"):
                _open({"sweep_kind": preset.id})


def _cost(preset: Preset) -> str:
    try:
        return cost.told_of(preset)
    except TransferLabError:  # what it needs is not here; its own page says what
        return t("experiments.not_here")


def _draw_own_card() -> None:
    with st.container(border=True, key="card-own", height="stretch"):
        st.subheader(t("experiments.own"), anchor=KIND)
        st.markdown(t("experiments.own_about"))
        if st.button(t("experiments.own_begin"), key="ask-own", icon=":material/tune:"):
            _open({"sweep_kind": KIND})


def _open(said: dict[str, str]) -> None:
    state.open_experiment(said)
    st.rerun()


def _draw_sweeps() -> None:
    """Draws a line for each of the visitor's experiments, the newest first, then for those that others share."""
    by = state.visitor()
    records = [record for record in services.engine().sweeps.list_sweeps(by=by) if _is_whole(record)]
    mine = [record for record in records if record.owner == by.owner]
    others = [record for record in records if record.owner != by.owner]
    for words, found in (("mine", mine), ("others", others)):
        if found:
            st.header(t(f"experiments.{words}"), anchor=False)
            for record in found[:SHOWN]:
                _draw_line(record)
            if len(found) > SHOWN:
                with st.expander(t("experiments.earlier", n=len(found) - SHOWN)):
                    for record in found[SHOWN:]:
                        _draw_line(record)


def _is_whole(record: SweepRecord) -> bool:
    """Says whether a record can be read; a damaged one hides no other."""
    try:
        return bool(sweep_of(record).cells)
    except TransferLabError:
        return False


def _draw_line(record: SweepRecord) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"sweep-{record.id}"):
        with st.container(gap=None):
            st.markdown(f"**{literal(name_of(record))}**")
            st.caption(_about(record))
        if st.button(t("experiments.open"), key=f"open-{record.id}", icon=":material/open_in_new:"):
            _open({"sweep": record.id})
        if (
            may_change(record)
            and not record.is_active
            and st.button(t("experiments.delete"), key=f"delete-{record.id}", icon=":material/delete:", type="tertiary")
        ):
            dialogs.delete(record)


def _about(record: SweepRecord) -> str:
    """Returns how an experiment stands, how large it is, when it began, and whose it is where it is another's."""
    said = [t(f"state.{record.state.value}"), _progress(record), day(record.created_at)]
    is_mine = record.owner == state.visitor().owner
    return " · ".join([*said, *([] if is_mine else [literal(owner_name(record.owner))])])


def _progress(record: SweepRecord) -> str:
    if record.is_active or record.state is SweepState.OFFERED:
        snapshot = services.engine().sweeps.snapshot(record.id, by=state.visitor())
        return t("experiments.done", done=snapshot.n_done, n=snapshot.n_trials)
    return t("experiments.n_runs", n=sweep_of(record).n_trials)
