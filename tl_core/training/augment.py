"""Light augmentation: a small shift, zoom and turn of every training picture, mirrored where the data allow it."""

import math

import numpy as np
from PIL import Image

from tl_core.seeds import generator

MAX_SHIFT = 0.08  # of the side
MAX_ZOOM = 0.10
MAX_TURN = math.radians(10)


def augment(images: np.ndarray, *, epoch: int, indices: np.ndarray, seed: int, can_flip: bool) -> np.ndarray:
    """Returns a slightly different view of each picture.

    Args:
        images: uint8 (B, S, S, 3).
        epoch: Counted from 1; another epoch gives another view.
        indices: int (B,), the pictures' numbers in the dataset.
        seed: The run's seed.
        can_flip: Whether a mirrored picture still shows its class (not so for digits).

    Returns:
        uint8 (B, S, S, 3).

    Random:
        The child "view/<epoch>/<index>" of `seed`, so that a picture's view does not depend on its batch.
    """
    views = [
        _view(image, generator(seed, f"view/{epoch}/{index}"), can_flip)
        for image, index in zip(images, indices, strict=True)
    ]
    return np.stack(views)


def _view(image: np.ndarray, random: np.random.Generator, can_flip: bool) -> np.ndarray:
    side = image.shape[0]
    angle, zoom = random.uniform(-MAX_TURN, MAX_TURN), 1 + random.uniform(-MAX_ZOOM, MAX_ZOOM)
    shift_x, shift_y = random.uniform(-MAX_SHIFT, MAX_SHIFT, 2) * side
    mirror = -1.0 if can_flip and random.random() < 0.5 else 1.0
    cos, sin, centre = math.cos(angle) * zoom, math.sin(angle) * zoom, (side - 1) / 2
    # (x, y) of the view comes from (a·x + b·y + c, d·x + e·y + f) of the picture, turned about the centre
    a, b, d, e = mirror * cos, -mirror * sin, sin, cos
    c = centre - a * centre - b * centre + shift_x
    f = centre - d * centre - e * centre + shift_y
    fill = tuple(int(value) for value in np.median(image.reshape(-1, 3), axis=0))
    turned = Image.fromarray(image).transform(
        (side, side), Image.Transform.AFFINE, (a, b, c, d, e, f), Image.Resampling.BILINEAR, fillcolor=fill
    )
    return np.asarray(turned)
