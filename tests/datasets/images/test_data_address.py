"""A small picture inside an address."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from tl_core.datasets.images.data_address import data_address


@pytest.mark.parametrize(("height", "width", "side"), [(300, 200, 96), (40, 30, 30), (96, 96, 96), (1, 5, 1)])
def test_it_is_the_centre_square_and_never_larger_than_the_picture(height, width, side):
    pixels = np.full((height, width, 3), (200, 30, 90), np.uint8)
    kind, _, content = data_address(pixels, 96).partition(",")
    shown = Image.open(io.BytesIO(base64.b64decode(content)))
    assert (kind, shown.format, shown.size) == ("data:image/jpeg;base64", "JPEG", (side, side))
    assert np.abs(np.asarray(shown).astype(int) - pixels[0, 0]).max() < 8
