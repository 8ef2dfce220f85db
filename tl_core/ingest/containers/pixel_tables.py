"""Tables whose rows are pictures: a column for each pixel, or one column with all of them. Read in pieces by pandas."""

import math
import warnings
from collections.abc import Iterator
from contextlib import closing
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from tl_core.disk.files import read_at
from tl_core.errors import InputError
from tl_core.ingest.containers.made import Made, check_number, made_path
from tl_core.ingest.containers.png import png_of
from tl_core.ingest.containers.room import Room
from tl_core.ingest.labels.label_words import is_split, label_score
from tl_core.ingest.labels.split_words import split_named

_MIN_SIDE_PX, _MAX_SIDE_PX = 8, 128
_MAX_COLUMNS = 3 * _MAX_SIDE_PX**2 + 16
_MAX_LINE_BYTES = 1_000_000
_NUMBERS_AT_ONCE = 2_000_000


class _Form(NamedTuple):
    """How a table says its pictures.

    Attributes:
        names: Of all columns.
        pixels: The places of the columns of pixels; one where they stand in a single one.
        label: The place of the label; None where there is none.
        split: The place of the split; None where there is none.
        has_header: Whether the first line is none of numbers.
        shape: Of a picture, (H, W) or (H, W, 3).
    """

    names: list[str]
    pixels: list[int]
    label: int | None
    split: int | None
    has_header: bool
    shape: tuple[int, ...]


def is_pixel_table(start: bytes) -> bool:
    """Says whether a CSV begins like a table of pixels.

    Args:
        start: Its first bytes, up to two million.
    """
    return _form(start) is not None


def open_pixel_table(name: str, file: BinaryIO, room: Room) -> Made:
    """Returns the pictures of a table of pixels.

    Raises:
        InputError: "import_damaged", "import_entries", "import_unpacked". StoreError: "disk_full".
    """
    with closing(file):
        return _opened(name, file, room)


def _opened(name: str, file: BinaryIO, room: Room) -> Made:
    form = _form(file.read(2 * _MAX_LINE_BYTES))
    if form is None:
        raise InputError("import_damaged", file=name)
    file.seek(0)
    n_pixels, paths = math.prod(form.shape), []
    target = room.open_file(0, name)
    try:
        for rows, labels, splits in _chunks(name, file, form):
            check_number(len(paths) + len(rows))
            room.take(rows.nbytes, name)
            for label, split in zip(labels, splits, strict=True):
                paths.append(made_path(len(paths), split, label))
            with room.storage():
                target.write(rows.tobytes())
        target.flush()
    except BaseException:
        target.close()
        raise

    def picture(number: int) -> bytes:
        data = read_at(target.fileno(), n_pixels, number * n_pixels)
        return png_of(np.frombuffer(data, np.uint8).reshape(form.shape))

    return Made(paths, picture, [target])


def _form(start: bytes) -> _Form | None:
    lines = start[: 2 * _MAX_LINE_BYTES].splitlines()[:2]
    if len(lines) < 2 or max(map(len, lines)) > _MAX_LINE_BYTES or b"\0" in start:
        return None
    first, second = (line.decode("utf-8-sig", "replace").split(",") for line in lines)
    first, second = ([cell.strip().strip('"') for cell in row] for row in (first, second))
    if len(first) != len(second) or len(first) > _MAX_COLUMNS:
        return None
    has_header = not all(_is_number(cell) for cell in first)
    names = first if has_header else [""] * len(first)
    split = next((at for at, name in enumerate(names) if is_split(name)), None)
    whole = [at for at, cell in enumerate(second) if _shape(len(cell.split())) and _is_number(cell.split()[0])]
    if len(whole) == 1:
        labels = [at for at in range(len(names)) if at not in (whole[0], split)]
        label = max(labels, key=lambda at: label_score(names[at]), default=None)
        shape = _shape(len(second[whole[0]].split()))
        return _Form(names, whole, label, split, has_header, shape) if shape else None
    numbers = [at for at, cell in enumerate(second) if _is_number(cell) and at != split]
    for label in (_label_of(names, numbers), None):
        pixels = [at for at in numbers if at != label]
        if (shape := _shape(len(pixels))) and (label is not None or has_header):
            return _Form(names, pixels, label, split, has_header, shape)
    return None


def _label_of(names: list[str], numbers: list[int]) -> int | None:
    """Returns which column of numbers is the label: the one called so, else the first where no column has a name."""
    called = [at for at in numbers if label_score(names[at]) >= 2]
    if len(called) == 1:
        return called[0]
    return numbers[0] if numbers and not any(names) else None


def _shape(n: int) -> tuple[int, ...] | None:
    for n_channels in (1, 3):
        side = math.isqrt(n // n_channels)
        if side * side * n_channels == n and _MIN_SIDE_PX <= side <= _MAX_SIDE_PX:
            return (side, side) if n_channels == 1 else (side, side, 3)
    return None


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _chunks(name: str, file: BinaryIO, form: _Form) -> Iterator[tuple[np.ndarray, list[str | None], list[int]]]:
    """Yields rows of pixels, uint8 (n, pixels), with their labels and splits."""
    import pandas as pd

    n_rows = max(1, _NUMBERS_AT_ONCE // math.prod(form.shape))
    numbers = set(form.pixels if len(form.pixels) > 1 else ())
    kinds: Any = {at: np.float32 if at in numbers else str for at in range(len(form.names))}
    options: dict[str, Any] = {"header": 0 if form.has_header else None, "names": range(len(form.names))}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of rows of another length: they are left out
            rows = pd.read_csv(
                file, dtype=kinds, na_filter=False, chunksize=n_rows, on_bad_lines="skip", index_col=False, **options
            )
            for chunk in rows:
                yield _numbers(chunk, form), *_told(chunk, form, name)
    except (ValueError, TypeError, OverflowError, pd.errors.ParserError) as error:
        raise InputError("import_damaged", file=name) from error


def _numbers(chunk: Any, form: _Form) -> np.ndarray:
    n_pixels = math.prod(form.shape)
    if len(form.pixels) > 1:
        values = chunk[form.pixels].to_numpy(np.float32)
    else:
        values = np.array([np.array(text.split(), np.float64) for text in chunk[form.pixels[0]]])
    if values.shape[1:] != (n_pixels,) or not np.isfinite(values).all() or values.min() < 0 or values.max() > 255:
        raise ValueError("no pixels")
    return values.astype(np.uint8)


def _told(chunk: Any, form: _Form, name: str) -> tuple[list[str | None], list[int]]:
    n = len(chunk)
    labels: list[str | None] = [None] * n if form.label is None else [str(one) for one in chunk[form.label]]
    splits = [split_named(name)] * n if form.split is None else [split_named(str(one)) for one in chunk[form.split]]
    return labels, splits
