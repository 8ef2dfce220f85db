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

from tl_core.datasets.images.decode import decode_picture, kept_image
from tl_core.datasets.own.album import identity
from tl_core.datasets.own.looks import Signature, signature
from tl_core.disk.space import check_space, storage_errors
from tl_core.errors import InputError
from tl_core.ingest.sources import Source

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


@dataclass(frozen=True)
class Packed:
    """A kept picture, and where it lies in the pack, in bytes."""

    kept: Kept
    offset: int
    length: int


def kept_file(source: Source, file: str) -> Kept | Refused:
    """Reads one file, decodes it and makes ready what is stored of it. Whatever is wrong with it is said, not raised.

    Thread: any, also several at once.
    """
    try:
        picture = decode_picture(source.read(file), file)
    except InputError as error:
        return Refused(file, error)
    square = np.ascontiguousarray(kept_image(picture.pixels))
    seen = signature(square)
    return Kept(
        file,
        _encoded(square),
        identity(square),
        seen,
        picture.width,
        picture.height,
        len(square),
        bool((np.ptp(seen.small, axis=2) <= GREY_LEVELS).all()),
    )


def _encoded(square: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(square).save(file, "WEBP", lossless=True, quality=0, method=0)  # faster and smaller than PNG
    return file.getvalue()


def in_stream(source: Source, files: Sequence[str], n_threads: int) -> Generator[Kept | Refused, None, None]:
    """Yields what came of every file, in the given order, while threads work on the next ones."""
    with ThreadPoolExecutor(n_threads, "ingest") as threads:
        waiting: deque[Future[Kept | Refused]] = deque()
        try:
            for file in files:
                waiting.append(threads.submit(kept_file, source, file))
                if len(waiting) >= IN_HAND * n_threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            threads.shutdown(wait=True, cancel_futures=True)


def pack(
    files: Generator[Kept | Refused, None, None], path: Path, before: bytes = b""
) -> Generator[Packed | Refused, None, None]:
    """Writes pictures one behind the other into a new file, synced at the end.

    Args:
        files: What came of each; closed at the end.
        path: Of the pack.
        before: Content of a small pack that this one takes the place of.

    Yields:
        Each picture with its place, and each refused file as it came.

    Raises:
        StoreError: "disk_full" or "home_not_writable".
    """
    offset, checked = len(before), -CHECKED_BYTES
    with storage_errors(path.parent), open(path, "xb") as file, closing(files):
        file.write(before)
        for one in files:
            if isinstance(one, Refused):
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
