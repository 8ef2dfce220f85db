"""How augmentation meets the prefix cache: which view of a picture an epoch shows, and what that costs.

A view is one augmented copy of a picture, numbered from 1. The frozen prefix must pass over every view once; the fewer
views a run shows, the less it computes.
"""

from dataclasses import dataclass

import numpy as np

from tl_core.seeds import generator
from tl_core.spec import RunSpec

RENEWAL_EPOCHS = 10  # a rolling cache renews a tenth of the pictures in each epoch


@dataclass(frozen=True, eq=False)
class Schedule:
    """Says which view of each training picture an epoch shows: a pure function, so that a resumed run goes on exactly.

    The pictures fall into parts whose views change together.

    Attributes:
        kind: "rolling", "fixed" or "fresh", as `RunSpec.views`.
        n_views: Views that take turns; unused unless `kind` is "fixed".
        numbers: int (n,), ascending: the training pictures.
        part: int (n,): the part to which each belongs, from 0.
    """

    kind: str
    n_views: int
    numbers: np.ndarray
    part: np.ndarray

    def part_views(self, epoch: int) -> list[int]:
        """Returns the view that each part shows in an epoch; views and epochs count from 1."""
        if self.kind == "fresh":
            return [epoch]
        if self.kind == "fixed":
            return [1 + (epoch - 1) % self.n_views]
        # part p is renewed before the epochs p + 2, p + 12, p + 22, …
        return [1 + (epoch + RENEWAL_EPOCHS - 2 - part) // RENEWAL_EPOCHS for part in range(RENEWAL_EPOCHS)]

    def parts_of(self, indices: np.ndarray) -> np.ndarray:
        """Returns the part of each picture: int (B,)."""
        return self.part[np.searchsorted(self.numbers, indices)]

    def views(self, indices: np.ndarray, epoch: int) -> np.ndarray:
        """Returns the view of each picture that an epoch shows: int (B,)."""
        return np.array(self.part_views(epoch))[self.parts_of(indices)]

    def members(self, parts: list[int]) -> np.ndarray:
        """Returns the pictures of some parts: int (m,), ascending."""
        return self.numbers[np.isin(self.part, parts)]


def make_schedule(spec: RunSpec, train: np.ndarray) -> Schedule:
    """Returns the schedule of a run.

    Args:
        spec: Its `views`, `n_views` and `seed` decide.
        train: int (n,), ascending: the training pictures.

    Random:
        Which tenth a picture belongs to: the child "renewal" of `spec.seed`.
    """
    n_parts = RENEWAL_EPOCHS if spec.views == "rolling" else 1
    part = generator(spec.seed, "renewal").permutation(len(train)) % n_parts
    return Schedule(spec.views, spec.n_views, train, part)


def prefix_passes(spec: RunSpec) -> float:
    """Returns how often the frozen prefix passes over the training pictures in all epochs of a run.

    An upper bound where views are cached: those that an earlier run with the same seed left behind cost nothing.

    Returns:
        In passes: 1 for cached features without augmentation, `spec.all_epochs` for fresh views or without a cache, 0
        where nothing is frozen.
    """
    if spec.n_frozen == 0:
        return 0.0
    if not spec.use_cache or (spec.augment != "none" and spec.views == "fresh"):
        return float(spec.all_epochs)
    if spec.augment == "none":
        return 1.0
    n_epochs = spec.all_epochs
    return float(min(spec.n_views, n_epochs)) if spec.views == "fixed" else 1 + (n_epochs - 1) / RENEWAL_EPOCHS


def cached_views(spec: RunSpec) -> float:
    """Returns how many views of each training picture a run needs at one time, to tell whether the cache has room.

    Returns:
        1 without augmentation; 0 for fresh views, which are not cached.
    """
    if spec.augment == "none":
        return 1.0
    most = {"rolling": 2, "fixed": spec.n_views, "fresh": 0}[spec.views]  # of a renewed picture the oldest may go
    return min(float(most), prefix_passes(spec))
