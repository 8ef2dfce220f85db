"""Where a step's inputs come from. Pictures here; `features.FeatureSource` feeds what the prefix computed."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from tl_core.datasets.arrays import Dataset, batch
from tl_core.training.augment import augment


class Source(Protocol):
    """Gives the inputs of a step. Indices are the pictures' numbers in the dataset.

    Attributes:
        is_cached: Whether a frozen prefix was computed beforehand.
    """

    is_cached: ClassVar[bool]

    def train_batch(self, indices: np.ndarray, epoch: int) -> np.ndarray:
        """Returns what the model is trained on: (B, …)."""

    def eval_batch(self, indices: np.ndarray) -> np.ndarray:
        """Returns what the model is judged on: (B, …), never augmented."""


@dataclass(frozen=True)
class PictureSource:
    """Feeds pictures: uint8 (B, S, S, 3), 0–255."""

    dataset: Dataset
    image_size: int
    is_augmented: bool
    seed: int
    is_cached: ClassVar[bool] = False

    def train_batch(self, indices: np.ndarray, epoch: int) -> np.ndarray:
        images = self.eval_batch(indices)
        if not self.is_augmented:
            return images
        can_flip = self.dataset.info.can_flip
        return augment(images, epoch=epoch, indices=indices, seed=self.seed, can_flip=can_flip)

    def eval_batch(self, indices: np.ndarray) -> np.ndarray:
        return batch(self.dataset, indices, self.image_size)
