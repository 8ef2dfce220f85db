"""The one door by which every picture enters: uploads, bundled data and archives all become arrays here.

What comes out has no metadata, no transparency and no rotation left to do; content decides, never the file's name.
AVIF and HEIC are refused everywhere alike: not every build of Pillow reads them, and their size is not stated up front.
"""

import io
import struct
import threading
import unicodedata
import zlib
from collections.abc import Sequence
from contextlib import nullcontext
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFile

from tl_core.datasets.images.deep import Deep, Scale
from tl_core.datasets.images.headers import orientation, read_header
from tl_core.datasets.images.kinds import ACCEPTED_NAMES
from tl_core.datasets.images.limits import Header
from tl_core.datasets.images.preparation import GROUNDS, PLAIN, Preparation
from tl_core.errors import ImageError

ACCEPTED_FORMATS = ("jpg", "jpeg", "jfif", "png", "webp", "gif", "bmp")
KEPT_SIDE_PX = 256
MAX_DECODED_SIDE_PX = 2048
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
_SIDEWAYS = frozenset(_TURNS[number] for number in (5, 6, 7, 8))
_LARGE_BYTES = 64_000_000
_ONE_LARGE = threading.Lock()
_AMPLE_SIDE_PX = 2 * KEPT_SIDE_PX  # a large picture is reduced no further than this
_DRAFTS = {8: 300, 4: _AMPLE_SIDE_PX, 2: _AMPLE_SIDE_PX, 1: 0}  # 1/8, the mean of a block, is a fifth faster than 1/4


class Picture(NamedTuple):
    """A decoded picture and how large it was.

    Attributes:
        pixels: uint8 (H, W, 3) RGB, 0–255, read-only, upright, opaque; perhaps reduced.
        width: What the file says of itself in pixels, upright, before any reduction.
        height: Likewise.
        scale: Of a file with 16 bits for each value: which of them became black and white.
    """

    pixels: np.ndarray
    width: int
    height: int
    scale: Scale | None = None


def decode_picture(data: bytes, file: str, preparation: Preparation = PLAIN) -> Picture:
    """Decodes one picture file that may come from a stranger, on the ground that is decided for its data set."""
    return decode_on((preparation.ground,), data, file, preparation)[0]


def decode_on(grounds: Sequence[str], data: bytes, file: str, preparation: Preparation = PLAIN) -> list[Picture]:
    """Decodes one picture file that may come from a stranger, as it looks on each of some grounds.

    Args:
        grounds: What it is laid on, each of `preparation.GROUNDS`.
        data: The whole file. JPEG (also MPO), PNG, WebP, GIF or BMP; of an animation the first frame.
        file: Its name, for error messages only; the content decides what it is.
        preparation: What is decided for its data set.

    Returns:
        The picture, upright as EXIF says, for each ground; a single one where nothing of it is transparent. A large
        one is reduced by a whole factor: its shorter side keeps at least 512 px (a JPEG's at 1/8: 300), unless the
        longer one would then exceed 2048.

    Raises:
        ImageError: The file is not a picture that we accept. One code for each reason, always with `file`.

    Units: limits in `headers`; they hold decoding under about 200 MB of memory, of a WebP file under 400 MB.
    Thread: any, also several at once; pictures that need more than 64 MB wait for one another.
    """
    try:
        return _decoded(read_header(data), grounds, preparation)
    except ImageError as error:
        raise ImageError(error.code, file=safe_name(file), **error.values) from error
    except _DECODER_ERRORS as error:
        raise ImageError("image_damaged", file=safe_name(file)) from error


def decode_image(data: bytes, file: str, preparation: Preparation = PLAIN) -> np.ndarray:
    """Returns only the pixels of `decode_picture`: uint8 (H, W, 3) RGB, 0–255, read-only."""
    return decode_picture(data, file, preparation).pixels


def fit_image(image: np.ndarray, size: int) -> np.ndarray:
    """Cuts the centre square out of a picture and scales it, smoothing as it shrinks.

    A square larger than 256 px is first made exactly 256 px, the side at which imported pictures are stored
    (`kept_image`), and only then `size`. So a picture fresh from its file and the same picture from the store give
    equal pixels at every size: what a preview shows is what training sees and what classification is asked about.

    Args:
        image: uint8 (H, W, 3), at least 1×1.
        size: Side of the result in pixels.

    Returns:
        uint8 (size, size, 3); the same array if it already has that shape and is at most 256 px.
    """
    square = kept_image(image)
    return square if len(square) == size else _scaled(square, size)


def kept_image(image: np.ndarray, framing: str = "crop") -> np.ndarray:
    """Returns what is stored of a picture, from which `fit_image` makes any size without a difference.

    Args:
        image: uint8 (H, W, 3), at least 1×1.
        framing: As in `Preparation`. A whole picture is filled up with the mean colour of the edges that it meets.

    Returns:
        uint8 (S, S, 3); S is at most 256, else the shorter side of what is cropped, the longer of what is fitted.
    """
    height, width = image.shape[:2]
    if framing == "fit" and height != width:
        return _filled_up(image)
    side = min(height, width)
    left, top = (width - side) // 2, (height - side) // 2
    square = image if height == width else image[top : top + side, left : left + side]
    return square if side <= KEPT_SIDE_PX else _scaled(square, KEPT_SIDE_PX)


def _filled_up(image: np.ndarray) -> np.ndarray:
    """Returns a whole picture in the middle of a square, S × S."""
    height, width = image.shape[:2]
    side = min(max(height, width), KEPT_SIDE_PX)
    share = side / max(height, width)
    size = max(1, round(width * share)), max(1, round(height * share))
    if size != (width, height):
        image = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BILINEAR))
    edges = image[[0, -1]] if width > height else image[:, [0, -1]]
    square = np.empty((side, side, 3), np.uint8)
    square[:] = np.rint(edges.mean(axis=(0, 1)))
    top, left = (side - image.shape[0]) // 2, (side - image.shape[1]) // 2
    square[top : top + image.shape[0], left : left + image.shape[1]] = image
    return square


def _scaled(square: np.ndarray, size: int) -> np.ndarray:
    return np.asarray(Image.fromarray(square).resize((size, size), Image.Resampling.BILINEAR))


def safe_name(file: str) -> str:
    """Returns a file name fit to be shown: its last path component, at most 80 characters, none of them invisible."""
    name = file.replace("\\", "/").rstrip("/").rpartition("/")[2]
    shown = "".join("?" if unicodedata.category(sign).startswith("C") else sign for sign in name) or "?"
    return shown if len(shown) <= MAX_NAME_LENGTH else shown[: MAX_NAME_LENGTH - 1] + "…"


def _decoded(header: Header, grounds: Sequence[str], preparation: Preparation) -> list[Picture]:
    with _ONE_LARGE if header.decoded_bytes > _LARGE_BYTES else nullcontext():
        on_grounds, exif, scale = _loaded(header, grounds, preparation)  # the full-size picture is gone by then
    turn = _TURNS.get(orientation(exif))
    size = (header.width, header.height) if turn not in _SIDEWAYS else (header.height, header.width)
    upright = (rgb if turn is None else rgb.transpose(turn) for rgb in on_grounds)
    return [Picture(np.asarray(rgb), *size, scale) for rgb in upright]


def _loaded(
    header: Header, grounds: Sequence[str], preparation: Preparation
) -> tuple[list[Image.Image], bytes, Scale | None]:
    """Returns the picture in RGB, reduced if it is large, its EXIF block, and how it was scaled if it is deep."""
    if header.depth == 16:
        deep = Deep(header, preparation)
        return _reduced(deep, grounds), header.exif, deep.scale
    with _opened(header) as picture:
        if picture.size != (header.width, header.height):
            raise ValueError("the decoder read another header")
        if header.format == "JPEG":
            _draft(picture)
            picture.decodermaxblock = len(header.data)  # at once: the arithmetic decoder cannot wait for the rest
        picture.load()
        exif = header.exif or picture.info.get("exif", b"").removeprefix(b"Exif\0\0")
        return _reduced(picture, grounds), exif, None


def _opened(header: Header) -> ImageFile.ImageFile:
    try:
        return Image.open(io.BytesIO(header.data), formats=(header.format,))
    except OSError as error:
        if str(error).startswith("Unsupported BMP"):
            raise ImageError("image_format", received="rare BMP", allowed=list(ACCEPTED_NAMES)) from error
        raise


def _draft(picture: Image.Image) -> None:
    """Lets the JPEG decoder work at 1/2, 1/4 or 1/8 of the size of a large picture."""
    scale = next(scale for scale, least in _DRAFTS.items() if min(picture.size) >= scale * least)
    if scale > 1:
        picture.draft(None, (picture.width // scale, picture.height // scale))


def _reduced(picture: Image.Image | Deep, grounds: Sequence[str]) -> list[Image.Image]:
    """Returns the picture as RGB on each ground, or a single one where it is opaque.

    A large one is converted strip by strip, so that no full-size copy exists.
    """
    width, height = picture.size
    factor = max(-(-max(picture.size) // MAX_DECODED_SIDE_PX), min(picture.size) // _AMPLE_SIDE_PX)
    if factor <= 1:
        return _laid(picture if isinstance(picture, Image.Image) else picture.crop((0, 0, width, height)), grounds)
    results = [Image.new("RGB", (-(-width // factor), -(-height // factor))) for _ in grounds]
    is_opaque = True
    for top in range(0, height, 16 * factor):
        laid = _laid(picture.crop((0, top, width, min(top + 16 * factor, height))), grounds)
        is_opaque &= len(laid) < 2
        for at, result in enumerate(results):
            result.paste(laid[at % len(laid)].reduce(factor), (0, top // factor))
    return results[:1] if is_opaque else results


def _laid(picture: Image.Image, grounds: Sequence[str]) -> list[Image.Image]:
    """Returns a picture as RGB on each ground, or a single one where it is opaque."""
    if not picture.has_transparency_data:
        return [picture.convert("RGB")]
    layer = picture.convert("RGBA")
    if layer.getchannel("A").getextrema()[0] == 255:
        return [layer.convert("RGB")]
    results = [Image.new("RGB", picture.size, (GROUNDS[ground],) * 3) for ground in grounds]
    for result in results:
        result.paste(layer, mask=layer)
    return results
