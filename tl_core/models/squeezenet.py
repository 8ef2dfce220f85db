"""SqueezeNet 1.1: AlexNet's accuracy with fifty times fewer weights, and no BatchNormalization.

References:
    Iandola et al. 2016, "SqueezeNet", section 3; version 1.1 from the authors' repository.
"""

from types import MappingProxyType

import keras
from keras import layers

# fire module → (filters that squeeze, filters of each of the two expansions); a pooling comes before fire4 and fire6
FIRES = MappingProxyType(
    {2: (16, 64), 3: (16, 64), 4: (32, 128), 5: (32, 128), 6: (48, 192), 7: (48, 192), 8: (64, 256), 9: (64, 256)}
)


def squeezenet(x: keras.KerasTensor, *, top: bool) -> keras.KerasTensor:
    """Applies SqueezeNet 1.1 to preprocessed images.

    Args:
        x: float (N, H, W, 3), preprocessed with mode "squeezenet".
        top: End in 1000 probabilities; otherwise in the last feature map.

    Returns:
        float (N, 1000), or (N, h, w, 512): 13×13 for 224 px.
    """
    x = layers.Conv2D(64, 3, 2, activation="relu", name="conv1")(x)
    x = _pool(x, "pool1")
    for number, (squeezed, expanded) in FIRES.items():
        if number in (4, 6):
            x = _pool(x, f"pool{number - 1}")
        x = _fire(x, squeezed, expanded, f"fire{number}")
    return _top(x) if top else x


def _pool(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return layers.MaxPooling2D(3, 2, name=name)(x)


def _fire(x: keras.KerasTensor, squeezed: int, expanded: int, name: str) -> keras.KerasTensor:
    x = layers.Conv2D(squeezed, 1, activation="relu", name=f"{name}_squeeze1x1")(x)
    left = layers.Conv2D(expanded, 1, activation="relu", name=f"{name}_expand1x1")(x)
    right = layers.Conv2D(expanded, 3, padding="same", activation="relu", name=f"{name}_expand3x3")(x)
    return layers.Concatenate(name=f"{name}_concat")([left, right])


def _top(x: keras.KerasTensor) -> keras.KerasTensor:
    """The classifier is a 1×1 convolution whose maps are averaged over the picture."""
    x = layers.Conv2D(1000, 1, activation="relu", name="predictions_conv")(x)
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return layers.Softmax(name="predictions")(x)
