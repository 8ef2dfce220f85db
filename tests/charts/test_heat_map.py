import io

import numpy as np
import pytest
from PIL import Image

from tl_core.charts import theme
from tl_core.charts.heat_map import common_top, heat_colours, joined_png, overlay, scaled

PICTURE = np.full((40, 40, 3), 128, np.uint8)


def lightness(colours: np.ndarray) -> np.ndarray:
    """Returns CIE L*, 0 to 100, of sRGB colours 0–255."""
    shares = colours / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    return np.where(luminance > 0.008856, 116 * np.cbrt(luminance) - 16, 903.3 * luminance)


def test_the_scale_grows_evenly_in_lightness():
    grows = np.diff(lightness(heat_colours(np.linspace(0, 1, 21))))
    assert (grows > 0).all()
    assert grows.max() < 2.2 * grows.mean()


def test_the_ends_of_the_scale_are_those_of_the_theme_and_hold_what_lies_outside():
    ends = heat_colours(np.array([-1.0, 0.0, 1.0, 7.0]))
    first, last = ([int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in (theme.HEAT[0], theme.HEAT[-1]))
    assert ends.tolist() == [first, first, last, last]


def test_maps_share_the_largest_value_of_them_all():
    assert common_top([[[0.5, 1.0]], [[3.0], [0.0]]]) == 3.0
    assert common_top([[[0.0, -1.0]]]) == 1.0
    assert common_top([]) == 1.0


def test_a_map_lies_on_its_picture_where_its_places_are():
    cells = np.zeros((4, 4))
    cells[0, 3] = 2.0  # at the top right
    drawn = overlay(PICTURE, cells.tolist(), 2.0, side_px=80).astype(float).sum(axis=-1)
    assert drawn.shape == (80, 80)
    row, column = np.unravel_index(drawn.argmax(), drawn.shape)
    assert row < 20
    assert column >= 60
    assert drawn[60:, :20].std() == 0


def test_what_speaks_against_the_class_is_drawn_as_nothing():
    nothing = overlay(PICTURE, [[0.0]], 1.0)
    assert np.array_equal(overlay(PICTURE, [[-5.0]], 1.0), nothing)
    assert not np.array_equal(overlay(PICTURE, [[0.5]], 1.0), nothing)


@pytest.mark.parametrize("shape", [(32, 32, 3), (300, 400, 3), (5, 9, 3)])
def test_pictures_of_any_size_get_the_size_of_an_overlay(shape):
    assert scaled(np.zeros(shape, np.uint8)).shape == overlay(np.zeros(shape, np.uint8), [[1.0]], 1.0).shape


def test_the_download_has_all_pictures_side_by_side_and_the_scale_below():
    red, blue = (np.full((30, 30, 3), colour, np.uint8) for colour in ((255, 0, 0), (0, 0, 255)))
    sheet = np.asarray(Image.open(io.BytesIO(joined_png([red, blue]))))
    assert sheet[15, 15].tolist() == [255, 0, 0]
    assert sheet[15, -15].tolist() == [0, 0, 255]
    assert lightness(sheet[-1, 0].astype(float)) < lightness(sheet[-1, -1].astype(float))
