"""Augmentation: another view of every training picture, mirrored where the data allow it.

"light" is a small shift, zoom and turn. "classic" is what the generators of old Keras programs made of shear_range=0.2,
zoom_range=0.2 and horizontal_flip=True: both sides are scaled apart from each other, and the shear is of 0.2 degrees.
"""

import hashlib
import math
from importlib.metadata import version
from types import MappingProxyType
from typing import Any, cast

import numpy as np
import PIL
from PIL import Image

from tl_core.seeds import generator

MAX_SHIFT = 0.08  # of the side
MAX_ZOOM = 0.10
MAX_TURN = math.radians(10)
CLASSIC_SHEAR = math.radians(0.2)  # as Keras reads it: in degrees, so that hardly anything of it is seen
CLASSIC_ZOOM = 0.2
VERSION = 1  # counts changes of what a view looks like: cached features of older views are not used any more
FILL_SAMPLES = 16  # a side: the colour around a turned picture needs no exact median


def augment(
    images: np.ndarray, *, views: np.ndarray, indices: np.ndarray, seed: int, can_flip: bool, kind: str = "light"
) -> np.ndarray:
    """Returns a slightly different view of each picture.

    Args:
        images: uint8 (B, S, S, 3).
        views: int (B,), which view of each picture, counted from 1.
        indices: int (B,), the pictures' numbers in the dataset.
        seed: The run's seed.
        can_flip: Whether a mirrored picture still shows its class (not so for digits).
        kind: "light" or "classic".

    Returns:
        uint8 (B, S, S, 3).

    Random:
        The child "view/<view>/<index>" of `seed`, so that a picture's view does not depend on its batch.

    Thread: any.
    """
    shown = np.empty_like(images)
    for row, (image, view, index) in enumerate(zip(images, views, indices, strict=True)):
        shown[row] = _MAKERS[kind](image, generator(seed, f"view/{view}/{index}"), can_flip)
    return shown


def view_key(key: str, *, view: int, seed: int, can_flip: bool, kind: str = "light") -> str:
    """Returns the name of what a prefix computes on one view of the pictures.

    Args:
        key: From `features.prefix_key`, its name of the pictures as they are.
        view: Counted from 1.
        seed: The run's seed.
        can_flip: As for `augment`.
        kind: As for `augment`.
    """
    made_by = f"{VERSION}/{PIL.__version__}" if kind == "light" else f"{kind}/{VERSION}/{version('scipy')}"
    return hashlib.sha256(f"{key}/{made_by}/{seed}/{view}/{can_flip}".encode()).hexdigest()


def classic_matrix(shear: float, zoom_x: float, zoom_y: float) -> np.ndarray:
    """Returns what maps (row, column, 1) of a view, from the centre, to the picture, as the old generators have it.

    Args:
        shear: In radians.
        zoom_x: Of the axis that Keras calls x, the rows before it swaps them.
        zoom_y: Of the other one.

    Returns:
        float64 (2, 2).

    References: Keras 3, `keras/src/legacy/preprocessing/image.py`, `apply_affine_transform`: shear times zoom, rows and
        columns swapped at the end.
    """
    sheared = np.array([[1, -math.sin(shear)], [0, math.cos(shear)]]) @ np.diag([zoom_x, zoom_y])
    return sheared[::-1, ::-1]


def _classic(image: np.ndarray, random: np.random.Generator, can_flip: bool) -> np.ndarray:
    """Shears and zooms by linear interpolation, goes on beyond the edge with its nearest pixel, then mirrors."""
    from scipy.ndimage import affine_transform

    shear = random.uniform(-CLASSIC_SHEAR, CLASSIC_SHEAR)
    matrix = classic_matrix(shear, *random.uniform(1 - CLASSIC_ZOOM, 1 + CLASSIC_ZOOM, 2))
    centre = np.full(2, (image.shape[0] - 1) / 2)
    pixels, offset = image.astype(np.float32), cast("Any", centre - matrix @ centre)  # typed there as one number
    planes = [affine_transform(pixels[..., at], matrix, offset, order=1, mode="nearest") for at in range(3)]
    view = np.clip(np.rint(np.stack(planes, axis=-1)), 0, 255).astype(np.uint8)
    return view[:, ::-1] if can_flip and random.random() < 0.5 else view


def _light(image: np.ndarray, random: np.random.Generator, can_flip: bool) -> np.ndarray:
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


_MAKERS = MappingProxyType({"light": _light, "classic": _classic})
