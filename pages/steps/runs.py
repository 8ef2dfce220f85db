"""Step 3, runs: everything that was ever trained here, to find again, lay over each other, rename and delete.

The learner answers: which choice made the difference?
Reads and writes the store; writes the run to open.
"""

from contextlib import suppress
from types import MappingProxyType

import pandas as pd
import streamlit as st

from pages.ui import run_dialogs, services, state
from pages.ui.blocks import curves
from pages.ui.text import dataset_name, named, t
from tl_core.errors import UnknownIdError
from tl_core.models.catalog import backbones
from tl_core.store.records import RunRecord, RunState

SHOWN = 500
MAX_OVERLAID = 8
WIDTHS_PX = MappingProxyType(
    dict(name=260, test=100, role=85, frozen=100, backbone=125, dataset=150, state=85, created=130)
)


def draw() -> None:
    st.title(t("runs.title"))
    st.markdown(t("runs.lead"))
    records = _filtered()
    if not records:
        is_empty = not services.engine().list_runs(by=state.visitor(), limit=1)
        st.info(t("runs.empty" if is_empty else "runs.none_fit"), icon=":material/science:")
        st.page_link("pages/steps/lab.py", label=t("classify.to_lab"), icon=":material/arrow_back:")
        return
    chosen = _table(records)
    if not chosen:
        st.caption(t("runs.choose"))
        return
    _actions(chosen)
    shown = chosen[:MAX_OVERLAID]
    if len(chosen) > MAX_OVERLAID:
        st.caption(t("runs.too_many", n=MAX_OVERLAID))
    with suppress(UnknownIdError):  # one was deleted in another tab; the next look at the list is without it
        curves(
            [services.engine().snapshot(record.id, by=state.visitor()) for record in shown], _names(shown), key="runs"
        )


def _filtered() -> list[RunRecord]:
    """Draws the filter; returns the runs that pass it, newest first."""
    left, right = st.columns([2, 3])
    with left:
        text = st.text_input(
            t("runs.search"), key=state.widget("runs-text", ""), max_chars=80, placeholder=t("runs.search_hint")
        )
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
    wanted = {"states": picked or None, "text": text.strip() or None, "limit": SHOWN}
    return services.engine().list_runs(by=state.visitor(), **wanted)


def _table(records: list[RunRecord]) -> list[RunRecord]:
    """Draws the table; returns the runs whose rows are marked."""
    config = {name: st.column_config.TextColumn(t(f"runs.{name}"), width=px) for name, px in WIDTHS_PX.items()}
    config["test"] = st.column_config.NumberColumn(t("runs.test"), format="percent", width=WIDTHS_PX["test"])
    config["created"] = st.column_config.DatetimeColumn(
        t("runs.created"),
        format="YYYY-MM-DD HH:mm",
        timezone=st.context.timezone or "UTC",
        width=WIDTHS_PX["created"],
    )
    marked = st.dataframe(
        pd.DataFrame([_row(record) for record in records]),
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        column_config=config,
        placeholder="–",
        key=f"runs-table-{hash(tuple(record.id for record in records))}",  # other rows, other marks
        alt=t("runs.title"),
    )
    return [records[index] for index in marked.selection.rows if index < len(records)]


def _row(record: RunRecord) -> dict:
    family = backbones()[record.spec["backbone"]].family if record.spec["backbone"] in backbones() else ""
    n_blocks = backbones()[record.spec["backbone"]].n_blocks if family else "?"
    return {
        "name": record.name,
        "test": None if record.test_accuracy is None else round(record.test_accuracy, 3),
        "role": t(f"panel.{record.role}"),
        "frozen": f"{record.spec['n_frozen']} / {n_blocks}",
        "backbone": family,
        "dataset": dataset_name(record.spec["dataset"]),
        "state": t("runs.recorded" if record.recorded_from else f"state.{record.state.value}"),
        "created": pd.Timestamp(record.created_at),
    }


def _names(records: list[RunRecord]) -> list[str]:
    """Returns what the legend calls the runs: runs of the same name are told apart by their ids."""
    names = [record.name for record in records]
    return [record.name if names.count(record.name) == 1 else f"{record.id[:6]} · {record.name}" for record in records]


def _actions(chosen: list[RunRecord]) -> None:
    with st.container(horizontal=True):
        if len(chosen) == 1 and st.button(t("runs.open"), icon=":material/open_in_new:", type="primary"):
            state.open_run(chosen[0].id)
            st.switch_page("pages/steps/lab.py", query_params={"run": chosen[0].id, "lang": state.language()})
        if len(chosen) == 1 and st.button(t("runs.rename"), icon=":material/edit:"):
            run_dialogs.rename(chosen[0])
        if st.button(t("runs.delete", n=len(chosen)), icon=":material/delete:"):
            run_dialogs.delete(chosen)


draw()
