"""From a file to the square that is stored, shown, trained on or asked about: everywhere the same."""

from typing import NamedTuple

import numpy as np

from tl_core.datasets.images.decode import decode_picture, kept_image
from tl_core.datasets.images.deep import Scale
from tl_core.datasets.images.preparation import PLAIN, Preparation


class Prepared(NamedTuple):
    """A picture as networks get it, before it is brought to their size.

    Attributes:
        square: uint8 (S, S, 3), as `kept_image` returns it.
        width: Of the file's picture in px, upright.
        height: Likewise.
        scale: Of a file with 16 bits for each value: which of them became black and white.
        framing: How it became a square, as in `Preparation`.
    """

    square: np.ndarray
    width: int
    height: int
    scale: Scale | None
    framing: str


def prepare_picture(data: bytes, file: str, preparation: Preparation = PLAIN) -> Prepared:
    """Returns a picture that may come from a stranger, prepared like those of a data set.

    Args:
        data: The whole file.
        file: Its name, for error messages only.
        preparation: Of the data set.

    Raises:
        ImageError: As `decode_picture`.
    """
    picture = decode_picture(data, file, preparation)
    square = kept_image(picture.pixels, preparation.framing)
    return Prepared(square, picture.width, picture.height, picture.scale, preparation.framing)
