"""What a picture file may claim, and the record of what it does: checked before any decoder sees it."""

from collections.abc import Iterator
from typing import NamedTuple

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
        depth: Bits of each value; more than 8 only in PNG.
        stated_bits: How many of the 16 bits a deep picture says that it uses; 0 where it says nothing.
        key: The values that are transparent in a deep picture without an alpha channel; empty where none are.
    """

    format: str
    width: int
    height: int
    data: bytes
    exif: bytes = b""
    bytes_per_pixel: float = 0
    scans: int = 1
    depth: int = 8
    stated_bits: int = 0
    key: tuple[int, ...] = ()

    @property
    def decoded_bytes(self) -> float:
        return self.width * self.height * self.bytes_per_pixel


def check_limits(header: Header) -> None:
    """Refuses a picture that is too large to be decoded, by what its file claims.

    Raises:
        ImageError: "image_zero", "image_side", "image_pixels" or "image_scans".
    """
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


def counted(parts: Iterator) -> Iterator:
    """Passes a file's parts on, and stops at a file that has far more of them than any real one."""
    for n_parts, part in enumerate(parts):
        if n_parts >= MAX_PARTS:
            raise ImageError("image_parts", allowed=MAX_PARTS)
        yield part
