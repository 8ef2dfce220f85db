"""The one door by which every picture enters: uploads, bundled data and archives all become arrays here.

What comes out has no metadata, no transparency and no rotation left to do; content decides, never the file's name.
AVIF and HEIC are refused everywhere alike: not every build of Pillow reads them, and their size is not stated up front.
"""

import io
import struct
import unicodedata
import zlib

import numpy as np
from PIL import Image

from tl_core.datasets.image_headers import Header, orientation, read_header
from tl_core.errors import ImageError

ACCEPTED_FORMATS = ("jpg", "jpeg", "jfif", "png", "webp", "gif", "bmp")
MAX_KEPT_SIDE_PX = 2048
MAX_NAME_LENGTH = 80

_DECODER_ERRORS = (
    *(OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, ArithmeticError, MemoryError),
    *(AttributeError, AssertionError, RuntimeError, struct.error, zlib.error, Image.DecompressionBombError),
)
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def decode_image(data: bytes, file: str) -> np.ndarray:
    """Decodes one picture file that may come from a stranger.

    Args:
        data: The whole file. JPEG (also MPO), PNG, WebP, GIF or BMP; of an animation the first frame.
        file: Its name, for error messages only; the content decides what it is.

    Returns:
        Pixels, read-only: uint8 (H, W, 3) RGB, 0–255, upright as EXIF says, transparency composited on white. Up to
        2048 px a side at full size; larger pictures are reduced so that the longer side has about 1024–2048 px.

    Raises:
        ImageError: The file is not a picture that we accept. One code for each reason, always with `file`.

    Units: limits in `image_headers`; they hold decoding under about 200 MB of memory.
    Thread: any.
    """
    try:
        return _decoded(read_header(data))
    except ImageError as error:
        raise ImageError(error.code, file=safe_name(file), **error.values) from error
    except _DECODER_ERRORS as error:
        raise ImageError("image_damaged", file=safe_name(file)) from error


def fit_image(image: np.ndarray, size: int) -> np.ndarray:
    """Cuts the centre square out of a picture and scales it, smoothing as it shrinks.

    Args:
        image: uint8 (H, W, 3), at least 1×1.
        size: Side of the result in pixels.

    Returns:
        uint8 (size, size, 3); the same array if it already has that shape.
    """
    height, width = image.shape[:2]
    if height == width == size:
        return image
    side = min(height, width)
    left, top = (width - side) // 2, (height - side) // 2
    square = Image.fromarray(image[top : top + side, left : left + side])
    return np.asarray(square.resize((size, size), Image.Resampling.BILINEAR))


def safe_name(file: str) -> str:
    """Returns a file name fit to be shown: its last path component, at most 80 characters, none of them invisible."""
    name = file.replace("\\", "/").rstrip("/").rpartition("/")[2]
    shown = "".join("?" if unicodedata.category(sign).startswith("C") else sign for sign in name) or "?"
    return shown if len(shown) <= MAX_NAME_LENGTH else shown[: MAX_NAME_LENGTH - 1] + "…"


def _decoded(header: Header) -> np.ndarray:
    rgb, exif = _loaded(header)  # the full-size picture is gone when this returns
    turn = _TURNS.get(orientation(exif))
    return np.asarray(rgb if turn is None else rgb.transpose(turn))


def _loaded(header: Header) -> tuple[Image.Image, bytes]:
    """Returns the picture in RGB, reduced if it is large, and its EXIF block."""
    with Image.open(io.BytesIO(header.data), formats=(header.format,)) as picture:
        if picture.size != (header.width, header.height):
            raise ValueError("the decoder read another header")
        if header.format == "JPEG":
            _draft(picture)
        picture.load()
        exif = header.exif or picture.info.get("exif", b"").removeprefix(b"Exif\0\0")
        return _reduced(picture), exif


def _draft(picture: Image.Image) -> None:
    """Lets the JPEG decoder work at 1/2, 1/4 or 1/8 of the size of a large picture."""
    longer = max(picture.size)
    if longer > MAX_KEPT_SIDE_PX:
        scale = next(scale for scale in (8, 4, 2, 1) if longer // scale >= MAX_KEPT_SIDE_PX // 2)
        picture.draft(None, tuple(max(1, side // scale) for side in picture.size))


def _reduced(picture: Image.Image) -> Image.Image:
    """Returns the picture as RGB; a large one is converted strip by strip, so that no full-size copy exists."""
    factor = -(-max(picture.size) // MAX_KEPT_SIDE_PX)
    if factor == 1:
        return _rgb(picture)
    width, height = picture.size
    result = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    for top in range(0, height, 16 * factor):
        strip = picture.crop((0, top, width, min(top + 16 * factor, height)))
        result.paste(_rgb(strip).reduce(factor), (0, top // factor))
    return result


def _rgb(picture: Image.Image) -> Image.Image:
    if picture.mode == "I;16":
        return _eight_bits(picture).convert("RGB")
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layer = picture.convert("RGBA")
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(layer, mask=layer)
    return ground


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Returns a 16-bit grey picture at 8 bits; Pillow would clip it to white instead."""
    values = np.asarray(picture)
    grey = (values >> 8).astype(np.uint8)
    grey[values == picture.info.get("transparency", -1)] = 255
    return Image.fromarray(grey)
