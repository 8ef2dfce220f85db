"""The heads: the new layers that follow a backbone, as the source material teaches them."""

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
from keras import layers

from tl_core.seeds import child_seed
from tl_core.spec import RunSpec


def add_head(features: keras.KerasTensor, spec: RunSpec, n_classes: int) -> keras.KerasTensor:
    """Puts a head on a feature map.

    Args:
        features: Symbolic feature map, (N, H, W, C).
        spec: Says which head, how many hidden units, how much dropout.
        n_classes: Classes to tell apart.

    Returns:
        Symbolic logits, (N, n_classes). Softmax is left to the loss, which is more exact on logits.

    Random:
        Initial weights and dropout draw from children of `spec.seed`.
    """
    if spec.is_flattened:
        x = layers.Flatten(name="head_flatten")(features)  # (N, H·W·C)
    else:
        x = layers.GlobalAveragePooling2D(name="head_pool")(features)  # (N, C)
    if spec.has_hidden_layer:
        x = _dense(spec.hidden, "head_hidden", spec, activation="relu")(x)  # (N, hidden)
    if spec.dropout and not spec.is_fitted:
        x = layers.Dropout(spec.dropout, seed=_drop_seed(spec), name="head_dropout")(x)
    return _dense(n_classes, "head_logits", spec)(x)  # (N, n_classes)


def restart_head(head: Iterable[keras.Layer], spec: RunSpec) -> None:
    """Gives the layers of a head their initial weights again.

    Args:
        head: What `add_head` added.
        spec: Its seed decides as there.
    """
    for layer in head:
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(_start(layer.name, spec)(layer.kernel.shape, layer.kernel.dtype))
            layer.bias.assign(np.zeros(layer.bias.shape, layer.bias.dtype))
        if isinstance(layer, layers.Dropout):  # what was compiled with the layer draws from this very variable
            layer.seed_generator.state.assign(keras.random.SeedGenerator(_drop_seed(spec)).state)


def _drop_seed(spec: RunSpec) -> int:
    return child_seed(spec.seed, "dropout")


def _start(name: str, spec: RunSpec) -> keras.initializers.Initializer:
    return keras.initializers.GlorotUniform(seed=child_seed(spec.seed, name))


def _dense(units: int, name: str, spec: RunSpec, **options) -> layers.Dense:
    start: Any = _start(name, spec)
    return layers.Dense(units, kernel_initializer=start, name=name, **options)
