"""The numbers behind the feature spaces: purity by class as a table, and where each picture lies to take along."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.ui import csv_download
from pages.ui.run_names import class_name_in
from pages.ui.text import literal, percent, t
from tl_core.store.records import RunRecord


def draw_tables(records: Sequence[RunRecord], value: dict, names: Sequence[str]) -> None:
    """Draws what the charts show for those who cannot see them, and for spreadsheets.

    Args:
        records: The runs.
        value: The answer.
        names: What its spaces are called.
    """
    with st.expander(t("insights.features_table"), icon=":material/table:"):
        table = _purities(records[0], value, names)
        st.table(
            table.set_index(table.columns[0]).map(percent).rename(columns=literal), alt=t("insights.features_table")
        )
        if len(names) > 1:
            _draw_disparities(value, names)
        csv_download.offer(_coordinates(records, value, names), f"features-{records[0].id[:6]}")


def _draw_disparities(value: dict, names: Sequence[str]) -> None:
    st.caption(t("insights.features_disparity"))
    differs = [f"{literal(name)}: {space['disparity']:.2f}" for name, space in zip(names, value["spaces"], strict=True)]
    st.markdown("\n".join(f"- {line}" for line in differs))


def _purities(record: RunRecord, value: dict, names: Sequence[str]) -> pd.DataFrame:
    """Returns the share of like neighbours: a row for all pictures, then one a class."""
    counts = [value["labels"].count(label) for label in range(len(value["classes"]))]
    present = [label for label, n in enumerate(counts) if n]
    classes = [f"{class_name_in(record, value['classes'][label])} ({counts[label]})" for label in present]
    table = {t("insights.class"): [f"{t('insights.features_all')} ({value['n']})", *classes]}
    for name, space in zip(_told_apart(names), value["spaces"], strict=True):
        table[name] = [space["purity"], *(space["of_class"][label] for label in present)]
    return pd.DataFrame(table)


def _coordinates(records: Sequence[RunRecord], value: dict, names: Sequence[str]) -> pd.DataFrame:
    classes = [class_name_in(records[0], name) for name in value["classes"]]
    table: dict[str, list] = {
        t("insights.features_picture"): value["images"],
        t("insights.class"): [classes[label] for label in value["labels"]],
    }
    for name, space in zip(_told_apart(names), value["spaces"], strict=True):
        for axis, letter in enumerate("xy"):
            table[f"{name} {letter}"] = [point[axis] for point in space["points"]]
    return pd.DataFrame(table)


def _told_apart(names: Sequence[str]) -> list[str]:
    """Returns names of which no two are the same: columns need that."""
    return [name if names.count(name) == 1 else f"{name} ({at + 1})" for at, name in enumerate(names)]
