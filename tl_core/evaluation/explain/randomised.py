"""The sanity check: a map that stays the same when the weights are drawn at random explains no network."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import keras
import numpy as np

from tl_core.evaluation.explain.explained import Explained
from tl_core.seeds import child_seed

_CONSTANT = {"bias": 0.0, "beta": 0.0, "moving_mean": 0.0, "gamma": 1.0, "moving_variance": 1.0}


def stages(explained: Explained) -> list[tuple[str, tuple[keras.Layer, ...]]]:
    """Returns the parts of a network from its output to its input, each with its layers that have weights.

    The first is what stands behind the last block, called "head".
    """
    inside = {layer.name for block in explained.blocks for layer in block.layers}
    head = [layer for layer in explained.model.layers if layer.name not in inside]
    parts = [("head", head), *((block.name, list(block.layers)) for block in reversed(explained.blocks))]
    weighted = [(name, tuple(layer for layer in layers if layer.weights)) for name, layers in parts]
    return [(name, layers) for name, layers in weighted if layers]


@contextmanager
def randomised(weights: Mapping[keras.Layer, Sequence[np.ndarray]]) -> Iterator[None]:
    """Gives layers other weights for as long as the context lasts, and then those that they had.

    Args:
        weights: Layer → its weights, as `drawn` returns them.

    Thread: worker; nothing else may use the network meanwhile.
    """
    before = {layer: layer.get_weights() for layer in weights}
    try:
        for layer, values in weights.items():
            layer.set_weights(values)
        yield
    finally:
        for layer, values in before.items():
            layer.set_weights(values)


def drawn(layer: keras.Layer, seed: int) -> list[np.ndarray]:
    """Returns random weights for a layer, in the order of its own.

    Kernels are drawn from a normal distribution whose variance is 2 over the fan-in, so that signals keep their size
    through all layers; biases and the statistics of BatchNormalization are as in a new network.

    Random:
        The child "sanity/<layer>" of `seed`: the same values whichever other layers are drawn.

    References:
        Adebayo et al. 2018, "Sanity Checks for Saliency Maps", section 3. He et al. 2015, "Delving Deep into
        Rectifiers", section 2.2, for the variance.
    """
    chance = np.random.default_rng(child_seed(seed, f"sanity/{layer.name}"))
    return [_drawn(layer, variable, chance) for variable in layer.weights]


def _drawn(layer: keras.Layer, variable: keras.Variable, chance: np.random.Generator) -> np.ndarray:
    kind = variable.name.rpartition("/")[2]
    if "kernel" in kind:
        is_depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
        fan_in = np.prod(variable.shape[:-2] if is_depthwise else variable.shape[:-1])
        return chance.normal(0.0, np.sqrt(2.0 / fan_in), variable.shape).astype(np.float32)
    if kind in _CONSTANT:
        return np.full(variable.shape, _CONSTANT[kind], np.float32)
    return np.asarray(variable)  # what a layer measured of the data, such as the means of its input
