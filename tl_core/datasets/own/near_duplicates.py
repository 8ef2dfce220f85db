"""Pictures that are the same, or nearly: saved again, scaled, brightened. Anyone who trains on one has seen the other.

A perceptual hash proposes pairs, a comparison of small pictures confirms them; pairs that share a picture are one
group.

References:
    Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions, 2010: the hash by cosine transform.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

SIDE_PX = 16
"""Side of the small pictures that are compared."""

MAX_BITS = 6  # of 64 in which the hashes of near-duplicates differ
MIN_CORRELATION = 0.99  # of their brightness, pixel by pixel
MAX_COLOUR = 10.0  # levels by which their mean colours differ, whatever their brightness
FLAT = 4.0  # levels: with less contrast nothing is left to correlate
MAX_FLAT_DIFFERENCE = 1.0  # levels, between two pictures without contrast
MOST_NEIGHBOURS = 256  # compared with each picture of one bucket; only very uniform sets have more
_AT_ONCE = 4096  # pairs that are compared at once
_BANDS = tuple((start, min(start + 10, 64)) for start in range(0, 64, 10))  # one more than bits that may differ


class Signature(NamedTuple):
    """What is compared of a picture.

    Attributes:
        hash: 64 bits that stay nearly the same when a picture is saved again or scaled.
        small: uint8 (16, 16, 3), the picture scaled down.
    """

    hash: int
    small: np.ndarray


def signature(image: np.ndarray) -> Signature:
    """Returns what is compared of a picture, uint8 (S, S, 3)."""
    picture = Image.fromarray(image)
    grey = np.asarray(picture.convert("L").resize((32, 32), Image.Resampling.BOX), np.float64)
    waves = (_COSINES @ grey @ _COSINES.T).ravel()[1:]  # without the mean; 63 values of the 8 × 8 lowest frequencies
    bits = waves > np.median(waves)
    value = int.from_bytes(np.packbits(np.append(bits, False)).tobytes(), "big")
    return Signature(value, np.asarray(picture.resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX)))


def _cosines() -> np.ndarray:
    """Returns the rows of the cosine transform for the 8 lowest of 32 frequencies: float (8, 32)."""
    place, frequency = np.arange(32), np.arange(8)[:, np.newaxis]
    return np.cos(np.pi * (2 * place + 1) * frequency / 64)


_COSINES = _cosines()


def near_duplicate_groups(shas: Sequence[str], hashes: np.ndarray, small: np.ndarray) -> np.ndarray:
    """Returns which pictures belong together.

    Args:
        shas: Identity of each picture; equal ones are duplicates without a look.
        hashes: uint64 (N,).
        small: uint8 (N, 16, 16, 3).

    Returns:
        int64 (N,): the number of the group's first picture; a picture without near-duplicates has its own.

    Units: for 50,000 different photographs about five seconds and 200 MB.
    """
    first: dict[str, int] = {}
    groups = np.array([first.setdefault(sha, at) for at, sha in enumerate(shas)], np.int64)
    distinct = np.flatnonzero(groups == np.arange(len(groups)))
    roots = _joined(hashes[distinct], small[distinct])
    groups[distinct] = distinct[roots]
    return groups[groups]


def members_of(groups: np.ndarray) -> list[np.ndarray]:
    """Returns the groups that `near_duplicate_groups` numbered: int (n,), places, each group in order."""
    order = np.argsort(groups, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)


def _joined(hashes: np.ndarray, small: np.ndarray) -> np.ndarray:
    """Returns the groups of different pictures: int64 (N,), the number of the first one of each.

    Hashes that differ in few bits agree in one of seven bands, so only those are compared; and no two that are known to
    belong together, so that a film of one scene is done as soon as a thousand places.
    """
    roots = np.arange(len(hashes))
    shapes, light = _shapes(small)
    for start, stop in _BANDS:
        band = (hashes >> np.uint64(start)) & np.uint64(2 ** (stop - start) - 1)
        order = np.lexsort((light, hashes, band))
        for step in range(1, MOST_NEIGHBOURS + 1):
            is_open = band[order[:-step]] == band[order[step:]]
            if not is_open.any():
                break
            ones, others = order[:-step][is_open], order[step:][is_open]
            apart = hashes[ones] ^ hashes[others]
            is_near = (np.bitwise_count(apart) <= MAX_BITS) & (roots[ones] != roots[others])
            if start:  # equal hashes lay side by side in the first band already
                is_near &= apart != 0
            _join(roots, ones[is_near], others[is_near], small, shapes)
    return roots


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


def _join(roots: np.ndarray, ones: np.ndarray, others: np.ndarray, small: np.ndarray, shapes: np.ndarray) -> None:
    """Puts the near-duplicates among these pairs into one group, a few pairs at a time; `roots` stays flat."""
    for start in range(0, len(ones), _AT_ONCE):
        a, b = ones[start : start + _AT_ONCE], others[start : start + _AT_ONCE]
        is_flat = ~(shapes[a].any(axis=1) & shapes[b].any(axis=1))
        may_be = is_flat | (np.einsum("ij,ij->i", shapes[a], shapes[b]) >= MIN_CORRELATION - 1e-4)
        if not may_be.any():
            continue
        a, b = a[may_be], b[may_be]
        are_alike = alike(small[a], small[b])
        parents: dict[int, int] = {}
        for one, other in zip(roots[a[are_alike]].tolist(), roots[b[are_alike]].tolist(), strict=True):
            one, other = sorted((_root(parents, one), _root(parents, other)))
            if one != other:
                parents[other] = one
        moved = np.arange(len(roots))
        for root in parents:
            moved[root] = _root(parents, root)
        roots[:] = moved[roots]


def alike(ones: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Says which pairs of small pictures show the same.

    Args:
        ones: uint8 (N, 16, 16, 3).
        others: The same.

    Returns:
        bool (N,).
    """
    a, b = (part.reshape(len(part), -1, 3).astype(np.float32) for part in (ones, others))
    grey_a, grey_b = a.mean(axis=2), b.mean(axis=2)
    rest_a, rest_b = (grey - grey.mean(axis=1, keepdims=True) for grey in (grey_a, grey_b))
    contrast = np.sqrt((rest_a**2).mean(axis=1) * (rest_b**2).mean(axis=1))
    is_flat = np.minimum(rest_a.std(axis=1), rest_b.std(axis=1)) < FLAT
    correlation = (rest_a * rest_b).mean(axis=1) / np.maximum(contrast, 1e-6)
    tint_a, tint_b = (part.mean(axis=1) - grey.mean(axis=1, keepdims=True) for part, grey in ((a, grey_a), (b, grey_b)))
    same_shape = (correlation >= MIN_CORRELATION) & (np.abs(tint_a - tint_b).max(axis=1) <= MAX_COLOUR)
    same_plain = np.abs(a - b).mean(axis=(1, 2)) <= MAX_FLAT_DIFFERENCE
    return np.where(is_flat, same_plain, same_shape)


def _root(parents: dict[int, int], at: int) -> int:
    while at in parents:
        parents[at] = parents.get(parents[at], parents[at])
        at = parents[at]
    return at
