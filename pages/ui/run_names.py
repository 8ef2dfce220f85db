"""What runs are called: a name made here is said in the reader's language, one that a person typed as it was typed."""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress

from pages.ui.text import class_name, dataset_name, percent, t
from tl_core.datasets.catalog import DATASETS
from tl_core.disk.home import data_home
from tl_core.errors import TransferLabError
from tl_core.models.catalog import backbone_info
from tl_core.phrases import LANGUAGES
from tl_core.planning.plan import share_frozen
from tl_core.spec import RunSpec
from tl_core.store.records import RunRecord
from tl_core.store.run_dataset import run_classes

MOST_SIGNS = 80  # of a name


def automatic(spec: RunSpec, role: str, language: str | None = None) -> str:
    """Returns what a run is called that nobody has named.

    Args:
        spec: Its settings.
        role: "run" or "baseline".
        language: The visitor's, unless it is given.

    Raises:
        UnknownIdError: "unknown_backbone".
    """
    backbone = backbone_info(spec.backbone)
    family = backbone.family + (f" ≤ {backbone.blocks[spec.head_at - 1].name}" if spec.head_at else "")
    dataset = dataset_name(spec.dataset, language)
    if role == "baseline":
        return t("lab.baseline_name", language, backbone=family, dataset=dataset)[:MOST_SIGNS]
    share = percent(share_frozen(spec))
    return t("lab.run_name", language, share=share, backbone=family, dataset=dataset)[:MOST_SIGNS]


def has_fault(record: RunRecord) -> bool:
    """Says whether a run has a bug on purpose, so that it stands for nothing but that."""
    return record.has_fault


def name_of(record: RunRecord) -> str:
    """Returns a run's name as this visitor reads it; a run with a bug on purpose is marked, whatever it is called."""
    return f"⚠ {_unmarked(record)}" if has_fault(record) else _unmarked(record)


def _unmarked(record: RunRecord) -> str:
    with suppress(TransferLabError):  # a damaged record, or a network that there is no more
        spec = RunSpec.from_dict(record.spec)
        if record.spec and record.name in {automatic(spec, record.role, language) for language in LANGUAGES}:
            return automatic(spec, record.role)
    return record.name


def class_names_in(record: RunRecord) -> list[str]:
    """Returns what the classes of a run are called; names that a visitor gave are not translated.

    Raises:
        UnknownIdError: "unknown_dataset": neither the record nor the data folder knows them.
    """
    return [class_name_in(record, name) for name in run_classes(record, data_home())]


def class_name_in(record: RunRecord, name: str) -> str:
    """Returns what one class of a run is called; a name that a visitor gave is not translated."""
    return class_name(name) if record.spec.get("dataset") in DATASETS else name


def shortened(name: str, most: int) -> str:
    """Returns a name of at most so many signs; what it loses is in its middle: names differ at both ends."""
    n_end = most // 3
    return name if len(name) <= most else f"{name[: most - 1 - n_end]}…{name[len(name) - n_end :]}"


def names_apart(records: Iterable[RunRecord]) -> list[str]:
    """Returns the names of some runs; runs of one name are told apart by the beginning of their ids."""
    records = list(records)
    names = [name_of(record) for record in records]
    n_called = Counter(names)
    named = zip(records, names, strict=True)
    return [name if n_called[name] == 1 else f"{record.id[:6]} · {name}" for record, name in named]
