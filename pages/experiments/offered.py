"""An experiment that a class splits: who has which trial, the way to take one, and what its owner can do meanwhile."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from pages.ui import owner_names, services, sharing, state
from pages.ui.actions import attempt, open_run
from pages.ui.persistent import persistent
from pages.ui.sweep_names import link, sweep_of, trial
from pages.ui.text import literal, named, t
from tl_core.engine.runs.offers import TAKEN
from tl_core.engine.runs.sweep_snapshots import SweepSnapshot
from tl_core.store.records import RunState, SweepRecord, SweepState

NEXT = -1  # in place of a trial: the first that is free
BUSY = frozenset(one.value for one in TAKEN)


def is_offered(record: SweepRecord) -> bool:
    """Says whether trials can be taken."""
    return record.state is SweepState.OFFERED


def is_shared_out(snapshot: SweepSnapshot) -> bool:
    """Says whether trials can be taken, or were."""
    return is_offered(snapshot.record) or bool({*snapshot.owners} - {None, snapshot.record.owner})


def is_free(row: Mapping[str, Any], snapshot: SweepSnapshot) -> bool:
    """Says whether a trial can be taken."""
    return is_offered(snapshot.record) and row["state"] not in BUSY | {RunState.COMPLETED.value}


def takers(snapshot: SweepSnapshot) -> list[str | None]:
    """Returns who has each trial, as the class calls them; None for what nobody has."""
    names = owner_names.owner_names()
    return [
        None if owner is None or is_free(row, snapshot) else names.get(owner, "–")
        for row, owner in zip(snapshot.rows, snapshot.owners, strict=True)
    ]


def draw_link(record: SweepRecord) -> None:
    """Draws the address that a class is given."""
    st.markdown(t("experiments.offer_link"))
    st.code(link(record.id), language=None, wrap_lines=True)


def draw_line(snapshot: SweepSnapshot) -> None:
    """Draws how far the class is, and what this visitor can do next."""
    n_done = sum(row["state"] == RunState.COMPLETED for row in snapshot.rows)
    n_busy, free = sum(row["state"] in BUSY for row in snapshot.rows), _free(snapshot)
    done = t("experiments.done", done=n_done, n=snapshot.n_trials)
    told = t("experiments.offer_progress", done=done, busy=n_busy, free=len(free))
    st.progress(n_done / snapshot.n_trials, text=told)
    mine = [place for place, owner in enumerate(snapshot.owners) if owner == state.visitor().owner]
    under_way = next((place for place in mine if snapshot.rows[place]["state"] in BUSY), None)
    if under_way is not None:
        _draw_mine(snapshot, under_way)
    elif free:
        _draw_choice(snapshot, free)
    else:
        st.caption(t("experiments.all_taken"))


def _free(snapshot: SweepSnapshot) -> list[int]:
    return [place for place, row in enumerate(snapshot.rows) if is_free(row, snapshot)]


def _draw_mine(snapshot: SweepSnapshot, place: int) -> None:
    """Draws the trial that this visitor has, and the way to its run."""
    row = snapshot.rows[place]
    with st.container(horizontal=True, vertical_alignment="center", key="my-trial"):
        said = literal(trial(row, sweep_of(snapshot.record)))
        st.markdown(f"**{t('experiments.my_trial')}**{t('unit.colon')}{said} · {t('state.' + row['state'])}")
        if st.button(t("experiments.open_run"), key="open-mine", icon=":material/open_in_new:"):
            open_run(row["run_id"])
        if row["state"] == RunState.INTERRUPTED:
            _draw_button("resume_mine", "play_arrow", services.engine().offers.take, snapshot.record.id)


def _draw_choice(snapshot: SweepSnapshot, free: list[int]) -> None:
    """Draws the choice of a trial that is free, and the button that takes it."""
    sweep, options = sweep_of(snapshot.record), [NEXT, *free]
    words = {NEXT: t("experiments.next_trial")} | {place: trial(snapshot.rows[place], sweep) for place in free}
    with st.container(horizontal=True, vertical_alignment="bottom", key="take-trial"):
        shown = named(options, words.__getitem__).__getitem__
        box = partial(st.selectbox, t("experiments.which_trial"), options, format_func=shown, width=420)
        chosen = persistent(box, f"take-{snapshot.record.id}", NEXT)
        place = None if chosen == NEXT else chosen
        _draw_button("take", "front_hand", services.engine().offers.take, snapshot.record.id, place, is_main=True)
    st.caption(t("experiments.take_about"))


def draw_ways(record: SweepRecord) -> None:
    """Draws what the owner can do while the class trains."""
    if not sharing.may_change(record):
        return
    with st.container(horizontal=True, key="offer-ways"):
        _draw_button("train_rest", "play_arrow", services.engine().sweeps.go_on, record.id)
        _draw_button("withdraw", "stop", services.engine().offers.withdraw, record.id)


def _draw_button(name: str, icon: str, action: Any, sweep_id: str, *told: object, is_main: bool = False) -> None:
    """Draws a button that does `action(sweep_id, *told)`; what is refused, the page says on its next look."""
    st.button(
        t(f"experiments.{name}"),
        key=name,
        icon=f":material/{icon}:",
        type="primary" if is_main else "secondary",
        help=None if is_main else t(f"experiments.{name}_help"),
        on_click=attempt,  # pyright: ignore[reportArgumentType]
        args=[action, sweep_id, *told],
    )
