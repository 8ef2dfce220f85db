"""Makers of odd, broken and hostile picture files; nothing of the kind is stored in the repository."""

import base64
import io
import struct
import zlib

import numpy as np
from PIL import Image

ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
ARITHMETIC_JPEG = base64.b85decode(
    "|JeWF01!$>Nk#wx0RR9200961|JwjV01XKW3knDg3knMk4h;_zAQcl55)&sJ9v2`kDKRiEDJ?8BI!Zn>HbyrrEkIX6ModmpQ&KWMT47pHU`kO^P"
    "yfjP3kU!Z01yEI5di<p00saM5C#9*00;pA002J#`$0bCr-(YuZ5y<?n|CV;KMvAFN^NBM8OdU_g$w~V$;;d?sG|P>6?y8WsQUr@`*XkGS@SWfhtD"
    "tcGu(gWCU-uAj0wmpn%AClHHxi1KhjE$LZc7C7EF!-?{L5mee8p?M&+$w0jkk)@RYYjiCf$<l0VOP<5|)!GQ|@5A!B-L6#v-"
)  # 16×16, written by jpegtran; the mean of its Huffman-coded twin is 118.73046875


def photo(width: int = 60, height: int = 40) -> Image.Image:
    """Returns a smooth colourful picture that looks different after any turn."""
    coarse = np.random.default_rng(7).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BILINEAR)


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def exif(orientation: int) -> bytes:
    """Returns a whole EXIF block that holds an orientation (SHORT, big-endian)."""
    return b"Exif\0\0MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 274, 3, 1, orientation, 0, 0)


def seeds() -> dict[str, bytes]:
    """Returns one small valid file of every accepted kind."""
    picture, turned, glass = photo(), photo().rotate(180), photo()
    glass.putalpha(100)
    film = {"save_all": True, "append_images": [turned, picture]}
    return {
        "baseline JPEG": encoded(picture, "JPEG", exif=exif(6)),
        "progressive JPEG": encoded(picture, "JPEG", progressive=True),
        "CMYK JPEG": encoded(picture.convert("CMYK"), "JPEG"),
        "MPO": encoded(picture, "MPO", **film),
        "PNG": encoded(picture, "PNG", exif=exif(6)),
        "palette PNG": encoded(picture.quantize(16), "PNG", transparency=3),
        "RGBA PNG": encoded(glass, "PNG"),
        "APNG": encoded(picture, "PNG", **film),
        "WebP": encoded(picture, "WEBP", exif=exif(6)),
        "lossless WebP": encoded(glass, "WEBP", lossless=True),
        "animated WebP": encoded(picture, "WEBP", **film),
        "GIF": encoded(picture, "GIF"),
        "animated GIF": encoded(picture, "GIF", **film),
        "BMP": encoded(picture, "BMP"),
        "palette BMP": encoded(picture.quantize(16), "BMP"),
    }


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, depth: int, colour: int, rows: bytes | None, *extra: bytes) -> bytes:
    """Returns a PNG from raw rows (each with its filter byte); None means that all of them are zero."""
    bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    packed = zeros(height * (1 + -(-width * bits // 8))) if rows is None else zlib.compress(rows)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + chunk(b"IDAT", packed) + chunk(b"IEND")


def zeros(n_bytes: int) -> bytes:
    """Returns a zlib stream of zeros, about a thousandth as long as what it inflates to.

    Each megabyte is a block that stands alone, so one is made and repeated; the checksum of zeros is known.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    megabyte = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    rest = packer.compress(bytes(n_bytes % (1 << 20))) + packer.flush()
    return b"\x78\xda" + megabyte * (n_bytes >> 20) + rest + struct.pack(">HH", n_bytes % 65521, 1)


def interlaced(picture: Image.Image) -> bytes:
    """Returns an RGB picture as a PNG in the seven passes of Adam7, which Pillow reads but does not write."""
    pixels, rows = np.asarray(picture), []
    for left, top, across, down in ADAM7:
        rows += [b"\0" + row.tobytes() for row in pixels[top::down, left::across] if row.size]
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *picture.size, 8, 2, 0, 0, 1))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"".join(rows))) + chunk(b"IEND")


def glyph(number: int, colour: tuple[int, int, int]) -> Image.Image:
    """Returns a drawing of one colour on a transparent ground, each number another."""
    cells = np.random.default_rng(number).integers(0, 2, (4, 4), dtype=np.uint8) * 255
    cells[0, 0], cells[3, 3] = 255, 0
    picture = Image.new("RGBA", (40, 40), (*colour, 0))
    picture.putalpha(Image.fromarray(cells).resize((40, 40), Image.Resampling.NEAREST))
    return picture


def deep_png(values: np.ndarray, stated_bits: int = 0, key: tuple[int, ...] = ()) -> bytes:
    """Returns a PNG of 16 bits for each value.

    Args:
        values: uint16 (H, W, C), with 1 value for grey, 2 with alpha, 3 for colour, 4 with alpha.
        stated_bits: What its sBIT chunk says of every channel; 0 writes none.
        key: The values that are transparent.
    """
    height, width, n = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    extra = [chunk(b"sBIT", bytes([stated_bits] * n))] if stated_bits else []
    extra += [chunk(b"tRNS", struct.pack(f">{len(key)}H", *key))] if key else []
    return png(width, height, 16, {1: 0, 2: 4, 3: 2, 4: 6}[n], rows, *extra)


def gif_claiming(width: int, height: int) -> bytes:
    """Returns a GIF of 35 bytes that claims any size."""
    frame = struct.pack("<HHHHB", 0, 0, width, height, 0)
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0) + b"," + frame + b"\2\2\x44\1\0;"


def bmp(width: int, height: int, bits: int, packing: int, pixels: bytes, masks: bytes = b"") -> bytes:
    """Returns a bitmap; one of 4 or 8 bits has a grey palette. Packing 1 and 2 are run lengths, 3 is by bit masks."""
    palette = b"".join(bytes([i * 255 // (2**bits - 1)] * 3 + [0]) for i in range(2**bits)) if bits <= 8 else b""
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, packing, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, 54 + len(masks + palette)) + header + masks + palette + pixels


def bmp_claiming(width: int, height: int, packing: int = 0) -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, packing, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + header + bytes(64)


def webp_claiming(width: int, height: int) -> bytes:
    canvas = b"VP8X" + struct.pack("<I", 10) + bytes(4) + (width - 1).to_bytes(3, "little")
    body = b"WEBP" + canvas + (height - 1).to_bytes(3, "little")
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg_claiming(width: int, height: int) -> bytes:
    data = encoded(photo(), "JPEG")
    frame = data.index(b"\xff\xc0")
    return data[: frame + 5] + struct.pack(">HH", height, width) + data[frame + 9 :]


def jpeg_with_segment(data: bytes, marker: int, body: bytes, times: int = 1) -> bytes:
    """Returns a JPEG with extra segments directly behind its first two bytes."""
    return data[:2] + (b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body) * times + data[2:]


def jpeg_of_scans(n_scans: int) -> bytes:
    """Returns a progressive JPEG followed by scans that refine nothing."""
    data = encoded(photo(), "JPEG", progressive=True)
    return data[:-2] + b"\xff\xda\0\x08\1\1\0\1\x3f\0\x7f\xff\0" * n_scans + b"\xff\xd9"
