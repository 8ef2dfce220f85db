"""Test pictures as another camera, another light or another screen would give them: pure, and the same each time."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from tl_core.seeds import child_seed

BLUR_SHARE = 0.02  # of the side: standard deviation of the blur
NOISE = 30.0  # standard deviation, of 255
TURN = 64  # of 256: a quarter of the circle of hues
_LUMA = np.array([0.299, 0.587, 0.114])  # BT.601


def blurred(images: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Returns pictures out of focus; arguments as for `shifted`."""
    from scipy.ndimage import gaussian_filter

    sigma = BLUR_SHARE * images.shape[1]
    return _as_pixels(gaussian_filter(images.astype(np.float32), (0, sigma, sigma, 0)))


def noisy(images: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Returns pictures as of a sensor in the dark; arguments as for `shifted`.

    Random:
        The noise of picture k is the child "shift/k" of seed 0: the same whichever pictures stand beside it.
    """
    draws = (np.random.default_rng(child_seed(0, f"shift/{number}")) for number in numbers)
    noise = np.stack([draw.normal(0, NOISE, images.shape[1:]) for draw in draws])
    return _as_pixels(images + noise)


def grey(images: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Returns pictures without colour; arguments as for `shifted`."""
    return _as_pixels(np.repeat((images @ _LUMA)[..., None], 3, axis=-1))


def hue_turned(images: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Returns pictures whose colours are others, as bright as before; arguments as for `shifted`."""
    from PIL import Image

    turned = []
    for image in images:
        colours = np.array(Image.fromarray(image).convert("HSV"))
        colours[..., 0] += TURN  # uint8: the circle closes at 256
        turned.append(np.asarray(Image.fromarray(colours, "HSV").convert("RGB")))
    return np.stack(turned)


def _as_pixels(values: np.ndarray) -> np.ndarray:
    return values.round().clip(0, 255).astype(np.uint8)


SHIFTS: Mapping[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = MappingProxyType(
    {"blur": blurred, "noise": noisy, "grey": grey, "hue": hue_turned}
)
"""Name → what makes it of pictures."""
CLEAN = "clean"


def shifted(images: np.ndarray, numbers: np.ndarray, kind: str) -> np.ndarray:
    """Returns pictures that were shifted away from those that a run was trained on.

    Args:
        images: uint8 (N, S, S, 3), 0–255.
        numbers: int (N,), which pictures of their data set these are.
        kind: A key of `SHIFTS`, or `CLEAN`, which changes nothing.

    Returns:
        uint8 (N, S, S, 3).

    References: Hendrycks & Dietterich 2019, "Benchmarking Neural Network Robustness to Common Corruptions".
    """
    return images if kind == CLEAN else SHIFTS[kind](images, numbers)
