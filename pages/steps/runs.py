"""Step 3, runs: everything that was ever trained here, to find again, lay over each other, rename and delete.

The learner answers: which choice made the difference?
Reads and writes the store; writes the run to open.
"""

import pandas as pd
import streamlit as st

from pages.ui import services, state
from pages.ui.blocks import curves
from pages.ui.text import dataset_name, named, sentence, t
from tl_core.errors import TransferLabError
from tl_core.models.catalog import backbones
from tl_core.store.records import RunRecord, RunState

SHOWN = 500
MAX_OVERLAID = 8


def draw() -> None:
    st.title(t("runs.title"))
    st.markdown(t("runs.lead"))
    records = _filtered()
    if not records:
        is_empty = not services.engine().store.list_runs(limit=1)
        st.info(t("runs.empty" if is_empty else "runs.none_fit"), icon=":material/science:")
        st.page_link("pages/steps/lab.py", label=t("classify.to_lab"), icon=":material/arrow_back:")
        return
    chosen = _table(records)
    if not chosen:
        st.caption(t("runs.choose"))
        return
    _actions(chosen)
    snapshots = [services.engine().snapshot(record.id) for record in chosen[:MAX_OVERLAID]]
    curves(snapshots, [record.name for record in chosen[:MAX_OVERLAID]], key="runs")


def _filtered() -> list[RunRecord]:
    """Draws the filter; returns the runs that pass it, newest first."""
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    with left:
        text = st.text_input(t("runs.search"), key=state.widget("runs-text", ""), max_chars=80)
        state.keep_widget("runs-text")
    with right:
        picked = st.pills(
            t("runs.states"),
            list(RunState),
            selection_mode="multi",
            wrap=True,
            key=state.widget("runs-states", []),
            format_func=named(RunState, lambda run_state: t(f"state.{run_state.value}")).__getitem__,
        )
        state.keep_widget("runs-states")
    return services.engine().store.list_runs(states=picked or None, text=text.strip() or None, limit=SHOWN)


def _table(records: list[RunRecord]) -> list[RunRecord]:
    """Draws the table; returns the runs whose rows are marked."""
    rows = [_row(record) for record in records]
    config = {name: st.column_config.TextColumn(t(f"runs.{name}")) for name in rows[0]}
    config["test"] = st.column_config.NumberColumn(t("runs.test"), format="percent")
    config["created"] = st.column_config.DatetimeColumn(t("runs.created"), format="YYYY-MM-DD HH:mm")
    marked = st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        column_config=config,
        key="runs-table",
        alt=t("runs.title"),
    )
    return [records[index] for index in marked.selection.rows if index < len(records)]


def _row(record: RunRecord) -> dict:
    family = backbones()[record.spec["backbone"]].family if record.spec["backbone"] in backbones() else ""
    n_blocks = backbones()[record.spec["backbone"]].n_blocks if family else "?"
    return {
        "name": record.name,
        "state": t(f"state.{record.state.value}"),
        "test": record.test_accuracy,
        "frozen": f"{record.spec['n_frozen']} / {n_blocks}",
        "created": pd.Timestamp(record.created_at),
        "role": t(f"panel.{record.role}"),
        "backbone": family,
        "dataset": dataset_name(record.spec["dataset"]),
    }


def _actions(chosen: list[RunRecord]) -> None:
    with st.container(horizontal=True):
        if len(chosen) == 1 and st.button(t("runs.open"), icon=":material/open_in_new:", type="primary"):
            state.open_run(chosen[0].id)
            st.switch_page("pages/steps/lab.py", query_params={"run": chosen[0].id, "lang": state.language()})
        if len(chosen) == 1 and st.button(t("runs.rename"), icon=":material/edit:"):
            _rename(chosen[0])
        if st.button(t("runs.delete", n=len(chosen)), icon=":material/delete:"):
            _delete(chosen)


def _rename(record: RunRecord) -> None:
    @st.dialog(t("runs.rename"))
    def dialog() -> None:
        name = st.text_input(t("runs.new_name"), value=record.name, max_chars=80)
        if st.button(t("runs.save"), type="primary"):
            _change(lambda: services.engine().store.rename(record.id, name), record)

    dialog()


def _delete(records: list[RunRecord]) -> None:
    @st.dialog(t("runs.delete_title"))
    def dialog() -> None:
        st.markdown(t("runs.delete_question", n=len(records)))
        for record in records:
            st.text(record.name)
        if st.button(t("runs.delete", n=len(records)), type="primary", icon=":material/delete:"):
            for record in records:
                if not _done(lambda record=record: services.engine().store.delete(record.id), record):
                    return
            st.rerun()

    dialog()


def _change(action, record: RunRecord) -> None:
    if _done(action, record):
        st.rerun()


def _done(action, record: RunRecord) -> bool:
    """Does something to a run; says in one sentence why it could not be done."""
    try:
        action()
    except TransferLabError as error:
        st.error(sentence(error))
        return False
    services.engine().forget(record.id)
    return True


draw()
