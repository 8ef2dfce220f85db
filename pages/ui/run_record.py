"""What decided a run's result: its settings, and the machine that trained it."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.ui.text import dataset_name, day, t, threads
from tl_core.models.catalog import backbones
from tl_core.phrases import keys
from tl_core.spec import RunSpec
from tl_core.store.records import RunRecord

VERSIONS = ("keras", "tensorflow", "tensorflow-cpu", "numpy")


def draw(records: Sequence[RunRecord]) -> None:
    """Draws the settings of a run and its baseline side by side, folded away."""
    with st.expander(t("record.title"), icon=":material/list_alt:"):
        table = pd.DataFrame({t(f"panel.{record.role}"): _rows(record) for record in records})
        st.dataframe(table.rename_axis(t("record.setting")), height=320, placeholder="–")


def _rows(record: RunRecord) -> dict[str, str]:
    """Returns name → value, as a reader knows them."""
    spec = RunSpec.from_dict(record.spec)
    left_out = spec.unused_fields() | {"threads"}  # threads stand with the machine
    rows = {t(f"field.{name}"): _value(name, value) for name, value in spec.to_dict().items() if name not in left_out}
    here, versions = record.environment, record.environment.get("versions", {})
    rows |= {t("field.threads"): threads(record), t("record.machine"): here.get("machine", "–")}
    rows[t("record.versions")] = ", ".join(f"{name} {versions[name]}" for name in VERSIONS if name in versions) or "–"
    if record.recorded_from:
        rows[t("record.recorded")] = day(record.recorded_at)
    return rows


def _value(name: str, value: object) -> str:
    if isinstance(value, bool):
        return t("record.yes" if value else "record.no")
    if name == "dataset":
        return dataset_name(value)
    if name == "backbone":
        return backbones()[value].family if value in backbones() else str(value)
    if value is None:
        return t("lab.all")
    if isinstance(value, float):
        return f"{value:g}"
    key = f"choice.{name}.{value}"
    return t(key) if key in keys("en") else str(value)
