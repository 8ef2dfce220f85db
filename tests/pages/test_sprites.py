"""Many small pictures as one."""

import io

import numpy as np
import pytest
from PIL import Image

from pages.ui import services, sprites
from tl_core.datasets.contents import contents
from tl_core.datasets.images.decode import fit_image

PLACES = [5, 400, 7, *range(100, 140)]


@pytest.fixture
def sheet(home, monkeypatch) -> dict:
    """What the browser would fetch, in the place of a server's address."""
    given: dict = {}
    monkeypatch.setattr(sprites, "picture_address", lambda data, kind, name: given.setdefault(data, "/media/sheet.jpg"))
    return given


def test_each_picture_stands_where_its_id_says(sheet, home):
    found = contents("groceries", home)
    made = sprites.sprite("groceries", PLACES, [str(at) for at in range(len(PLACES))])
    (data,) = sheet
    pixels = np.asarray(Image.open(io.BytesIO(data)), np.int16)
    assert pixels.shape == (2 * made.side, made.columns * made.side, 3)
    for at in (0, 1, 2, made.columns, len(PLACES) - 1):
        row, column = divmod(made.ids.index(str(at)), made.columns)
        shown = pixels[row * made.side : (row + 1) * made.side, column * made.side : (column + 1) * made.side]
        assert np.abs(shown - fit_image(found.pictures[PLACES[at]], made.side)).mean() < 12  # a JPEG


def test_there_is_none_where_nobody_can_fetch_it_or_no_pictures_are_here(home, monkeypatch):
    assert sprites.sprite("groceries", [1], ["1"]) is None  # no server runs
    monkeypatch.setattr(services, "look_into", lambda dataset_id: None)
    assert sprites.sprite("groceries", [1], ["1"]) is None
