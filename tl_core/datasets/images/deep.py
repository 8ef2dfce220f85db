"""Deep pictures: PNG with 16 bits for each value, read whole and brought to the 8 bits of all others.

Cameras and scanners of 10, 12 or 14 bits write such files, mostly without saying which values are black and white. The
upper byte alone would leave 16 grey levels of a 12-bit picture, so its range is looked for: what the file states, else
what is decided for its data set, else the bits that its largest value takes.
"""

import io
import zlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image

from tl_core.datasets.images.limits import Header
from tl_core.datasets.images.preparation import LEVELS_16, Preparation

_ROWS = 256  # that are looked at together
_MOST_LEFT_OUT = 0.001  # of all values, half at either end
_WIN = 4  # times as fine must a range be that leaves values out
_LEAST_LEVELS = 64  # that must stay: a picture of few levels is a drawing, and its rare values are what it shows
_COLOUR, _ALPHA = 2, 4  # in the type of colour


class Scale(NamedTuple):
    """Which values of a deep picture become black and white.

    Attributes:
        rule: "stated" by the file, "set": decided for its data set, "largest": the bits of its largest value.
        low: What becomes black.
        high: What becomes white.
        counts: int64 (65536,), how often each value is seen in the picture.
    """

    rule: str
    low: int
    high: int
    counts: np.ndarray

    @property
    def is_clipped(self) -> bool:
        """Whether the picture has values outside."""
        return bool(self.counts[: self.low].any() or self.counts[self.high + 1 :].any())


def value_range(counts: np.ndarray) -> tuple[int, int]:
    """Returns the range of values for the deep pictures of a data set.

    From the least to the greatest value; but where a few, such as a defect of the sensor or a letter burnt into the
    picture, would cost all others three quarters of their levels, it is the range of those others.

    Args:
        counts: int64 (65536,), how often each value is seen in all of them, at least one once.
    """
    low, high = np.flatnonzero(counts)[[0, -1]]
    upto, rest = np.cumsum(counts), counts.sum() * _MOST_LEFT_OUT / 2
    inner_low, inner_high = np.searchsorted(upto, rest, "right"), np.searchsorted(upto, counts.sum() - rest)
    n_levels = np.count_nonzero(counts[inner_low : inner_high + 1])
    if n_levels >= _LEAST_LEVELS and (inner_high - inner_low + 1) * _WIN <= high - low + 1:
        low, high = inner_low, inner_high
    return int(low), int(high)


class Deep:
    """A deep picture at 8 bits; Pillow's part of it that `decode` needs.

    Args:
        header: Of the file.
        preparation: What is decided for its data set.

    Raises:
        Whatever Pillow raises for a damaged file.

    Attributes:
        size: Width and height, in px.
        scale: Which values became black and white.
    """

    def __init__(self, header: Header, preparation: Preparation) -> None:
        self._colour_type, self._key = header.data[25], np.array(header.key, np.uint16)
        self._layers = _layers(header, self._colour_type)
        self.size = self._layers[0].size
        counts, most_alpha = np.zeros(LEVELS_16, np.int64), 0
        for values, alpha in self._strips():
            seen = values if alpha is None else values[alpha > 0]
            counts += np.bincount(seen.ravel(), minlength=LEVELS_16)
            most_alpha = max(most_alpha, 0 if alpha is None else int(alpha.max()))
        self.scale = Scale(*_range(header.stated_bits, preparation, counts), counts)
        self._to_8 = _table(self.scale.low, self.scale.high)
        self._alpha_to_8 = _table(0, _greatest(most_alpha))

    def crop(self, box: tuple[int, int, int, int]) -> Image.Image:
        """Returns a part at 8 bits: "L", "RGB", or "RGBA" where something may be transparent."""
        values, alpha = self._values(box)
        levels = self._to_8[values]
        if alpha is None:
            return Image.fromarray(levels if levels.shape[2] == 3 else levels[:, :, 0])
        whole = np.empty((*alpha.shape, 4), np.uint8)
        whole[:, :, :3], whole[:, :, 3] = levels, self._alpha_to_8[alpha]
        return Image.fromarray(whole)

    def _strips(self) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        width, height = self.size
        for top in range(0, height, _ROWS):
            yield self._values((0, top, width, min(top + _ROWS, height)))

    def _values(self, box: tuple[int, int, int, int]) -> tuple[np.ndarray, np.ndarray | None]:
        """Returns the values of a part, uint16 (h, W, 1 or 3), and what of it is opaque, uint16 (h, W), or None."""
        layers = [np.asarray(layer.crop(box)) for layer in self._layers]
        if len(layers) == 2:
            values = layers[0].astype(np.uint16) << 8 | layers[1]
        elif self._colour_type & _ALPHA:
            values = np.ascontiguousarray(layers[0]).view(">u2").astype(np.uint16)
        else:
            values = layers[0][:, :, np.newaxis]
        if self._colour_type & _ALPHA:
            return values[:, :, :-1], values[:, :, -1]
        if len(self._key):
            return values, np.where((values == self._key).all(axis=2), 0, LEVELS_16 - 1).astype(np.uint16)
        return values, None


def _layers(header: Header, colour_type: int) -> list[Image.Image]:
    """Returns the picture as Pillow can hold it: its two bytes apart for colour, side by side for grey with alpha."""
    if colour_type & _COLOUR:
        mode = "RGBA" if colour_type & _ALPHA else "RGB"
        return [_loaded(header, header.data, f"{mode};16{end}") for end in "BL"]  # the lower byte is the upper one of L
    if not colour_type & _ALPHA:
        return [_loaded(header, header.data, None)]
    head = header.data[12:24] + b"\x08\x06" + header.data[26:29]  # each byte a value: the rows are the same
    return [_loaded(header, b"".join((header.data[:12], head, _crc(head), header.data[33:])), None)]


def _crc(chunk: bytes) -> bytes:
    return zlib.crc32(chunk).to_bytes(4, "big")


def _loaded(header: Header, data: bytes, raw_mode: str | None) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
        if picture.size != (header.width, header.height):
            raise ValueError("the decoder read another header")
        if raw_mode is not None:
            picture.tile = [tile._replace(args=raw_mode) for tile in picture.tile]
        picture.load()
        return picture


def _range(stated_bits: int, preparation: Preparation, counts: np.ndarray) -> tuple[str, int, int]:
    """Returns the rule, and which values become black and white.

    Writers that follow the standard spread the stated bits over all 16; others leave them where they are.
    """
    largest = int(np.flatnonzero(counts)[-1]) if counts.any() else 0
    if 0 < stated_bits < 16:
        stated = 2**stated_bits - 1
        return "stated", 0, stated if largest <= stated else LEVELS_16 - 1
    if preparation.low is not None and preparation.high is not None:
        return "set", preparation.low, preparation.high
    return "largest", 0, _greatest(largest)


def _greatest(value: int) -> int:
    """Returns the greatest number with as many bits as a value has, at least one."""
    return 2 ** max(1, value.bit_length()) - 1


def _table(low: int, high: int) -> np.ndarray:
    """Returns what each value becomes: uint8 (65536,); each level stands for equally many values, if there are 256."""
    values = np.clip(np.arange(LEVELS_16), low, high) - low
    if high - low < 255:
        return np.rint(values * (255 / max(1, high - low))).astype(np.uint8)
    return (values * 256 // (high - low + 1)).astype(np.uint8)
