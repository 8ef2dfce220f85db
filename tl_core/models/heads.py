"""The heads: the new layers that follow a backbone, as the source material teaches them."""

import keras
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
        x = layers.Dropout(spec.dropout, seed=child_seed(spec.seed, "dropout"), name="head_dropout")(x)
    return _dense(n_classes, "head_logits", spec)(x)  # (N, n_classes)


def _dense(units: int, name: str, spec: RunSpec, **options) -> layers.Dense:
    start = keras.initializers.GlorotUniform(seed=child_seed(spec.seed, name))
    return layers.Dense(units, kernel_initializer=start, name=name, **options)  # pyright: ignore[reportArgumentType]
