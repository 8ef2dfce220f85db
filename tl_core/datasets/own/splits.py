"""Which pictures train, which choose between epochs, and which are kept for the test: by content and seed.

Near-duplicates are never divided, whatever their classes: no network is tested on what it was trained on.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from types import MappingProxyType

import numpy as np

TRAIN, VALIDATION, TEST = range(3)
UNKNOWN = -1  # no split is given
SPLITS = ("train", "validation", "test")  # their names
SHARES = MappingProxyType({TEST: 0.15, VALIDATION: 0.15})
Column = Sequence | np.ndarray  # (N,)
Lacks = tuple[tuple[str, tuple[str, ...]], ...]  # names of splits, each with classes that it has no picture of


def assign_splits(
    labels: Column, shas: Column, group: Column, given: Column, seed: int, complete: Collection[int] = ()
) -> np.ndarray:
    """Puts every picture into a split: about 70 % of each class train, 15 % validate, 15 % test.

    A class of one picture only trains; the second one of a class of two tests or validates. Which groups of
    near-duplicates are taken depends on what they show and on the seed, not on names or order. A class with three
    groups of its own, or more, is in all three.

    Args:
        labels: int (N,), the class of each picture.
        shas: str (N,), the identity of each picture.
        group: int (N,), pictures with the same number stay together (`together`).
        given: int (N,), splits that stay as they are; `UNKNOWN` where there is none.
        seed: Decides, together with the pictures, who is drawn.
        complete: Splits that take no more pictures. A test or validation part that is not among them is taken from
            the training part where no picture is left without a split.

    Returns:
        int8 (N,): 0 train, 1 validation, 2 test.
    """
    labels, result = np.asarray(labels, np.int64), np.asarray(given, np.int8).copy()
    groups, is_open = _groups(shas, group, seed), bool((result == UNKNOWN).any())
    for members in groups:  # near-duplicates of a picture that has its place stand beside it
        known = [split for split in result[members] if split != UNKNOWN]
        if known:
            result[members] = np.where(result[members] == UNKNOWN, max(known), result[members])
    if not is_open and not {TEST, VALIDATION} <= set(complete):
        result[result == TRAIN] = UNKNOWN
    wanted = _wanted(labels, groups, result, set(complete))
    filling = _Filling(labels, groups, result, wanted)
    for split in (TEST, VALIDATION):
        filling.fill(split)
    result[result == UNKNOWN] = TRAIN
    return result


def together(twin: Column, group: Column) -> np.ndarray:
    """Returns which pictures stay in one split: near-duplicates, and what belongs to one person, film or the like.

    Args:
        twin: int (N,), as in `Rows`.
        group: str (N,), likewise.

    Returns:
        int64 (N,): equal for those that stay together.
    """
    numbers = np.unique(np.asarray(twin, np.int64), return_inverse=True)[1].astype(np.int64)
    names, of_name = np.unique(np.asarray(group, str), return_inverse=True)
    if not any(names):
        return numbers
    while True:  # the smallest number wanders through all that hang together
        before = numbers
        lowest = np.full(len(names), len(numbers))
        np.minimum.at(lowest, of_name, numbers)
        numbers = np.where(names[of_name] == "", numbers, lowest[of_name])
        of_twin = np.full(int(before.max(initial=0)) + 1, len(numbers))
        np.minimum.at(of_twin, before, numbers)
        numbers = of_twin[before]
        if (numbers == before).all():
            return numbers


def lacking_classes(names: Column, splits: Column, given: Collection[int]) -> Lacks:
    """Returns the classes that a split should have and has not; such a data set is not ready to be trained on.

    A class always needs pictures to train on. A test or validation part lacks a class only where a person gave it: in
    one that we drew, what is missing is missing because the class is tiny.

    Args:
        names: str (N,), the class of each picture.
        splits: int (N,).
        given: Splits that a person gave.

    Returns:
        The names of splits, each with its classes in order; none without classes.
    """
    found, splits = [], np.asarray(splits)
    for split in sorted({TRAIN, *given}):
        lacking = sorted(set(names) - set(np.asarray(names, object)[splits == split]))
        if lacking and (splits == split).any():
            found.append((SPLITS[split], tuple(lacking)))
    return tuple(found)


def _groups(shas: Column, group: Column, seed: int) -> list[np.ndarray]:
    """Returns the members of each group of near-duplicates, in an order that content and seed decide."""
    members: dict[int, list[int]] = {}
    for at, number in enumerate(group):
        members.setdefault(int(number), []).append(at)

    def draw(places: list[int]) -> bytes:
        return hashlib.sha256(f"{seed}/{min(shas[at] for at in places)}".encode()).digest()

    return [np.array(places) for places in sorted(members.values(), key=draw)]


def _wanted(
    labels: np.ndarray, groups: Sequence[np.ndarray], result: np.ndarray, complete: set[int]
) -> dict[int, Counter]:
    """Returns how many more pictures of each class test and validation want."""
    wanted: dict[int, Counter] = {TEST: Counter(), VALIDATION: Counter()}
    sizes, places = Counter(labels.tolist()), _places_of_pairs(labels, groups)
    have = {split: Counter(labels[result == split].tolist()) for split in wanted}
    for label, n in sizes.items():
        for split in wanted.keys() - complete:
            is_alone = bool(complete & wanted.keys())
            n_wanted = _n_wanted(n, split, places.get(label, 0), is_alone=is_alone)
            wanted[split][label] = max(0, n_wanted - have[split][label])
    return wanted


def _places_of_pairs(labels: np.ndarray, groups: Sequence[np.ndarray]) -> dict[int, int]:
    """Returns which place each class of two pictures has among those, by content and seed, whatever it is called."""
    sizes, first = Counter(labels.tolist()), {}
    for at, members in enumerate(groups):
        for label in set(labels[members].tolist()):
            if sizes[label] == 2:
                first.setdefault(label, at)
    order = sorted(set(first.values()))
    return {label: order.index(at) for label, at in first.items()}


def _n_wanted(n: int, split: int, place: int, is_alone: bool) -> int:
    """Returns how many of n pictures test or validate; `is_alone` where only one of the two is filled."""
    if n == 2:  # every other class tests, every other validates, so that both have something
        return int(is_alone or (place % 2 == 0) == (split == TEST))
    return max(round(SHARES[split] * n), int(n > 2))


class _Filling:
    """Takes groups of near-duplicates into test and validation; leaves each class something for the splits after them.

    Args:
        labels: int (N,).
        groups: Members of each group, in the order in which they are taken.
        result: int8 (N,), the splits so far; changed.
        wanted: For each split how many more pictures it wants of each class.
    """

    def __init__(
        self, labels: np.ndarray, groups: Sequence[np.ndarray], result: np.ndarray, wanted: dict[int, Counter]
    ) -> None:
        self._result, self._wanted = result, wanted
        free = [members for members in groups if (result[members] == UNKNOWN).all()]
        self._free = {at: (members, Counter(labels[members].tolist())) for at, members in enumerate(free)}
        self._has = {split: Counter(labels[result == split].tolist()) for split in (TRAIN, VALIDATION, TEST)}
        self._n_open = Counter(labels[result == UNKNOWN].tolist())
        alone = Counter(label for _, counts in self._free.values() if len(counts) == 1 for label in counts)
        self._by_itself = {label for label, n in alone.items() if n > 2}
        self._n_groups = Counter(
            label for _, counts in self._free.values() for label in counts if self._counts(label, counts)
        )

    def fill(self, split: int) -> None:
        """Takes groups into a split: first those that fit, then the smallest into classes that got none."""
        wanted = self._wanted[split]
        for at, (_, counts) in list(self._free.items()):
            if all(wanted[label] >= n and self._spares(label, n, counts, split) for label, n in counts.items()):
                self._take(at, split)
        for at, (_, counts) in sorted(self._free.items(), key=lambda one: len(one[1][0])):
            is_bare = all(wanted[label] > 0 and not self._has[split][label] for label in counts)
            if is_bare and all(self._spares(label, n, counts, split) for label, n in counts.items()):
                self._take(at, split)

    def _counts(self, label: int, counts: Counter) -> bool:
        """Says whether a class counts on a group: on those of its own only, if it has enough of them."""
        return len(counts) == 1 or label not in self._by_itself

    def _spares(self, label: int, n: int, counts: Counter, split: int) -> bool:
        """Says whether a class keeps enough without a group of n: to train on first, then to validate with."""
        if self._n_open[label] + self._has[TRAIN][label] <= n:
            return False
        if not self._has[split][label]:
            return True
        n_left = self._n_groups[label] - self._counts(label, counts)
        validates_later = split == TEST and self._wanted[VALIDATION][label] and not self._has[VALIDATION][label]
        return n_left >= int(not self._has[TRAIN][label]) + int(validates_later)

    def _take(self, at: int, split: int) -> None:
        members, counts = self._free.pop(at)
        self._result[members] = split
        self._n_open -= counts
        self._has[split] += counts
        self._wanted[split] -= counts
        for label in counts:
            self._n_groups[label] -= self._counts(label, counts)
