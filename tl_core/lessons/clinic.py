"""The pitfall clinic: classic bugs, each as a real run to be diagnosed and mended; and those that no curve shows.

A case is chosen so that its run shows its fault on bundled data within half a minute on two cores; what it claims is
measured in `tests/lessons/test_clinic_measured.py`. Its words are copy, `clinic_case.<id>`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from tl_core.planning.plan import plan_run
from tl_core.planning.recipes import LOSS_LABELS, OLD_FIT, OLD_RATE
from tl_core.spec import RunSpec

Look = Literal["answers", "proof"]
SICK, MENDED = "sick", "mended"


@dataclass(frozen=True)
class Case:
    """A classic bug in a real run.

    Attributes:
        id: Names it in links and copy.
        options: Options of `planning.plan.plan_run`: all that the mended run has.
        wrong: What the sick run has on top of them.
        looks: What is looked at beside the curves and the results on each split: the "answers" that were given most to
            each class, or the "proof" of what was changed.
        choices: Diagnoses to choose from.
        diagnosis: The one that is right.
        wrong_code: The lines of a Keras program that have the bug.
        mended_code: The same without it.
        outcome: How the mended run tests beside the sick one. Where the test itself was sick it tests worse.
    """

    id: str
    options: Mapping[str, Any]
    wrong: Mapping[str, Any]
    diagnosis: str
    choices: tuple[str, ...]
    wrong_code: str
    mended_code: str
    looks: tuple[Look, ...] = ()
    outcome: Literal["better", "worse"] = "better"

    def spec(self, which: str, home: Path | None = None) -> RunSpec:
        """Returns what the sick or the mended run trains."""
        return plan_run({**self.options, **(self.wrong if which == SICK else {})}, home)

    def difference(self) -> str:
        """Returns the mend, as `diff` prints it."""
        before, after = self.wrong_code.splitlines(), self.mended_code.splitlines()
        return "\n".join(list(unified_diff(before, after, n=9, lineterm=""))[3:])


@dataclass(frozen=True)
class Card:
    """A bug, or what is taken for one, that no run is needed for, or that none would show.

    Attributes:
        id: Its words are copy, `clinic_card.<id>`.
        code: The lines that are meant.
        error: What Keras answers at once, or the beginning of it; None where it runs.
    """

    id: str
    code: str
    error: str | None = None


FRUIT = {"dataset": "groceries", "image_size": 96}
THINGS = {"dataset": "cifar10-small", "image_size": 64, "per_class": 100}


CASES: Mapping[str, Case] = MappingProxyType(
    {
        one.id: one
        for one in (
            Case(
                "dim",
                FRUIT,
                {"fault": "rescaled-twice"},
                diagnosis="scaled-twice",
                choices=("overfits", "scaled-twice", "rate-high", "class-order"),
                wrong_code="images = images.map(lambda x, y: (x / 255.0, y))\n"
                "images = images.map(lambda x, y: (preprocess_input(x), y))",
                mended_code="images = images.map(lambda x, y: (preprocess_input(x), y))",
            ),
            Case(
                "two-worlds",
                FRUIT,
                {"fault": "class-order"},
                diagnosis="class-order",
                choices=("overfits", "harder-test", "class-order", "leak"),
                wrong_code="train_classes = sorted(os.listdir(train_folder))\ntest_classes = os.listdir(test_folder)",
                mended_code="train_classes = sorted(os.listdir(train_folder))\ntest_classes = train_classes",
                looks=("answers",),
            ),
            Case(
                "too-good",
                FRUIT,
                {"fault": "test-in-training"},
                diagnosis="leak",
                choices=("good-network", "leak", "rate-high", "harder-test"),
                outcome="worse",
                wrong_code="pictures = train_pictures + copies_of_test_pictures\nmodel.fit(pictures, labels)",
                mended_code="model.fit(train_pictures, train_labels)",
            ),
            Case(
                "stubborn-loss",
                FRUIT,
                {"fault": "from-logits"},
                diagnosis="logits",
                choices=("logits", "rate-low", "overfits", "nothing-frozen"),
                wrong_code='outputs = keras.layers.Dense(14)(x)\nloss = "sparse_categorical_crossentropy"',
                mended_code="outputs = keras.layers.Dense(14)(x)\n"
                "loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)",
                looks=("answers",),
            ),
            Case(
                "short-memory",
                FRUIT,
                {"fault": "sorted-classes"},
                diagnosis="unshuffled",
                choices=("overfits", "unshuffled", "leak", "scaled-twice"),
                wrong_code="images = keras.utils.image_dataset_from_directory(folder, shuffle=False)",
                mended_code="images = keras.utils.image_dataset_from_directory(folder, shuffle=True)",
                looks=("answers",),
            ),
            Case(
                "said-frozen",
                FRUIT | {"image_size": 64, "per_class": 20},
                {"fault": "never-frozen"},
                diagnosis="nothing-frozen",
                choices=("overfits", "nothing-frozen", "unshuffled", "class-order"),
                wrong_code="backbone.trainabel = False\nmodel.compile(optimizer, loss)",
                mended_code="backbone.trainable = False\nmodel.compile(optimizer, loss)",
                looks=("proof",),
            ),
            Case(
                "no-effect",
                THINGS | {"freeze": "block_9"},
                {"fault": "never-unfrozen"},
                diagnosis="nothing-unfrozen",
                choices=("nothing-unfrozen", "rate-high", "overfits", "logits"),
                wrong_code="model.fit(images)\nbackbone.trainable = True\nmodel.fit(images)",
                mended_code="model.fit(images)\nbackbone.trainable = True\nmodel.compile(Adam(1e-4), loss)\n"
                "model.fit(images)",
                looks=("proof",),
            ),
            Case(
                "collapse",
                THINGS | {"freeze": "block_9"},
                {"learning_rate": 1e-3},
                diagnosis="rate-high",
                choices=("rate-high", "nothing-unfrozen", "overfits", "unshuffled"),
                wrong_code="backbone.trainable = True\nmodel.compile(Adam(1e-3), loss)",
                mended_code="backbone.trainable = True\nmodel.compile(Adam(1e-4), loss)",
            ),
            Case(
                "restless",
                FRUIT | {"image_size": 64, "per_class": 20},
                {"batchnorm": "updating"},
                diagnosis="batchnorm",
                choices=("nothing-frozen", "rate-high", "class-order", "batchnorm"),
                wrong_code="for layer in backbone.layers:\n    for weight in layer.weights:\n"
                "        weight.trainable = False",
                mended_code="for layer in backbone.layers:\n    layer.trainable = False",
                looks=("proof",),
            ),
            Case(
                "off-colour",
                FRUIT,
                {"fault": "bgr-pixels"},
                diagnosis="colours",
                choices=("unshuffled", "few-epochs", "colours", "overfits"),
                wrong_code="picture = cv2.imread(file)",
                mended_code="picture = cv2.cvtColor(cv2.imread(file), cv2.COLOR_BGR2RGB)",
                looks=("answers",),
            ),
        )
    }
)
"""Id → case, in the order in which they are shown."""

CARDS: Mapping[str, Card] = MappingProxyType(
    {
        one.id: one
        for one in (
            Card("labels", 'model.compile("adam", loss="categorical_crossentropy")', LOSS_LABELS.error),
            Card("old-rate", "keras.optimizers.Adam(lr=0.001)", OLD_RATE.error),
            Card("old-fit", "model.fit_generator(images)", OLD_FIT.error),
            Card("late-freeze", "model.compile(optimizer, loss)\nbackbone.trainable = False\nmodel.fit(images)"),
            Card("two-softmax", 'Dense(14, activation="softmax")\nSparseCategoricalCrossentropy(from_logits=True)'),
            Card("fast-head", "backbone.trainable = False\nmodel.compile(Adam(0.2), loss)"),
        )
    }
)
"""Id → card, in the order in which they are shown."""
