"""What a picture file says about itself, read before any decoder sees it.

Pillow's file readers walk metadata that a stranger wrote: texts that inflate to 300 MB, broken EXIF, thousands of
empty scans. So each format is walked here first. Its limits are checked on the header alone, and what goes on to Pillow
is only what paints the first frame; of its EXIF only the orientation is read.
"""

import re
import struct
from collections.abc import Iterator

from tl_core.datasets.images.kinds import ACCEPTED_NAMES, accepted_format
from tl_core.datasets.images.limits import (
    MAX_ARITHMETIC_BYTES,
    MAX_FILE_BYTES,
    MAX_RLE_SIZE,
    Header,
    check_limits,
    counted,
)
from tl_core.datasets.images.png import read_png
from tl_core.errors import ImageError


def read_header(data: bytes) -> Header:
    """Finds a file's format by its content, walks its parts and checks every limit.

    Args:
        data: The whole file.

    Returns:
        The header of a file that may be handed to the decoder.

    Raises:
        ImageError: Not an accepted format, or outside a limit; without the value `file`, which the caller adds.
        struct.error, IndexError, ValueError: The file ends early or contradicts itself.
    """
    if not data:
        raise ImageError("image_empty")
    if len(data) > MAX_FILE_BYTES:
        raise ImageError("image_bytes", received_mb=len(data) / 1e6, allowed_mb=MAX_FILE_BYTES / 1e6)
    header = _READERS[accepted_format(data)](data)
    check_limits(header)
    return header


def orientation(exif: bytes) -> int:
    """Returns the orientation, 1 to 8, that an EXIF block states; 1 if it is missing or nonsense.

    References: TIFF 6.0, section 8, tag 274 (Orientation).
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, start)
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", exif, entry)
            if (tag, kind) == (274, 3):
                return value if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


# --- JPEG: segments that begin with a marker, compressed data between them

_JPEG_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})
_PROGRESSIVE_FRAMES = frozenset({0xC2, 0xCA})
_ARITHMETIC_FRAMES = frozenset({0xC9, 0xCA})
_RARE_FRAMES = frozenset({0xC3, 0xC5, 0xC6, 0xC7, 0xCB, 0xCD, 0xCE, 0xCF})
_TABLES = frozenset({0xC4, 0xCC, 0xDB, 0xDD})
_SCAN, _END, _EXIF = 0xDA, 0xD9, 0xE1
_COLOUR_NOTES = {0xE0: b"JFIF\0", 0xEE: b"Adobe"}  # they tell the decoder YCbCr from RGB and CMYK


def _read_jpeg(data: bytes) -> Header:
    kept, exif, frame, first_scan, scans = [data[:2]], b"", 0, 0, 0
    end = len(data)
    for marker, start, stop in counted(_jpeg_segments(data)):
        if marker == _END:  # behind it: the second picture of a phone photograph, or a hidden archive
            end = stop
        elif marker == _SCAN:
            first_scan = first_scan or start
            scans += 1
        elif marker in _FRAMES or marker in _RARE_FRAMES:
            if frame:
                raise ValueError("two frames")
            frame = start
            kept.append(data[start:stop])
        elif first_scan:
            continue
        elif marker in _TABLES or data.startswith(_COLOUR_NOTES.get(marker, b"\0"), start + 4):
            kept.append(data[start:stop])
        elif marker == _EXIF and not exif and data.startswith(b"Exif\0\0", start + 4):
            exif = data[start + 10 : stop]
    if not frame or not first_scan:
        raise ValueError("no picture")
    width, height, memory = _jpeg_frame(data, frame, first_scan)
    return Header("JPEG", width, height, b"".join([*kept, memoryview(data)[first_scan:end]]), exif, memory, scans)


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yields marker, start and stop of every segment up to the end of the first image."""
    stop = 2
    while found := _JPEG_MARKER.search(data, stop):
        start, marker = found.start(), data[found.start() + 1]
        if marker == _END:
            yield marker, start, start + 2
            return
        length = int.from_bytes(data[start + 2 : start + 4])
        stop = start + 2 + max(2, length)  # of a note shorter than its own length the decoder skips these two bytes
        yield marker, start, stop


def _jpeg_frame(data: bytes, frame: int, scan: int) -> tuple[int, int, float]:
    """Returns width, height and the bytes per pixel of what the decoder must keep in memory (0 if it streams)."""
    marker, bits, height, width, n_components = struct.unpack_from(">xBxxBHHB", data, frame)
    if marker in _RARE_FRAMES or bits != 8:
        raise ImageError("image_jpeg_kind")
    if marker in _ARITHMETIC_FRAMES and len(data) > MAX_ARITHMETIC_BYTES:
        raise ImageError("image_bytes", received_mb=len(data) / 1e6, allowed_mb=MAX_ARITHMETIC_BYTES / 1e6)
    if marker not in _PROGRESSIVE_FRAMES and data[scan + 4] == n_components:
        return width, height, 0
    sampling = [divmod(data[frame + 11 + 3 * i], 16) for i in range(n_components)]
    widest, highest = (max(side) for side in zip(*sampling, strict=True))
    return width, height, 2 * sum(across * down for across, down in sampling) / (widest * highest)


# --- GIF: a palette, then blocks; the first image block is the first frame

_EXTENSION, _IMAGE, _TRAILER, _CONTROL = 0x21, 0x2C, 0x3B, b"\x21\xf9"


def _read_gif(data: bytes) -> Header:
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    palette_end = 13 + (6 << (flags & 7) if flags & 0x80 else 0)
    control, image = b"", palette_end
    for start, stop in counted(_gif_blocks(data, palette_end)):
        if data.startswith(_CONTROL, start):
            control = data[start:stop]
        image = stop
    left, top, frame_width, frame_height = struct.unpack_from("<HHHH", data, image + 1)
    if not frame_width or not frame_height:
        raise ImageError("image_zero", width=frame_width, height=frame_height)
    cleaned = b"".join((data[:palette_end], control, memoryview(data)[image:]))
    return Header("GIF", max(width, left + frame_width), max(height, top + frame_height), cleaned, bytes_per_pixel=1)


def _gif_blocks(data: bytes, stop: int) -> Iterator[tuple[int, int]]:
    """Yields start and stop of what precedes the first image; of a long extension also each prefix, to be counted."""
    while data[stop] != _IMAGE:
        if data[stop] == _TRAILER:
            raise ValueError("no picture")
        start, is_extension = stop, data[stop] == _EXTENSION
        stop += 2 if is_extension else 1
        while is_extension and data[stop]:
            yield start, stop
            stop += 1 + data[stop]
        stop += is_extension
        yield start, stop


# --- BMP and WebP state their size in the first bytes


def _read_bmp(data: bytes) -> Header:
    packing = 0
    if data[14] == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
    else:
        width, height, _, bits, packing = struct.unpack_from("<iiHHI", data, 18)
    is_rle = packing in (1, 2)
    if is_rle and max(abs(width * height), len(data)) > MAX_RLE_SIZE:
        raise ImageError("image_format", received="RLE BMP", allowed=list(ACCEPTED_NAMES))
    return Header("BMP", abs(width), abs(height), data, bytes_per_pixel=1 if bits <= 8 else 4)


def _read_webp(data: bytes) -> Header:
    if data[12:16] == b"VP8X":
        width, height = (1 + int.from_bytes(data[start : start + 3], "little") for start in (24, 27))
    elif data[12:16] == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    else:
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    return Header("WEBP", width, height, data, bytes_per_pixel=15)


_READERS = {"JPEG": _read_jpeg, "PNG": read_png, "GIF": _read_gif, "BMP": _read_bmp, "WEBP": _read_webp}
