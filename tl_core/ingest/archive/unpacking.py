"""What a member of an archive holds, held to what the directory promises of it."""

import zlib
from collections.abc import Iterator

from tl_core.disk.files import read_at
from tl_core.ingest.archive.directory import Entry

STORE, DEFLATE = 0, 8
_PIECE_BYTES = 2**20


def unpacked(packed: bytes, entry: Entry) -> bytes:
    """Returns the content; never makes more than one byte beyond what was declared."""
    if len(packed) != entry.packed:
        raise ValueError("cut short")
    data = packed if entry.method == STORE else _inflated(packed, entry.n_bytes)
    if len(data) != entry.n_bytes or zlib.crc32(data) != entry.crc:
        raise ValueError("another content than was declared")
    return data


def _inflated(packed: bytes, n_bytes: int) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    data = inflater.decompress(packed, n_bytes + 1)  # 0 would mean without limit
    if not inflater.eof:
        raise ValueError("the content does not end where it should")
    return data


def unpacked_pieces(fd: int, start: int, entry: Entry) -> Iterator[bytes]:
    """Yields the content piece by piece, each at most a MiB; never more in all than was declared.

    Args:
        fd: The archive, open for reading.
        start: Where the packed bytes begin.
        entry: What the directory says.

    Raises:
        ValueError, zlib.error: It is not what was declared; known for sure only at the end.
    """
    inflater = zlib.decompressobj(-zlib.MAX_WBITS) if entry.method == DEFLATE else None
    stop, n_bytes, crc = start + entry.packed, 0, 0
    while start < stop:
        packed = read_at(fd, min(stop - start, _PIECE_BYTES), start)
        if not packed:
            raise ValueError("cut short")
        start += len(packed)
        has_more = True
        while packed or has_more:
            data = inflater.decompress(packed, _PIECE_BYTES) if inflater else packed
            packed = inflater.unconsumed_tail if inflater else b""
            has_more = inflater is not None and len(data) == _PIECE_BYTES
            n_bytes, crc = n_bytes + len(data), zlib.crc32(data, crc)
            if n_bytes > entry.n_bytes:
                raise ValueError("more than was declared")
            yield data
    if n_bytes != entry.n_bytes or crc != entry.crc or (inflater and not inflater.eof):
        raise ValueError("another content than was declared")
