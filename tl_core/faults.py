"""What a fault does: classic bugs that a run is given on purpose, each where it would stand in a program.

| `RunSpec.fault` | the program that has it | where it bites |
|---|---|---|
| raw-pixels | forgets the preprocessing | `models.networks` |
| unit-pixels | divides by 255 in its place | `models.networks` |
| rescaled-twice | divides by 255, and then preprocesses | `models.networks` |
| bgr-pixels | reads pictures with OpenCV, blue first | `models.networks` |
| class-order | lists the classes anew for the test, in another order | `with_fault` |
| test-in-training | has copies of half of the test pictures among those it learns from | `with_fault` |
| sorted-classes | shows the pictures folder by folder, never shuffled | `training.trainer` |
| from-logits | says that logits are probabilities | `training.compilation` |
| never-frozen | mistypes `trainable`: Python makes a new attribute, and nothing is frozen | `models.build` |
| never-unfrozen | unfreezes between two calls of `fit` and does not compile: the head goes on | `training.phases` |
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from tl_core.datasets.arrays import Dataset
from tl_core.seeds import generator
from tl_core.spec import RunSpec

LEAKED = 0.5
"""Share of the test pictures that "test-in-training" lets into the training."""
_PIXELS: Mapping[str, str] = MappingProxyType(
    {"raw-pixels": "none", "unit-pixels": "unit", "rescaled-twice": "{}-twice", "bgr-pixels": "{}-bgr"}
)


def preprocessing(usual: str, fault: str) -> str:
    """Returns the mode of `models.preprocess` that a backbone is given.

    Args:
        usual: The one that it wants.
        fault: As `RunSpec.fault`.
    """
    return _PIXELS.get(fault, usual).format(usual)


def with_fault(dataset: Dataset, spec: RunSpec) -> Dataset:
    """Returns a data set as a run with this spec takes it to be; itself, unless the fault is one of the data.

    Random:
        `spec.seed`, children "fault/class_order" and "fault/test_in_training".
    """
    if spec.fault == "class-order":
        return replace(dataset, labels=_relabelled(dataset, spec.seed))
    if spec.fault == "test-in-training":
        order = generator(spec.seed, "fault/test_in_training").permutation(dataset.test)
        return replace(dataset, train=np.union1d(dataset.train, order[: n_leaked(spec, len(order))]))
    return dataset


def n_leaked(spec: RunSpec, n_test: int) -> int:
    """Returns how many of the test pictures a run is trained on as well."""
    return int(LEAKED * n_test) if spec.fault == "test-in-training" else 0


def _relabelled(dataset: Dataset, seed: int) -> np.ndarray:
    """Returns all labels, those of the test by another list of the classes, in which none has its place."""
    order = generator(seed, "fault/class_order").permutation(len(dataset.info.classes))
    number, labels = np.empty_like(order), dataset.labels.copy()
    number[order] = np.roll(order, 1)
    labels[dataset.test] = number[labels[dataset.test]]
    return labels


def class_by_class(chosen: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Returns pictures in the order of folders, one a class: int (n,).

    Args:
        chosen: int (n,), numbers of pictures.
        labels: int (pictures in the data set,).
    """
    return chosen[np.argsort(labels[chosen], kind="stable")]
