"""The frozen prefix for extraction: the same function in fewer passes over memory.

A frozen BatchNormalization is a fixed scale and shift of every channel, so it can be part of the convolution before it:
with s = gamma / sqrt(variance + epsilon), the kernel becomes kernel * s and the bias (bias - mean) * s + beta. The
backend then fuses what follows (ReLU6, the addition of a shortcut) into that one convolution.
"""

from collections import Counter

import keras
import numpy as np
from keras import layers

_FOLDABLE = (layers.Conv2D, layers.DepthwiseConv2D, layers.Dense)


def folded(prefix: keras.Model) -> keras.Model:
    """Returns a network that computes the same with BatchNormalization folded into the convolutions.

    A BatchNormalization stays where it does not directly follow a convolution whose only reader it is. Left out too are
    Dropout, which does nothing here, and zero padding that the next convolution's own "same" padding equals.

    Args:
        prefix: A functional model with one or more outputs, all of it meant for inference. It is not changed.

    Returns:
        A compiled model with weights of its own, its layers named as in `prefix`; `prefix` itself where nothing folds.

    Shape:
        As `prefix`. Folded in float64, stored in the layers' own dtype: outputs differ by float error.

    Thread: worker.
    """
    before = _only_sources(prefix)
    norms = {node.operation.name: prefix.get_layer(name) for name, node in before.items() if _folds(prefix, name, node)}
    pads = {name: node.operation.name for name, node in before.items() if _is_own_padding(prefix, name, node)}
    dropouts = (layer.name for layer in prefix.layers if isinstance(layer, layers.Dropout))
    gone = {*(norm.name for norm in norms.values()), *pads.values(), *dropouts}
    if not gone:
        return prefix

    def copy(layer: keras.Operation) -> keras.Operation:
        return layer if layer.name in gone else _copy(layer, layer.name in norms, layer.name in pads)

    def call(layer: keras.Operation, *inputs, **options):
        return inputs[0] if layer.name in gone else layer(*inputs, **options)

    model = keras.models.clone_model(prefix, clone_function=copy, call_function=call)
    for layer in (layer for layer in model.layers if layer.weights):
        weights = prefix.get_layer(layer.name).get_weights()
        layer.set_weights(_fold(layer, weights, norms[layer.name]) if layer.name in norms else weights)
    model.compile(jit_compile=False)  # XLA on convolutions is catastrophic on a CPU  # pyright: ignore[reportArgumentType]
    return model


def _only_sources(model: keras.Model) -> dict:
    """Maps an operation's name to the node that feeds it, where it reads nothing else and nothing else reads that."""
    nodes = [node for level in model._nodes_by_depth.values() for node in level]
    calls = Counter(node.operation.name for node in nodes)
    readers = Counter(id(tensor) for node in nodes for tensor in node.input_tensors)
    readers.update(id(tensor) for tensor in model.outputs)
    makers = {id(tensor): node for node in nodes for tensor in node.output_tensors}
    pairs = {
        node.operation.name: makers[id(node.input_tensors[0])]
        for node in nodes
        if len(node.input_tensors) == 1 and readers[id(node.input_tensors[0])] == 1
    }
    return {name: node for name, node in pairs.items() if calls[name] == 1 and calls[node.operation.name] == 1}


def _folds(model: keras.Model, name: str, source) -> bool:
    """Says whether an operation is a BatchNormalization of the channels that a convolution has just computed."""
    if not isinstance(source.operation, _FOLDABLE) or source.operation.activation is not keras.activations.linear:
        return False
    norm = model.get_layer(name)
    return isinstance(norm, layers.BatchNormalization) and norm.axis in (-1, len(source.output_tensors[0].shape) - 1)


def _is_own_padding(model: keras.Model, name: str, source) -> bool:
    """Says whether an operation is a convolution after zero padding that equals its own "same" padding."""
    if not isinstance(source.operation, layers.ZeroPadding2D):
        return False
    convolution = model.get_layer(name)
    if not isinstance(convolution, layers.Conv2D | layers.DepthwiseConv2D):
        return False
    sides = source.input_tensors[0].shape[1:3]
    same = tuple(map(_same_padding, sides, convolution.kernel_size, convolution.strides))
    is_plain = convolution.padding == "valid" and tuple(convolution.dilation_rate) == (1, 1)
    return is_plain and source.operation.padding == same


def _same_padding(side: int, kernel: int, stride: int) -> tuple[int, int]:
    """Returns the zeros that "same" adds before and after a side."""
    total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
    return total // 2, total - total // 2


def _copy(layer: keras.Operation, gets_bias: bool, pads_itself: bool) -> keras.Operation:
    config: dict = layer.get_config()
    for initializer in {"kernel_initializer", "depthwise_initializer"} & config.keys():
        config[initializer] = "zeros"  # nothing is drawn for weights that are overwritten
    if gets_bias:
        config["use_bias"] = True
    if pads_itself:
        config["padding"] = "same"
    return type(layer).from_config(config)


def _fold(
    layer: layers.Layer, weights: list[np.ndarray], norm: layers.BatchNormalization
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the kernel and the bias of a convolution that normalises by itself."""
    kernel, bias = (*weights, np.zeros(1))[:2]
    mean, variance = (np.asarray(moving, np.float64) for moving in (norm.moving_mean, norm.moving_variance))
    scale = (np.asarray(norm.gamma, np.float64) if norm.scale else 1.0) / np.sqrt(variance + norm.epsilon)
    shift = (bias - mean) * scale + (np.asarray(norm.beta, np.float64) if norm.center else 0.0)
    is_depthwise = isinstance(layer, layers.DepthwiseConv2D)  # its channels are the last two axes: (inputs, multiplier)
    return kernel * (scale.reshape(kernel.shape[-2:]) if is_depthwise else scale), shift
