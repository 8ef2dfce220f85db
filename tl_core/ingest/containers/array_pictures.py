"""Which of several arrays are pictures, which are their labels, of which split; by their shapes, then their names."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tl_core.errors import InputError
from tl_core.ingest.containers.made import check_number, made_path
from tl_core.ingest.containers.png import png_of
from tl_core.ingest.labels.split_words import split_named

_MAX_CLASSES = 1_000
_MIN_SIDE_PX, _MAX_SIDE_PX = 4, 4_096
_LOOKED_AT = 2**22  # numbers at once, where the range of all of them is looked for
_LABEL_WORD = re.compile(r"(^|[^a-z])(y|labels?|targets?|class(es)?|categor(y|ies))([^a-z]|$)|标签|类别")
_NAMES_WORD = re.compile("names|classes|categories|meanings|labels?")


@dataclass(frozen=True)
class Pictures:
    """An array of pictures and their labels.

    Attributes:
        pixels: (N, H, W) or (N, H, W, C), mapped.
        labels: str (N,); None where there are none.
        split: `UNKNOWN` for none.
        scale: (lowest, highest) that become black and white; None where the numbers are kept.
    """

    pixels: np.ndarray
    labels: list[str] | None
    split: int
    scale: tuple[float, float] | None

    def png(self, at: int) -> bytes:
        """Returns one picture as a file."""
        pixels = np.asarray(self.pixels[at])
        if self.scale is not None:
            low, high = self.scale
            shares = (np.nan_to_num(pixels.astype(np.float64), nan=low) - low) / ((high - low) or 1)
            pixels = np.round(np.clip(shares, 0, 1) * 255).astype(np.uint8)
        return png_of(pixels)


def pictures_of(arrays: Mapping[str, np.ndarray], file: str) -> tuple[list[str], Callable[[int], bytes]]:
    """Returns the paths of the pictures in arrays, and what makes each of them.

    Args:
        arrays: By their names, x_train, y_train …
        file: Where they lie, for people.

    Raises:
        InputError: "import_arrays": no array is pictures with labels beside it, or several may be. "import_entries".
    """
    pictures = {name: as_pictures(array) for name, array in arrays.items()}
    pictures = {name: found for name, found in pictures.items() if found is not None}
    names = _class_names(arrays, pictures)
    parts = [_with_labels(name, found, arrays, names, file) for name, found in pictures.items()]
    if not parts or all(part.labels is None for part in parts):
        raise InputError("import_arrays", file=file, received=sorted(arrays)[:20])
    if len(parts) > 1 and len({part.split for part in parts}) < len(parts):
        raise InputError("import_arrays", file=file, received=sorted(arrays)[:20])
    check_number(sum(len(part.pixels) for part in parts))
    paths, places = [], []
    for part in parts:
        for at in range(len(part.pixels)):
            paths.append(made_path(at, part.split, part.labels[at] if part.labels is not None else None))
            places.append((part, at))
    return paths, lambda number: places[number][0].png(places[number][1])


def as_pictures(array: np.ndarray) -> np.ndarray | None:
    """Returns an array as pictures, (N, H, W) or (N, H, W, C); None where its shape is none of pictures."""
    if array.dtype.kind not in "uifb" or not array.size:
        return None
    if array.ndim == 2:
        side, n_channels = math.isqrt(array.shape[1]), 1
        if side * side != array.shape[1] and array.shape[1] % 3 == 0:
            side, n_channels = math.isqrt(array.shape[1] // 3), 3
        if side < 2 * _MIN_SIDE_PX or side * side * n_channels != array.shape[1]:
            return None
        return array.reshape((-1, side, side) if n_channels == 1 else (-1, side, side, 3))
    if array.ndim == 4 and array.shape[3] not in (1, 3, 4) and array.shape[1] in (1, 3):
        array = np.moveaxis(array, 1, 3)
    is_sized = array.ndim in (3, 4) and all(_MIN_SIDE_PX <= side <= _MAX_SIDE_PX for side in array.shape[1:3])
    return array if is_sized and (array.ndim == 3 or array.shape[3] in (1, 3, 4)) else None


def _with_labels(
    name: str, pixels: np.ndarray, arrays: Mapping[str, np.ndarray], names: list[str] | None, file: str
) -> Pictures:
    split = split_named(name)
    fitting = {
        other: labels
        for other, array in arrays.items()
        if other != name and split_named(other) == split and (labels := _as_labels(array, len(pixels))) is not None
    }
    named = {other: labels for other, labels in fitting.items() if _LABEL_WORD.search(other.casefold())}
    found = list((named or fitting).values())
    if len(found) > 1:
        raise InputError("import_arrays", file=file, received=sorted(arrays)[:20])
    labels = _named(found[0], names) if found else None
    return Pictures(_kept(pixels), labels, split, _scale(pixels))


def _kept(pixels: np.ndarray) -> np.ndarray:
    return pixels.view(np.uint8) if pixels.dtype == np.bool_ else pixels


def _as_labels(array: np.ndarray, n: int) -> list[str] | None:
    """Returns the labels that an array holds for n pictures; None if it is none."""
    if array.ndim == 2 and 1 < array.shape[1] <= _MAX_CLASSES and len(array) == n and array.dtype.kind in "uifb":
        hot = np.asarray(array)
        is_hot = ((hot == 0) | (hot == 1)).all() and (hot.sum(axis=1) == 1).all()
        return [str(one) for one in hot.argmax(axis=1)] if is_hot else None
    if array.size != n or len(array) != n:
        return None
    flat = np.asarray(array).reshape(-1)
    if flat.dtype.kind == "S":
        return [one.decode("utf-8", "replace") for one in flat.tolist()]
    if flat.dtype.kind == "f":
        if not np.isfinite(flat).all() or (flat != np.round(flat)).any():
            return None
        flat = flat.astype(np.int64)
    labels = [str(one) for one in flat.tolist()]
    return labels if 1 <= len(set(labels)) <= _MAX_CLASSES else None


def _class_names(arrays: Mapping[str, np.ndarray], pictures: Mapping[str, np.ndarray]) -> list[str] | None:
    """Returns the names of the classes, where an array of texts is called so and is as long as no array of pictures."""
    lengths = {len(found) for found in pictures.values()}
    for name, array in arrays.items():
        is_names = array.ndim == 1 and array.dtype.kind in "US" and 1 < len(array) <= _MAX_CLASSES
        if is_names and len(array) not in lengths and _NAMES_WORD.search(name.casefold()):
            texts = [one.decode("utf-8", "replace") if isinstance(one, bytes) else one for one in array.tolist()]
            return texts if len(set(texts)) == len(texts) else None
    return None


def _named(labels: list[str], names: list[str] | None) -> list[str]:
    if names is None or not all(label.isdecimal() and int(label) < len(names) for label in set(labels)):
        return labels
    return [names[int(label)] for label in labels]


def _scale(pixels: np.ndarray) -> tuple[float, float] | None:
    """Returns the numbers that become black and white: one range for all pictures of an array; None for whole bytes."""
    if pixels.dtype in (np.uint8, np.uint16):
        return None
    if pixels.dtype == np.bool_:
        return 0, 1
    low, high = _range(pixels)
    for usual in ((0.0, 1.0), (0.0, 255.0), (-1.0, 1.0)):
        if usual[0] <= low and high <= usual[1]:
            return usual
    return low, high


def _range(pixels: np.ndarray) -> tuple[float, float]:
    step = max(1, _LOOKED_AT // max(1, math.prod(pixels.shape[1:])))
    low, high = math.inf, -math.inf
    for start in range(0, len(pixels), step):
        part = np.asarray(pixels[start : start + step])
        finite = part[np.isfinite(part)]
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    return (low, high) if low <= high else (0.0, 1.0)
