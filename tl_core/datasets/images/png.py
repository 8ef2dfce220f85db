"""What a PNG says of itself: its chunks are walked, and what paints the picture goes on to the decoder.

References:
    W3C, Portable Network Graphics (PNG) Specification: 11.3.1.1 tRNS, 11.3.2.4 sBIT, 12.4 sample depth scaling.
"""

import struct
import zlib
from collections.abc import Iterator

from tl_core.datasets.images.limits import Header, check_limits, counted

_PAINTING_CHUNKS = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_DEEP_BYTES = {0: 2, 4: 4, 2: 8, 6: 8}  # by type of colour: grey, with alpha, colour (decoded twice), with alpha
_KEY_VALUES = {0: 1, 2: 3}


def read_png(data: bytes) -> Header:
    """Returns what a PNG claims; of a deep picture, with 16 bits for each value, also what its values mean.

    Raises:
        ImageError: Outside a limit.
        struct.error, IndexError, ValueError: The file ends early or contradicts itself.
    """
    width, height, depth, colour = struct.unpack_from(">IIBB", data, 16)
    is_deep = depth == 16
    memory = _DEEP_BYTES.get(colour, 4) if is_deep else {0: 1, 3: 1}.get(colour, 4)
    check_limits(Header("PNG", width, height, b"", b"", memory))  # first: a bomb may be cut short as well
    view, exif, stated, key = memoryview(data), b"", 0, ()
    kept: list[bytes | memoryview] = [data[:8]]
    for kind, start, stop in counted(_png_chunks(data)):
        if (kind == b"IHDR") != (start == 8):
            raise ValueError("the header is not first, or there are two")
        if kind == b"eXIf":
            exif = data[start + 8 : stop - 4]
        elif kind == b"sBIT" and is_deep:
            stated = _stated_bits(data[start + 8 : stop - 4], colour)
        elif kind == b"tRNS" and is_deep:
            key = struct.unpack(f">{_KEY_VALUES[colour]}H", data[start + 8 : stop - 4]) if colour in _KEY_VALUES else ()
        elif kind == b"tRNS":
            kept.append(_colour_key(data[start + 8 : stop - 4], depth, colour))
        elif kind in _PAINTING_CHUNKS:
            kept.append(view[start:stop])
    return Header("PNG", width, height, b"".join(kept), exif, memory, 1, depth, stated, key)


def _stated_bits(said: bytes, colour: int) -> int:
    """Returns how many bits of a value are used, the most of all colours; 0 where nothing sensible is said."""
    bits = max(said[: 3 if colour & 2 else 1], default=0)
    return bits if bits <= 16 else 0


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yields kind, start and stop of every chunk; whether a file that ends before IEND is whole, the decoder finds."""
    kind, stop = b"", 8
    while kind != b"IEND" and stop + 8 <= len(data):
        start = stop
        length, kind = struct.unpack_from(">I4s", data, start)
        stop = start + 12 + length
        yield kind, start, stop


def _colour_key(key: bytes, depth: int, colour: int) -> bytes:
    """Returns the tRNS chunk on the scale of Pillow's 8-bit pixels, with which Pillow compares it as it stands."""
    if colour == 0 and depth in (2, 4):
        key = struct.pack(">H", struct.unpack(">H", key)[0] * 255 // (2**depth - 1))
    return struct.pack(">I", len(key)) + b"tRNS" + key + struct.pack(">I", zlib.crc32(b"tRNS" + key))
