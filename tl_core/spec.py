"""What a run is: every choice that decides its result, validated, as JSON and as a link."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from tl_core.fields import Checked, Choice, Number, Numbers, Switch, Text, apart, setting

FLATTENED = ("flatten", "flatten-dense")
"""The heads that see every place of the feature map."""
FITTED = ("svm", "logistic")
"""The heads that are fitted once instead of being trained step by step."""
FAULTS = (
    "raw-pixels",
    "unit-pixels",
    "rescaled-twice",
    "bgr-pixels",
    "class-order",
    "test-in-training",
    "sorted-classes",
    "from-logits",
    "never-frozen",
    "never-unfrozen",
)
"""Classic bugs that a run may have on purpose."""


@dataclass(frozen=True)
class RunSpec(Checked):
    """One training, completely described. Two runs with equal specs on one machine give the same curve.

    Attributes:
        dataset: Id in `datasets.catalog`.
        backbone: Id in `models.catalog`.
        weights: How the backbone starts: "pretrained"; "random" initialisation; or "matched", drawn at random, too, but
            each array of weights with the mean and variance of the pretrained one (`models.initial.draw_matched`).
        source: Id of the run whose backbone, as it was trained, takes the place of the weights from ImageNet: whatever
            is said to be pretrained comes from it. None: from ImageNet.
        n_pretrained: Blocks that start pretrained, counted from the input; those behind them start at random. None: all
            of them.
        n_frozen: Frozen blocks, counted from the input: the frozen prefix.
        frozen_blocks: Numbers, counted from the input from 1 on, of blocks behind the prefix that are frozen as well,
            such as "12,14-16"; "": none. As `planning.plan` makes them, a block that touches the prefix belongs to it.
        head: "linear" (pool, linear), "dense" (pool, hidden ReLU layer, linear), "flatten" and "flatten-dense" (the
            same two with every place of the feature map for itself instead of its mean),
            or pool, linear, not trained in steps but fitted once, where all blocks before it are frozen: "svm", a
            linear support vector machine, or "logistic", a linear probe fitted to convergence as logistic regression.
            What belongs to steps then decides nothing; a baseline takes it over. Of "logistic" the seed decides only
            which pictures `per_class` keeps.
        head_at: Blocks before the head, counted from the input; those behind are left out. None: all are there.
        svm_c: What a picture on the wrong side of its margin costs the SVM, against a wide margin; of "svm" alone. On
            standardised features of MobileNetV2 and ResNet50, fruit and CIFAR-10, 0.001 tests better than 0.01 (by .002
            to .08) and settles sooner; at scikit-learn's 1 some never settle.
        logistic_c: Inverse strength of the L2 penalty on the probe's weights, scikit-learn's C; of "logistic" alone.
        hidden: Units of the hidden layer; unused by heads without one.
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
        block_rate_factor: What the rate of the last phase is divided by from each block to the one before it: the head
            has the whole rate, the last block is `block_rate_factor` times slower, the one before it as much again.
        unfreeze_every: After how many epochs of the last phase one more block is trained, from the last one toward the
            cut; 0: all are from the start. Each time the optimiser begins anew, as Keras' does when it is compiled.
        schedule: How the rate goes on in the last phase, whose steps count from 0: "constant"; "inverse-time", divided
            by 1 + `decay` · step, which Keras once called `decay`; "cosine", down to 0 along half a cosine over all of
            them; "step", times `decay_factor` after every `decay_epochs` epochs. A head trained first keeps one rate.
        decay: How fast the rate falls; unused unless `schedule` is "inverse-time".
        decay_factor: What the rate is multiplied by; unused unless `schedule` is "step".
        decay_epochs: After how many epochs; unused unless `schedule` is "step".
        class_weight: "none": every training picture counts the same; "balanced": every class does, so that the pictures
            of a small class weigh more in the loss.
        batchnorm: What the BatchNorm layers of the blocks that are trained do. "frozen": they stay as they are and
            use the stored statistics; "trained": they are trained and use those of the batch. "updating" is a trap to
            look at: as "trained", and those of the frozen blocks use and update statistics as well.
        batchnorm_momentum: How much of its old statistics such a layer keeps at a step; None keeps the network's own.
            Unused by "frozen".
        augment: "none"; "light" (small shifts, zooms and turns); or "classic" (what old programs ask Keras' generators
            for: shear, zoom of each side apart). Both mirror where the data allow it.
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
        fault: "none", or a classic bug put into the run on purpose; what each does stands in `faults`. No control of
            the lab offers it; a run that has one says so wherever it is shown, and stands for nothing else.
        threads: TensorFlow's intra-op threads, which decide the last bits; None lets the engine choose at the start,
            and the record then says which number it was.
    """

    dataset: str = setting("groceries", Text())
    backbone: str = setting("mobilenet_v2", Text())
    weights: str = setting("pretrained", Choice(("pretrained", "random", "matched")))
    source: str | None = setting(None, Text(is_open=True), unused=lambda spec: spec.weights == "random")
    n_pretrained: int | None = setting(
        None, Number(1, 1000, is_open=True), unused=lambda spec: spec.weights != "pretrained"
    )
    n_frozen: int = setting(0, Number(0, 1000))
    frozen_blocks: str = setting("", Numbers(1, 1000))
    head: str = setting("linear", Choice(("linear", "dense", *FLATTENED, *FITTED)))
    head_at: int | None = setting(None, Number(1, 1000, is_open=True))
    svm_c: float = setting(1e-3, Number(1e-6, 1e3), unused=lambda spec: spec.head != "svm")
    logistic_c: float = setting(1.0, Number(1e-6, 1e3), unused=lambda spec: spec.head != "logistic")
    hidden: int = setting(1024, Number(1, 4096), unused=lambda spec: not spec.has_hidden_layer)
    dropout: float = setting(0.0, Number(0.0, 0.9), unused=lambda spec: spec.is_fitted)
    image_size: int = setting(160, Number(32, 320))
    per_class: int | None = setting(None, Number(1, 10_000, is_open=True))
    phases: int = setting(1, Number(1, 2))
    head_epochs: int = setting(5, Number(1, 500), unused=lambda spec: spec.phases == 1)
    epochs: int = setting(5, Number(1, 500), unused=lambda spec: spec.is_fitted)
    batch_size: int = setting(32, Number(2, 512))
    optimizer: str = setting("adam", Choice(("adam", "sgd")), unused=lambda spec: spec.is_fitted)
    momentum: float = setting(0.9, Number(0.0, 0.999), unused=lambda spec: spec.is_fitted or spec.optimizer == "adam")
    nesterov: bool = setting(False, Switch(), unused=lambda spec: spec.is_fitted or spec.optimizer == "adam")
    head_learning_rate: float = setting(2e-3, Number(1e-7, 10.0), unused=lambda spec: spec.phases == 1)
    learning_rate: float = setting(1e-3, Number(1e-7, 10.0), unused=lambda spec: spec.is_fitted)
    block_rate_factor: float = setting(1.0, Number(1.0, 100.0), unused=lambda spec: spec.is_fitted)
    unfreeze_every: int = setting(0, Number(0, 500), unused=lambda spec: spec.is_fitted)
    schedule: str = setting(
        "constant", Choice(("constant", "inverse-time", "cosine", "step")), unused=lambda spec: spec.is_fitted
    )
    decay: float = setting(1e-2, Number(0.0, 10.0), unused=lambda spec: not spec.is_scheduled("inverse-time"))
    decay_factor: float = setting(0.5, Number(0.01, 1.0), unused=lambda spec: not spec.is_scheduled("step"))
    decay_epochs: int = setting(2, Number(1, 500), unused=lambda spec: not spec.is_scheduled("step"))
    class_weight: str = setting("none", Choice(("none", "balanced")))
    batchnorm: str = setting("trained", Choice(("frozen", "trained", "updating")))
    batchnorm_momentum: float | None = setting(
        None, Number(0.0, 0.9999, is_open=True), unused=lambda spec: spec.batchnorm == "frozen"
    )
    augment: str = setting("none", Choice(("none", "light", "classic")))
    views: str = setting(
        "rolling", Choice(("rolling", "fixed", "fresh")), unused=lambda spec: not spec.has_cached_views
    )
    n_views: int = setting(4, Number(1, 20), unused=lambda spec: not spec.has_cached_views or spec.views != "fixed")
    patience: int = setting(0, Number(0, 500), unused=lambda spec: spec.is_fitted)
    seed: int = setting(0, Number(0, 2**31 - 1))
    use_cache: bool = setting(True, Switch(), unused=lambda spec: spec.n_frozen == 0)
    arithmetic: str = setting("fast", Choice(("fast", "exact")))
    fault: str = setting("none", Choice(("none", *FAULTS)))
    threads: int | None = setting(None, Number(1, 256, is_open=True))

    @property
    def further_frozen(self) -> frozenset[int]:
        """Numbers, from 1, of the blocks that are frozen behind the prefix."""
        return apart(self.frozen_blocks)

    def is_frozen(self, at: int) -> bool:
        """Says whether a block is frozen, in the prefix or behind it; blocks are counted from 0 here."""
        return at < self.n_frozen or at + 1 in self.further_frozen

    @property
    def is_pretrained(self) -> bool:
        """Whether all blocks start pretrained."""
        return self.weights == "pretrained" and self.n_pretrained is None

    @property
    def started_as(self) -> str:
        """How the backbone starts: as `weights`; "partly" where only its first blocks are pretrained, "run" where all
        are, by another run."""
        if not self.is_pretrained:
            return "partly" if self.weights == "pretrained" else self.weights
        return self.weights if self.source is None else "run"

    @property
    def start(self) -> tuple:
        """What decides the weights of the backbone before training: equal for runs that start from the same ones."""
        n_pretrained = self.n_pretrained if self.weights == "pretrained" else None
        source = None if self.weights == "random" else self.source
        return self.backbone, self.weights, n_pretrained, source, None if self.is_pretrained else self.seed

    @property
    def is_fitted(self) -> bool:
        """Whether the head is fitted once instead of being trained step by step."""
        return self.head in FITTED

    @property
    def has_probabilities(self) -> bool:
        """Whether softmax makes probabilities of what the head answers; of the margins of an SVM it does not."""
        return self.head != "svm"

    @property
    def is_flattened(self) -> bool:
        """Whether the head sees every place of the feature map, not the mean over all."""
        return self.head in FLATTENED

    @property
    def has_hidden_layer(self) -> bool:
        """Whether the head has a layer between the features and the classes."""
        return self.head in ("dense", "flatten-dense")

    def is_scheduled(self, kind: str) -> bool:
        """Says whether the learning rate follows this schedule."""
        return self.schedule == kind and not self.is_fitted

    @property
    def has_cached_views(self) -> bool:
        """Whether augmented pictures pass a frozen prefix, so that it matters which views of them are cached."""
        return self.n_frozen > 0 and self.augment != "none"

    @property
    def all_epochs(self) -> int:
        """Passes over the training images in all phases together, at most; a fit is one."""
        if self.is_fitted:
            return 1
        return self.epochs + (self.head_epochs if self.phases == 2 else 0)

    def head_phase(self, n_blocks: int) -> "RunSpec":
        """Returns what the first of two phases trains, as a run of its own: the head, on all blocks frozen.

        Args:
            n_blocks: Blocks before the head.
        """
        return self.with_changes(
            phases=1,
            n_frozen=n_blocks,
            frozen_blocks="",
            epochs=self.head_epochs,
            learning_rate=self.head_learning_rate,
            block_rate_factor=1.0,
            unfreeze_every=0,
            schedule="constant",
            batchnorm="frozen",
            batchnorm_momentum=None,
        )


_RULES = RunSpec.rules()
CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {name: rule.allowed for name, rule in _RULES.items() if isinstance(rule, Choice)}
)
RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {name: (rule.low, rule.high) for name, rule in _RULES.items() if isinstance(rule, Number)}
)


def check_field(name: str, value: object) -> Any:
    """Returns the value of one field in its right type.

    Args:
        name: Field of `RunSpec`.
        value: The value, or its text as a person typed it.

    Raises:
        SpecError: "spec_choice", "spec_range" or "spec_number", naming field, what was received and what is allowed.
    """
    return _RULES[name].check(name, value)
