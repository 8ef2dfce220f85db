"""From raw pixels to what a backbone expects: each wants its own arithmetic, so that travels inside the network.

Feeding a backbone another one's numbers raises no error and quietly ruins its features; here nobody can forget it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import keras


class Mode(NamedTuple):
    """One preprocessing: (pixel − mean) / scale for each channel, after turning RGB into BGR where asked.

    Units: pixel values, 0–255. `mean` is in the order of the channels that come out.
    """

    is_bgr: bool
    mean: tuple[float, float, float]
    scale: float


_MODES = MappingProxyType(
    {
        "none": Mode(False, (0.0, 0.0, 0.0), 1.0),  # the network rescales inside
        "unit": Mode(False, (0.0, 0.0, 0.0), 255.0),  # 0 to 1: right for none of the backbones, and often met
        "tf": Mode(False, (127.5, 127.5, 127.5), 127.5),  # −1 to 1
        "lite": Mode(False, (127.0, 127.0, 127.0), 128.0),
        "caffe": Mode(True, (103.939, 116.779, 123.68), 1.0),
        "squeezenet": Mode(True, (104.006, 116.669, 122.679), 1.0),
    }
)


def _twice(mode: Mode) -> Mode:
    """Returns what a mode makes of pixels that were divided by 255 before."""
    red, green, blue = mode.mean
    return mode._replace(mean=(255 * red, 255 * green, 255 * blue), scale=255 * mode.scale)


MODES: Mapping[str, Mode] = MappingProxyType(
    {
        **_MODES,
        **{f"{name}-twice": _twice(mode) for name, mode in _MODES.items()},
        **{f"{name}-bgr": mode._replace(is_bgr=not mode.is_bgr) for name, mode in _MODES.items()},
    }
)
"""The modes by their names; with "-twice" and "-bgr" the same with a classic bug: see `faults`."""


@keras.saving.register_keras_serializable(package="transfer_lab")
class Preprocess(keras.layers.Layer):
    """Casts raw RGB pixels to the layer's compute dtype and applies one of `MODES`.

    Args:
        mode: A key of `MODES`.
        name: The layer's name.

    Raises:
        ValueError: The mode is not in `MODES`.

    Shape:
        uint8 or float (N, H, W, 3), 0–255, RGB → compute dtype, same shape.
    """

    def __init__(self, mode: str, name: str = "preprocess", **kwargs) -> None:
        super().__init__(name=name, **kwargs)
        if mode not in MODES:
            raise ValueError(f"mode is {mode!r}, allowed: {', '.join(MODES)}")
        self.mode = mode

    def call(self, images):
        """Returns the preprocessed images, see the class."""
        is_bgr, mean, scale = MODES[self.mode]
        x = keras.ops.cast(images, self.compute_dtype)
        if is_bgr:
            x = keras.ops.flip(x, axis=-1)
        return (x - keras.ops.convert_to_tensor(mean, dtype=self.compute_dtype)) / scale  # pyright: ignore[reportOperatorIssue, reportOptionalOperand]

    def compute_output_shape(self, input_shape):
        """Returns the input's shape: only values change."""
        return input_shape

    def get_config(self) -> dict:
        """Returns what `from_config` needs to build the same layer."""
        return {**super().get_config(), "mode": self.mode}
