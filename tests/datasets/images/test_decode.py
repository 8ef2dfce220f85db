"""Every picture a stranger can send becomes right pixels or one sentence. Row ids (I01 …) number the known attacks."""

import io
import os
import pickle
import random
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from counted import lines_run
from patience import PATIENCE_S
from PIL import Image, ImageFile, ImageOps
from PIL.WebPImagePlugin import WebPImageFile

from tests.datasets.images import hostile_images as make
from tl_core.datasets.images.decode import (
    ACCEPTED_FORMATS,
    decode_image,
    decode_picture,
    fit_image,
    kept_image,
    safe_name,
)
from tl_core.datasets.images.headers import read_header
from tl_core.datasets.images.limits import MAX_FILE_BYTES, MAX_PARTS
from tl_core.errors import ImageError

SEEDS = make.seeds()
JPEG = make.encoded(make.photo(), "JPEG")
RANDOM_SHAPES = [tuple(shape) for shape in np.random.default_rng(1).integers(1, 900, (12, 2)).tolist()]
RED, WHITE = [255, 0, 0], [255, 255, 255]
FEW_LINES, LINES_OF_A_PART = 1500, 20


def refusal(data: bytes, file: str = "cat.png") -> ImageError:
    with pytest.raises(ImageError) as caught:
        decode_image(data, file)
    return caught.value


@pytest.fixture
def frames(monkeypatch) -> list[str]:
    """The kinds of all frames that Pillow decodes."""
    seen, decoder, next_frame = [], Image._getdecoder, WebPImageFile._get_next

    def noted(mode: str, kind: str, *rest: object) -> object:
        seen.extend([kind] * (kind != "raw"))  # WebP's own decoder hands on pixels
        return decoder(mode, kind, *rest)

    monkeypatch.setattr(Image, "_getdecoder", noted)
    monkeypatch.setattr(WebPImageFile, "_get_next", lambda self: seen.append("webp") or next_frame(self))
    return seen


@pytest.fixture
def loaded(monkeypatch) -> list[int]:
    """How many pixels each picture has that a decoder of Pillow is handed."""
    seen, load = [], ImageFile.ImageFile.load

    def noted(self: ImageFile.ImageFile) -> object:
        seen.append(self.width * self.height)
        return load(self)

    monkeypatch.setattr(ImageFile.ImageFile, "load", noted)
    return seen


def outcome(data: bytes) -> np.ndarray | ImageError:
    try:
        return decode_image(data, "a")
    except ImageError as error:
        return error


def by_pillow(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"))


def mean_difference(one: np.ndarray, other: np.ndarray) -> float:
    assert one.shape == other.shape
    return float(np.abs(one.astype(int) - other).mean())


class TestWhatIsAccepted:
    @pytest.mark.parametrize("name", SEEDS)
    def test_a_small_file_of_every_kind_becomes_an_rgb_array(self, name):
        image = decode_image(SEEDS[name], "a")
        assert image.dtype == np.uint8
        assert image.shape in {(40, 60, 3), (60, 40, 3)}

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
    def test_a_plain_picture_has_exactly_the_pixels_of_pillow(self, kind):
        data = make.encoded(make.photo(), kind)
        assert np.array_equal(decode_image(data, "a"), by_pillow(data))

    def test_a_bmp_stored_from_the_top_down_stands_upright(self):
        bottom_up = make.encoded(make.photo(), "BMP")
        rows = np.frombuffer(bottom_up[54:], np.uint8).reshape(40, 180)[::-1].tobytes()
        top_down = bottom_up[:22] + struct.pack("<i", -40) + bottom_up[26:54] + rows
        assert np.array_equal(decode_image(top_down, "a"), decode_image(bottom_up, "a"))

    def test_the_uploader_offers_every_accepted_format(self):
        assert set(ACCEPTED_FORMATS) >= {"jpg", "jpeg", "png", "webp", "gif", "bmp"}

    @pytest.mark.parametrize("mode", ["L", "1", "LA", "P", "CMYK"])
    def test_every_colour_mode_becomes_the_rgb_of_pillow(self, mode):  # I07
        data = make.encoded(make.photo().convert(mode), "JPEG" if mode == "CMYK" else "PNG")
        assert np.abs(decode_image(data, "a").astype(int) - by_pillow(data)).max() <= 1

    def test_a_grey_png_becomes_three_equal_channels(self):  # I07
        image = decode_image(make.encoded(make.photo().convert("L"), "PNG"), "a")
        assert (image == image[:, :, :1]).all()

    def test_a_sixteen_bit_ramp_keeps_its_mean_in_the_middle(self):  # I08
        ramp = np.linspace(0, 65535, 256).astype(">u2")
        image = decode_image(make.png(256, 1, 16, 0, b"\0" + ramp.tobytes()), "a")
        assert abs(image.mean() - 127) <= 1
        assert image[0, 0, 0] == 0
        assert image[0, -1, 0] == 255

    def test_grey_and_colour_of_sixteen_bits_agree(self):  # I08
        grey = make.png(3, 1, 16, 0, b"\0" + struct.pack(">3H", 255, 32768, 65535))
        colour = make.png(3, 1, 16, 2, b"\0" + struct.pack(">9H", *[255] * 3, *[32768] * 3, *[65535] * 3))
        assert np.array_equal(decode_image(grey, "a"), decode_image(colour, "a"))

    def test_a_png_named_jpg_is_read_as_what_it_is(self):  # I15
        data = make.encoded(make.photo(), "PNG")
        assert np.array_equal(decode_image(data, "photo.jpg"), by_pillow(data))

    def test_of_a_phone_photo_with_a_second_picture_the_first_is_read(self):  # I15
        assert mean_difference(decode_image(SEEDS["MPO"], "a.jpg"), np.asarray(make.photo())) < 6


class TestTransparency:
    """I09: what is transparent is white, wherever it comes from."""

    @pytest.mark.parametrize("kind", ["PNG", "WEBP"])
    def test_half_transparent_red_becomes_pink(self, kind):
        glass = Image.new("RGBA", (4, 4), (255, 0, 0, 128))
        image = decode_image(make.encoded(glass, kind, lossless=True), "a")
        assert np.abs(image.astype(int) - [255, 127, 127]).max() <= 1

    def test_grey_with_alpha_fades_to_white(self):
        image = decode_image(make.encoded(Image.new("LA", (2, 2), (0, 64)), "PNG"), "a")
        assert np.abs(image.astype(int) - 191).max() <= 1

    def test_a_transparent_palette_entry_becomes_white(self):
        palette = make.chunk(b"PLTE", bytes([*RED, 0, 0, 255]))
        rows = make.png(2, 1, 8, 3, b"\0\0\1", palette, make.chunk(b"tRNS", b"\xff\0"))
        assert decode_image(rows, "a").tolist() == [[RED, WHITE]]

    def test_a_palette_of_half_transparent_entries_is_mixed(self):
        palette = make.chunk(b"PLTE", bytes([0, 0, 0, 0, 0, 0]))
        image = decode_image(make.png(2, 1, 8, 3, b"\0\0\1", palette, make.chunk(b"tRNS", b"\x80\x40")), "a")
        assert np.abs(image[0, :, 0].astype(int) - [127, 191]).max() <= 1

    @pytest.mark.parametrize(
        ("depth", "colour", "row", "key", "expected"),
        [
            (8, 2, bytes([*RED, 9, 8, 7]), struct.pack(">3H", 9, 8, 7), [RED, WHITE]),
            (16, 2, struct.pack(">6H", 65535, 0, 0, 0x1234, 5, 6), struct.pack(">3H", 0x1234, 5, 6), [RED, WHITE]),
            (16, 0, struct.pack(">2H", 0xB000, 0xB001), struct.pack(">H", 0xB001), [[0xB0] * 3, WHITE]),
            (8, 0, b"\x30\x31", struct.pack(">H", 0x31), [[48] * 3, WHITE]),
            (4, 0, b"\x35", struct.pack(">H", 5), [[51] * 3, WHITE]),
            (2, 0, b"\x60", struct.pack(">H", 2), [[85] * 3, WHITE]),
            (1, 0, b"\x40", struct.pack(">H", 0), [WHITE, WHITE]),
        ],
    )
    def test_the_colour_key_of_every_depth_becomes_white(self, depth, colour, row, key, expected):
        data = make.png(2, 1, depth, colour, b"\0" + row, make.chunk(b"tRNS", key))
        assert decode_image(data, "a").tolist() == [expected]

    def test_a_gif_with_a_transparent_colour_shows_white_there(self):
        picture = Image.new("P", (2, 1))
        picture.putpalette([*RED, 0, 0, 255])
        picture.putpixel((1, 0), 1)
        assert decode_image(make.encoded(picture, "GIF", transparency=1), "a").tolist() == [[RED, WHITE]]

    def test_a_large_transparent_picture_is_white_too(self):
        image = decode_image(make.encoded(Image.new("RGBA", (2100, 2), (0, 0, 0, 0)), "PNG"), "a")
        assert (image == 255).all()


class TestOrientation:
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    @pytest.mark.parametrize("number", range(1, 9))
    def test_a_turned_picture_stands_upright(self, kind, number):  # I11
        data = make.encoded(make.photo(), kind, exif=make.exif(number), **({} if kind == "PNG" else {"quality": 95}))
        with Image.open(io.BytesIO(data)) as picture:
            expected = np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
        assert np.array_equal(decode_image(data, "a"), expected)

    @pytest.mark.parametrize("order", ["little", "big"])
    def test_both_byte_orders_of_exif_are_read(self, order):  # I11
        block = Image.Exif()
        block.endian = "<" if order == "little" else ">"
        block[271], block[274] = "maker", 8
        assert decode_image(make.encoded(make.photo(), "JPEG", exif=block), "a").shape == (60, 40, 3)

    @pytest.mark.parametrize("number", [0, 9, 99, 65535])
    def test_an_orientation_that_does_not_exist_is_ignored(self, number):  # I11
        plain = make.encoded(make.photo(), "JPEG")
        turned = make.encoded(make.photo(), "JPEG", exif=make.exif(number))
        assert np.array_equal(decode_image(turned, "a"), decode_image(plain, "a"))

    @pytest.mark.parametrize(
        "block", [b"", b"MM\0*", b"II*\0\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff", b"nonsense", make.exif(6)[6:20]]
    )
    def test_broken_exif_does_not_spoil_the_picture(self, block):  # I12
        photo = make.photo()
        jpeg = make.jpeg_with_segment(make.encoded(photo, "JPEG"), 0xE1, b"Exif\0\0" + block)
        assert np.array_equal(decode_image(jpeg, "a"), decode_image(make.encoded(photo, "JPEG"), "a"))
        png = make.png(1, 1, 8, 0, b"\0\7", make.chunk(b"eXIf", block))
        assert decode_image(png, "a").tolist() == [[[7, 7, 7]]]

    def test_a_garbage_colour_profile_does_not_spoil_the_picture(self):  # I12
        for kind in ("JPEG", "PNG", "WEBP"):
            data = make.encoded(make.photo(), kind, icc_profile=b"garbage" * 9)
            assert decode_image(data, "a").shape == (40, 60, 3)
        assert decode_image(make.png(1, 1, 8, 0, b"\0\7", make.chunk(b"iCCP", b"x\0\0not zlib")), "a").shape == (
            1,
            1,
            3,
        )

    @pytest.mark.parametrize("number", [1, 3, 6, 8])
    def test_the_size_told_is_the_upright_one_before_any_reduction(self, number):
        data = make.encoded(make.photo(2400, 1200), "JPEG", exif=make.exif(number))
        pixels, width, height, _ = decode_picture(data, "a")
        assert (width, height) == ((2400, 1200) if number < 5 else (1200, 2400))
        assert pixels.shape == ((600, 1200, 3) if number < 5 else (1200, 600, 3))


class TestWhatIsLeftBehind:
    def test_nothing_but_pixels_comes_out_of_a_photo_with_a_place_and_a_script(self):  # I13
        plain = make.encoded(make.photo(), "JPEG")
        block = Image.Exif()
        block[270] = "<script>alert(1)</script>"
        block.get_ifd(0x8825)[2] = (48.0, 8.0, 0.0)
        marked = make.encoded(make.photo(), "JPEG", exif=block, comment=b"<script>alert(2)</script>")
        assert b"script" in marked
        assert b"script" not in read_header(marked).data
        assert np.array_equal(decode_image(marked, "a"), decode_image(plain, "a"))

    def test_an_archive_behind_a_jpeg_never_reaches_the_decoder(self):  # I16
        archive, plain = io.BytesIO(), make.encoded(make.photo(), "JPEG")
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("evil.sh", "rm")
        assert read_header(plain + archive.getvalue()).data == plain
        assert np.array_equal(decode_image(plain + archive.getvalue(), "a"), decode_image(plain, "a"))

    def test_a_script_inside_a_gif_is_only_skipped(self):  # I16
        plain = make.encoded(make.photo(), "GIF")
        script = b"/*\x21\xfe\x08*/alert(\0"[2:]
        position = 13 + 3 * 2 ** ((plain[10] & 7) + 1)
        marked = plain[:position] + script + plain[position:] + b"*/=1;alert(1)"
        assert b"*/alert(" not in read_header(marked).data
        assert np.array_equal(decode_image(marked, "a"), decode_image(plain, "a"))

    @pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
    def test_of_an_animation_only_the_first_frame_is_read(self, kind, frames):  # I10
        first, *others = (Image.new("RGB", (60, 40), (i, 0, 0)) for i in range(60))
        data = make.encoded(first, kind, save_all=True, append_images=others, lossless=True)
        frames.clear()
        assert (decode_image(data, "a") == 0).all()
        assert frames == [{"PNG": "zip"}.get(kind, kind.lower())]

    @pytest.mark.parametrize(("side", "n_frames"), [(9, 5000), (1000, 60)])
    def test_of_a_gif_of_many_or_large_frames_only_the_first_is_looked_at(self, side, n_frames, frames):  # I10
        data = make.encoded(Image.new("L", (side, side), 77), "GIF")
        frame = data[data.index(b",", 13 + 3 * 2 ** ((data[10] & 7) + 1)) : -1]
        whole, found = data[:-1] + frame * (n_frames - 1) + b";", []
        frames.clear()
        assert lines_run(lambda: found.append(decode_image(whole, "a"))) < FEW_LINES
        assert (found[0] == 77).all()
        assert frames == ["gif"]


class TestRefusals:
    @pytest.mark.parametrize(
        ("code", "data"),
        [
            ("image_empty", b""),
            ("image_bytes", b"\xff\xd8\xff" + bytes(MAX_FILE_BYTES)),
            ("image_unknown", b"just some words"),
            ("image_unknown", b"BM is how this text begins, and no bitmap"),
            ("image_unknown", bytes(1000)),
            ("image_heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"),  # I18
            ("image_heic", b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic"),  # I18
            ("image_avif", b"\0\0\0\x1cftypavif\0\0\0\0avifmif1"),  # I18
            ("image_avif", b"\0\0\0\x1cftypmif1\0\0\0\0avifmif1"),  # I18
            ("image_scans", make.jpeg_of_scans(2000)),  # I03
            ("image_jpeg_kind", JPEG.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc3\0\x11\x08")),
            (
                "image_jpeg_kind",
                JPEG.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c"),
            ),
            ("image_parts", make.jpeg_with_segment(JPEG, 0xFE, b"", 50_000)),  # I04
            ("image_parts", make.png(1, 1, 8, 0, b"\0\0", make.chunk(b"tEXt", b"a\0b") * 50_000)),  # I04
            ("image_parts", b"GIF89a" + bytes(7) + b"\x21\xfe" + b"\1x" * 50_000 + b"\0," + bytes(30)),  # I04
            ("image_zero", make.png(0, 0, 8, 0, b"")),  # I17
            ("image_zero", make.png(0, 10, 8, 0, b"")),  # I17
            ("image_zero", make.jpeg_claiming(10, 0)),  # I17
            ("image_zero", make.gif_claiming(0, 0)),  # I17
            ("image_zero", make.bmp_claiming(0, 9)),  # I17
            ("image_side", make.png(65535, 1, 8, 0, None)),  # I17
            ("image_side", make.gif_claiming(65535, 1)),  # I17
            ("image_side", make.bmp_claiming(1, -30000)),
            ("image_side", make.gif_claiming(65535, 65535)),  # I01
            ("image_side", make.bmp_claiming(30000, 30000)),  # I01
            ("image_side", make.png(2**31 - 1, 2**31 - 1, 8, 0, b"")),  # I01
            ("image_pixels", make.jpeg_claiming(20000, 20000)),
            ("image_pixels", make.gif_claiming(20000, 20000)),
            ("image_pixels", make.bmp_claiming(9000, 9000)),
            ("image_pixels", make.webp_claiming(16000, 16000)),
            ("image_format", make.bmp_claiming(2000, 2000, packing=1)),  # a Python loop of Pillow unpacks these
            ("image_format", make.bmp_claiming(9, 9, packing=2) + bytes(2_000_000)),
            ("image_format", make.bmp_claiming(9, 9, packing=3)),
            ("image_format", make.bmp_claiming(9, 9, packing=77)),
            ("image_bytes", JPEG.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc9\0\x11\x08") + bytes(8_000_000)),
            ("image_damaged", make.webp_claiming(9, 9)),
            ("image_damaged", make.bmp_claiming(90, 90)),
            ("image_damaged", b"\xff\xd8\xff\xd9"),
            ("image_damaged", b"GIF89a" + bytes(7) + b";"),
            ("image_damaged", make.png(4, 4, 8, 0, b"\0\0", make.chunk(b"IHDR", bytes(13)))),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_every_reason_has_a_code_of_its_own_and_is_found_with_little_work(self, code, data, loaded):
        found = []
        n_lines = lines_run(lambda: found.append(refusal(data)))
        assert (found[0].code, found[0].values["file"]) == (code, "cat.png")
        assert n_lines < FEW_LINES + LINES_OF_A_PART * {"image_parts": MAX_PARTS, "image_scans": 2000}.get(code, 0)
        assert loaded == [] or (code == "image_damaged" and max(loaded) <= 90 * 90)

    @pytest.mark.parametrize(
        ("code", "received", "data"),
        [
            ("image_format", "SVG", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
            ("image_format", "SVG", b"\xef\xbb\xbf \n<?xml version='1.0'?><!-- x --><!DOCTYPE svg><svg/>"),
            ("image_format", "EPS", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
            ("image_format", "TIFF", make.encoded(make.photo(), "TIFF")),
            ("image_format", "JPEG 2000", make.encoded(make.photo(), "JPEG2000")),
            ("image_format", "ICO", make.encoded(make.photo(), "ICO")),
            ("image_format", "PPM", make.encoded(make.photo(), "PPM")),
            ("image_not_picture", "HTML", b"<!DOCTYPE html><html><svg/></html>"),
            ("image_not_picture", "HTML", b"<script>alert(1)</script>"),
            ("image_not_picture", "XML", b"<?xml version='1.0'?><feed/>"),
            ("image_not_picture", "PDF", make.encoded(make.photo(), "PDF")),
            ("image_not_picture", "ZIP", b"PK\3\4" + bytes(30)),
            ("image_not_picture", "Python pickle", pickle.dumps({"a": 1})),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_another_kind_of_file_is_named_and_starts_no_program(self, code, received, data, monkeypatch):  # I14
        for place, name in ((subprocess, "Popen"), (os, "system"), (os, "posix_spawn"), (os, "fork")):
            monkeypatch.setattr(place, name, None)
        error = refusal(data)
        assert (error.code, error.values["received"]) == (code, received)
        assert error.values["allowed"] == ["JPEG", "PNG", "WebP", "GIF", "BMP"]

    def test_a_bitmap_of_3_6_billion_pixels_in_438_kb_is_refused_at_once(self, loaded):  # I01
        data = make.png(60000, 60000, 1, 0, None)
        assert len(data) < 3_000_000
        assert_refused_cheaply(data, "image_side", loaded)

    def test_a_png_that_would_need_1_2_gb_is_refused_and_says_how_large_it_may_be(self, loaded):  # I02
        data = make.png(20000, 20000, 8, 2, None)
        assert_refused_cheaply(data, "image_pixels", loaded)
        values = refusal(data).values
        assert (values["width"], values["height"], values["received"]) == (20000, 20000, 400_000_000)
        assert 40_000_000 < values["allowed"] < 64_000_000

    def test_the_more_pixels_the_fewer_scans_are_allowed(self):  # I03
        data = make.jpeg_of_scans(150)
        assert decode_image(data, "a").shape == (40, 60, 3)
        frame = data.index(b"\xff\xc2")
        large = data[: frame + 5] + struct.pack(">HH", 6000, 8000) + data[frame + 9 :]
        assert refusal(large).code == "image_scans"

    @pytest.mark.parametrize("name", [name for name in SEEDS if not name.startswith("animated")])
    @pytest.mark.parametrize("percent", [0, 1, 10, 50, 90])
    def test_a_file_cut_short_is_refused_never_half_grey(self, name, percent):  # I06
        whole = SEEDS[name]
        if name in {"MPO", "APNG"}:  # only the first picture counts
            whole = whole[: len(read_header(whole).data)]
        assert refusal(whole[: len(whole) * percent // 100]).code in {"image_empty", "image_damaged", "image_unknown"}

    def test_one_flipped_bit_in_the_pixels_of_a_png_is_noticed(self):  # I06
        data = bytearray(make.encoded(make.photo(), "PNG", compress_level=0))
        data[data.index(b"IDAT") + 400] ^= 1
        assert refusal(bytes(data)).code == "image_damaged"

    def test_a_mutated_file_gives_a_picture_or_one_error_and_no_warning(self):  # I06
        chance = random.Random(20)
        for data in SEEDS.values():
            for _ in range(40):
                found = outcome(mutated(data, chance))
                if not isinstance(found, ImageError):
                    assert (found.ndim, found.shape[2], found.dtype) == (3, 3, np.uint8)


def mutated(data: bytes, chance: random.Random) -> bytes:
    mutant, place = bytearray(data), chance.randrange(len(data))
    match chance.randrange(5):
        case 0:
            del mutant[place:]
        case 1:
            for _ in range(chance.randint(1, 6)):
                mutant[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        case 2:
            mutant[place : place + 8] = chance.randbytes(8)
        case 3:
            mutant[place : place + 30] = bytes(30)
        case 4:
            mutant[chance.randrange(min(60, len(data)))] = chance.choice([0, 1, 127, 128, 255])
    return bytes(mutant)


def assert_refused_cheaply(data: bytes, code: str, loaded: list[int]) -> None:
    found = []
    tracemalloc.start()
    n_lines = lines_run(lambda: found.append(refusal(data)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found[0].code == code
    assert n_lines < FEW_LINES
    assert loaded == []
    assert peak < 20_000_000


class TestMemory:
    @pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP"])
    def test_a_chunk_that_inflates_to_300_mb_is_never_inflated(self, kind):  # I04
        bomb = {b"zTXt": b"a\0\0", b"iTXt": b"a\0\1\0\0\0", b"iCCP": b"a\0\0"}[kind] + make.zeros(300_000_000)
        data = make.png(1, 1, 8, 0, b"\0\7", make.chunk(kind, bomb))
        tracemalloc.start()
        assert decode_image(data, "a").tolist() == [[[7, 7, 7]]]
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 50_000_000

    @pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak of memory from /proc")
    @pytest.mark.parametrize(
        ("width", "height", "options", "expected"),
        [
            (8064, 6048, {"format": "JPEG", "quality": 90}, "756 1008 3"),
            (8064, 6048, {"format": "JPEG", "quality": 75, "progressive": True}, "756 1008 3"),
            (16000, 3600, {"format": "JPEG", "quality": 75}, "450 2000 3"),
            (16000, 3600, {"format": "JPEG", "quality": 75, "progressive": True}, "450 2000 3"),
            (7952, 5304, {"format": "PNG", "compress_level": 1}, "531 796 3"),
            (4032, 3024, {"format": "WEBP", "quality": 50, "method": 0}, "605 807 3"),
        ],
    )
    def test_a_large_photo_is_accepted_within_200_mb(self, width, height, options, expected, tmp_path):  # I05
        file = tmp_path / "photo"
        Image.new("RGB", (width, height), (200, 90, 30)).save(file, **options)
        program = (
            "import re, sys\n"
            "from pathlib import Path\n"
            "from PIL import Image\n"
            "from tl_core.datasets.images.decode import decode_image\n"
            "Image.init()\n"
            "peak = lambda: int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])\n"
            "data = Path(sys.argv[1]).read_bytes()\n"
            "before = peak()\n"
            "image = decode_image(data, 'photo')\n"
            "print(*image.shape, *image[7, 7], (peak() - before) // 1000)\n"
        )
        command = [sys.executable, "-c", program, str(file)]
        ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE_S)
        *found, megabytes = ran.stdout.split()
        assert " ".join(found[:3]) == expected
        assert np.abs(np.array(found[3:], int) - (200, 90, 30)).max() <= 3
        assert int(megabytes) < 200

    def test_a_reduced_photo_looks_like_the_whole_one(self):  # I05
        whole = make.photo(4100, 2500)
        expected = np.asarray(whole.resize((64, 64), Image.Resampling.BOX))
        for kind in ("JPEG", "PNG"):
            image = decode_image(make.encoded(whole, kind), "a")
            assert 300 <= min(image.shape[:2]) < max(image.shape) <= 2048
            small = np.asarray(Image.fromarray(image).resize((64, 64), Image.Resampling.BOX))
            assert mean_difference(small, expected) < 2


class TestFit:
    @pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (7, 9), (40, 60), (300, 200)])
    def test_any_shape_becomes_the_square_asked_for(self, shape):  # I17
        image = fit_image(np.full((*shape, 3), 9, np.uint8), 32)
        assert image.shape == (32, 32, 3)
        assert (image == 9).all()

    def test_a_picture_of_one_pixel_passes_the_whole_door(self):  # I17
        data = make.encoded(Image.new("RGB", (1, 1), (1, 2, 3)), "PNG")
        assert fit_image(decode_image(data, "a"), 8)[5, 5].tolist() == [1, 2, 3]

    def test_a_picture_of_the_right_size_is_left_alone(self):
        image = np.zeros((16, 16, 3), np.uint8)
        assert fit_image(image, 16) is image

    @pytest.mark.parametrize("size", [1, 32, 96, 224, 255, 256, 257, 320, 512])
    @pytest.mark.parametrize("shape", [(1, 1), (1, 500), (256, 256), (257, 300), (320, 320), *RANDOM_SHAPES])
    def test_a_picture_from_the_store_equals_the_one_from_its_file_at_every_size(self, shape, size):  # I09
        image = np.random.default_rng(size).integers(0, 256, (*shape, 3), dtype=np.uint8)
        kept = kept_image(image)
        assert kept.shape == (min(256, *shape), min(256, *shape), 3)
        assert np.array_equal(fit_image(kept, size), fit_image(image, size))
        assert np.array_equal(fit_image(image, len(kept)), kept)
        assert np.array_equal(kept_image(kept), kept)

    def test_the_centre_is_kept_without_blurring_it(self):
        image = np.random.default_rng(0).integers(0, 256, (20, 51, 3), dtype=np.uint8)
        assert np.array_equal(fit_image(image, 20), image[:, 15:35])

    def test_fine_stripes_shrink_to_grey_not_to_a_pattern(self):
        stripes = np.zeros((256, 256, 3), np.uint8)
        stripes[:, ::2] = 255
        assert np.abs(fit_image(stripes, 32)[4:-4, 4:-4].astype(int) - 127).max() <= 2


class TestNames:
    @pytest.mark.parametrize(
        ("given", "shown"),
        [
            ("猫/狗.jpg", "狗.jpg"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\me\\cat.png", "cat.png"),
            ("a\nb\0c\x1b[31m.png", "a?b?c?[31m.png"),
            ("gpj.\u202eexe.png", "gpj.?exe.png"),
            ("folder/", "folder"),
            ("", "?"),
            ("x" * 300 + ".png", "x" * 79 + "…"),
        ],
    )
    def test_a_file_name_is_shown_without_its_path_and_tricks(self, given, shown):
        assert safe_name(given) == shown

    def test_the_error_names_the_file_safely(self):
        assert refusal(b"", "../secret/\x07cat.png").values["file"] == "?cat.png"
