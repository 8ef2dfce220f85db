"""What came of an experiment: its answer, the prediction beside it, every trial, and what can be done next."""

from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from pages.experiments import advice, dialogs, longer, offered, prediction, repeat, shifted
from pages.ui import csv_download, services, sharing, state
from pages.ui.actions import attempt, open_run
from pages.ui.run_choice import ask_for
from pages.ui.sweep_names import factor, level, sweep_of, trial
from pages.ui.text import literal, sentence, t
from tl_core.engine.runs.offers import why_not
from tl_core.engine.runs.sweep_snapshots import MISSING, WAITING, SweepSnapshot
from tl_core.errors import UnknownIdError
from tl_core.experiments.preset import Row
from tl_core.experiments.sentence import answer_of, paragraphs
from tl_core.experiments.sweep import SEED, Sweep
from tl_core.experiments.table import table
from tl_core.store.records import RunState

FAILED_SHOWN = 8
TABLE_PX, HEAD_PX, ROW_PX = 360, 38, 35


def draw(snapshot: SweepSnapshot) -> None:
    """Draws what came of an experiment at rest."""
    sweep = sweep_of(snapshot.record)
    draw_answer(snapshot)
    prediction.draw_beside_measured(sweep, snapshot.rows)
    _draw_actions(snapshot, sweep)
    advice.draw(snapshot, sweep)
    shifted.draw(snapshot, sweep)
    longer.draw(sweep, snapshot.rows)
    _draw_failed(snapshot, sweep)
    st.subheader(t("experiments.trials"), anchor=False)
    row = _choose(snapshot)
    with st.container(horizontal=True, key="sweep-ways"):
        _draw_chosen(row)
        csv_download.offer(table(snapshot.rows), f"sweep-{snapshot.record.id[:6]}")
        repeat.draw_links(snapshot.record, sweep)
    if row is None:
        st.caption(t("experiments.choose_trial"))


def draw_answer(snapshot: SweepSnapshot) -> None:
    """Draws what the trials allow to say."""
    said = _said(snapshot.record.id, snapshot.version, state.language(), snapshot)
    if not said:
        st.caption(t("experiments.no_answer"))
        return
    first, *others = map(literal, said)
    st.info("\n\n".join([f"**{first}**", *others]), icon=":material/lightbulb:")


@st.cache_data(max_entries=64, show_spinner=False)
def _said(sweep_id: str, version: int, language: str, _snapshot: SweepSnapshot) -> list[str]:
    """Returns the answer; a class that looks each second has it made once after each change."""
    kind = _snapshot.record.sweep["kind"]
    answer = answer_of(kind, _snapshot.rows)
    return [] if answer is None else paragraphs(kind, answer, language)


def _draw_actions(snapshot: SweepSnapshot, sweep: Sweep) -> None:
    """Draws what can be done next."""
    record, sweeps = snapshot.record, services.engine().sweeps
    with st.container(horizontal=True, key="sweep-actions"):
        if sharing.may_change(record):
            if snapshot.n_done < snapshot.n_trials:
                _draw_button("go_on", "play_arrow", sweeps.go_on, record.id)
                if why_not(sweep) is None:
                    _draw_button("offer", "groups", services.engine().offers.offer, record.id)
            _draw_button("one_more", "add", sweeps.add_seeds, record.id, 1, n=len(sweep.cells))
        if st.button(t("experiments.repeat"), key="repeat", icon=":material/replay:"):
            repeat.begin(sweep)
        if sharing.may_change(record):
            if st.button(t("runs.rename"), key="rename", icon=":material/edit:"):
                dialogs.rename(record)
            if st.button(t("experiments.delete"), key="delete", icon=":material/delete:"):
                dialogs.delete(record)


def _draw_button(name: str, icon: str, action: Callable[..., object], *told: object, **words: object) -> None:
    """Draws a button that does `action(*told)`; what is refused, the page says on its next look."""
    is_pressed = st.button(
        t(f"experiments.{name}", **words), key=name, icon=f":material/{icon}:", help=t(f"experiments.{name}_help")
    )
    if is_pressed:
        attempt(action, *told)  # pyright: ignore[reportArgumentType]
        st.rerun()


def _draw_failed(snapshot: SweepSnapshot, sweep: Sweep) -> None:
    """Says which trials failed, and why."""
    failed = [row for row in snapshot.rows if row["state"] == RunState.FAILED]
    if not failed:
        return
    lines = [f"- {literal(trial(row, sweep))}{t('unit.colon')}{_reason(row)}" for row in failed[:FAILED_SHOWN]]
    lines += [t("classroom.more", n=len(failed) - FAILED_SHOWN)] if len(failed) > FAILED_SHOWN else []
    st.warning("\n".join([t("experiments.failed", n=len(failed)), "", *lines]), icon=":material/error:")


def _reason(row: Row) -> str:
    try:
        error = services.engine().runs.find(row["run_id"] or "", by=state.visitor()).error
    except UnknownIdError:  # deleted, or not shared
        error = None
    return sentence(error) if error else t("experiments.no_reason")


def _shown(snapshot: SweepSnapshot) -> pd.DataFrame:
    """Returns all trials as a reader knows them."""
    sweep = sweep_of(snapshot.record)
    rows = snapshot.rows
    columns: dict[str, list] = {
        factor(name, sweep.kind): [level(name, row[name], sweep.kind) for row in rows] for name in sweep.factors
    }
    columns[factor(SEED)] = [row[SEED] for row in rows]
    if offered.is_shared_out(snapshot):
        columns[t("experiments.taken_by")] = offered.takers(snapshot)
    columns[t("runs.state")] = [_state(row, snapshot) for row in rows]
    columns[t("runs.test")] = [row["test_accuracy"] for row in rows]
    columns[t("experiments.seconds")] = [row["seconds"] for row in rows]
    return pd.DataFrame(columns)


def _state(row: Row, snapshot: SweepSnapshot) -> str:
    """Returns how a trial stands; one without a run is none of the states of runs."""
    state_ = row["state"]
    if offered.is_free(row, snapshot):
        return t("experiments.free")
    return t(f"experiments.{state_}" if state_ in (WAITING, MISSING) else f"state.{state_}")


def draw_table(snapshot: SweepSnapshot) -> None:
    """Draws all trials, those that are done and those to come."""
    _table(snapshot)()


def _choose(snapshot: SweepSnapshot) -> Row | None:
    """Draws all trials; returns the one whose row is marked, where it has a run."""
    key = f"trials-{snapshot.record.id}-{state.language()}"
    marked = _table(snapshot)(on_select="rerun", selection_mode="single-row", key=key)
    found = [snapshot.rows[place] for place in marked.selection.rows if place < len(snapshot.rows)]
    return found[0] if found and found[0]["run_id"] else None


def _table(snapshot: SweepSnapshot) -> partial:
    """Returns what draws the table of trials."""
    shown = _shown(snapshot)
    columns = {
        t("runs.test"): st.column_config.NumberColumn(format="percent"),
        t("experiments.seconds"): st.column_config.NumberColumn(format="%.1f"),
    }
    height = min(TABLE_PX, HEAD_PX + ROW_PX * len(shown))
    draw = partial(st.dataframe, shown, hide_index=True, height=height, column_config=columns)
    return partial(draw, placeholder="–", alt=t("experiments.trials"))


def _draw_chosen(row: Row | None) -> None:
    """Draws the ways from a marked trial to its run."""
    if row is None:
        return
    if st.button(t("experiments.open_run"), key="open-run", icon=":material/open_in_new:", type="primary"):
        open_run(row["run_id"])
    if st.button(t("experiments.insights"), key="insights", icon=":material/query_stats:"):
        state.open_run(row["run_id"])
        ask_for("insights", [row["run_id"]])
        st.switch_page("pages/insights/page.py")
