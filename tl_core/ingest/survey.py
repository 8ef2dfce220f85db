"""What is decided for all pictures of a data set together: the range of deep ones, the ground of transparent ones.

Neither can be told from one picture. So those that ask for it are looked at first, and taken in when all have been.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image

from tl_core.datasets.images.deep import value_range
from tl_core.datasets.images.preparation import GROUNDS, LEVELS_16, Preparation

LEAST_SHARE = 0.25  # of the contrast on its best ground that a picture must keep
_FEW = 0.05  # of the transparent pictures may have less
_SMALL_PX = 64  # side of a picture that is looked at as it is
_VISIBLE = 1.0  # level: with less contrast on every ground a picture has nothing to show


@dataclass
class Survey:
    """What the pictures of a data set say of how all of them are to be made ready.

    Attributes:
        preparation: What is decided so far.
        is_ground_open: Whether the ground is still to be chosen.
        counts: int64 (65536,), how often each value is seen in deep pictures that do not state their range.
        contrasts: Of each transparent picture that was looked at its contrast on each of `GROUNDS`, in levels.
    """

    preparation: Preparation
    is_ground_open: bool = True
    counts: np.ndarray = field(default_factory=lambda: np.zeros(LEVELS_16, np.int64))
    contrasts: dict[str, tuple[float, ...]] = field(default_factory=dict)

    @property
    def is_range_open(self) -> bool:
        """Whether the range of deep pictures is still to be chosen."""
        return self.preparation.low is None

    def add(self, file: str, counts: np.ndarray | None, contrasts: tuple[float, ...]) -> None:
        """Notes what a picture says; None or nothing where it does not ask for a decision."""
        if counts is not None:
            self.counts += counts
        if contrasts:
            self.contrasts[file] = contrasts

    def decide(self) -> None:
        """Chooses what was open, from all that was added."""
        if self.is_range_open and self.counts.any():
            low, high = value_range(self.counts)
            self.preparation = replace(self.preparation, low=low, high=high)
        if self.is_ground_open:
            self.preparation = replace(self.preparation, ground=best_ground(list(self.contrasts.values())))
        self.is_ground_open = False


def contrast(square: np.ndarray) -> float:
    """Returns how much a picture shows: the standard deviation of its colours, in levels.

    Args:
        square: uint8 (S, S, 3).
    """
    small = np.asarray(Image.fromarray(square).reduce(4)) if len(square) > _SMALL_PX else square
    return float(np.sqrt(small.reshape(-1, 3).var(axis=0).mean()))


def best_ground(contrasts: Sequence[Sequence[float]]) -> str:
    """Returns the ground on which all but a few pictures can be seen: white if it can be.

    Args:
        contrasts: Of each picture its contrast on each of `GROUNDS`, in levels.
    """
    seen = np.array([one for one in contrasts if max(one) >= _VISIBLE]).reshape(-1, len(GROUNDS))
    if not len(seen):
        return next(iter(GROUNDS))
    shares = seen / seen.max(axis=1, keepdims=True)
    low = np.quantile(shares, _FEW, axis=0, method="lower")
    return list(GROUNDS)[0 if low[0] >= LEAST_SHARE else int(low.argmax())]
