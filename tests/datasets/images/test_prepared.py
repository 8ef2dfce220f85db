"""From a file to a square: what is stored of it, and what comes of that again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.datasets.images import hostile_images as make
from tl_core.datasets.images.decode import KEPT_SIDE_PX, fit_image, kept_image
from tl_core.datasets.images.preparation import FRAMINGS, Preparation
from tl_core.datasets.images.prepared import prepare_picture

SIDES = st.integers(1, 600)


@given(SIDES, SIDES, st.sampled_from(FRAMINGS), st.sampled_from([32, 96, 224, 256, 320]))
def test_the_stored_square_gives_the_same_pixels_at_every_size(width, height, framing, size):
    image = np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8)
    kept = kept_image(image, framing)
    side = (min if framing == "crop" else max)(width, height, key=int)
    assert kept.shape == (min(side, KEPT_SIDE_PX),) * 2 + (3,)
    assert np.array_equal(kept_image(kept, framing), kept)
    stored = prepare_picture(make.encoded(make.Image.fromarray(kept), "PNG"), "a", Preparation(framing)).square
    assert np.array_equal(fit_image(stored, size), fit_image(kept, size))


def test_a_whole_picture_stands_in_the_middle_with_its_edge_colour_around_it():
    image = np.full((10, 30, 3), 50, np.uint8)
    image[4:6] = 200
    square = kept_image(image, "fit")
    assert np.array_equal(square[10:20], image)
    assert (square[:10] == 50).all()
    assert (square[20:] == 50).all()
    assert np.array_equal(kept_image(image.transpose(1, 0, 2), "fit"), square.transpose(1, 0, 2))


@pytest.mark.parametrize("shape", [(1, 20_000), (20_000, 1), (3, 2000)])
def test_the_longest_strip_keeps_at_least_one_line(shape):
    square = kept_image(np.full((*shape, 3), 9, np.uint8), "fit")
    assert (square.shape, square.min(), square.max()) == ((256, 256, 3), 9, 9)


def test_the_ends_of_a_strip_are_seen_only_when_it_is_fitted():
    image = np.zeros((20, 400, 3), np.uint8)
    image[:, :20, 0] = 255
    data = make.encoded(make.Image.fromarray(image), "PNG")
    assert prepare_picture(data, "a").square.max() == 0
    fitted = prepare_picture(data, "a", Preparation("fit"))
    assert (fitted.square.max(), fitted.width, fitted.height) == (255, 400, 20)


@pytest.mark.parametrize(("ground", "level"), [("white", 255), ("black", 0), ("grey", 128)])
def test_transparent_parts_show_the_ground(ground, level):
    for picture in (make.glyph(1, (9, 9, 9)), make.glyph(1, (9, 9, 9)).quantize(4)):
        square = prepare_picture(make.encoded(picture, "PNG"), "a", Preparation(ground=ground)).square
        assert (square[0, 0].tolist(), square[-1, -1].tolist()) == ([9] * 3, [level] * 3)
