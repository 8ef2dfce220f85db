"""What is near what among the features of pictures: axes to look at, and the numbers behind the picture.

Everything here looks at directions of features, as cosine similarity does: how strongly a network answers says little
of what a picture shows. So picture and number are of the same space.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tl_core.errors import InputError
from tl_core.fields import Checked, Number, setting
from tl_core.seeds import generator

LEAST_PICTURES = 4
N_RESAMPLES = 1_000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class FeatureChoice(Checked):
    """What can be chosen of a feature space.

    Attributes:
        block: The block whose output is looked at, counted from the input; None: the last, which feeds the head.
        n: Test pictures, at most.
        k: Neighbours that are asked for their class.
    """

    block: int | None = setting(None, Number(1, 1000, is_open=True))
    n: int = setting(1000, Number(50, 3000))
    k: int = setting(10, Number(1, 50))


@dataclass(frozen=True)
class Purity:
    """How many of a picture's nearest neighbours show its class.

    Attributes:
        share: Mean over all pictures, in [0, 1].
        low: Lower end of its 95 % interval.
        high: Upper end.
        chance: What neighbours drawn by lot would give.
        of_class: The mean of each class's pictures; None for a class without any.
        n_of_class: How many these are.
    """

    share: float
    low: float
    high: float
    chance: float
    of_class: tuple[float | None, ...]
    n_of_class: tuple[int, ...]


def chosen_pictures(labels: np.ndarray, n: int, name: str) -> np.ndarray:
    """Chooses pictures so that each class keeps its share; those for n are among those for n + 1.

    Args:
        labels: int (N,).
        n: At most so many.
        name: Of the choice; another name chooses others.

    Returns:
        int64 (min(n, N),), ascending places.

    Random:
        One child of seed 0 for every class.
    """
    rank = np.zeros(len(labels))
    for label in np.unique(labels):
        members = generator(0, f"{name}/{label}").permutation(np.flatnonzero(labels == label))
        rank[members] = (np.arange(len(members)) + 0.5) / len(members)
    return np.sort(rank.argsort(kind="stable")[:n])


def directions(features: np.ndarray) -> np.ndarray:
    """Returns features scaled to length 1: float32 (N, C); a row of zeros stays one."""
    rows = np.asarray(features, np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.maximum(lengths, np.finfo(np.float32).tiny)


def purity(rows: np.ndarray, labels: np.ndarray, k: int, n_classes: int) -> Purity:
    """Asks of each picture how many of its k nearest neighbours, itself left out, show the same class.

    Args:
        rows: From `directions`, float32 (N, C).
        labels: int (N,).
        k: Neighbours; at most N − 1 are asked.
        n_classes: Classes in all.

    Raises:
        InputError: "too_few_pictures".

    Random:
        The interval resamples pictures, seeded; their neighbours stay the same, so it says how sure the mean is of
        pictures like these, not what other neighbours would change.

    References:
        Cover and Hart (1967); percentile bootstrap: Efron and Tibshirani (1993), chapter 13.
    """
    from scipy.stats import bootstrap
    from sklearn.neighbors import NearestNeighbors

    check_number(len(rows))
    search = NearestNeighbors(n_neighbors=min(k, len(rows) - 1), metric="cosine", algorithm="brute").fit(rows)
    neighbours = search.kneighbors(return_distance=False)  # of those that it knows: each without itself
    shares = (labels[neighbours] == labels[:, None]).mean(axis=1)
    mean = float(shares.mean())
    low = high = mean
    if np.ptp(shares) > 0:
        random = generator(0, "purity")
        found = bootstrap(
            (shares,), np.mean, n_resamples=N_RESAMPLES, confidence_level=CONFIDENCE, method="percentile", rng=random
        )
        low, high = map(float, found.confidence_interval)
    counts = np.bincount(labels, minlength=n_classes)
    sums = np.bincount(labels, weights=shares, minlength=n_classes)
    return Purity(
        share=mean,
        low=low,
        high=high,
        chance=float((counts * (counts - 1)).sum() / (len(labels) * (len(labels) - 1))),
        of_class=tuple(float(total / n) if n else None for total, n in zip(sums, counts, strict=True)),
        n_of_class=tuple(map(int, counts)),
    )


def check_number(n: int) -> None:
    """Refuses too few pictures.

    Raises:
        InputError: "too_few_pictures".
    """
    if n < LEAST_PICTURES:
        raise InputError("too_few_pictures", received=n, least=LEAST_PICTURES)


def principal_axes(rows: np.ndarray, n_axes: int = 2) -> tuple[np.ndarray, float]:
    """Returns where pictures lie along the axes in which they differ most, and the share of variance these show.

    Args:
        rows: From `directions`, float32 (N, C).
        n_axes: How many; at most as many as there are pictures or channels.

    Returns:
        (float32 (N, n_axes), share in [0, 1]).
    """
    from sklearn.decomposition import PCA

    found = PCA(min(n_axes, *rows.shape), random_state=0)
    points = found.fit_transform(rows)
    share = float(np.nan_to_num(found.explained_variance_ratio_).sum())
    return points.astype(np.float32), share


def matched(spaces: Sequence[np.ndarray]) -> tuple[list[np.ndarray], list[float]]:
    """Turns and mirrors pictures of the same things so that they lie alike: as the first one does, as far as they can.

    Each is centred and scaled to a root mean square distance of 1 from its centre; nothing else is changed.

    Args:
        spaces: float (N, 2) each, in the same order of pictures.

    Returns:
        (float64 (N, 2) each, how much of each still differs from the first, in [0, 1]).

    References:
        Schönemann (1966); the second number is Procrustes' disparity, as `scipy.spatial.procrustes` has it.
    """
    from scipy.linalg import orthogonal_procrustes

    turned, disparities = [], []
    for points in spaces:
        standard = _standard(points)
        first = turned[0] if turned else standard
        turn, scale = orthogonal_procrustes(standard, first)
        turned.append(standard @ turn if turned else standard)
        alike = float(scale) / len(points)
        disparities.append(max(0.0, 1 - alike**2) if disparities else 0.0)
    return turned, disparities


def _standard(points: np.ndarray) -> np.ndarray:
    centred = np.asarray(points, np.float64) - points.mean(axis=0, dtype=np.float64)
    size = np.sqrt((centred**2).sum() / len(centred))
    return centred / size if size > 0 else centred
