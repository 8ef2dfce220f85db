"""What a preset is asked of where nobody says otherwise: so few pictures that seeds draw different ones."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from tl_core.models.catalog import backbone_info

USUAL: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "groceries": MappingProxyType({"image_size": 160, "per_class": 20}),  # its smallest class has 24
        "groceries-coarse": MappingProxyType({"image_size": 160, "per_class": 20}),
        "cifar10-small": MappingProxyType({"image_size": 96, "per_class": 50}),
        "mnist-small": MappingProxyType({"image_size": 64, "per_class": 50}),
        "chest-xray-small": MappingProxyType({"image_size": 96, "per_class": 50}),
    }
)
OTHERS: Mapping[str, Any] = MappingProxyType({"per_class": 20})


def completed(options: Mapping[str, Any], **usual: Any) -> dict[str, Any]:
    """Returns options with what suits the data set where they leave something open.

    Args:
        options: Of `planning.plan.plan_run`; None leaves one open.
        **usual: What the preset takes where they say nothing, before what suits the data set.
    """
    dataset = options.get("dataset") or usual.get("dataset", "groceries")
    given = {name: value for name, value in options.items() if value is not None}
    return {**USUAL.get(dataset, OTHERS), **usual, "backbone": "mobilenet_v2", **given, "dataset": dataset}


SMALL: Mapping[str, Any] = MappingProxyType({"dataset": "cifar10-small", "image_size": 64, "per_class": 50})
"""Photographs so small that a network is tuned on them in seconds."""


def tuned(options: Mapping[str, Any], own: Collection[str], usual: Mapping[str, Any] = SMALL) -> dict[str, Any]:
    """Returns options for fine-tuning the last two thirds of a network.

    The head that is trained first gets epochs enough to settle: with fewer, tuning would look better than it is.

    Args:
        options: Of `planning.plan.plan_run`.
        own: Those that the preset varies itself, which are left out.
        usual: A data set, and what suits it here.

    Raises:
        UnknownIdError: There is no such backbone.
    """
    given = {name: value for name, value in options.items() if name not in own and value is not None}
    is_usual = given.get("dataset", usual["dataset"]) == usual["dataset"]
    base = completed({"epochs": 5, "head_epochs": 20, **(usual if is_usual else {}), **given})
    if not {"freeze", "n_frozen"} & set(given):
        base["freeze"] = backbone_info(base["backbone"]).n_blocks // 3
    return base
