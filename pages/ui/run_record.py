"""What decided a run's result: its settings, and the machine that trained it."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.ui.text import dataset_name, day, t, threads
from tl_core.models.catalog import backbones
from tl_core.phrases import keys
from tl_core.store.records import RunRecord

VERSIONS = ("keras", "tensorflow", "tensorflow-cpu", "numpy")


def draw(records: Sequence[RunRecord]) -> None:
    """Draws the settings of a run and its baseline side by side, folded away."""
    with st.expander(t("record.title"), icon=":material/list_alt:"):
        table = pd.DataFrame({t(f"panel.{record.role}"): _rows(record) for record in records})
        st.dataframe(table.rename_axis(t("record.setting")), height=320, placeholder="–")


def _rows(record: RunRecord) -> dict[str, str]:
    """Returns name → value, as a reader knows them."""
    rows = {
        t(f"field.{name}"): _value(name, value) for name, value in record.spec.items() if _counts(name, record.spec)
    }
    here, versions = record.environment, record.environment.get("versions", {})
    rows |= {t("field.threads"): threads(record), t("record.machine"): here.get("machine", "–")}
    rows[t("record.versions")] = ", ".join(f"{name} {versions[name]}" for name in VERSIONS if name in versions) or "–"
    if record.recorded_from:
        rows[t("record.recorded")] = day(record.recorded_at)
    return rows


def _counts(name: str, spec: dict) -> bool:
    """Says whether a setting has any effect beside the others; threads stand with the machine."""
    is_augmented, is_sgd = spec["augment"] != "none", spec["optimizer"] == "sgd"
    return {
        "threads": False,
        "hidden": spec["head"] != "linear",
        "momentum": is_sgd,
        "nesterov": is_sgd,
        "views": is_augmented,
        "n_views": is_augmented and spec.get("views") == "fixed",
    }.get(name, True)


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
