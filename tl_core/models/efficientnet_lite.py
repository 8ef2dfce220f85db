"""EfficientNet-Lite0: EfficientNet-B0 for phones, without squeeze-and-excitation and with ReLU6 instead of swish.

References:
    Tan and Le 2019, "EfficientNet", table 1, and the EfficientNet-Lite release notes (TensorFlow TPU models, 2020).
"""

from typing import NamedTuple

import keras
from keras import layers


class Stage(NamedTuple):
    """Some inverted residual blocks in a row; the first one changes the width and takes the stride."""

    n_blocks: int
    kernel: int
    stride: int
    expansion: int
    filters: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


def efficientnet_lite0(x: keras.KerasTensor, *, top: bool) -> keras.KerasTensor:
    """Applies EfficientNet-Lite0 to preprocessed images.

    Args:
        x: float (N, H, W, 3), preprocessed with mode "lite".
        top: End in 1000 probabilities; otherwise in the last feature map.

    Returns:
        float (N, 1000), or (N, H/32, W/32, 1280) rounded up.
    """
    x = _convolution(x, 32, 3, 2, "stem")
    number = 0
    for stage in STAGES:
        for repeat in range(stage.n_blocks):
            x = _block(x, stage, stage.stride if repeat == 0 else 1, f"block{number}")
            number += 1
    x = _convolution(x, 1280, 1, 1, "top")
    return _top(x) if top else x


def _block(x: keras.KerasTensor, stage: Stage, stride: int, name: str) -> keras.KerasTensor:
    """An inverted residual block: widen, look around channel by channel, narrow, and add the shortcut where it fits."""
    width = x.shape[-1]
    y = x if stage.expansion == 1 else _convolution(x, width * stage.expansion, 1, 1, f"{name}_expand")
    y = layers.DepthwiseConv2D(stage.kernel, stride, "same", use_bias=False, name=f"{name}_depthwise_conv")(y)
    y = _activation(_norm(y, f"{name}_depthwise"), f"{name}_depthwise")
    y = layers.Conv2D(stage.filters, 1, use_bias=False, name=f"{name}_project_conv")(y)
    y = _norm(y, f"{name}_project")
    return layers.Add(name=f"{name}_add")([y, x]) if stride == 1 and width == stage.filters else y


def _convolution(x: keras.KerasTensor, filters: int, kernel: int, stride: int, name: str) -> keras.KerasTensor:
    x = layers.Conv2D(filters, kernel, stride, "same", use_bias=False, name=f"{name}_conv")(x)
    return _activation(_norm(x, name), name)


def _norm(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return layers.BatchNormalization(momentum=0.99, epsilon=1e-3, name=f"{name}_bn")(x)


def _activation(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return layers.ReLU(6.0, name=f"{name}_relu")(x)


def _top(x: keras.KerasTensor) -> keras.KerasTensor:
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return layers.Dense(1000, activation="softmax", name="predictions")(x)
