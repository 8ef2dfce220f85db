"""The choice of finished runs that a page is about: at first the visitor's run and its baseline."""

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from pages.ui import services, state
from pages.ui.owner_names import owner_name
from pages.ui.run_names import name_of
from pages.ui.text import named, t
from pages.ui.words import meaning
from tl_core.errors import UnknownIdError
from tl_core.store.records import RunRecord, RunState

FINISHED = (RunState.COMPLETED, RunState.STOPPED)


def choose_runs(page: str, *, most: int) -> list[RunRecord] | None:
    """Draws the choice of finished runs; returns those that are chosen, in their order; None if there are none.

    Args:
        page: Name of the page; its copy has "runs" (the label) and "choose" (the placeholder).
        most: How many may be chosen.
    """
    asked = _asked(page)
    finished = [run for run in _seen_runs(asked) if run.state in FINISHED and run.best_epoch is not None]
    if not finished:
        return None
    by_id = {record.id: record for record in finished}
    chosen = st.multiselect(
        t(f"{page}.runs"),
        list(by_id),
        default=[id_ for id_ in asked if id_ in by_id] or _first_choice(by_id),
        max_selections=most,
        placeholder=t(f"{page}.choose"),
        format_func=named(by_id, lambda run_id: run_label(by_id[run_id])).__getitem__,
        help=meaning("run"),
        key=f"{page}-runs-{state.run_id()}-{hash(asked)}",
    )
    return [by_id[run_id] for run_id in chosen]


def ask_for(page: str, run_ids: Sequence[str]) -> None:
    """Has a page begin with these runs, until another run is opened."""
    state.put(f"{page}-asked", (state.run_id(), tuple(run_ids)))


def _asked(page: str) -> tuple[str, ...]:
    about, run_ids = state.get(f"{page}-asked") or (None, ())
    return run_ids if about == state.run_id() else ()


def run_label(record: RunRecord) -> str:
    """Returns a run's name, with whose it is where it is another's, and the beginning of its id."""
    is_mine = record.owner == state.visitor().owner
    return " · ".join([name_of(record), *([] if is_mine else [owner_name(record.owner)]), record.id[:6]])


def _seen_runs(asked: Sequence[str]) -> list[RunRecord]:
    """Returns the finished runs that the visitor finds in a list, the one that a link led to, with its twin, and those
    that were asked for.
    """
    engine, by = services.engine(), state.visitor()
    seen = {record.id: record for record in engine.runs.list_runs(by=by, states=FINISHED, limit=100)}
    with suppress(UnknownIdError):
        opened = engine.runs.find(state.run_id() or "", by=by)
        seen |= {opened.id: opened}
        seen |= {opened.twin_id: engine.runs.find(opened.twin_id, by=by)} if opened.twin_id else {}
    for run_id in asked:
        with suppress(UnknownIdError):
            seen |= {run_id: engine.runs.find(run_id, by=by)}
    return list(seen.values())


def _first_choice(by_id: dict[str, RunRecord]) -> list[str]:
    try:
        run = services.engine().runs.find(state.run_id() or "", by=state.visitor())
    except UnknownIdError:
        run = next(iter(by_id.values()))
    pair = sorted(filter(None, (run.id, run.twin_id)), key=lambda id_: id_ in by_id and by_id[id_].role == "baseline")
    return [run_id for run_id in pair if run_id in by_id] or [next(iter(by_id))]
