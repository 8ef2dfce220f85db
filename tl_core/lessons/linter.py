"""Known traps in the settings of a run, said before it is trained, each with the change that mends it.

What is said is either arithmetic, such as how wide an interval is, or was measured: `tests/lessons/
test_measured_traps.py` holds each of these with a margin. What was not measured is not spoken of.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tl_core.datasets.catalog import DatasetInfo
from tl_core.evaluation.data_checks import margin
from tl_core.models.catalog import BackboneInfo, backbone_info
from tl_core.planning.fit import fitted, offered_sizes
from tl_core.planning.lab_link import LabLink
from tl_core.planning.plan import FINE_TUNING_RATES, head_rate, is_head_only, n_training_images
from tl_core.planning.rates import steps_per_epoch
from tl_core.spec import RANGES, RunSpec

TOO_HIGH = 10.0
"""Times the usual rate of fine-tuning. MobileNetV2, CIFAR-10 at 64 px, 50 a class, 7 of 19 blocks, two seeds: at 1e-4
.62 and .62, at 1e-3 .54 and .53, which is what the head alone had reached. With two blocks 1e-3 still did well."""
MANY_BLOCKS = 1 / 3
SMALL_RATE = 3e-5
FEW_STEPS = 300
"""With a random head and all at once: MobileNetV2 at 1e-5 is .10 worse (`tests/experiments/presets/
test_measured_tuning.py`); SqueezeNet, 80 steps at 1e-4, .32 and .29 against .49 and .44."""
LEFT_OF_START = 0.1
"""Share of what BatchNorm stores that is still what it began with. MobileNetV2 from scratch, CIFAR-10, 80
steps: momentum .9 .18 (64 px) and .16
(32 px), with .99 and .999 exactly .10, which is chance."""
SCRATCH_STEPS = 200
"""From scratch, digits: 35 steps lie .30 and more behind the pretrained network, 315 still .10
(`tests/experiments/presets/test_measured_catch_up.py`)."""
MOST_PIXELS = 96
"""px. Probe of MobileNetV2 at 32, 64, 96 px: CIFAR-10 .20 .58 .66, groceries .18 .52 .62 (50 a class)."""
LARGE_HEAD = 1_000
"""Numbers of a head for each training picture."""
WIDE = 0.10
"""Half the 95 % interval of a validation accuracy: ten points."""
UNEVEN = 3.0
"""Times as many training pictures as the smallest class has."""
WITHOUT_BATCHNORM = "squeezenet"


@dataclass(frozen=True)
class Trap:
    """One trap.

    Attributes:
        code: Its words are copy, `trap.<code>`.
        values: What the words name.
        changes: Fields of `RunSpec` that mend it; empty where no setting does.
        mission: The mission that explains it; None for none.
    """

    code: str
    values: Mapping[str, object] = field(default_factory=dict)
    changes: Mapping[str, object] = field(default_factory=dict)
    mission: str | None = None

    def mended(self, before: RunSpec, home: Path | None = None) -> RunSpec:
        """Returns the settings without the trap; all others stay as they are.

        Args:
            before: The settings with it.
            home: The data folder, where visitors' own data sets are.
        """
        changed = fitted(LabLink(before.with_changes(**self.changes)), home)[0].spec
        return changed.with_changes(source=before.source)


def traps(spec: RunSpec, dataset: DatasetInfo, n_per_class: Sequence[int] = ()) -> tuple[Trap, ...]:
    """Returns the traps in the settings of a run that fit together, the worst first.

    Args:
        spec: As `planning.plan.plan_run` makes it.
        dataset: Its data set.
        n_per_class: Training pictures of each class; empty where they were not counted.
    """
    backbone = backbone_info(spec.backbone)
    n_steps = spec.epochs * steps_per_epoch(n_training_images(spec, dataset), spec.batch_size)
    found = (
        _statistics(spec, backbone),
        _rate(spec, backbone),
        _random_head(spec, backbone, n_steps),
        _momentum(spec, backbone, n_steps),
        _scratch(spec, backbone, n_steps),
        _pictures(spec, backbone),
        _head(spec, dataset, backbone),
        _classes(spec, n_per_class),
        _validation(dataset),
    )
    return tuple(trap for one in found for trap in one)


def _trains_pretrained(spec: RunSpec) -> bool:
    return spec.is_pretrained and not is_head_only(spec) and not spec.is_fitted


def _statistics(spec: RunSpec, backbone: BackboneInfo) -> Iterator[Trap]:
    """Yields BatchNorm whose statistics move although it is frozen: the probe loses ten points and more."""
    is_moving = spec.batchnorm == "updating" and backbone.has_batchnorm and not spec.is_fitted
    if is_moving and spec.n_frozen > 0 and spec.weights == "pretrained":
        yield Trap("statistics", {}, {"batchnorm": "frozen", "batchnorm_momentum": None}, "said-and-done")


def _rate(spec: RunSpec, backbone: BackboneInfo) -> Iterator[Trap]:
    """Yields a rate at which many pretrained blocks forget what they know before they learn."""
    usual, n_used = FINE_TUNING_RATES["adam"], backbone.n_used(spec.head_at)
    n_trained = n_used - spec.n_frozen - len(spec.further_frozen)
    is_alike = spec.block_rate_factor == 1.0 and not spec.unfreeze_every and spec.optimizer == "adam"
    is_measured = is_alike and backbone.has_batchnorm and spec.batchnorm == "frozen"
    is_high = spec.learning_rate >= TOO_HIGH * usual * (1 - 1e-9) and n_trained >= MANY_BLOCKS * n_used
    if _trains_pretrained(spec) and is_measured and is_high:
        values = {"rate": f"{spec.learning_rate:g}", "usual": f"{usual:g}", "n": n_trained}
        yield Trap("rate_high", values, {"learning_rate": usual}, "head-first")


def _random_head(spec: RunSpec, backbone: BackboneInfo, n_steps: int) -> Iterator[Trap]:
    """Yields blocks that are trained from the first step on, together with a head that knows nothing yet."""
    is_small = spec.learning_rate <= SMALL_RATE * (1 + 1e-9) and backbone.has_batchnorm
    is_measured = spec.optimizer == "adam" and (is_small or backbone.id == WITHOUT_BATCHNORM)
    if _trains_pretrained(spec) and spec.phases == 1 and is_measured and n_steps <= FEW_STEPS:
        changes = {"phases": 2, "head_learning_rate": head_rate(spec.backbone, spec.optimizer)}
        yield Trap("random_head", {"steps": n_steps}, changes, "head-first")


def _momentum(spec: RunSpec, backbone: BackboneInfo, n_steps: int) -> Iterator[Trap]:
    """Yields statistics of a network from scratch that are, at the end, still partly those that it began with."""
    is_new = spec.weights == "random" and spec.n_frozen == 0 and not spec.is_fitted
    if not (is_new and backbone.has_batchnorm and spec.batchnorm != "frozen" and spec.batchnorm_momentum):
        return
    left = spec.batchnorm_momentum**n_steps
    if left >= LEFT_OF_START:
        values = {"momentum": f"{spec.batchnorm_momentum:g}", "steps": n_steps, "left": round(left * 100)}
        yield Trap("momentum", values, {"batchnorm_momentum": None})


def _scratch(spec: RunSpec, backbone: BackboneInfo, n_steps: int) -> Iterator[Trap]:
    """Yields a network from scratch that ends long before it has learned what it could."""
    is_new = spec.weights == "random" and spec.n_frozen == 0 and not spec.further_frozen and not spec.is_fitted
    if is_new and backbone.has_batchnorm and n_steps < SCRATCH_STEPS:
        per_epoch = max(n_steps // spec.epochs, 1)
        epochs = min(math.ceil(2 * SCRATCH_STEPS / per_epoch), int(RANGES["epochs"][1]))
        yield Trap("scratch_short", {"steps": n_steps, "epochs": epochs}, {"epochs": epochs}, "three-ways")


def _pictures(spec: RunSpec, backbone: BackboneInfo) -> Iterator[Trap]:
    """Yields pictures of which the last block sees one place only."""
    sides, last = backbone.sides.get(spec.image_size), backbone.n_used(spec.head_at) - 1
    larger = [size for size in offered_sizes(backbone) if spec.image_size < size <= MOST_PIXELS]
    if spec.weights == "pretrained" and sides is not None and sides[last] <= 1 and larger:
        values = {"side": spec.image_size, "backbone": backbone.family, "larger": larger[-1]}
        yield Trap("tiny_pictures", values, {"image_size": larger[-1]}, "bigger-better")


def _head(spec: RunSpec, dataset: DatasetInfo, backbone: BackboneInfo) -> Iterator[Trap]:
    """Yields a flattened head with more numbers than the backbone, and far more than there are pictures."""
    if not spec.is_flattened:
        return
    n_classes, n_train = len(dataset.classes), n_training_images(spec, dataset)
    pooled = "dense" if spec.has_hidden_layer else "linear"
    flat, small = (
        backbone.head_params(head, spec.hidden, spec.image_size, n_classes, spec.head_at) or 0
        for head in (spec.head, pooled)
    )
    if flat >= 2 * small and flat > backbone.used_params(spec.head_at) and flat > LARGE_HEAD * n_train:
        values = {"n": flat, "n_pooled": small, "n_backbone": backbone.used_params(spec.head_at), "n_train": n_train}
        yield Trap("large_head", values, {"head": pooled})


def _classes(spec: RunSpec, n_per_class: Sequence[int]) -> Iterator[Trap]:
    """Yields classes of very different sizes that all pictures of count the same."""
    counts = [min(n, spec.per_class or n) for n in n_per_class if n > 0]
    if len(counts) > 1 and spec.class_weight == "none" and max(counts) >= UNEVEN * min(counts):
        values = {"share": max(counts) / sum(counts), "times": math.floor(max(counts) / min(counts))}
        yield Trap("uneven", values, {"class_weight": "balanced"})


def _validation(dataset: DatasetInfo) -> Iterator[Trap]:
    """Yields validation pictures so few that the accuracy on them says little."""
    half = margin(dataset.n_validation)
    if half >= WIDE:
        yield Trap("validation_small", {"n": dataset.n_validation, "points": round(half * 100)}, {}, "validation-test")
