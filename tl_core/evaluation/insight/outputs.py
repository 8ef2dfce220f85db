"""What a network said of each validation and test picture, kept beside its weights.

All that needs no network follows from these numbers, also where the pictures are gone.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tl_core.disk.files import OUTPUTS_FILE, forget, read_tensors, write_tensors
from tl_core.errors import StoreError

KEPT_SPLITS = ("validation", "test")


@dataclass(frozen=True, eq=False)
class SplitOutputs:
    """Logits and right answers of one split, in the order of its pictures.

    Attributes:
        logits: float32 (n, classes); of a head that is an SVM its margins.
        labels: int64 (n,).
    """

    logits: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def predicted(self) -> np.ndarray:
        """The class with the highest logit: int64 (n,)."""
        return self.logits.argmax(axis=1)

    @property
    def is_right(self) -> np.ndarray:
        """bool (n,)."""
        return self.predicted == self.labels


@dataclass(frozen=True, eq=False)
class Outputs:
    """What one network said.

    Attributes:
        validation: Of the pictures that its best epoch was chosen by.
        test: Of the pictures that nothing was chosen by.
        trained: int64 (classes,), how many pictures of each class it was trained on.
        has_probabilities: Whether softmax makes probabilities of its logits; of an SVM's margins it does not.
    """

    validation: SplitOutputs
    test: SplitOutputs
    trained: np.ndarray
    has_probabilities: bool = True

    @property
    def largest(self) -> int:
        """The class that the training had most pictures of."""
        return int(self.trained.argmax())


def save_outputs(folder: Path, outputs: Outputs) -> None:
    """Keeps outputs in a run's folder, atomically.

    Raises:
        StoreError: "disk_full" or "home_not_writable".
    """
    arrays = {"trained": np.asarray(outputs.trained, np.int64)}
    for split in KEPT_SPLITS:
        said: SplitOutputs = getattr(outputs, split)
        arrays |= {
            f"{split}.logits": np.asarray(said.logits, np.float32),
            f"{split}.labels": np.asarray(said.labels, np.int64),
        }
    about = {"has_probabilities": outputs.has_probabilities}
    write_tensors(folder / OUTPUTS_FILE, arrays, {"about": json.dumps(about)})


def load_outputs(folder: Path) -> Outputs | None:
    """Returns the outputs that a run's folder keeps; None where there are none, or they are damaged."""
    with suppress(StoreError, KeyError, ValueError, TypeError):
        arrays, metadata = read_tensors(folder / OUTPUTS_FILE)
        return _outputs(arrays, json.loads(metadata["about"]))
    return None


def _outputs(arrays: Mapping[str, np.ndarray], about: Mapping) -> Outputs:
    splits = {split: SplitOutputs(arrays[f"{split}.logits"], arrays[f"{split}.labels"]) for split in KEPT_SPLITS}
    return Outputs(**splits, trained=arrays["trained"], has_probabilities=bool(about["has_probabilities"]))


def forget_outputs(folder: Path) -> None:
    """Removes the outputs of weights that are about to be replaced."""
    forget(folder / OUTPUTS_FILE)
