"""What a picture file says about itself, read before any decoder sees it.

Pillow's file readers walk metadata that a stranger wrote: texts that inflate to 300 MB, broken EXIF, thousands of
empty scans. So each format is walked here first. Its limits are checked on the header alone, and what goes on to Pillow
is only what paints the first frame; of its EXIF only the orientation is read.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from tl_core.datasets.images.kinds import ACCEPTED_NAMES, accepted_format
from tl_core.errors import ImageError

MAX_FILE_BYTES = 50_000_000
MAX_SIDE_PX = 20_000
MAX_PIXELS = 64_000_000
MAX_DECODED_BYTES = 205_000_000
MAX_WEBP_BYTES = 385_000_000  # libwebp keeps two canvases and copies of the file, whose every megabyte takes 30 ms
MAX_ARITHMETIC_BYTES = 8_000_000  # decoding takes 0.1 s a megabyte, fifteen times as long as Huffman's code
MAX_RLE_SIZE = 2_000_000  # pixels, and bytes: Pillow unpacks run lengths in a Python loop
MAX_SCANS = 200  # cameras write 1, careful encoders about 12
MAX_SCANNED_PIXELS = 1_000_000_000  # every scan walks the whole picture again
MAX_PARTS = 20_000


class Header(NamedTuple):
    """What a file claims before it is decoded.

    Attributes:
        format: Pillow's name of the format, "JPEG" | "PNG" | "WEBP" | "GIF" | "BMP".
        width: In pixels, before any rotation.
        height: In pixels, before any rotation.
        data: The file without what does not paint the first frame.
        exif: Its EXIF block (a TIFF structure), or empty.
        bytes_per_pixel: Memory that decoding at full size takes; 0 where the decoder streams rows.
        scans: How often the data walks over the picture.
    """

    format: str
    width: int
    height: int
    data: bytes
    exif: bytes = b""
    bytes_per_pixel: float = 0
    scans: int = 1

    @property
    def decoded_bytes(self) -> float:
        return self.width * self.height * self.bytes_per_pixel


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
    _check_limits(header)
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


def _check_limits(header: Header) -> None:
    size = {"width": header.width, "height": header.height}
    pixels = header.width * header.height
    if not pixels:
        raise ImageError("image_zero", **size)
    if max(header.width, header.height) > MAX_SIDE_PX:
        raise ImageError("image_side", **size, allowed=MAX_SIDE_PX)
    if pixels > (allowed := _allowed_pixels(header)):
        raise ImageError("image_pixels", **size, received=pixels, allowed=allowed)
    if header.scans > (allowed := min(MAX_SCANS, MAX_SCANNED_PIXELS // pixels)):
        raise ImageError("image_scans", received=header.scans, allowed=allowed)


def _allowed_pixels(header: Header) -> int:
    if not header.bytes_per_pixel:
        return MAX_PIXELS
    memory, weight = (MAX_WEBP_BYTES, 4) if header.format == "WEBP" else (MAX_DECODED_BYTES, 1)
    fitting = (memory - weight * len(header.data)) / header.bytes_per_pixel
    return min(MAX_PIXELS, int(fitting) // 100_000 * 100_000)


def _counted(parts: Iterator) -> Iterator:
    """Passes a file's parts on, and stops at a file that has far more of them than any real one."""
    for n_parts, part in enumerate(parts):
        if n_parts >= MAX_PARTS:
            raise ImageError("image_parts", allowed=MAX_PARTS)
        yield part


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
    for marker, start, stop in _counted(_jpeg_segments(data)):
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


# --- PNG: chunks, whose checksums Pillow compares

_PAINTING_CHUNKS = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})


def _read_png(data: bytes) -> Header:
    width, height, depth, colour = struct.unpack_from(">IIBB", data, 16)
    memory = {0: 2 if depth == 16 else 1, 3: 1}.get(colour, 4)
    _check_limits(Header("PNG", width, height, b"", b"", memory))  # first: a bomb may be cut short as well
    view, exif = memoryview(data), b""
    kept: list[bytes | memoryview] = [data[:8]]
    for kind, start, stop in _counted(_png_chunks(data)):
        if (kind == b"IHDR") != (start == 8):
            raise ValueError("the header is not first, or there are two")
        if kind == b"eXIf":
            exif = data[start + 8 : stop - 4]
        elif kind == b"tRNS":
            kept.append(_colour_key(data[start + 8 : stop - 4], depth, colour))
        elif kind in _PAINTING_CHUNKS:
            kept.append(view[start:stop])
    return Header("PNG", width, height, b"".join(kept), exif, memory)


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
    if colour == 2 and depth == 16:
        key = struct.pack(">3H", *(value >> 8 for value in struct.unpack(">3H", key)))
    return struct.pack(">I", len(key)) + b"tRNS" + key + struct.pack(">I", zlib.crc32(b"tRNS" + key))


# --- GIF: a palette, then blocks; the first image block is the first frame

_EXTENSION, _IMAGE, _TRAILER, _CONTROL = 0x21, 0x2C, 0x3B, b"\x21\xf9"


def _read_gif(data: bytes) -> Header:
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    palette_end = 13 + (6 << (flags & 7) if flags & 0x80 else 0)
    control, image = b"", palette_end
    for start, stop in _counted(_gif_blocks(data, palette_end)):
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


_READERS = {"JPEG": _read_jpeg, "PNG": _read_png, "GIF": _read_gif, "BMP": _read_bmp, "WEBP": _read_webp}
