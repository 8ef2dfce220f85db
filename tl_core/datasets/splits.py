"""Which pictures train, which choose between epochs, and which are kept for the test: by content and seed.

A group of twins is never divided, whatever its classes, so that no network is tested on what it was trained on.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from types import MappingProxyType

import numpy as np

TRAIN, VALIDATION, TEST = range(3)
UNKNOWN = -1
SHARES = MappingProxyType({TEST: 0.15, VALIDATION: 0.15})


def assign_splits(
    labels: Sequence[int],
    shas: Sequence[str],
    twins: Sequence[int],
    given: Sequence[int],
    seed: int,
    complete: Collection[int] = (),
) -> np.ndarray:
    """Puts every picture into a split: about 70 % of each class train, 15 % validate, 15 % test.

    A class of one picture only trains; the second one of a class of two tests or validates. Which groups of twins are
    taken depends on what they show and on the seed, not on names or order.

    Args:
        labels: (N,), the class of each picture.
        shas: (N,), the identity of each picture.
        twins: (N,), pictures with the same number are twins.
        given: (N,), splits that stay as they are; `UNKNOWN` where there is none.
        seed: Decides, together with the pictures, who is drawn.
        complete: Splits that take no more pictures. A test or validation part that is not among them is taken from
            the training part where no picture is left without a split.

    Returns:
        int8 (N,): 0 train, 1 validation, 2 test.
    """
    labels, result = np.asarray(labels, np.int64), np.asarray(given, np.int8).copy()
    groups = _groups(shas, twins, seed)
    for members in groups:  # twins of a picture that has its place stand beside it
        known = [split for split in result[members] if split != UNKNOWN]
        if known:
            result[members] = np.where(result[members] == UNKNOWN, max(known), result[members])
    if not (result == UNKNOWN).any() and not {TEST, VALIDATION} <= set(complete):
        result[result == TRAIN] = UNKNOWN
    wanted = _wanted(labels, result, set(complete))
    for split in (TEST, VALIDATION):
        _fill(split, groups, labels, result, wanted[split])
    result[result == UNKNOWN] = TRAIN
    return result


def _groups(shas: Sequence[str], twins: Sequence[int], seed: int) -> list[np.ndarray]:
    """Returns the members of each group of twins, in an order that content and seed decide."""
    members: dict[int, list[int]] = {}
    for at, twin in enumerate(twins):
        members.setdefault(int(twin), []).append(at)

    def draw(group: list[int]) -> bytes:
        return hashlib.sha256(f"{seed}/{min(shas[at] for at in group)}".encode()).digest()

    return [np.array(group) for group in sorted(members.values(), key=draw)]


def _wanted(labels: np.ndarray, result: np.ndarray, complete: set[int]) -> dict[int, Counter]:
    """Returns how many more pictures of each class test and validation want."""
    wanted: dict[int, Counter] = {TEST: Counter(), VALIDATION: Counter()}
    for place, label in enumerate(np.unique(labels).tolist()):
        is_of = labels == label
        for split in {TEST, VALIDATION} - complete:
            n_wanted = _n_wanted(int(is_of.sum()), split, place, is_alone=bool(complete & {TEST, VALIDATION}))
            wanted[split][label] = max(0, n_wanted - int((is_of & (result == split)).sum()))
    return wanted


def _n_wanted(n: int, split: int, place: int, is_alone: bool) -> int:
    """Returns how many of n pictures test or validate; `is_alone` where only one of the two is filled."""
    if n == 2:  # every other class tests, every other validates, so that both have something
        return int(is_alone or (place % 2 == 0) == (split == TEST))
    return max(round(SHARES[split] * n), int(n > 2))


def _fill(split: int, groups: Sequence[np.ndarray], labels: np.ndarray, result: np.ndarray, wanted: Counter) -> None:
    """Takes groups into a split: first those that fit, then the smallest into classes that got none."""
    free = [members for members in groups if (result[members] == UNKNOWN).all()]
    for members in free:
        counts = Counter(labels[members].tolist())
        if all(wanted[label] >= n for label, n in counts.items()) and _leaves_some(counts, labels, result):
            result[members] = split
            wanted -= counts  # drops what is filled
    for members in sorted(free, key=len):
        counts = Counter(labels[members].tolist())
        is_bare = all(wanted[label] and not ((labels == label) & (result == split)).any() for label in counts)
        if is_bare and (result[members] == UNKNOWN).all() and _leaves_some(counts, labels, result):
            result[members] = split


def _leaves_some(counts: Counter, labels: np.ndarray, result: np.ndarray) -> bool:
    """Says whether each class has more pictures to train on than these: the classifier must learn it first."""
    n_open = Counter(labels[(result == UNKNOWN)].tolist()) + Counter(labels[result == TRAIN].tolist())
    return all(n_open[label] > n for label, n in counts.items())
