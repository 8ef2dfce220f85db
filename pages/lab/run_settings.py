"""What decided a run's result: its settings, and the machine that trained it."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.ui.setting_words import setting
from pages.ui.text import day, literal, t, threads
from tl_core.planning.plan import decisive
from tl_core.spec import RunSpec
from tl_core.store.records import RunRecord

VERSIONS = ("keras", "tensorflow", "tensorflow-cpu", "numpy", "scikit-learn")


def draw(records: Sequence[RunRecord]) -> None:
    """Draws the settings of a run and its baseline side by side, folded away."""
    with st.expander(t("record.title"), icon=":material/list_alt:"):
        table = pd.DataFrame({t(f"panel.{record.role}"): _rows(record) for record in records}).fillna("–")
        st.table(table.rename_axis(t("record.setting")).map(literal), alt=t("record.title"))


def _rows(record: RunRecord) -> dict[str, str]:
    """Returns name → value, as a reader knows them."""
    spec = RunSpec.from_dict(record.spec)
    told = {name: value for name, value in decisive(spec).items() if name != "threads"}  # they stand with the machine
    if spec.fault == "none":
        del told["fault"]  # of those that have one
    rows = {t(f"field.{name}"): setting(name, value) for name, value in told.items()}
    here, versions = record.environment, record.environment.get("versions", {})
    rows |= {t("field.threads"): threads(record), t("record.machine"): here.get("machine", "–")}
    rows[t("record.versions")] = ", ".join(f"{name} {versions[name]}" for name in VERSIONS if name in versions) or "–"
    if record.recorded_from:
        rows[t("record.recorded")] = day(record.recorded_at)
    return rows
