"""What is compared of a picture, and when two pictures are the same one: saved again, scaled or brightened.

Once brightness and contrast are made equal, a copy differs by a little everywhere; another shot of the scene differs by
much in one place, or lies a pixel aside.

References:
    Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions, 2010: the hash by cosine transform.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from PIL import Image

SIDE_PX, FINE_PX = 16, 32
"""Sides of the small pictures that are compared, in colour and in brightness alone."""

FLAT = 4.0  # levels: with less contrast nothing is left to correlate
MAX_FLAT_DIFFERENCE = 1.0  # levels, between two pictures without contrast
MAX_SHIFT_PX = 0.4  # a copy lies where the original lies; a camera that was touched took another picture
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


def alike(ones: Looks, others: Looks) -> np.ndarray:
    """Says which pairs of pictures show the same: bool (N,)."""
    is_lighter = ones.fine.mean(axis=(1, 2)) > others.fine.mean(axis=(1, 2))
    fine_a, fine_b = _in_order(ones.fine, others.fine, is_lighter)  # the second one is the brightened one
    small_a, small_b = _in_order(ones.small, others.small, is_lighter)
    a, b = fine_a.reshape(len(fine_a), -1), fine_b.reshape(len(fine_b), -1)
    gain, offset = _fitted(a, b)
    worst = _differences(a, b, gain, offset).max(axis=1)
    colours = _differences(_coarser(small_a), _coarser(small_b), gain[..., None], offset[..., None]).max(axis=(1, 2))
    sides = np.minimum(ones.sides, others.sides)
    most, most_colour = _tolerances(sides, gain[:, 0])
    is_moved = _shifts(gain * a + offset, b) * sides / FINE_PX > MAX_SHIFT_PX + 3 * np.maximum(gain[:, 0] - 1, 0)
    is_flat = np.minimum(a.std(axis=1), b.std(axis=1)) < FLAT
    is_same_plain = np.abs(small_a - small_b).mean(axis=(1, 2, 3)) <= MAX_FLAT_DIFFERENCE
    return np.where(is_flat, is_same_plain, (worst <= most) & (colours <= most_colour) & ~is_moved)


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


def _shifts(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Returns how far pictures have moved, by the slopes of their brightness: float (N,), in places of the grid."""
    one, other = (part.reshape(-1, FINE_PX, FINE_PX) for part in (a, b))
    slopes = [np.asarray(np.gradient(other, axis=axis)) for axis in (1, 2)]
    down, right = (slope.reshape(len(b), -1) for slope in slopes)
    rest, still = (one - other).reshape(len(b), -1), 4.0 * FINE_PX**2  # flat ones have not moved, whatever their noise
    yy, xx, xy = (down**2).sum(axis=1) + still, (right**2).sum(axis=1) + still, (down * right).sum(axis=1)
    y, x = (down * rest).sum(axis=1), (right * rest).sum(axis=1)
    determinant = yy * xx - xy**2
    return np.hypot((xx * y - xy * x) / determinant, (yy * x - xy * y) / determinant)


def _differences(a: np.ndarray, b: np.ndarray, gain: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Returns by how many levels b differs from a, brightened, beyond what was cut off above 255."""
    more = gain * a + offset - b
    cut_off = np.maximum(gain - 1 + offset / 255, 0) * b  # at most b / 255 of a place were cut off
    return np.maximum(-more, more - cut_off)


def _coarser(small: np.ndarray) -> np.ndarray:
    """Returns pictures with half the side: JPEG keeps colours only half as fine. (N, 256, 3) → (N, 64, 3)."""
    half = SIDE_PX // 2
    return small.reshape(-1, half, 2, half, 2, 3).mean(axis=(2, 4)).reshape(-1, half * half, 3)
