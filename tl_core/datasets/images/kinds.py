"""What a file is, told by its first bytes and never by its name."""

from tl_core.errors import ImageError

ACCEPTED_NAMES = ("JPEG", "PNG", "WebP", "GIF", "BMP")

_BMP_HEADER_SIZES = (12, 40, 52, 56, 64, 108, 124)
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
_AVIF_BRANDS = (b"avif", b"avis")
_OTHER_PICTURES = {
    "TIFF": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "JPEG 2000": (b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51"),
    "JPEG XL": (b"\xff\x0a", b"\0\0\0\x0cJXL "),
    "ICO": (b"\0\0\1\0", b"\0\0\2\0"),
    "PSD": (b"8BPS",),
    "EPS": (b"%!PS", b"\xc5\xd0\xd3\xc6"),
    "QOI": (b"qoif",),
    "PPM": tuple(b"P%d%c" % (kind, space) for kind in range(1, 8) for space in b" \t\r\n#"),
}
_NOT_PICTURES = {
    "PDF": (b"%PDF-",),
    "ZIP": (b"PK\3\4", b"PK\5\6"),
    "RAR": (b"Rar!\x1a\7",),
    "7z": (b"7z\xbc\xaf\x27\x1c",),
    "gzip": (b"\x1f\x8b",),
    "HDF5": (b"\x89HDF",),
    "Python pickle": tuple(b"\x80%c" % protocol for protocol in range(2, 6)),
}


def accepted_format(data: bytes) -> str:
    """Returns which accepted picture format a file's content has.

    Args:
        data: The whole file, not empty.

    Returns:
        Pillow's name: "JPEG" (also for MPO), "PNG" (also for APNG), "WEBP", "GIF" or "BMP".

    Raises:
        ImageError: Anything else, with a code of its own for pictures of other formats, HEIC, AVIF, files that are
            no pictures, and content that nobody knows; without the value `file`, which the caller adds.
    """
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    if data.startswith(b"BM") and int.from_bytes(data[14:18], "little") in _BMP_HEADER_SIZES:
        return "BMP"
    raise _refusal(data)


def _refusal(data: bytes) -> ImageError:
    allowed = list(ACCEPTED_NAMES)
    brands = data[8:64] if data[4:8] == b"ftyp" else b""
    if any(brand in brands for brand in _AVIF_BRANDS):
        return ImageError("image_avif", allowed=allowed)
    if any(brand in brands for brand in _HEIC_BRANDS):
        return ImageError("image_heic", allowed=allowed)
    markup = _markup(data[:4096])
    if markup == "SVG":
        return ImageError("image_format", received=markup, allowed=allowed)
    if markup:
        return ImageError("image_not_picture", received=markup, allowed=allowed)
    for code, known in (("image_format", _OTHER_PICTURES), ("image_not_picture", _NOT_PICTURES)):
        for name, signatures in known.items():
            if data.startswith(signatures):
                return ImageError(code, received=name, allowed=allowed)
    return ImageError("image_unknown", allowed=allowed)


def _markup(start: bytes) -> str | None:
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not text.startswith(b"<"):
        return None
    if b"<html" in text or text.startswith((b"<!doctype html", b"<head", b"<body", b"<script")):
        return "HTML"
    return "SVG" if b"<svg" in text else "XML"
