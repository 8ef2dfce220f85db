"""Five programs from which many have learned transfer learning: what they say, what they do, and both as real runs.

A recipe is a program as it was published in essence, the same program mended, and the runs that show the difference.
The programs are in assets/recipes, as `<id>.published.py` and `<id>.mended.py`; the words are copy, `recipe.<id>.…`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path
from types import MappingProxyType

from tl_core.errors import UnknownIdError
from tl_core.paths import ASSETS
from tl_core.planning.plan import plan_run
from tl_core.spec import RunSpec

Options = Mapping[str, object]

FOLDER = ASSETS / "recipes"
PUBLISHED = "published"  # the variant of every recipe that trains as the program did
_WHOLE_FILE = 1000  # lines of context in a difference


@dataclass(frozen=True)
class Fault:
    """What is wrong with a program.

    Attributes:
        code: Its words are copy, `recipe_fault.<code>`: what is done, and what it leads to.
        shown_by: The variant that shows it; None where no number does.
        error: What Keras 3 answers at once, where it does.
    """

    code: str
    shown_by: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class Recipe:
    """One program.

    Attributes:
        id: On the command line and in links.
        variants: Name → options of `plan_run`; the first is the mended program. Words: `recipe.<id>.<name>`.
        faults: What is wrong with the program as published.
        takes_dataset: Whether it is meant for pictures of one's own.
    """

    id: str
    variants: Mapping[str, Options]
    faults: tuple[Fault, ...]
    takes_dataset: bool = field(default=False)

    @property
    def first(self) -> str:
        """The mended program's variant."""
        return next(iter(self.variants))

    def published(self) -> str:
        """Returns the program as it was published, in essence."""
        return (FOLDER / f"{self.id}.published.py").read_text("utf-8")

    def mended(self) -> str:
        """Returns the same program for Keras 3, without its faults."""
        return (FOLDER / f"{self.id}.mended.py").read_text("utf-8")

    def difference(self) -> str:
        """Returns the way from the one to the other: every line, with a sign before those that go and come."""
        before, after = self.published().splitlines(), self.mended().splitlines()
        return "\n".join(list(unified_diff(before, after, n=_WHOLE_FILE, lineterm=""))[3:])

    def spec(self, variant: str, home: Path | None = None, dataset: str | None = None) -> RunSpec:
        """Returns a variant as a run.

        Args:
            variant: A name among `variants`.
            home: The data folder, where visitors' own data sets are.
            dataset: In place of the recipe's own, where it takes one.

        Raises:
            UnknownIdError: "unknown_variant", or what `plan_run` raises.
            SpecError: What `plan_run` raises: the data do not fit.
        """
        if variant not in self.variants:
            raise UnknownIdError("unknown_variant", received=variant[:60], recipe=self.id, allowed=list(self.variants))
        options = dict(self.variants[variant])
        return plan_run(options | ({"dataset": dataset} if dataset and self.takes_dataset else {}), home)


def _variants(common: Options, **changes: Options) -> Mapping[str, Options]:
    return MappingProxyType({name: MappingProxyType({**common, **change}) for name, change in changes.items()})


SAME_SHAPE = "ValueError: Arguments `target` and `output` must have the same"
LOSS_LABELS = Fault(
    "loss_labels", error=f"{SAME_SHAPE} rank (ndim). Received: target.shape=(None,), output.shape=(None, 14)"
)
TWO_OUTPUTS = Fault(
    "two_outputs", error=f"{SAME_SHAPE} shape. Received: target.shape=(None, 10), output.shape=(None, 2)"
)
LAYERS = Fault("layers_not_output", error="ValueError: Only input tensors may be passed as positional arguments.")
GREY = Fault("grey_28", error="expected shape=(None, 32, 32, 3), found shape=(2, 28, 28)")
OLD_RATE = Fault("old_rate", error="ValueError: Argument(s) not recognized: {'lr': 0.001}")
OLD_FIT = Fault("old_fit", error="AttributeError: 'Functional' object has no attribute 'fit_generator'")
TEST_CHOOSES = Fault("test_chooses")
UNIT, RAW = {"fault": "unit-pixels"}, {"fault": "raw-pixels"}
GROCERIES, CIFAR, MNIST = ({"dataset": name} for name in ("groceries", "cifar10-small", "mnist-small"))
OLD_SGD = {"optimizer": "sgd", "learning_rate": 0.01, "momentum": 0.9, "nesterov": True}
DECAY = {"schedule": "inverse-time", "decay": 1e-6}

RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        one.id: one
        for one in (
            Recipe(
                "a",
                _variants(
                    GROCERIES
                    | {"backbone": "vgg16", "image_size": 96, "head": "flatten-dense", "hidden": 1024}
                    | {"optimizer": "adam", "learning_rate": 1e-3, "epochs": 10, "batch_size": 32},
                    mended={},
                    published=UNIT,
                    pooled={"head": "dense"},
                ),
                (Fault("unit_pixels", "published"), LOSS_LABELS, TEST_CHOOSES, OLD_RATE, OLD_FIT),
            ),
            Recipe(
                "b",
                _variants(
                    CIFAR | {"backbone": "vgg16", "image_size": 32} | OLD_SGD | DECAY | {"batch_size": 32},
                    mended={"epochs": 20},
                    published={"freeze": "none", "phases": 1, "epochs": 1, "per_class": 100} | RAW,
                    frozen_raw={"epochs": 20} | RAW,
                ),
                (Fault("never_frozen", "published"), Fault("raw_pixels", "frozen_raw"), TEST_CHOOSES, OLD_RATE),
            ),
            Recipe(
                "c",
                _variants(
                    MNIST
                    | {"backbone": "vgg16", "image_size": 32, "head": "flatten-dense", "hidden": 64, "dropout": 0.5}
                    | {"optimizer": "adam", "learning_rate": 1e-4, "epochs": 10, "batch_size": 32},
                    mended={"head_at": "block4", "hidden": 512},
                    narrow={"head_at": "block4"},
                    whole={"hidden": 512},
                    two_classes={"head_at": "block4", "dataset": "mnist-small-parity"},
                    published={"head_at": "block4"} | UNIT,
                ),
                (
                    LAYERS,
                    GREY,
                    TWO_OUTPUTS,
                    Fault("narrow_head", "narrow"),
                    Fault("unit_pixels", "published"),
                    TEST_CHOOSES,
                    OLD_RATE,
                ),
            ),
            Recipe(
                "c2",
                _variants(
                    CIFAR | {"backbone": "resnet50", "image_size": 32},
                    mended={"head": "svm", "svm_c": 1e-3},
                    softmax={"head": "linear"},
                    published={"head": "svm", "svm_c": 1e-3} | RAW,
                ),
                (Fault("raw_pixels", "published"), Fault("columns_of_labels"), Fault("unscaled_features")),
            ),
            Recipe(
                "d",
                _variants(
                    GROCERIES
                    | {"backbone": "mobilenet_v2", "image_size": 160, "head": "dense", "hidden": 1024}
                    | {"optimizer": "adam", "learning_rate": 1e-3, "epochs": 5, "batch_size": 32},
                    mended={},
                    published=RAW,
                ),
                (Fault("raw_pixels", "published"), Fault("no_test"), OLD_RATE, OLD_FIT),
            ),
            Recipe(
                "e",
                _variants(
                    GROCERIES
                    | {"backbone": "vgg16", "image_size": 64, "head": "flatten", "augment": "classic"}
                    | {"optimizer": "adam", "learning_rate": 1e-3, "epochs": 5},
                    mended={},
                    published=UNIT,
                    plain={"augment": "none"},
                ),
                (
                    Fault("unit_pixels", "published"),
                    Fault("imported_unused"),
                    Fault("shear_degrees"),
                    TEST_CHOOSES,
                    OLD_FIT,
                ),
                takes_dataset=True,
            ),
        )
    }
)


def recipe(id: str) -> Recipe:
    """Returns one recipe.

    Raises:
        UnknownIdError: "unknown_recipe", with the id received and the ids allowed.
    """
    if id not in RECIPES:
        raise UnknownIdError("unknown_recipe", received=str(id)[:60], allowed=list(RECIPES))
    return RECIPES[id]
