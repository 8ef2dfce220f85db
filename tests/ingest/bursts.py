"""Frames of a webcam that stands still: sensor noise, exposure and a little sway, with or without a small object."""

import numpy as np
from PIL import Image

from tests.ingest.pictures import Tree, encoded

SIDE = 224
OBJECT_PX = 50  # 5 % of the picture


def frame(seed: int, colour: tuple[int, int, int] | None, sway: int = 1) -> np.ndarray:
    """Returns one frame of a room, uint8 (224, 224, 3); an object of some colour lies somewhere in it."""
    chance = np.random.default_rng(seed)
    cells = np.random.default_rng(5).integers(60, 200, (7, 7, 3), dtype=np.uint8)
    room = np.asarray(Image.fromarray(cells).resize((SIDE, SIDE), Image.Resampling.BICUBIC)).astype(float)
    if colour is not None:
        y, x = chance.integers(30, 130, 2)
        room[y : y + OBJECT_PX, x : x + OBJECT_PX] = colour
    room = np.roll(room, chance.integers(-sway, sway + 1, 2), axis=(0, 1))
    light = chance.integers(-4, 5)
    return np.clip(room + chance.normal(0, 4, room.shape) + light, 0, 255).astype(np.uint8)


def burst(n: int, **classes: tuple[int, int, int] | None) -> Tree:
    """Returns n frames a class as JPEG files."""
    return {
        f"{name}/{at:03d}.jpg": encoded(frame(1000 * number + at, colour), "JPEG", quality=88)
        for number, (name, colour) in enumerate(classes.items())
        for at in range(n)
    }
