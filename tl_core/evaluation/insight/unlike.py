"""Whether a picture is unlike anything that a network was trained on: how far its features are from theirs.

The distance is the cosine distance to the k-th nearest training picture. What counts as far is set on the validation
pictures, checked on the test pictures, and tried on pictures of quite other things: a network that cannot tell those
from its own cannot tell at all, and that is said in the place of a score.

References:
    Sun, Ming, Zhu and Li, Out-of-Distribution Detection with Deep Nearest Neighbors, ICML 2022. The threshold is that
    of split conformal prediction: Bates, Candès, Lei, Romano and Sesia, Testing for Outliers with Conformal p-values,
    Annals of Statistics 2023.
"""

import math
from dataclasses import dataclass

import numpy as np

from tl_core.evaluation.scores import Z_95
from tl_core.fields import Checked, Number, setting

LEAST_AUROC = 0.9  # the lower end of its interval, below which pictures of other things are not told apart
LEAST_VALIDATION = 20  # fewer set no threshold of one in twenty
MOST_CLASSES = 20  # that are left out, one after the other


@dataclass(frozen=True)
class NoveltyChoice(Checked):
    """What can be chosen of the score.

    Attributes:
        k: Which nearest training picture the distance is measured to.
        share: Validation pictures that are said to be unlike anything seen, by mistake, in [0, 1].
    """

    k: int = setting(5, Number(1, 50))
    share: float = setting(0.05, Number(0.01, 0.5))


@dataclass(frozen=True)
class Auroc:
    """How often a picture of one kind is farther than one of another, ties counting half; .5 is chance.

    Attributes:
        value: In [0, 1].
        low: Lower end of its 95 % interval.
        high: Upper end.
    """

    value: float
    low: float
    high: float


def distances(rows: np.ndarray, known: np.ndarray, k: int) -> np.ndarray:
    """Returns the cosine distance of each picture to the k-th nearest of those that are known.

    Args:
        rows: From `feature_space.directions`, float32 (n, C).
        known: Likewise, (m, C).
        k: At most m counts.

    Returns:
        float64 (n,), in [0, 2].
    """
    return kth(1.0 - rows.astype(np.float64) @ known.astype(np.float64).T, k)


def kth(apart: np.ndarray, k: int) -> np.ndarray:
    """Returns the k-th smallest number of each row; the largest where there are fewer."""
    at = min(k, apart.shape[1]) - 1
    return np.partition(apart, at, axis=1)[:, at]


def threshold(validation: np.ndarray, share: float) -> float:
    """Returns the distance that at most so large a share of new pictures like these will exceed.

    Args:
        validation: float (n,), distances of validation pictures.
        share: In [0, 1].
    """
    n = len(validation)
    rank = min(n, math.ceil((n + 1) * (1 - share)))
    return float(np.sort(validation)[rank - 1])


def auroc(far: np.ndarray, near: np.ndarray) -> Auroc:
    """Returns how well distances tell pictures of other things from a network's own.

    Args:
        far: float (n,), distances of the other things.
        near: float (m,), distances of its own test pictures.

    References: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988): the variance.
    """
    from scipy.stats import rankdata

    n, m = len(far), len(near)
    ranks = rankdata(np.concatenate([far, near]))
    above = (ranks[:n] - rankdata(far)) / m  # share of `near` that each of `far` exceeds
    below = 1 - (ranks[n:] - rankdata(near)) / n  # share of `far` that exceeds each of `near`
    value = float(above.mean())
    variance = sum(float(part.var(ddof=1)) / len(part) for part in (above, below) if len(part) > 1)
    half = Z_95 * math.sqrt(variance)
    return Auroc(value, max(0.0, value - half), min(1.0, value + half))


def unseen_classes(apart: np.ndarray, labels: np.ndarray, known_labels: np.ndarray, k: int) -> dict[int, float]:
    """Returns for each class how well its pictures are told from the others' if it had never been shown.

    The class's training pictures are left out of those that are known. Its blocks saw them all the same where they were
    trained, so the value is rather too good than too bad.

    Args:
        apart: float (n, m), distances of test pictures to training pictures.
        labels: int (n,), of the test pictures.
        known_labels: int (m,), of the training pictures.
        k: As in `distances`.

    Returns:
        class → AUROC, of at most `MOST_CLASSES`, the first ones.
    """
    found = {}
    for label in map(int, np.unique(labels)):
        known = known_labels != label
        is_unseen = labels == label
        if known.any() and not is_unseen.all() and len(found) < MOST_CLASSES:
            far = kth(apart[:, known], k)
            found[label] = auroc(far[is_unseen], far[~is_unseen]).value
    return found
