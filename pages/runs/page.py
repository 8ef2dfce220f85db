"""Step 4, runs: one's own and those of the class, to find again, lay over each other, share, rename and delete.

The learner answers: which choice made the difference?
Reads and writes the store; writes the run to open.
"""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from types import MappingProxyType

import pandas as pd
import streamlit as st

from pages.runs import dialogs
from pages.ui import csv_download, services, sharing, state
from pages.ui.actions import attempt, open_run
from pages.ui.blocks import curves
from pages.ui.owner_names import owner_names
from pages.ui.persistent import persistent
from pages.ui.run_choice import FINISHED, ask_for
from pages.ui.run_names import name_of, names_apart, shortened
from pages.ui.text import dataset_name, named, sentence, t
from tl_core.errors import UnknownIdError
from tl_core.models.catalog import backbones
from tl_core.store.records import RunRecord, RunState, Visibility

SHOWN = 500
MAX_OVERLAID = 8
MOST_COMPARED = 3
MOST_SIGNS = 27  # of a name in its column
WIDTHS_PX = MappingProxyType(
    dict(name=200, test=95, owner=95, role=72, frozen=88, backbone=110, dataset=125, state=78, seen_by=78, created=125)
)


def draw() -> None:
    st.title(t("runs.title"))
    st.markdown(t("runs.lead"))
    show = _choose_whose()
    records = _draw_filter(show)
    if not records:
        _draw_nothing(show)
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
            [services.engine().runs.snapshot(record.id, by=state.visitor()) for record in shown],
            names_apart(shown),
            key="runs",
        )


def _choose_whose() -> dict:
    """Draws whose runs are shown; returns what that means to the store."""
    by = state.visitor()
    wanted = {"mine": {"owner": by.owner}, "class": {"visibility": Visibility.CLASS}}
    wanted |= {"all": {}} if by.is_instructor else {}
    name = f"runs-show-{len(wanted)}"  # another widget where there is one choice more
    names = named(wanted, lambda one: t(f"runs.{one}"))
    control = partial(st.segmented_control, t("runs.show"), list(wanted), required=True, label_visibility="collapsed")
    show = persistent(partial(control, format_func=names.__getitem__), name, "mine")
    return wanted[show]


def _draw_nothing(show: dict) -> None:
    """Says why the list is empty: nothing is there, or nothing passes the filter."""
    is_empty = not services.engine().runs.list_runs(by=state.visitor(), limit=1, **show)
    words = ("runs.empty" if "owner" in show else "runs.none_here") if is_empty else "runs.none_fit"
    st.info(t(words), icon=":material/science:")
    st.page_link("pages/lab/page.py", label=t("classify.to_lab"), icon=":material/arrow_back:")


def _draw_filter(show: dict) -> list[RunRecord]:
    """Draws the filter; returns the runs that pass it, newest first."""
    left, right = st.columns([2, 3])
    with left:
        field = partial(st.text_input, t("runs.search"), max_chars=80, placeholder=t("runs.search_hint"))
        text = persistent(field, "runs-text", "")
    with right:
        names = named(RunState, lambda run_state: t(f"state.{run_state.value}"))
        pills = partial(st.pills, t("runs.states"), list(RunState), selection_mode="multi", wrap=True)
        picked = persistent(partial(pills, format_func=names.__getitem__), "runs-states", [])
    return services.engine().runs.list_runs(
        by=state.visitor(), states=picked or None, text=text.strip() or None, limit=SHOWN, **show
    )


def _table(records: list[RunRecord]) -> list[RunRecord]:
    """Draws the table; returns the runs whose rows are marked. A name that is pressed opens its run."""
    config = {name: st.column_config.TextColumn(t(f"runs.{name}"), width=px) for name, px in WIDTHS_PX.items()}
    config["test"] = st.column_config.NumberColumn(t("runs.test"), format="percent", width=WIDTHS_PX["test"])
    config["created"] = st.column_config.DatetimeColumn(
        t("runs.created"),
        format="YYYY-MM-DD HH:mm",
        timezone=st.context.timezone or "UTC",
        width=WIDTHS_PX["created"],
    )
    names = owner_names()
    table = pd.DataFrame([_row(record, names.get(record.owner, "–")) for record in records])
    marked = st.dataframe(
        table.assign(name=[shortened(name, MOST_SIGNS) for name in table["name"]]),
        hide_index=True,
        on_select="rerun",
        selection_mode=["multi-row", "single-cell"],
        column_config=config,
        placeholder="–",
        key=f"runs-table-{hash(tuple(record.id for record in records))}",  # other rows, other marks
        alt=t("runs.title"),
    )
    csv_download.offer(table.rename(columns=lambda name: t(f"runs.{name}")), "runs")
    for index, column in marked.selection.cells:
        if column == "name" and index < len(records):
            open_run(records[index].id)
    return [records[index] for index in marked.selection.rows if index < len(records)]


def _row(record: RunRecord, owner: str) -> dict:
    spec = {
        "backbone": "",
        "dataset": "–",
        "n_frozen": "–",
        "frozen_blocks": "",
        "head_at": None,
    } | record.spec  # one may be damaged
    info = backbones().get(spec["backbone"])
    frozen = f"{spec['n_frozen']} + {spec['frozen_blocks']}" if spec["frozen_blocks"] else spec["n_frozen"]
    return {
        "name": f"📌 {name_of(record)}" if record.is_pinned else name_of(record),
        "test": None if record.test_accuracy is None else round(record.test_accuracy, 3),
        "owner": owner,
        "role": t(f"panel.{record.role}"),
        "frozen": f"{frozen} / {info.n_used(spec['head_at']) if info else '?'}",
        "backbone": info.family if info else "",
        "dataset": dataset_name(spec["dataset"]),
        "state": t("runs.recorded" if record.recorded_from else f"state.{record.state.value}"),
        "seen_by": t(f"visibility.{record.visibility.value}"),
        "created": pd.to_datetime(record.created_at, errors="coerce"),
    }


def _actions(chosen: list[RunRecord]) -> None:
    """Draws what can be done with the marked runs: look at one, and change those that are the visitor's."""
    mine = [record for record in chosen if sharing.may_change(record)]
    with st.container(horizontal=True):
        if len(chosen) == 1 and st.button(t("runs.open"), icon=":material/open_in_new:", type="primary"):
            open_run(chosen[0].id)
        _draw_compare(chosen)
        if len(chosen) == 1 and mine:
            sharing.draw(mine[0])
            if st.button(t("runs.rename"), icon=":material/edit:"):
                dialogs.rename(mine[0])
        if mine:
            _draw_pin(mine)
            if st.button(t("runs.delete", n=len(mine)), icon=":material/delete:"):
                dialogs.delete(mine)
    for record in mine:
        if problem := state.pop(f"problem-{record.id}"):
            st.error(sentence(problem))


def _draw_compare(chosen: Sequence[RunRecord]) -> None:
    """Draws the way to the comparison of finished runs, where there are two or three of them."""
    ids = [record.id for record in chosen if record.state in FINISHED and record.best_epoch is not None]
    if 2 <= len(ids) <= MOST_COMPARED and st.button(t("compare.open"), icon=":material/compare:", key="compare"):
        ask_for("insights", ids)
        state.put("insight-section", "compare")
        st.switch_page("pages/insights/page.py")


def _draw_pin(records: Sequence[RunRecord]) -> None:
    """Draws the button that keeps runs when old ones are cleared away, or lets all of them go."""
    are_pinned = all(record.is_pinned for record in records)
    word = "runs.unpin" if are_pinned else "runs.pin"
    if st.button(t(word), icon=":material/keep:", help=t("runs.pin_help"), key="pin"):
        for record in records:
            attempt(services.engine().runs.pin, record.id, not are_pinned)
        st.rerun()


draw()
