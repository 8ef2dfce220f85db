"""What the settings of a run are called, and their values in words."""

from typing import Any

from pages.ui.text import dataset_name, t
from tl_core.models.catalog import backbones
from tl_core.phrases import keys

MARK_DIGITS = 12  # of a run's id: they tell any two apart and open none


def setting(name: str, value: Any) -> str:
    """Returns the value of a field of `RunSpec` in words."""
    if isinstance(value, bool):
        return t("record.yes" if value else "record.no")
    if name == "dataset":
        return dataset_name(value)
    if name == "backbone":
        return backbones()[value].family if value in backbones() else str(value)
    if name == "source":
        return t("lab.imagenet") if value is None else str(value)[:MARK_DIGITS]
    if value is None:
        return t("lab.own_momentum" if name == "batchnorm_momentum" else "lab.all")
    if name == "frozen_blocks":
        return value or "–"
    if isinstance(value, float):
        return f"{value:g}"
    key = f"choice.{name}.{value}"
    return t(key) if key in keys("en") else str(value)
