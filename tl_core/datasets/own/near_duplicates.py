"""Pictures that are the same, or nearly: saved again, scaled, brightened. Anyone who trains on one has seen the other.

A perceptual hash proposes pairs, a comparison of small pictures (`looks.alike`) confirms them. Confirmed pairs of one
class that share a picture are one group. Pictures of two classes that look alike are a question for a person, no
group: a still camera makes many of them. The hash alone would not do: of pairs of webcam frames with and without a pen
in them, the pHash of the package imagehash takes 40 % for the same and its dHash all, the comparison none.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tl_core.datasets.own.looks import FLAT, SIDE_PX, Looks, alike

MAX_BITS = 6  # of 64 in which the hashes of near-duplicates differ
MIN_CORRELATION = 0.9  # of their brightness: with less they need no closer look
MOST_NEIGHBOURS = 256  # compared with each picture of one bucket; only very uniform sets have more
_AT_ONCE = 512  # pairs that are compared at once: they stay in the cache of the processor
_BANDS = tuple((start, min(start + 10, 64)) for start in range(0, 64, 10))  # one more than bits that may differ


class Groups(NamedTuple):
    """Which pictures belong together: the number of a group is that of its first picture.

    Attributes:
        twins: int64 (N,), near-duplicates of one class, and equal pictures of any; never in two splits.
        lookalikes: int64 (N,), pictures that look alike, whatever their classes.
    """

    twins: np.ndarray
    lookalikes: np.ndarray


def near_duplicate_groups(shas: Sequence[str], looks: Looks, classes: Sequence[str] | np.ndarray) -> Groups:
    """Returns which pictures belong together.

    Args:
        shas: Identity of each picture; equal ones are duplicates without a look, whatever their classes.
        looks: What each looks like.
        classes: The class of each; likeness alone joins no two classes.

    Returns:
        A picture without near-duplicates has a number of its own.

    Units: for 50,000 different photographs about five seconds and 200 MB.
    """
    first: dict[str, int] = {}
    groups = np.array([first.setdefault(sha, at) for at, sha in enumerate(shas)], np.int64)
    if not len(groups):
        return Groups(groups, groups)
    labels = np.unique(np.asarray(classes, str), return_inverse=True)[1]
    _, kept, place = np.unique(np.stack([groups, labels]), axis=1, return_index=True, return_inverse=True)
    of_class, all_alike = _joined(looks.taken(kept), labels[kept], groups[kept])
    return Groups(*(_first_of_each(roots[place.ravel()], groups) for roots in (of_class, all_alike)))


def _first_of_each(roots: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Returns the groups that come of joining those with one root to those of one identity."""
    parents: dict[int, int] = {}
    firsts: dict[int, int] = {}
    for root, at in zip(roots.tolist(), groups.tolist(), strict=True):
        one, other = sorted((_root(parents, firsts.setdefault(root, at)), _root(parents, at)))
        if one != other:
            parents[other] = one
    return np.array([_root(parents, at) for at in groups.tolist()], np.int64)


def members_of(groups: np.ndarray) -> list[np.ndarray]:
    """Returns the groups that `near_duplicate_groups` numbered: int (n,), places, each group in order."""
    order = np.argsort(groups, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)


def _joined(looks: Looks, labels: np.ndarray, same: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the groups within classes and those over all classes: twice int64 (N,), the number of the first of each.

    Hashes that differ in few bits agree in one of seven bands, so only those are compared; and no two that are known to
    belong together, so that a film of one scene is done as soon as a thousand places.
    """
    _, first, number = np.unique(same, return_index=True, return_inverse=True)
    inside, across = np.arange(len(labels)), first[number]
    shapes, light = _shapes(looks.small)
    for start, stop in _BANDS:
        band = (looks.hashes >> np.uint64(start)) & np.uint64(2 ** (stop - start) - 1)
        order = np.lexsort((light, looks.hashes, band))
        for step in range(1, MOST_NEIGHBOURS + 1):
            is_open = band[order[:-step]] == band[order[step:]]
            if not is_open.any():
                break
            ones, others = order[:-step][is_open], order[step:][is_open]
            apart = looks.hashes[ones] ^ looks.hashes[others]
            is_near = np.bitwise_count(apart) <= MAX_BITS
            if start:  # equal hashes lay side by side in the first band already
                is_near &= apart != 0
            ones, others = ones[is_near], others[is_near]
            is_one_class = labels[ones] == labels[others]
            is_new = np.where(is_one_class, inside[ones] != inside[others], across[ones] != across[others])
            _join(inside, across, ones[is_new], others[is_new], is_one_class[is_new], looks, shapes)
    return inside, across


def _shapes(small: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the brightness of each small picture around its mean, of length 1 (0 where there is no contrast), float32
    (N, 256), whose products are correlations; and its mean, float64 (N,)."""
    shapes, light = np.zeros((len(small), SIDE_PX**2), np.float32), np.zeros(len(small))
    for start in range(0, len(small), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        grey = small[part].reshape(-1, SIDE_PX**2, 3).mean(axis=2, dtype=np.float32)
        light[part] = grey.mean(axis=1)
        rest = grey - grey.mean(axis=1, keepdims=True)
        length = np.sqrt((rest**2).sum(axis=1, keepdims=True))
        shapes[part] = np.where(length < FLAT * SIDE_PX, 0, rest / np.maximum(length, 1e-6))
    return shapes, light


def _join(
    inside: np.ndarray,
    across: np.ndarray,
    ones: np.ndarray,
    others: np.ndarray,
    is_one_class: np.ndarray,
    looks: Looks,
    shapes: np.ndarray,
) -> None:
    """Puts the near-duplicates among these pairs into one group, a few pairs at a time; the roots stay flat."""
    for start in range(0, len(ones), _AT_ONCE):
        a, b = ones[start : start + _AT_ONCE], others[start : start + _AT_ONCE]
        is_flat = ~(shapes[a].any(axis=1) & shapes[b].any(axis=1))
        may_be = is_flat | (np.einsum("ij,ij->i", shapes[a], shapes[b]) >= MIN_CORRELATION)
        if not may_be.any():
            continue
        a, b, is_same = a[may_be], b[may_be], is_one_class[start : start + _AT_ONCE][may_be]
        are_alike = alike(looks.taken(a), looks.taken(b))
        _unite(across, a[are_alike], b[are_alike])
        _unite(inside, a[are_alike & is_same], b[are_alike & is_same])


def _unite(roots: np.ndarray, ones: np.ndarray, others: np.ndarray) -> None:
    """Makes one group of each of these pairs; `roots` stays flat."""
    parents: dict[int, int] = {}
    for one, other in zip(roots[ones].tolist(), roots[others].tolist(), strict=True):
        one, other = sorted((_root(parents, one), _root(parents, other)))
        if one != other:
            parents[other] = one
    if not parents:
        return
    moved = np.arange(len(roots))
    for root in parents:
        moved[root] = _root(parents, root)
    roots[:] = moved[roots]


def _root(parents: dict[int, int], at: int) -> int:
    while at in parents:
        parents[at] = parents.get(parents[at], parents[at])
        at = parents[at]
    return at
