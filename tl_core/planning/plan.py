"""From what a person asked for to a spec that can run: names resolved, defaults filled in, all checked together."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tl_core.datasets.catalog import DatasetInfo
from tl_core.datasets.known import known_dataset
from tl_core.errors import SpecError
from tl_core.faults import n_leaked
from tl_core.fields import apart, joined
from tl_core.models.catalog import BackboneInfo, backbone_info, backbones
from tl_core.planning.blocks import first_blocks, resolve_freeze, resolve_freeze_also, resolve_head_at
from tl_core.spec import FITTED, RANGES, RunSpec, check_field

SCRATCH_RATES = MappingProxyType({"adam": 1e-3, "sgd": 0.03})
SCRATCH_RATES_OF = MappingProxyType({("squeezenet", "adam"): 3e-4})
"""Where another rate reached a better validation accuracy (`expectations.SCRATCH` says what was tried)."""
HEAD_RATES_OF = MappingProxyType({("vgg16", "adam"): 5e-3})
"""Where another rate reached a better accuracy with every kind of head: VGG16's features are large numbers."""
FINE_TUNING_RATES = MappingProxyType({"adam": 1e-4, "sgd": 3e-3})
HEAD_RATES = MappingProxyType({"adam": 2e-3, "sgd": 0.1})
MOST_HEAD_PARAMS = 120_000_000  # with Adam and the best weights 2 GB; 1024 units on all of VGG16 at 224 px: 26 million
TRAINING = (
    "phases",
    "head_epochs",
    "head_learning_rate",
    "learning_rate",
    "block_rate_factor",
    "unfreeze_every",
    "batchnorm",
    "batchnorm_momentum",
)
"""Fields that say what is trained when, and how."""


def scratch_rate(backbone: str, optimizer: str) -> float:
    """Returns the learning rate at which a network is trained from scratch, for a fair comparison its best one."""
    return SCRATCH_RATES_OF.get((backbone, optimizer), SCRATCH_RATES[optimizer])


def head_rate(backbone: str, optimizer: str) -> float:
    """Returns the learning rate at which a new head is trained on fixed features."""
    return HEAD_RATES_OF.get((backbone, optimizer), HEAD_RATES[optimizer])


def usual_training(optimizer: str, backbone: str, *, is_pretrained: bool) -> dict[str, Any]:
    """Returns how blocks are trained where nobody says otherwise: the fields of `RunSpec`, whatever the cut.

    Pretrained blocks are trained in two phases, with BatchNorm frozen and in small steps, or they forget what they
    know; a network with random blocks all at once: they have nothing to lose. A new head on fixed features takes large
    steps.

    References: Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution"
    (first the head, then all).
    """
    return {
        "phases": 2 if is_pretrained else 1,
        "head_learning_rate": head_rate(backbone, optimizer),
        "learning_rate": FINE_TUNING_RATES[optimizer] if is_pretrained else scratch_rate(backbone, optimizer),
        "batchnorm": "frozen" if is_pretrained else "trained",
    }


def plan_run(options: Mapping[str, object], home: Path | None = None) -> RunSpec:
    """Turns options into a spec.

    Args:
        options: Fields of `RunSpec`; in place of `n_frozen` also `freeze`: a number, a block's name, "all" or "none";
            in place of `frozen_blocks` also `freeze_also`: numbers, names, and from one to another of them.
            What is missing gets its default: all blocks frozen, the backbone's own picture size, of few pictures all
            of them as a batch; how it is trained as `_training` says. `head_at` may be a number or a block's name, and
            so may `pretrained_blocks`, in place of `n_pretrained`.
        home: The data folder, where visitors' own data sets are; without it only those of the catalogue are known.

    Raises:
        UnknownIdError: Unknown dataset or backbone.
        SpecError: Any other value that cannot be used; nothing has been started or written.
    """
    values: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    freeze, also = values.pop("freeze", "all"), values.pop("freeze_also", None)
    dataset = known_dataset(str(values.get("dataset", RunSpec.dataset)), home)
    backbone = backbone_info(str(values.get("backbone", RunSpec.backbone)))
    values |= _start(values, backbone)
    values["head_at"] = resolve_head_at(values.get("head_at"), backbone)
    n_used = backbone.n_used(values["head_at"])
    if "n_frozen" not in values:
        values["n_frozen"] = resolve_freeze(freeze, backbone, n_used)
    if also is not None:
        values["frozen_blocks"] = resolve_freeze_also(also, backbone, n_used)
    values["n_frozen"], values["frozen_blocks"] = prefix_and_further(
        check_field("n_frozen", values["n_frozen"]), check_field("frozen_blocks", values.get("frozen_blocks", ""))
    )
    values.setdefault("image_size", backbone.image_size)
    values |= _training(values, backbone.id, n_used)
    spec = RunSpec.from_dict({"dataset": dataset.id, "backbone": backbone.id, **values})
    if "batch_size" not in values:
        fitting = max(int(RANGES["batch_size"][0]), min(spec.batch_size, n_training_images(spec, dataset)))
        spec = spec.with_changes(batch_size=fitting)
    check_together(spec, dataset, backbone)
    return spec


def prefix_and_further(n_frozen: int, frozen_blocks: str) -> tuple[int, str]:
    """Returns how long the frozen prefix is and what is frozen behind it: blocks that touch the prefix belong to it."""
    further = apart(frozen_blocks)
    while n_frozen + 1 in further:
        n_frozen += 1
    return n_frozen, joined(number for number in further if number > n_frozen)


def _start(values: dict[str, Any], backbone: BackboneInfo) -> dict[str, Any]:
    """Returns the fields that say how the backbone starts; takes the option that is no field out of the values."""
    asked = values.pop("pretrained_blocks", values.get("n_pretrained"))
    number, text, names = first_blocks(asked, backbone)
    if number is None:
        raise SpecError("pretrained_unknown", received=text, backbone=backbone.id, high=len(names), allowed=names)
    is_part = number < len(names) and values.get("weights", RunSpec.weights) == "pretrained"
    source = None if values.get("weights") == "random" else values.get("source")
    return {"n_pretrained": number if is_part else None, "source": source}


def _training(values: Mapping[str, object], backbone: str, n_blocks: int) -> dict[str, Any]:
    """Returns the fields that say what is trained at which rate: as given, else as suits what is frozen.

    Where only the head is trained there is one phase, whose rate is the head's, and the fields of another one say
    nothing: equal runs have equal specs.
    """

    def given(name: str, usual: object) -> Any:
        return check_field(name, values.get(name, usual))

    for name in TRAINING:  # also what says nothing beside the others must be what it may be
        given(name, getattr(RunSpec, name))
    optimizer, weights = given("optimizer", RunSpec.optimizer), given("weights", RunSpec.weights)
    is_pretrained = weights == "pretrained" and values["n_pretrained"] is None
    is_trap = values.get("batchnorm") == "updating" and values.get("head") not in FITTED  # a fit asks for no statistics
    if given("n_frozen", 0) >= n_blocks:
        rate = values.get("head_learning_rate", values.get("learning_rate", head_rate(backbone, optimizer)))
        fields = _one_phase() | _alike() | {"learning_rate": rate, "head_learning_rate": rate}
        return fields if is_trap else fields | {"batchnorm": "frozen", "batchnorm_momentum": None}
    usual = usual_training(optimizer, backbone, is_pretrained=is_pretrained) | ({"phases": 1} if is_trap else {})
    fields = {name: given(name, value) for name, value in usual.items()}
    fields |= _one_phase() if fields["phases"] == 1 else {}
    if given("n_frozen", 0) + len(apart(str(values.get("frozen_blocks", "")))) == n_blocks - 1:
        fields["unfreeze_every"] = 0  # there is one block: it comes first
    return fields | ({"batchnorm_momentum": None} if fields["batchnorm"] == "frozen" else {})


def _one_phase() -> dict[str, Any]:
    """Returns the fields of a first phase where there is none."""
    return {"phases": 1, "head_epochs": RunSpec.head_epochs, "head_learning_rate": RunSpec.head_learning_rate}


def _alike() -> dict[str, Any]:
    """Returns the fields that train all blocks alike: from the start, at one rate."""
    return {"block_rate_factor": RunSpec.block_rate_factor, "unfreeze_every": RunSpec.unfreeze_every}


def is_head_only(spec: RunSpec) -> bool:
    """Says whether a run trains nothing but the head."""
    info = backbones().get(spec.backbone)  # a record may name one that there is no more
    return info is not None and spec.n_frozen >= info.n_used(spec.head_at)


def share_frozen(spec: RunSpec) -> float:
    """Returns the share of the blocks before the head that is frozen, of a backbone of the catalogue."""
    return (spec.n_frozen + len(spec.further_frozen)) / backbone_info(spec.backbone).n_used(spec.head_at)


def decisive(spec: RunSpec) -> dict[str, object]:
    """Returns the fields of a spec that decide something, and their values.

    The rate of a head that is trained alone goes by the name that it has in two phases, so that what is left of two
    specs side by side is what really differs.
    """
    values = spec.to_dict()
    info = backbones().get(spec.backbone)
    unused = spec.unused_fields() | (set() if info is None or info.has_batchnorm else {"batchnorm"})
    if is_head_only(spec) and not spec.is_fitted:
        values["head_learning_rate"] = spec.learning_rate
        unused = (unused - {"head_learning_rate"}) | {"learning_rate", "phases", "head_epochs"}
        unused |= {"batchnorm"} if spec.batchnorm != "updating" else set()
        unused |= set(_alike())
    unused |= {"phases", "batchnorm", "augment"} if spec.is_fitted else set()
    unused |= {"batchnorm_momentum"} if "batchnorm" in unused else set()
    return {name: value for name, value in values.items() if name not in unused}


def check_together(spec: RunSpec, dataset: DatasetInfo, backbone: BackboneInfo) -> None:
    """Checks what no field can be checked for alone.

    Raises:
        SpecError: "dataset_not_ready", "lacks_train", "lacks_validation", "lacks_test", "freeze_range",
            "spec_range", "image_size_small", "batch_too_large", "head_too_large", "unfreeze_schedule",
            "fit_not_frozen" or "fit_augmented".
    """
    if not _has_pictures(dataset):
        raise SpecError(
            "dataset_not_ready",
            n_classes=len(dataset.classes),
            n_train=dataset.n_train,
            n_validation=dataset.n_validation,
            n_test=dataset.n_test,
        )
    for split, classes in dataset.lacks:
        code = "lacks_train" if split == "train" else "lacks_test" if split == "test" else "lacks_validation"
        raise SpecError(code, classes=list(classes))
    n_used = backbone.n_used(spec.head_at)
    if spec.n_frozen > n_used:
        raise SpecError("freeze_range", received=spec.n_frozen, backbone=backbone.id, high=n_used)
    if (last := max(spec.further_frozen, default=0)) > n_used:
        raise SpecError("spec_range", field="frozen_blocks", received=last, low=1, high=n_used)
    if spec.is_fitted and spec.n_frozen < n_used:
        raise SpecError("fit_not_frozen", received=spec.n_frozen, high=n_used)
    if spec.is_fitted and spec.augment != "none":
        raise SpecError("fit_augmented", received=spec.augment)
    if spec.unfreeze_every and spec.schedule != "constant":
        raise SpecError("unfreeze_schedule", received=spec.schedule, unfreeze_every=spec.unfreeze_every)
    if spec.image_size < backbone.min_image_size:
        raise SpecError("image_size_small", received=spec.image_size, backbone=backbone.id, low=backbone.min_image_size)
    n_train = n_training_images(spec, dataset)
    if spec.batch_size > n_train:
        raise SpecError("batch_too_large", received=spec.batch_size, high=n_train)
    if is_head_too_large(spec, dataset, backbone):
        raise SpecError("head_too_large", params=_head_params(spec, dataset, backbone), allowed=MOST_HEAD_PARAMS)


def is_head_too_large(spec: RunSpec, dataset: DatasetInfo, backbone: BackboneInfo) -> bool:
    """Says whether a head holds more numbers than any machine of a class has room for."""
    return (_head_params(spec, dataset, backbone) or 0) > MOST_HEAD_PARAMS


def _head_params(spec: RunSpec, dataset: DatasetInfo, backbone: BackboneInfo) -> int | None:
    return backbone.head_params(spec.head, spec.hidden, spec.image_size, len(dataset.classes), spec.head_at)


def is_ready(dataset: DatasetInfo) -> bool:
    """Says whether a data set can be trained on: two classes, a picture or more in every split, no class missing."""
    return _has_pictures(dataset) and not dataset.lacks


def _has_pictures(dataset: DatasetInfo) -> bool:
    return len(dataset.classes) >= 2 and min(dataset.n_train - 1, dataset.n_validation, dataset.n_test) >= 1


def n_training_images(spec: RunSpec, dataset: DatasetInfo) -> int:
    """Returns how many training pictures a run uses; an upper bound where classes are smaller than `per_class`."""
    n_train = dataset.n_train + n_leaked(spec, dataset.n_test)
    return n_train if spec.per_class is None else min(n_train, spec.per_class * len(dataset.classes))


def baseline_of(spec: RunSpec) -> RunSpec:
    """Returns the from-scratch twin: same network, data, head and seed; random start, everything trained at once.

    It sees as many pictures as all phases of the run, at the learning rate that suits a network from scratch instead of
    the smaller one of fine-tuning, with the same schedule over its own steps, and with its BatchNorm trained. Beside a
    head that is fitted, which takes a fixed function, stands a network with the same linear layer, trained in steps.
    """
    plain = {"head": "linear", "svm_c": RunSpec.svm_c, "logistic_c": RunSpec.logistic_c} if spec.is_fitted else {}
    return spec.with_changes(
        weights="random",
        source=None,
        n_pretrained=None,
        n_frozen=0,
        frozen_blocks="",
        **_one_phase(),
        **_alike(),
        **plain,
        epochs=spec.epochs if spec.is_fitted else min(spec.all_epochs, RANGES["epochs"][1]),
        learning_rate=scratch_rate(spec.backbone, spec.optimizer),
        batchnorm="trained",
        batchnorm_momentum=None,
        fault="none",
    )
