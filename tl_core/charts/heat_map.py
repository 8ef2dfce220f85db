"""Maps of what speaks for a class, laid over the picture in one scale of colours for all that stand side by side."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from tl_core.charts import theme
from tl_core.datasets.images.decode import fit_image

SIDE_PX = 320
MAP_SHARE = 0.62  # of a colour in the picture; the rest is the picture in grey, which takes no colour from the scale
BAR_PX, GAP_PX = 14, 10
_GREY = np.array([0.2126, 0.7152, 0.0722])  # BT.709


def common_top(maps: Sequence[Sequence[Sequence[float]]]) -> float:
    """Returns the value at the top of the scale that maps share; 1 where nothing in them is above 0."""
    largest = max((float(np.max(cells)) for cells in maps), default=0.0)
    return largest if largest > 0 else 1.0


def heat_colours(shares: np.ndarray) -> np.ndarray:
    """Returns colours for values in [0, 1], between those of `theme.HEAT`.

    Args:
        shares: float, any shape; what lies outside is taken as the nearer end.

    Returns:
        float64 (…, 3), 0–255.
    """
    stops = np.array([[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in theme.HEAT], np.float64)
    places = np.linspace(0, 1, len(stops))
    return np.stack([np.interp(shares, places, stops[:, channel]) for channel in range(3)], axis=-1)


def overlay(picture: np.ndarray, cells: Sequence[Sequence[float]], top: float, side_px: int = SIDE_PX) -> np.ndarray:
    """Returns a map laid over its picture.

    Args:
        picture: uint8 (S, S, 3).
        cells: Rows of the map, of any size; what is below 0 counts as 0.
        top: The value at the top of the scale, > 0.
        side_px: Side of the result.

    Returns:
        uint8 (side_px, side_px, 3).
    """
    small = Image.fromarray((np.maximum(np.asarray(cells, np.float32), 0.0) / top).astype(np.float32))
    shares = np.asarray(small.resize((side_px, side_px), Image.Resampling.BILINEAR))
    grey = (scaled(picture, side_px) @ _GREY)[..., None]
    return (MAP_SHARE * heat_colours(shares) + (1 - MAP_SHARE) * grey).round().astype(np.uint8)


def scaled(picture: np.ndarray, side_px: int = SIDE_PX) -> np.ndarray:
    """Returns a picture at the size of an overlay: uint8 (side_px, side_px, 3)."""
    square = Image.fromarray(fit_image(picture, min(picture.shape[:2])))
    return np.asarray(square.resize((side_px, side_px), Image.Resampling.BICUBIC))


def joined_png(pictures: Sequence[np.ndarray]) -> bytes:
    """Returns pictures side by side over the scale of colours, as a PNG.

    Args:
        pictures: uint8 (S, S, 3) each, all of one size.
    """
    side = len(pictures[0])
    width = len(pictures) * (side + GAP_PX) - GAP_PX
    sheet = np.full((side + GAP_PX + BAR_PX, width, 3), 255, np.uint8)
    for at, picture in enumerate(pictures):
        left = at * (side + GAP_PX)
        sheet[:side, left : left + side] = picture
    sheet[-BAR_PX:] = heat_colours(np.linspace(0, 1, width)).round().astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(sheet).save(file, "PNG")
    return file.getvalue()
