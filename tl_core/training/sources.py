"""Where a step's inputs come from: pictures, what the prefix computes of them now, or cached features of their views.

`features.FeatureSource` feeds what the prefix computed on the pictures as they are.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from tl_core.datasets.arrays import Dataset, batch
from tl_core.training.augment import augment
from tl_core.training.events import Computation, Event, Phase, Result
from tl_core.training.views import Schedule

MOST_PICTURES = 32  # of one call of a prefix: the activations of its early blocks are large
Prefix = Callable[[np.ndarray], np.ndarray]  # uint8 (B, S, S, 3) → float (B, …)
ViewFeatures = Callable[[int, np.ndarray], Generator[Phase, None, np.ndarray]]  # view, picture numbers (n,) → (n, …)


class Source(Protocol):
    """Gives the inputs of a step. Indices are the pictures' numbers in the dataset.

    Attributes:
        is_cached: Whether a frozen prefix was computed beforehand.
    """

    is_cached: ClassVar[bool]

    def prepare(self, epoch: int) -> Iterator[Event]:
        """Computes what an epoch needs and the ones before did not; most sources have nothing to do.

        Yields:
            A `Phase` after every batch of pictures.
        """
        return iter(())

    def train_batch(self, indices: np.ndarray, epoch: int) -> np.ndarray:
        """Returns what the model is trained on: (B, …)."""
        ...

    def eval_batch(self, indices: np.ndarray) -> np.ndarray:
        """Returns what the model is judged on: (B, …), never augmented."""
        ...


@dataclass(frozen=True)
class PictureSource(Source):
    """Feeds pictures: uint8 (B, S, S, 3), 0–255.

    Attributes:
        dataset: Where they come from.
        image_size: Their side S, in px.
        augment: What training sees: "none", the pictures as they are, or views of this kind.
        seed: Decides what the views look like.
        schedule: Which view an epoch shows; None shows a new one in each.
    """

    dataset: Dataset
    image_size: int
    augment: str
    seed: int
    schedule: Schedule | None = None
    is_cached: ClassVar[bool] = False

    @property
    def is_augmented(self) -> bool:
        return self.augment != "none"

    def train_batch(self, indices: np.ndarray, epoch: int) -> np.ndarray:
        if not self.is_augmented:
            return self.eval_batch(indices)
        return self.view_batch(indices, self.schedule.views(indices, epoch) if self.schedule else epoch)

    def view_batch(self, indices: np.ndarray, views: np.ndarray | int) -> np.ndarray:
        """Returns these views of pictures, one for each or one for all: uint8 (B, S, S, 3).

        Thread: any.
        """
        views = np.broadcast_to(views, len(indices))
        images, can_flip = self.eval_batch(indices), self.dataset.info.can_flip
        return augment(images, views=views, indices=indices, seed=self.seed, can_flip=can_flip, kind=self.augment)

    def eval_batch(self, indices: np.ndarray) -> np.ndarray:
        return batch(self.dataset, indices, self.image_size)


@dataclass(frozen=True)
class PrefixSource(Source):
    """Feeds what the frozen prefix computes anew for each batch: where views are always new or the cache has no room.

    The trained model is the suffix, as with a cache; and a folded prefix is faster than one inside the step.

    Attributes:
        prefix: Computes the features of at most `MOST_PICTURES` pictures.
        pictures: What it computes them of.
        plain: Cached features of validation and test; None computes those anew, too.
    """

    prefix: Prefix
    pictures: Source
    plain: Source | None = None
    is_cached: ClassVar[bool] = False

    def train_batch(self, indices: np.ndarray, epoch: int) -> np.ndarray:
        return self._computed(indices, lambda chosen: self.pictures.train_batch(chosen, epoch))

    def eval_batch(self, indices: np.ndarray) -> np.ndarray:
        if self.plain is not None:
            return self.plain.eval_batch(indices)
        return self._computed(indices, self.pictures.eval_batch)

    def _computed(self, indices: np.ndarray, shown: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        n_batches = -(-len(indices) // MOST_PICTURES)
        # batches of one size: another shape would be compiled anew
        batches = np.resize(indices, (n_batches, -(-len(indices) // n_batches)))
        return np.concatenate([self.prefix(shown(chosen)) for chosen in batches])[: len(indices)]


class ViewSource(Source):
    """Feeds cached features of augmented views; for validation and test, those of the pictures as they are.

    What an epoch shows is computed before it, as far as no epoch before it did. Nothing is held but mapped files.

    Args:
        schedule: Which view an epoch shows of each training picture.
        features: Computes the features of one view of some pictures, or finds them on disk.
        plain: Gives the inputs of validation and test.

    Thread: worker.
    """

    is_cached: ClassVar[bool] = True

    def __init__(self, schedule: Schedule, features: ViewFeatures, plain: Source) -> None:
        self._schedule, self._features, self._plain = schedule, features, plain
        self._held: dict[int, tuple[int, np.ndarray, np.ndarray]] = {}  # part → view, picture numbers, their features

    def prepare(self, epoch: int) -> Iterator[Event]:
        phase = "views" if self._held else "features"
        missing = [(view, parts, self._schedule.members(parts)) for view, parts in self._missing(epoch)]
        n_before, n_all = 0, sum(len(numbers) for _, _, numbers in missing)
        for view, parts, numbers in missing:
            features = yield from counted(self._features(view, numbers), phase, n_before, n_all)
            self._held |= dict.fromkeys(parts, (view, numbers, features))
            n_before += len(numbers)

    def _missing(self, epoch: int) -> list[tuple[int, list[int]]]:
        """Returns the views to compute and the parts to compute them for; one view of all parts is one file."""
        views = self._schedule.part_views(epoch)
        old = [part for part, view in enumerate(views) if part not in self._held or self._held[part][0] != view]
        if len(old) == len(views) and len(set(views)) == 1:
            return [(views[0], old)]
        return [(views[part], [part]) for part in old if len(self._schedule.members([part]))]

    def train_batch(self, indices: np.ndarray, epoch: int) -> np.ndarray:
        parts = self._schedule.parts_of(indices)
        _, _, features = self._held[parts[0]]
        inputs = np.empty((len(indices), *features.shape[1:]), features.dtype)
        for part in np.unique(parts):
            _, numbers, features = self._held[part]
            inputs[parts == part] = features[np.searchsorted(numbers, indices[parts == part])]
        return inputs

    def eval_batch(self, indices: np.ndarray) -> np.ndarray:
        return self._plain.eval_batch(indices)


def counted(events: Generator[Phase, None, Result], phase: str, n_before: int, n_all: int) -> Computation[Result]:
    """Passes on the progress of one computation, counted over all.

    Args:
        events: Progress of the part; closed at the end.
        phase: Name of the phase to yield.
        n_before: Pictures done before this part.
        n_all: Pictures of all parts.

    Returns:
        What the part returns.
    """
    with closing(events):  # one that is stopped removes its file at once
        while True:
            try:
                event = next(events)
            except StopIteration as end:
                return end.value
            yield Phase(phase, n_before + event.done, n_all)
