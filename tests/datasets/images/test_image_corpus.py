"""Odd files that are whole, and files that cost much: what a corpus of real pictures holds, made here."""

import io
import struct
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from math import isqrt

import numpy as np
import pytest
from counted import NO_FASTER, growth, lines_run
from PIL import Image, ImageFile

from tests.datasets.images import hostile_images as make
from tl_core.datasets.images.decode import decode_image, decode_picture, fit_image, kept_image
from tl_core.errors import ImageError

PHOTO = make.photo()
PNG, JPEG = make.encoded(PHOTO, "PNG"), make.encoded(PHOTO, "JPEG")


def pixels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("RGB"))


class TestPngs:
    def test_an_interlaced_file_has_the_pixels_of_a_plain_one(self):
        assert np.array_equal(decode_image(make.interlaced(PHOTO), "a"), pixels(PHOTO))

    def test_a_file_without_its_last_chunk_is_whole_if_every_row_is_there(self):
        assert np.array_equal(decode_image(PNG[:-12], "a"), pixels(PHOTO))
        assert np.array_equal(decode_image(PNG[:-14], "a"), pixels(PHOTO))

    def test_a_wrong_checksum_of_a_note_does_not_matter(self):
        note = make.chunk(b"tEXt", b"a\0b")[:-4] + b"\0\0\0\0"
        assert np.array_equal(decode_image(PNG[:33] + note + PNG[33:], "a"), pixels(PHOTO))

    def test_a_note_that_pillow_refuses_does_not_matter(self):
        for kind in (b"sRGB", b"cHRM", b"pHYs", b"gAMA", b"acTL", b"fcTL"):
            assert np.array_equal(decode_image(PNG[:33] + make.chunk(kind) + PNG[33:], "a"), pixels(PHOTO))


class TestJpegs:
    def test_a_file_by_arithmetic_coding_is_read_in_one_piece(self, monkeypatch):
        monkeypatch.setattr(ImageFile, "MAXBLOCK", 64)  # libjpeg's arithmetic decoder cannot wait for a second piece
        assert decode_image(make.ARITHMETIC_JPEG, "a").mean() == pytest.approx(118.73, abs=0.01)

    @pytest.mark.parametrize("options", [{"restart_marker_rows": 1}, {"subsampling": 1}, {"keep_rgb": True}])
    def test_every_way_to_write_the_same_photo_gives_the_same_picture(self, options):
        image = decode_image(make.encoded(PHOTO, "JPEG", quality=95, **options), "a")
        assert np.abs(image.astype(int) - pixels(PHOTO)).mean() < 3

    def test_ink_that_photoshop_stores_inverted_is_turned_back(self):  # I07
        data = make.encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95)
        assert b"Adobe" in data
        assert np.abs(decode_image(data, "a").astype(int) - [255, 0, 0]).max() <= 3

    def test_a_note_shorter_than_its_own_length_is_passed_over(self):
        assert np.array_equal(decode_image(JPEG[:2] + b"\xff\xe5\0\0" + JPEG[2:], "a"), decode_image(JPEG, "a"))

    def test_scans_behind_such_a_note_are_counted(self):  # I03
        data = make.jpeg_of_scans(2000)
        scan = data.index(b"\xff\xda")
        with pytest.raises(ImageError) as caught:
            decode_image(data[:scan] + b"\xff\xfe\0\0" + data[scan:], "a")
        assert caught.value.code == "image_scans"

    def test_bytes_before_the_end_that_belong_to_nothing_do_not_matter(self):
        assert np.array_equal(decode_image(JPEG[:-2] + bytes(500) + JPEG[-2:], "a"), decode_image(JPEG, "a"))

    def test_a_file_that_lacks_its_end_is_refused(self):  # I06: nothing tells it from one that lacks half its rows
        with pytest.raises(ImageError):
            decode_image(JPEG[:-2], "a")


class TestBitmaps:
    @pytest.mark.parametrize(("packing", "bits"), [(1, 8), (2, 4)])
    def test_run_lengths_are_unpacked(self, packing, bits):
        lower, upper = b"\4\0\0\0", b"\4\xff\0\1"
        image = decode_image(make.bmp(4, 2, bits, packing, lower + upper), "a")
        assert image[:, :, 0].tolist() == [[255] * 4, [0] * 4]

    def test_bit_masks_of_565_are_read(self):
        masks = struct.pack("<III", 0xF800, 0x7E0, 0x1F)
        image = decode_image(make.bmp(2, 1, 16, 3, struct.pack("<HH", 0xF800, 0x1F), masks), "a")
        assert image.tolist() == [[[255, 0, 0], [0, 0, 255]]]

    def test_the_header_of_os_2_is_read(self):
        data = b"BM" + struct.pack("<IHHI", 0, 0, 0, 26) + struct.pack("<IHHHH", 12, 1, 1, 1, 24) + b"\3\2\1\0"
        assert decode_image(data, "a").tolist() == [[[1, 2, 3]]]

    @pytest.mark.parametrize(
        ("run", "n_pixels"), [(b"\xff\x12", 2), (b"\1\x12\0\0", 100), (b"\0\xfe" + bytes(127), 133)]
    )
    def test_unpacking_run_lengths_is_as_much_work_for_each_pixel_of_a_large_picture_as_of_a_small_one(
        self, run, n_pixels
    ):
        def decode(side: int) -> None:
            with suppress(ImageError):
                decode_image(make.bmp(side, side, 4, 2, run * (side**2 // n_pixels)), "a")

        assert growth(lambda n: lines_run(lambda: decode(isqrt(n))), 10_000) < NO_FASTER
        assert lines_run(lambda: decode(200)) < 20 * 200**2  # Python does it: a hundred times what C would need

    def test_a_rare_kind_is_called_rare_and_not_damaged(self):
        masks = struct.pack("<III", 0xF00, 0xF0, 0xF)
        with pytest.raises(ImageError) as caught:
            decode_image(make.bmp(2, 1, 16, 3, bytes(4), masks), "a")
        assert (caught.value.code, caught.value.values["received"]) == ("image_format", "rare BMP")


class TestFrames:
    def test_a_frame_smaller_than_its_canvas_lies_on_white_or_its_background(self):
        data = bytearray(make.encoded(Image.new("L", (4, 4), 9), "GIF", transparency=0))
        data[6:10] = struct.pack("<HH", 8, 6)
        image, width, height, _ = decode_picture(bytes(data), "a")
        assert (width, height) == (8, 6)
        assert image.shape == (6, 8, 3)

    def test_an_animation_on_a_huge_canvas_is_refused(self):
        with pytest.raises(ImageError) as caught:
            decode_image(make.webp_claiming(16383, 16383), "a")
        assert caught.value.code == "image_pixels"


def test_of_five_hundred_pictures_the_three_bad_ones_are_named_and_the_rest_kept():  # I20
    files = {f"{i}.png": make.encoded(Image.new("RGB", (9, 9), (i % 256, 0, 0)), "PNG") for i in range(500)}
    files |= {"7.png": b"", "8.png": PNG[:200], "499.png": make.png(65535, 1, 8, 0, None)}
    kept, refused = [], {}
    for name, data in files.items():
        try:
            kept.append(kept_image(decode_picture(data, name).pixels))
        except ImageError as error:
            refused[error.values["file"]] = error.code
    assert len(kept) == 497
    assert refused == {"7.png": "image_empty", "8.png": "image_damaged", "499.png": "image_side"}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
def test_preview_training_and_classification_see_the_same_pixels(kind):  # I09
    picture = make.photo(1300, 900)
    if kind in ("PNG", "WEBP"):
        picture.putalpha(100)
    image = decode_image(make.encoded(picture, kind), "a")
    stored = io.BytesIO()
    Image.fromarray(kept_image(image)).save(stored, "PNG")
    from_store = decode_image(stored.getvalue(), "a")
    for size in (64, 96, 224, 256, 320):
        assert np.array_equal(fit_image(from_store, size), fit_image(image, size))


def test_four_threads_read_the_same_pictures_as_one():
    files = [*make.seeds().values(), make.encoded(make.photo(3000, 2400), "JPEG", progressive=True)] * 4
    files.insert(9, make.encoded(Image.new("RGB", (4300, 1200), (1, 2, 3)), "PNG"))
    files.insert(40, make.encoded(Image.new("RGB", (4300, 4000), (1, 2, 3)), "PNG"))  # large: one at a time
    files.insert(41, make.encoded(Image.new("RGB", (4300, 4000), (3, 2, 1)), "PNG"))
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda data: decode_picture(data, "a"), files))
    for data, found in zip(files, together, strict=True):
        alone = decode_picture(data, "a")
        assert np.array_equal(found.pixels, alone.pixels)
        assert found[1:] == alone[1:]
