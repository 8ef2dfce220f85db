"""What a run is: every choice that decides its result, validated, as JSON and as a link."""

import hashlib
import json
import math
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields, replace
from types import MappingProxyType

from tl_core.errors import SpecError

CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "weights": ("pretrained", "random"),
        "batchnorm": ("frozen", "trained", "updating"),
        "head": ("linear", "dense", "flatten-dense"),
        "optimizer": ("adam", "sgd"),
        "augment": ("none", "light"),
        "views": ("rolling", "fixed", "fresh"),
        "arithmetic": ("fast", "exact"),
    }
)
RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "n_frozen": (0, 1000),
        "hidden": (1, 4096),
        "head_at": (1, 1000),
        "dropout": (0.0, 0.9),
        "image_size": (32, 320),
        "per_class": (1, 10_000),
        "phases": (1, 2),
        "head_epochs": (1, 500),
        "epochs": (1, 500),
        "batch_size": (2, 512),
        "momentum": (0.0, 0.999),
        "head_learning_rate": (1e-7, 10.0),
        "learning_rate": (1e-7, 10.0),
        "batchnorm_momentum": (0.0, 0.9999),
        "n_views": (1, 20),
        "patience": (0, 500),
        "seed": (0, 2**31 - 1),
        "threads": (1, 256),
    }
)
OPEN = frozenset({"head_at", "per_class", "threads", "batchnorm_momentum"})
"""Numbers that may be left open: None, in a text "all"."""


@dataclass(frozen=True)
class RunSpec:
    """One training, completely described. Two runs with equal specs on one machine give the same curve.

    Attributes:
        dataset: Id in `datasets.catalog`.
        backbone: Id in `models.catalog`.
        weights: How the backbone starts: "pretrained" or "random" initialisation.
        n_frozen: Frozen blocks, counted from the input.
        head: "linear" (pool, linear), "dense" (pool, hidden ReLU layer, linear) or "flatten-dense" (flatten, not pool).
        head_at: Blocks before the head, counted from the input; those behind are left out. None: all are there.
        hidden: Units of the hidden layer; unused by "linear".
        dropout: Fraction of the head's inputs dropped in training.
        image_size: Side of the square pictures that the network sees, in px.
        per_class: Training images kept per class; None keeps all.
        phases: 2: the head alone is trained first, on fixed features, and what is not frozen goes on from its best
            weights. 1: all that is trained is trained from the start. As `planning.plan` makes them, a spec in
            which only the head is trained has one phase.
        head_epochs: Passes over the training images in the first of two phases, at most; unused with one.
        head_learning_rate: Step size in the first of two phases; unused with one.
        epochs: Passes over the training images in the last phase, at most.
        batch_size: Images per step.
        optimizer: "adam" or "sgd".
        momentum: Momentum of SGD.
        nesterov: Whether SGD uses Nesterov's momentum.
        learning_rate: Step size of the optimiser in the last phase.
        batchnorm: What the BatchNorm layers of the blocks that are trained do. "frozen": they stay as they are and
            use the stored statistics; "trained": they are trained and use those of the batch. "updating" is a trap to
            look at: as "trained", and those of the frozen blocks use and update statistics as well.
        batchnorm_momentum: How much of its old statistics such a layer keeps at a step; None keeps the network's own.
            Unused by "frozen".
        augment: "none", or "light" (small shifts, zooms and turns; mirroring where the data allow it).
        views: How augmentation meets the cached prefix. "rolling": every picture has one cached view, and a tenth of
            the pictures get a new one in each epoch; "fixed": `n_views` cached views take turns; "fresh": a new view of
            every picture in each epoch, and the prefix computed anew. Unused without augmentation; where nothing is
            frozen, views are always fresh.
        n_views: Cached views of each picture; unused unless `views` is "fixed".
        patience: Epochs without a better validation accuracy after which training ends; 0 never ends early.
        seed: Decides every random choice.
        use_cache: Whether the frozen prefix is computed once per image and kept.
        arithmetic: "fast": BatchNorm folded into the frozen prefix and computed in fewer passes where it is trained,
            equal up to float error; "exact": Keras' own layers throughout.
        threads: TensorFlow's intra-op threads, which decide the last bits; None lets the engine choose at the start,
            and the record then says which number it was.
    """

    dataset: str = "groceries"
    backbone: str = "mobilenet_v2"
    weights: str = "pretrained"
    n_frozen: int = 0
    head: str = "linear"
    head_at: int | None = None
    hidden: int = 1024
    dropout: float = 0.0
    image_size: int = 160
    per_class: int | None = None
    phases: int = 1
    head_epochs: int = 5
    epochs: int = 5
    batch_size: int = 32
    optimizer: str = "adam"
    momentum: float = 0.9
    nesterov: bool = False
    head_learning_rate: float = 2e-3
    learning_rate: float = 1e-3
    batchnorm: str = "trained"
    batchnorm_momentum: float | None = None
    augment: str = "none"
    views: str = "rolling"
    n_views: int = 4
    patience: int = 0
    seed: int = 0
    use_cache: bool = True
    arithmetic: str = "fast"
    threads: int | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            checked = check_field(field.name, getattr(self, field.name))
            object.__setattr__(self, field.name, checked)

    def to_dict(self) -> dict:
        """Returns the spec as plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping) -> "RunSpec":
        """Returns the spec that `to_dict` described; names it does not know are refused.

        Raises:
            SpecError: An unknown name, or a value outside what is allowed.
        """
        known = {field.name for field in fields(cls)}
        for name in data:
            if name not in known:
                raise SpecError("unknown_field", received=str(name), allowed=sorted(known))
        return cls(**data)

    def to_query(self, always: Collection[str] = ()) -> dict[str, str]:
        """Returns the spec as parameters of a link, without what equals the default.

        Args:
            always: Fields that are written in any case.
        """
        values = self.to_dict().items()
        return {name: _written(value) for name, value in values if name in always or value != getattr(RunSpec, name)}

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> tuple["RunSpec", list[str]]:
        """Reads a link's parameters; opening a link can never fail.

        Returns:
            The spec, and the names of the fields whose value was replaced by the default.
        """
        values, replaced = {}, []
        for field in fields(cls):
            if field.name in query:
                try:
                    values[field.name] = check_field(field.name, query[field.name])
                except SpecError:
                    replaced.append(field.name)
        return cls(**values), replaced

    def unused_fields(self) -> set[str]:
        """Returns the fields that decide nothing beside the others, such as the momentum of Adam."""
        unused = set()
        if self.n_frozen == 0:
            unused.add("use_cache")
        if self.n_frozen == 0 or self.augment == "none":
            unused.add("views")
        if "views" in unused or self.views != "fixed":
            unused.add("n_views")
        if self.optimizer == "adam":
            unused |= {"momentum", "nesterov"}
        if self.head == "linear":
            unused.add("hidden")
        if self.phases == 1:
            unused |= {"head_epochs", "head_learning_rate"}
        if self.batchnorm == "frozen":
            unused.add("batchnorm_momentum")
        return unused

    @property
    def all_epochs(self) -> int:
        """Passes over the training images in all phases together, at most."""
        return self.epochs + (self.head_epochs if self.phases == 2 else 0)

    def head_phase(self, n_blocks: int) -> "RunSpec":
        """Returns what the first of two phases trains, as a run of its own: the head, on all blocks frozen.

        Args:
            n_blocks: Blocks before the head.
        """
        return self.with_changes(
            phases=1,
            n_frozen=n_blocks,
            epochs=self.head_epochs,
            learning_rate=self.head_learning_rate,
            batchnorm="frozen",
            batchnorm_momentum=None,
        )

    def fingerprint(self) -> str:
        """Returns 16 hexadecimal digits that are equal for equal specs."""
        written = json.dumps(self.to_dict(), sort_keys=True)
        return hashlib.sha256(written.encode()).hexdigest()[:16]

    def with_changes(self, **changes: object) -> "RunSpec":
        """Returns a copy with some fields changed, validated again."""
        return replace(self, **changes)


def check_field(name: str, value: object) -> object:
    """Returns the value of one field in its right type.

    Args:
        name: Field of `RunSpec`.
        value: The value, or its text as a person typed it.

    Raises:
        SpecError: "spec_choice", "spec_range" or "spec_number", naming field, what was received and what is allowed.
    """
    if name in CHOICES:
        if value not in CHOICES[name]:
            raise SpecError("spec_choice", field=name, received=_short(value), allowed=list(CHOICES[name]))
        return value
    if name in ("nesterov", "use_cache"):
        return _checked_bool(name, value)
    if name in ("dataset", "backbone"):
        return str(value)
    if name in OPEN and value in (None, "", "all"):
        return None
    return _checked_number(name, value)


def _checked_bool(name: str, value: object) -> bool:
    known = {"true": True, "false": False, "1": True, "0": False}
    if isinstance(value, bool):
        return value
    if str(value).lower() not in known:
        raise SpecError("spec_choice", field=name, received=_short(value), allowed=["true", "false"])
    return known[str(value).lower()]


def _checked_number(name: str, value: object) -> int | float:
    low, high = RANGES[name]
    kind = float if isinstance(low, float) else int
    try:
        number = kind(value)
        exact = float(value) == number
    except (TypeError, ValueError, OverflowError):
        raise SpecError("spec_number", field=name, received=_short(value), low=low, high=high) from None
    if isinstance(value, bool) or not exact or not math.isfinite(number) or not low <= number <= high:
        raise SpecError("spec_range", field=name, received=_short(value), low=low, high=high)
    return number + 0  # −0.0 becomes 0.0: equal specs must have equal fingerprints


def _written(value: object) -> str:
    if value is None:
        return "all"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:39] + "…"
