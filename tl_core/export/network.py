"""A run's network as a stranger can use it: stock layers only, raw pixels in, probabilities out."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from tl_core.evaluation.scores import softmax
from tl_core.models.batchnorm import FastBatchNormalization
from tl_core.models.preprocess import MODES, Preprocess
from tl_core.models.trained import load_trained

OUTPUT = "probabilities"


def stock_network(full: keras.Model) -> keras.Model:
    """Returns the same network without a class of this project, so that it loads wherever Keras does.

    Args:
        full: uint8 pictures (N, S, S, 3) → logits (N, classes).

    Returns:
        A flat model of copies: uint8 pictures (N, S, S, 3), 0–255, RGB → probabilities (N, classes).
    """
    is_bgr = any(isinstance(layer, Preprocess) and MODES[layer.mode].is_bgr for layer in full.layers)

    def called(layer: keras.layers.Layer, *inputs: Any, **options: Any):
        if is_bgr and layer.name == "preprocess":
            inputs = (keras.ops.flip(inputs[0], axis=-1), *inputs[1:])
        return layer(*inputs, **options)

    copied = keras.models.clone_model(full, clone_function=_stock, call_function=called)
    for layer in full.layers:
        if not isinstance(layer, Preprocess):
            copied.get_layer(layer.name).set_weights(layer.get_weights())
    output = keras.layers.Softmax(name=OUTPUT)(copied.outputs[0])
    return keras.Model(copied.inputs[0], output, name=full.name)


def exact_network(full: keras.Model) -> keras.Model:
    """Returns the same network in float64, whose rounding no float32 answer can be told from none.

    On JAX, which has no float64 unless it is told to, it is the same network once more.

    Args:
        full: uint8 pictures (N, S, S, 3) → logits (N, classes).

    Returns:
        A flat model of copies: uint8 pictures (N, S, S, 3) → logits (N, classes), float64.
    """

    def exact(layer: keras.layers.Layer) -> keras.layers.Layer:
        return _kind(layer).from_config({**layer.get_config(), "dtype": "float64"})

    copied = keras.models.clone_model(full, clone_function=exact)
    for layer in full.layers:
        copied.get_layer(layer.name).set_weights(layer.get_weights())
    copied.compile(jit_compile=False)  # pyright: ignore[reportArgumentType]
    return copied


def _kind(layer: keras.layers.Layer) -> type[keras.layers.Layer]:
    """Returns the class of Keras' own that computes the same, where a layer is of one of ours that only is quicker."""
    return keras.layers.BatchNormalization if isinstance(layer, FastBatchNormalization) else type(layer)


def _stock(layer: keras.layers.Layer) -> keras.layers.Layer:
    """Returns a fresh layer of Keras' own that computes the same; weights come later."""
    if isinstance(layer, Preprocess):
        mode = MODES[layer.mode]  # the order of the channels is turned before it
        return _rescaling(np.array(mode.mean), np.full(3, mode.scale), layer.name)
    if isinstance(layer, keras.layers.Normalization):  # its constants would become inputs of an ONNX file
        return _rescaling(np.array(layer.input_mean), np.sqrt(layer.input_variance), layer.name)
    return _kind(layer).from_config(layer.get_config())


def _rescaling(mean: np.ndarray, scale: np.ndarray, name: str) -> keras.layers.Layer:
    """Returns the layer for (pixel − mean) / scale, channel by channel."""
    factors, offsets = (1 / scale).tolist(), (-mean / scale).tolist()
    return keras.layers.Rescaling(factors, offsets, name=name)  # pyright: ignore[reportArgumentType]


def loaded(folder: Path) -> tuple[keras.Model, int]:
    """Returns a finished run's network, uint8 pictures → logits, and the side of its pictures in px.

    Raises:
        StoreError: "file_damaged".
        UnavailableError: The pretrained weights of its frozen prefix are not on this machine.
    """
    trained, spec = load_trained(folder)
    return trained.full, spec.image_size


def probabilities(full: keras.Model, images: np.ndarray) -> np.ndarray:
    """Returns what the run says of pictures, as where one classifies: float64 (N, classes)."""
    return softmax(np.asarray(full.predict_on_batch(images)))
