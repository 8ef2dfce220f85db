"""What accuracy is worth: beside always saying the largest class, and class by class where the classes are uneven."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.ui.run_names import class_names_in
from pages.ui.text import literal, percent, t
from tl_core.evaluation.rival import Rival, rival_of
from tl_core.store.records import RunRecord


def beaten_by_rival(record: RunRecord) -> str | None:
    """Returns the sentence for a run that is no better than always saying one class; None for all others."""
    rival = rival_of(record.scores) if record.scores else None
    if rival is None or rival.is_beaten:
        return None
    return t(
        "rival.not_beaten",
        role=t(f"panel.{record.role}"),
        name=_name(record, rival),
        own=percent(record.test_accuracy),
        rival=percent(rival.accuracy),
        n=sum(rival.n_tests),
    )


def draw(records: Sequence[RunRecord]) -> None:
    """Draws what always saying one class scores on the test pictures; and each class where they are uneven."""
    tested = [record for record in records if record.scores]
    if not tested:
        return
    rivals = [rival_of(record.scores or {}) for record in tested]
    first = rivals[0]
    if not first.is_uneven:
        st.caption(t("rival.even", rival=percent(first.accuracy)))
        return
    st.caption(t("rival.uneven", name=_name(tested[0], first), rival=percent(first.accuracy)))
    with st.expander(t("rival.each"), icon=":material/bar_chart:", expanded=True, key="rival"):
        _draw_classes(tested, rivals)


def _draw_classes(records: Sequence[RunRecord], rivals: Sequence[Rival]) -> None:
    """Draws the recall of each class as a table, a column a run, and the mean of them below."""
    roles = [t(f"panel.{record.role}") for record in records]
    columns: dict = {
        t("rival.class"): [literal(name) for name in class_names_in(records[0])],
        t("rival.n_test"): list(rivals[0].n_tests),
    }
    for role, rival in zip(roles, rivals, strict=True):
        columns[t("rival.recall", role=role)] = [percent(recall) for recall in rival.recalls]
    st.table(pd.DataFrame(columns), hide_index=True, alt=t("rival.each"))
    means = t("unit.comma").join(
        f"{role} {percent(rival.balanced_accuracy)}" for role, rival in zip(roles, rivals, strict=True)
    )
    chance = percent(1 / sum(n > 0 for n in rivals[0].n_tests))
    weights = "" if records[0].spec.get("class_weight") == "balanced" else t("rival.weights")
    st.caption(t("rival.balanced", means=means, chance=chance) + weights)


def _name(record: RunRecord, rival: Rival) -> str:
    return literal(class_names_in(record)[rival.largest])
