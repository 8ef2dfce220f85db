"""From files to kept pictures: read, decoded, looked at and written, in threads, in a steady stream.

Whatever the number of files, only those in the hands of the threads are in memory.
"""

import io
import os
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from tl_core.datasets.images.decode import decode_on, kept_image
from tl_core.datasets.images.preparation import GROUNDS
from tl_core.datasets.own.album import identity
from tl_core.datasets.own.looks import Signature, signature
from tl_core.disk.space import check_space, storage_errors
from tl_core.errors import InputError
from tl_core.ingest.sources import Source
from tl_core.ingest.survey import LEAST_SHARE, Survey, contrast

IN_HAND = 4  # files for each thread that are read, decoded, or wait to be written
CHECKED_BYTES = 64 * 2**20  # the disk is asked for room each time that so much was written
GREY_LEVELS = 4  # by which the colours of a grey picture differ at most, scaled down


class Refused(NamedTuple):
    """A file that is not taken in, and what is wrong with it."""

    file: str
    error: InputError


class Kept(NamedTuple):
    """A file that is taken in: a picture with what is known of it."""

    file: str
    data: bytes
    sha: str
    look: Signature
    width: int
    height: int
    side: int
    is_grey: bool
    is_flat: bool = False  # of one colour
    is_clear: bool = False  # transparent somewhere
    is_faint: bool = False  # hardly seen on the ground that it is on, though it would be on another
    scale_rule: str = ""  # of a deep picture, as in `deep.Scale`
    is_clipped: bool = False  # has values outside the range of the deep pictures


class Later(NamedTuple):
    """A file that is taken in when all have been looked at, and what it says until then, as in `survey.Survey`."""

    file: str
    counts: np.ndarray | None
    contrasts: tuple[float, ...]


@dataclass(frozen=True)
class Packed:
    """A kept picture, and where it lies in the pack, in bytes."""

    kept: Kept
    offset: int
    length: int


def kept_file(source: Source, file: str, survey: Survey) -> Kept | Refused | Later:
    """Reads one file, decodes it and makes ready what is stored of it. Whatever is wrong with it is said, not raised.

    Args:
        source: Where it is.
        file: Its path there.
        survey: What is decided for all files, and what is open.

    Thread: any, also several at once.
    """
    preparation = survey.preparation
    try:
        known = survey.contrasts.get(file, ())
        grounds = (preparation.ground,) if known else tuple(GROUNDS)
        on_grounds = decode_on(grounds, source.read(file), file, preparation)
    except InputError as error:
        return Refused(file, error)
    squares = [np.ascontiguousarray(kept_image(one.pixels, preparation.framing)) for one in on_grounds]
    contrasts = tuple(map(contrast, squares)) if len(squares) > 1 else known
    picture, scale = on_grounds[0], on_grounds[0].scale
    counts = scale.counts if scale is not None and scale.rule == "largest" and survey.is_range_open else None
    if counts is not None or (contrasts and survey.is_ground_open):
        return Later(file, counts, contrasts)
    at = list(GROUNDS).index(preparation.ground)
    square = squares[at if len(squares) > 1 else 0]
    seen = signature(square)
    return Kept(
        file,
        _encoded(square),
        identity(square),
        seen,
        picture.width,
        picture.height,
        len(square),
        is_grey=bool((np.ptp(seen.small, axis=2) <= GREY_LEVELS).all()),
        is_flat=not np.ptp(seen.small, axis=(0, 1)).any() and bool((square == square[0, 0]).all()),
        is_clear=bool(contrasts),
        is_faint=bool(contrasts) and contrasts[at] < LEAST_SHARE * max(contrasts),
        scale_rule=scale.rule if scale else "",
        is_clipped=scale is not None and scale.rule == "set" and scale.is_clipped,
    )


def _encoded(square: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(square).save(file, "WEBP", lossless=True, quality=0, method=0)  # faster and smaller than PNG
    return file.getvalue()


def in_stream(
    source: Source, files: Sequence[str], n_threads: int, survey: Survey
) -> Generator[Kept | Refused | Later, None, None]:
    """Yields what came of every file; those that ask for a decision on all files a second time, after all others.

    Args:
        source: Where they are.
        files: Their paths there, in the order in which they are taken in.
        n_threads: How many work on the next ones.
        survey: What is decided for all files; complete when this ends.
    """
    later = []
    for one in _each(source, files, n_threads, survey):
        if isinstance(one, Later):
            survey.add(one.file, one.counts, one.contrasts)
            later.append(one.file)
        yield one
    survey.decide()
    yield from _each(source, later, n_threads, survey)


def _each(
    source: Source, files: Sequence[str], n_threads: int, survey: Survey
) -> Generator[Kept | Refused | Later, None, None]:
    """Yields what came of every file, in the given order, while threads work on the next ones."""
    if not files:
        return
    with ThreadPoolExecutor(n_threads, "ingest") as threads:
        waiting: deque[Future[Kept | Refused | Later]] = deque()
        try:
            for file in files:
                waiting.append(threads.submit(kept_file, source, file, survey))
                if len(waiting) >= IN_HAND * n_threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            threads.shutdown(wait=True, cancel_futures=True)


def pack(
    files: Generator[Kept | Refused | Later, None, None], path: Path, before: bytes = b""
) -> Generator[Packed | Refused | Later, None, None]:
    """Writes pictures one behind the other into a new file, synced at the end.

    Args:
        files: What came of each; closed at the end.
        path: Of the pack.
        before: Content of a small pack that this one takes the place of.

    Yields:
        Each picture with its place, and all else as it came.

    Raises:
        StoreError: "disk_full" or "home_not_writable".
    """
    offset, checked = len(before), -CHECKED_BYTES
    with storage_errors(path.parent), open(path, "xb") as file, closing(files):
        file.write(before)
        for one in files:
            if not isinstance(one, Kept):
                yield one
                continue
            if offset - checked >= CHECKED_BYTES:
                checked = offset
                check_space(path.parent, CHECKED_BYTES)
            file.write(one.data)
            yield Packed(one._replace(data=b""), offset, len(one.data))
            offset += len(one.data)
        file.flush()
        os.fsync(file.fileno())
