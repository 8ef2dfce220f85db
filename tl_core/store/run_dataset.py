"""What a run was trained on, told from its record alone: the pictures may have been deleted or changed since."""

from collections.abc import Mapping
from pathlib import Path

from tl_core.datasets.catalog import DATASETS, DatasetInfo
from tl_core.datasets.images.preparation import PLAIN, Preparation
from tl_core.datasets.known import known_dataset
from tl_core.errors import TransferLabError
from tl_core.store.records import RunRecord

_TOLD = ("classes", "n_train", "n_validation", "n_test", "image_size", "channels", "can_flip")


def dataset_facts(info: DatasetInfo) -> dict:
    """Returns what the record of a run keeps of its data: nothing of the catalogue's, which everybody knows."""
    if info.id in DATASETS:
        return {}
    return {"data": {name: getattr(info, name) for name in _TOLD} | preparation_facts(info.preparation)}


def preparation_facts(preparation: Preparation) -> dict:
    """Returns how pictures are made ready, as a record keeps it: nothing where that is the usual way."""
    return {} if preparation == PLAIN else {"preparation": preparation.to_dict()}


def run_data(record: RunRecord, home: Path) -> DatasetInfo:
    """Returns the data that a run was trained on.

    Raises:
        UnknownIdError: "unknown_dataset": neither the record nor the data folder knows them.
    """
    id, kept = str(record.spec.get("dataset")), record.environment.get("data")
    if id in DATASETS or not isinstance(kept, Mapping) or not set(_TOLD) <= set(kept):
        return known_dataset(id, home)
    known = {**{name: kept[name] for name in _TOLD}, "classes": tuple(map(str, kept["classes"]))}
    known |= {"preparation": Preparation.from_dict(kept.get("preparation", {}))}
    return DatasetInfo(id=id, file="", source="", licence="", origin="own", **known)


def run_classes(record: RunRecord, home: Path) -> tuple[str, ...]:
    """Returns the classes that a run tells apart, in the order of its outputs.

    Raises:
        UnknownIdError: "unknown_dataset".
    """
    taken_in = record.environment.get("classes")  # of a network that was trained elsewhere
    return tuple(map(str, taken_in)) if taken_in else run_data(record, home).classes


def run_preparation(record: RunRecord, home: Path) -> Preparation:
    """Returns how a picture is made ready that a run is asked about: like those that it was trained on.

    Runs from before there was a choice, and those on data that nobody knows any more, have the usual way.
    """
    if "classes" in record.environment:  # it was trained elsewhere
        return Preparation.from_dict(record.environment.get("preparation", {}))
    try:
        return run_data(record, home).preparation
    except TransferLabError:
        return PLAIN
