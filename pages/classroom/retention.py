"""Old runs: listed with what they take, then removed by a second click."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from pages.ui import services, state
from pages.ui.owner_names import owner_names
from pages.ui.run_names import name_of
from pages.ui.text import sentence, t
from tl_core.disk.space import folder_bytes
from tl_core.errors import TransferLabError
from tl_core.store.records import ANY_SWEEP
from tl_core.store.retention import OldRun, old_runs


def draw() -> None:
    """Draws the way to the list, and the list with what can be removed."""
    st.caption(t("classroom.old_about", days=services.engine().classroom.limits().days))
    if said := state.pop("old-removed"):
        st.success(said)
    if problem := state.pop("old-problem"):
        st.error(sentence(problem))
    is_open = bool(state.get("old-open"))
    word = "classroom.old_hide" if is_open else "classroom.old_show"
    if st.button(t(word), icon=":material/history:", key="old-open"):
        state.put("old-open", not is_open)
        st.rerun()
    if is_open:
        _draw_list(_found())


def _found() -> list[OldRun]:
    engine = services.engine()
    records = engine.runs.list_runs(by=state.visitor(), sweep=ANY_SWEEP)  # an experiment's take room as others do
    folders = engine.home / "runs"
    return old_runs(records, engine.classroom.limits().days, datetime.now(UTC), lambda id_: folder_bytes(folders / id_))


def _draw_list(found: Sequence[OldRun]) -> None:
    if not found:
        st.info(t("classroom.old_none"))
        return
    chosen = [old for old in found if not old.is_best]
    if chosen:
        st.dataframe(_table(chosen), hide_index=True, key="old-others")
    best = [old for old in found if old.is_best]
    if best:
        st.warning(t("classroom.old_best"))
        marked = st.dataframe(
            _table(best),
            hide_index=True,
            on_select="rerun",
            selection_mode="multi-row",
            key=f"old-best-{hash(tuple(old.record.id for old in best))}",  # other rows, other marks
        )
        chosen += [best[row] for row in marked.selection.rows if row < len(best)]
    label = t("classroom.old_remove", n=len(chosen), size=_size(chosen))
    st.button(
        label,
        type="primary",
        icon=":material/delete:",
        disabled=not chosen,
        key="old-remove",
        on_click=_remove,
        args=[chosen],
    )


def _table(found: Sequence[OldRun]) -> pd.DataFrame:
    names = owner_names()
    rows = [
        {
            t("classroom.run"): name_of(old.record),
            t("classroom.owner"): names.get(old.record.owner, "–"),
            t("classroom.ended"): (old.record.ended_at or old.record.created_at)[:10],
            t("classroom.size"): _size([old]),
        }
        for old in found
    ]
    return pd.DataFrame(rows)


def _size(found: Sequence[OldRun]) -> str:
    return t("classroom.megabytes", n=f"{sum(old.n_bytes for old in found) / 1e6:,.1f}")


def _remove(chosen: Sequence[OldRun]) -> None:
    """Removes what was listed, unless somebody has pinned, shared or resumed it meanwhile."""
    engine, by = services.engine(), state.visitor()
    still_old = {old.record.id for old in _found()}
    removed = []
    for old in chosen:
        try:
            if old.record.id in still_old:
                engine.runs.delete(old.record.id, by=by)
                removed.append(old)
        except TransferLabError as error:
            state.put("old-problem", error.to_dict())
    state.put("old-removed", t("classroom.old_removed", n=len(removed), size=_size(removed)))
