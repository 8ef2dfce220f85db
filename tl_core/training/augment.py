"""Light augmentation: a small shift, zoom and turn of every training picture, mirrored where the data allow it."""

import hashlib
import math

import numpy as np
import PIL
from PIL import Image

from tl_core.seeds import generator

MAX_SHIFT = 0.08  # of the side
MAX_ZOOM = 0.10
MAX_TURN = math.radians(10)
VERSION = 1  # counts changes of what a view looks like: cached features of older views are not used any more
FILL_SAMPLES = 16  # a side: the colour around a turned picture needs no exact median


def augment(images: np.ndarray, *, views: np.ndarray, indices: np.ndarray, seed: int, can_flip: bool) -> np.ndarray:
    """Returns a slightly different view of each picture.

    Args:
        images: uint8 (B, S, S, 3).
        views: int (B,), which view of each picture, counted from 1.
        indices: int (B,), the pictures' numbers in the dataset.
        seed: The run's seed.
        can_flip: Whether a mirrored picture still shows its class (not so for digits).

    Returns:
        uint8 (B, S, S, 3).

    Random:
        The child "view/<view>/<index>" of `seed`, so that a picture's view does not depend on its batch.

    Thread: any.
    """
    shown = np.empty_like(images)
    for row, (image, view, index) in enumerate(zip(images, views, indices, strict=True)):
        shown[row] = _view(image, generator(seed, f"view/{view}/{index}"), can_flip)
    return shown


def view_key(key: str, *, view: int, seed: int, can_flip: bool) -> str:
    """Returns the name of what a prefix computes on one view of the pictures.

    Args:
        key: From `features.prefix_key`, its name of the pictures as they are.
        view: Counted from 1.
        seed: The run's seed.
        can_flip: As for `augment`.
    """
    return hashlib.sha256(f"{key}/{VERSION}/{PIL.__version__}/{seed}/{view}/{can_flip}".encode()).hexdigest()


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
    turned = Image.fromarray(image).transform(
        (side, side), Image.Transform.AFFINE, (a, b, c, d, e, f), Image.Resampling.BILINEAR, fillcolor=_fill(image)
    )
    return np.asarray(turned)


def _fill(image: np.ndarray) -> tuple[int, ...]:
    """Returns the median colour of a grid of the picture's pixels."""
    step = max(1, image.shape[0] // FILL_SAMPLES)
    grid = image[step // 2 :: step, step // 2 :: step].reshape(-1, 3)
    return tuple(int(value) for value in np.median(grid, axis=0))
