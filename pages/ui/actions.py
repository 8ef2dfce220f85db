"""The way from a page to the engine: runs that are asked for, and what is done to those that are there."""

import time
from collections.abc import Callable, Sequence

import streamlit as st

from pages.ui import services, state
from pages.ui.text import sentence
from tl_core.engine.runs.snapshots import RunSnapshot
from tl_core.errors import TransferLabError
from tl_core.spec import RunSpec


def submit(spec: RunSpec, name: str, baseline: RunSpec | None, baseline_name: str, *, is_afresh: bool = False) -> None:
    """Asks for a run, opens it, and draws the page again; says in one sentence why it could not be queued."""
    try:
        record = services.engine().runs.submit(
            spec,
            name=name[:80],
            baseline=baseline,
            baseline_name=baseline_name[:80],
            by=state.visitor(),
            is_afresh=is_afresh,
        )
    except TransferLabError as error:
        st.error(sentence(error))
        return
    state.put("asked_at", time.monotonic())
    state.open_run(record.id)
    st.rerun()  # so that the sidebar, drawn before, knows of it


def train_afresh(snapshots: Sequence[RunSnapshot]) -> None:
    """Trains what a record shows, and its baseline, once more; by as many threads as there are now."""
    specs = [snapshot.spec.with_changes(threads=None) for snapshot in snapshots]
    names = [snapshot.record.name for snapshot in snapshots]
    submit(specs[0], names[0], *((specs[1], names[1]) if len(specs) == 2 else (None, "")), is_afresh=True)


def attempt(action: Callable[..., object], run_id: str, *told: object) -> bool:
    """Does something to a run in the visitor's name; if it is refused, or came too late, its panel will say so.

    Args:
        action: One of the engine's methods, called as `action(run_id, *told, by=…)`.
        run_id: The run.
        *told: What else the method wants to know.

    Returns:
        Whether it was done.
    """
    try:
        action(run_id, *told, by=state.visitor())
    except TransferLabError as error:
        state.put(f"problem-{run_id}", error.to_dict())
        return False
    return True


def attempt_here(action: Callable[[], object]) -> bool:
    """Does what a dialog asks for; says in one sentence why it could not be done."""
    try:
        action()
    except TransferLabError as error:
        st.error(sentence(error))
        return False
    return True


def open_run(run_id: str) -> None:
    """Leaves for the lab, where a run is shown."""
    state.open_run(run_id)
    st.switch_page("pages/lab/page.py", query_params={"run": run_id, "lang": state.language()})
