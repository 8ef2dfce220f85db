"""Many small pictures as one: a chart shows each of them by its place, and the browser fetches them once."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image

from pages.ui import services
from pages.ui.streamlit_media import picture_address
from tl_core.datasets.contents import Contents
from tl_core.datasets.images.decode import fit_image
from tl_core.disk.home import data_home

SIDE_PX = 64
COLUMNS = 32
QUALITY = 70


@dataclass(frozen=True)
class Sprite:
    """A picture of pictures.

    Attributes:
        address: Where the browser finds it; it opens to the visitor alone.
        side: Of each picture, in px.
        columns: Pictures in a row.
        ids: What each is called in the chart, row by row.
    """

    address: str
    side: int
    columns: int
    ids: tuple[str, ...]


def sprite(dataset_id: str, places: Sequence[int], ids: Sequence[str]) -> Sprite | None:
    """Returns pictures of a data set as one; None where they are not here or not the visitor's to see.

    Args:
        dataset_id: The data set; who asks has looked into it.
        places: Which pictures.
        ids: What each is called.
    """
    found = services.look_into(dataset_id)
    if found is None or found.is_excerpt or not places:
        return None
    data = _drawn(str(data_home()), dataset_id, tuple(places), found)
    address = picture_address(data, "image/jpeg", f"sprite-{dataset_id}")
    return Sprite(address, SIDE_PX, COLUMNS, tuple(ids)) if address else None


@st.cache_data(max_entries=16, show_spinner=False)
def _drawn(home: str, dataset_id: str, places: tuple[int, ...], _found: Contents) -> bytes:
    n_rows = -(-len(places) // COLUMNS)
    sheet = np.zeros((n_rows, SIDE_PX, COLUMNS, SIDE_PX, 3), np.uint8)
    for at, place in enumerate(places):
        sheet[at // COLUMNS, :, at % COLUMNS] = fit_image(_found.pictures[place], SIDE_PX)
    file = io.BytesIO()
    Image.fromarray(sheet.reshape(n_rows * SIDE_PX, COLUMNS * SIDE_PX, 3)).save(file, "JPEG", quality=QUALITY)
    return file.getvalue()
