"""From what a person asked for to a spec that can run: names resolved, defaults filled in, all checked together."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from tl_core.datasets.catalog import DatasetInfo
from tl_core.datasets.known import known_dataset
from tl_core.errors import SpecError
from tl_core.models.catalog import BackboneInfo, backbone_info
from tl_core.spec import RunSpec, check_field

SCRATCH_RATES = MappingProxyType({"adam": 1e-3, "sgd": 0.03})
FINE_TUNING_RATES = MappingProxyType({"adam": 1e-4, "sgd": 3e-3})
HEAD_RATES = MappingProxyType({"adam": 2e-3, "sgd": 0.1})


def suggested_rate(optimizer: str, weights: str, n_frozen: int, n_blocks: int) -> float:
    """Returns the learning rate to start with.

    A new head on fixed features takes large steps; pretrained blocks take small ones, or they forget what they know; a
    network from scratch has nothing to lose.
    """
    if n_frozen == n_blocks:
        return HEAD_RATES[optimizer]
    return (FINE_TUNING_RATES if weights == "pretrained" else SCRATCH_RATES)[optimizer]


def plan_run(options: Mapping[str, object], home: Path | None = None) -> RunSpec:
    """Turns options into a spec.

    Args:
        options: Fields of `RunSpec`; in place of `n_frozen` also `freeze`: a number, a block's name, "all" or "none".
            What is missing gets its default: all blocks frozen, the backbone's own picture size, the suggested rate.
        home: The data folder, where data sets of one's own are; without it only those of the catalogue are known.

    Raises:
        UnknownIdError: Unknown dataset or backbone.
        SpecError: Any other value that cannot be used; nothing has been started or written.
    """
    values = {name: value for name, value in options.items() if value is not None}
    freeze = values.pop("freeze", "all")
    dataset = known_dataset(str(values.get("dataset", RunSpec.dataset)), home)
    backbone = backbone_info(str(values.get("backbone", RunSpec.backbone)))
    if "n_frozen" not in values:
        values["n_frozen"] = resolve_freeze(freeze, backbone)
    values.setdefault("image_size", backbone.image_size)
    if "learning_rate" not in values:
        values["learning_rate"] = suggested_rate(
            str(check_field("optimizer", values.get("optimizer", RunSpec.optimizer))),
            str(check_field("weights", values.get("weights", RunSpec.weights))),
            int(check_field("n_frozen", values["n_frozen"])),
            backbone.n_blocks,
        )
    spec = RunSpec.from_dict({"dataset": dataset.id, "backbone": backbone.id, **values})
    check_together(spec, dataset, backbone)
    return spec


def resolve_freeze(freeze: object, backbone: BackboneInfo) -> int:
    """Returns how many blocks are frozen.

    Args:
        freeze: A number from the input side, a block's name (frozen up to and with it), "all" or "none".
        backbone: Whose blocks.

    Raises:
        SpecError: "freeze_unknown" for an unknown name, "freeze_range" beyond the blocks.
    """
    text, names = str(freeze).strip(), [block.name for block in backbone.blocks]
    if text in ("all", "none"):
        return backbone.n_blocks if text == "all" else 0
    if text in names:
        return names.index(text) + 1
    try:
        number = int(text)
    except ValueError:
        raise SpecError(
            "freeze_unknown", received=text[:40], backbone=backbone.id, high=backbone.n_blocks, allowed=names
        ) from None
    if not 0 <= number <= backbone.n_blocks:
        raise SpecError("freeze_range", received=text[:40], backbone=backbone.id, high=backbone.n_blocks)
    return number


def check_together(spec: RunSpec, dataset: DatasetInfo, backbone: BackboneInfo) -> None:
    """Checks what no field can be checked for alone.

    Raises:
        SpecError: "dataset_not_ready", "freeze_range", "image_size_small" or "batch_too_large".
    """
    if not is_ready(dataset):
        counts = {"n_train": dataset.n_train, "n_validation": dataset.n_validation, "n_test": dataset.n_test}
        raise SpecError("dataset_not_ready", n_classes=len(dataset.classes), **counts)
    if spec.n_frozen > backbone.n_blocks:
        raise SpecError("freeze_range", received=spec.n_frozen, backbone=backbone.id, high=backbone.n_blocks)
    if spec.image_size < backbone.min_image_size:
        raise SpecError("image_size_small", received=spec.image_size, backbone=backbone.id, low=backbone.min_image_size)
    n_train = n_training_images(spec, dataset)
    if spec.batch_size > n_train:
        raise SpecError("batch_too_large", received=spec.batch_size, high=n_train)


def is_ready(dataset: DatasetInfo) -> bool:
    """Says whether a data set can be trained on: two classes, and a picture or more in every split."""
    return len(dataset.classes) >= 2 and min(dataset.n_train - 1, dataset.n_validation, dataset.n_test) >= 1


def n_training_images(spec: RunSpec, dataset: DatasetInfo) -> int:
    """Returns how many training pictures a run uses; an upper bound where classes are smaller than `per_class`."""
    if spec.per_class is None:
        return dataset.n_train
    return min(dataset.n_train, spec.per_class * len(dataset.classes))


def baseline_of(spec: RunSpec) -> RunSpec:
    """Returns the from-scratch twin: same network, data, head, budget and seed; random start, everything trained.

    Its learning rate is the one that suits a network from scratch, not the smaller one of fine-tuning.
    """
    rate = SCRATCH_RATES[spec.optimizer]
    return spec.with_changes(weights="random", n_frozen=0, learning_rate=rate)
