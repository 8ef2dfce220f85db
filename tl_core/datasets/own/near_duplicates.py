"""Pictures that are the same, or nearly: saved again, scaled, brightened. Anyone who trains on one has seen the other.

A perceptual hash proposes pairs, a comparison of small pictures confirms them: once brightness and contrast are made
equal, a copy differs by a little everywhere, another shot of the scene by much in one place. Confirmed pairs of one
class that share a picture are one group. Pictures of two classes that look alike are a question for a person, no
group: a still camera makes many of them. The hash alone, as the package imagehash has it, would join 60 + 60 frames of
a webcam that differ in a small object by nearly every pair, so a comparison is needed all the same.

References:
    Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions, 2010: the hash by cosine transform.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

SIDE_PX, FINE_PX = 16, 32
"""Sides of the small pictures that are compared, in colour and in brightness alone."""

MAX_BITS = 6  # of 64 in which the hashes of near-duplicates differ
MIN_CORRELATION = 0.9  # of their brightness: with less they need no closer look
FLAT = 4.0  # levels: with less contrast nothing is left to correlate
MAX_FLAT_DIFFERENCE = 1.0  # levels, between two pictures without contrast
MOST_NEIGHBOURS = 256  # compared with each picture of one bucket; only very uniform sets have more
_AT_ONCE = 4096  # pairs that are compared at once
_BANDS = tuple((start, min(start + 10, 64)) for start in range(0, 64, 10))  # one more than bits that may differ
_FITS = 4  # times that brightness and contrast are fitted, each time to the half that fits best
_GAINS = (0.8, 1.6)


class Signature(NamedTuple):
    """What is compared of a picture.

    Attributes:
        hash: 64 bits that stay nearly the same when a picture is saved again or scaled.
        small: uint8 (16, 16, 3), the picture scaled down.
        fine: uint8 (32, 32), its brightness.
        side: Of the picture, in px: the fewer it has, the more a copy differs.
    """

    hash: int
    small: np.ndarray
    fine: np.ndarray
    side: int


class Looks(NamedTuple):
    """The signatures of N pictures.

    Attributes:
        hashes: uint64 (N,).
        small: uint8 (N, 16, 16, 3).
        fine: uint8 (N, 32, 32).
        sides: int32 (N,), in px.
    """

    hashes: np.ndarray
    small: np.ndarray
    fine: np.ndarray
    sides: np.ndarray

    @classmethod
    def of(cls, signatures: Iterable[Signature]) -> "Looks":
        """Returns what was found out of each picture, column by column."""
        found = list(signatures)
        small = np.zeros((len(found), SIDE_PX, SIDE_PX, 3), np.uint8)
        fine = np.zeros((len(found), FINE_PX, FINE_PX), np.uint8)
        for at, one in enumerate(found):
            small[at], fine[at] = one.small, one.fine
        hashes, sides = [one.hash for one in found], [one.side for one in found]
        return cls(np.array(hashes, np.uint64), small, fine, np.array(sides, np.int32))

    def taken(self, at: np.ndarray) -> "Looks":
        """Returns those of some pictures."""
        return Looks(*(column[at] for column in self))


class Groups(NamedTuple):
    """Which pictures belong together: the number of a group is that of its first picture.

    Attributes:
        twins: int64 (N,), near-duplicates of one class, and equal pictures of any; never in two splits.
        lookalikes: int64 (N,), pictures that look alike, whatever their classes.
    """

    twins: np.ndarray
    lookalikes: np.ndarray


def signature(image: np.ndarray) -> Signature:
    """Returns what is compared of a picture, uint8 (S, S, 3)."""
    picture, smooth = Image.fromarray(image), Image.Resampling.BILINEAR  # a box would jump from pixel to pixel
    fine = np.asarray(picture.convert("L").resize((FINE_PX, FINE_PX), smooth))
    waves = (_COSINES @ fine @ _COSINES.T).ravel()[1:]  # without the mean; 63 values of the 8 × 8 lowest frequencies
    bits = waves > np.median(waves)
    value = int.from_bytes(np.packbits(np.append(bits, False)).tobytes(), "big")
    return Signature(value, np.asarray(picture.resize((SIDE_PX, SIDE_PX), smooth)), fine, len(image))


def _cosines() -> np.ndarray:
    """Returns the rows of the cosine transform for the 8 lowest of 32 frequencies: float (8, 32)."""
    place, frequency = np.arange(32), np.arange(8)[:, np.newaxis]
    return np.cos(np.pi * (2 * place + 1) * frequency / 64)


_COSINES = _cosines()


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


def alike(ones: Looks, others: Looks) -> np.ndarray:
    """Says which pairs of pictures show the same: bool (N,)."""
    is_lighter = ones.fine.mean(axis=(1, 2)) > others.fine.mean(axis=(1, 2))
    fine_a, fine_b = _in_order(ones.fine, others.fine, is_lighter)  # the second one is the brightened one
    small_a, small_b = _in_order(ones.small, others.small, is_lighter)
    a, b = fine_a.reshape(len(fine_a), -1), fine_b.reshape(len(fine_b), -1)
    gain, offset = _fitted(a, b)
    worst = _differences(a, b, gain, offset).max(axis=1)
    colours = _differences(_coarser(small_a), _coarser(small_b), gain[..., None], offset[..., None]).max(axis=(1, 2))
    most, most_colour = _tolerances(np.minimum(ones.sides, others.sides), gain[:, 0])
    is_flat = np.minimum(a.std(axis=1), b.std(axis=1)) < FLAT
    is_same_plain = np.abs(small_a - small_b).mean(axis=(1, 2, 3)) <= MAX_FLAT_DIFFERENCE
    return np.where(is_flat, is_same_plain, (worst <= most) & (colours <= most_colour))


def _in_order(ones: np.ndarray, others: np.ndarray, is_swapped: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns pairs of pictures as float32, each with the darker one first."""
    swapped = is_swapped.reshape(-1, *(1,) * (ones.ndim - 1))
    return np.where(swapped, others, ones).astype(np.float32), np.where(swapped, ones, others).astype(np.float32)


def _tolerances(sides: np.ndarray, gain: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns by how many levels a copy may differ in its worst place, in brightness and in colour: twice float (N,).

    Measured on the bundled pictures, saved again as JPEG of quality 40, scaled to 60 % and brightened by 1.2.
    """
    n_px, light = np.maximum(sides, 1).astype(float), np.maximum(gain - 1, 0)
    return 5 + 50_000 / n_px**2 + 40 * light, 10 + 900 / n_px + 40 * light


def _fitted(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns contrast and brightness that make x most like y, twice (N, 1), by the half of the places that fit best:
    an object that only one of them shows, or light that was cut off, does not move them."""
    counts = np.ones_like(x)
    gain, offset = np.ones((len(x), 1), np.float32), np.zeros((len(x), 1), np.float32)
    for _ in range(_FITS):
        n = counts.sum(axis=1, keepdims=True)
        mean_x, mean_y = ((counts * part).sum(axis=1, keepdims=True) / n for part in (x, y))
        spread = np.maximum((counts * (x - mean_x) ** 2).sum(axis=1, keepdims=True), 1e-3)
        gain = np.clip((counts * (x - mean_x) * (y - mean_y)).sum(axis=1, keepdims=True) / spread, *_GAINS)
        offset = mean_y - gain * mean_x
        rest = np.abs(gain * x + offset - y)
        counts = (rest <= np.median(rest, axis=1, keepdims=True) + 0.25).astype(x.dtype)
    return gain, offset


def _differences(a: np.ndarray, b: np.ndarray, gain: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Returns by how many levels b differs from a, brightened, beyond what was cut off above 255."""
    more = gain * a + offset - b
    cut_off = np.maximum(gain - 1 + offset / 255, 0) * b  # at most b / 255 of a place were cut off
    return np.maximum(-more, more - cut_off)


def _coarser(small: np.ndarray) -> np.ndarray:
    """Returns pictures with half the side: JPEG keeps colours only half as fine. (N, 256, 3) → (N, 64, 3)."""
    half = SIDE_PX // 2
    return small.reshape(-1, half, 2, half, 2, 3).mean(axis=(2, 4)).reshape(-1, half * half, 3)


def _root(parents: dict[int, int], at: int) -> int:
    while at in parents:
        parents[at] = parents.get(parents[at], parents[at])
        at = parents[at]
    return at
