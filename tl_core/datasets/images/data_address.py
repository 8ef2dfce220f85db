"""A small picture inside an address, so that many of them are one piece of a page or of a message."""

import base64
import io

import numpy as np
from PIL import Image

from tl_core.datasets.images.decode import fit_image

QUALITY = 85


def data_address(pixels: np.ndarray, side_px: int) -> str:
    """Returns a picture as a "data:" address: a JPEG of its centre square, no larger than it is.

    Args:
        pixels: uint8 (H, W, 3).
        side_px: Side at most.
    """
    return jpeg_address(fit_image(pixels, min(side_px, *pixels.shape[:2])))


def jpeg_address(pixels: np.ndarray) -> str:
    """Returns a picture as it is as a "data:" address.

    Args:
        pixels: uint8 (H, W, 3).
    """
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
