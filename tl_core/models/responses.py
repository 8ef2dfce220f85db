"""What each block of a network holds, and what it makes of pictures."""

import math
from collections.abc import Sequence

import keras
import numpy as np

from tl_core.models.build import Network
from tl_core.models.movement import BlockState

MOST_SIDE = 7  # of a map that is compared: finer ones are averaged


def block_states(network: Network) -> list[BlockState]:
    """Returns what each block holds, from the input on, then what the head does, as copies. Thread: worker."""
    return [_state(layers) for layers in (*(block.layers for block in network.blocks), network.head_layers)]


def _state(layers: Sequence[keras.Layer]) -> BlockState:
    weights = [one.numpy() for layer in layers for one in layer.weights if not one.name.startswith("moving_")]
    norms = [layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]
    means = [norm.moving_mean.numpy() for norm in norms]  # pyright: ignore[reportOptionalMemberAccess]
    variances = [norm.moving_variance.numpy() + norm.epsilon for norm in norms]  # pyright: ignore[reportOptionalMemberAccess]
    return BlockState(weights, *(np.concatenate(parts) if parts else np.zeros(0) for parts in (means, variances)))


def responses(network: Network, places: Sequence[int]) -> keras.Model:
    """Returns a network from pictures to the outputs of some blocks, maps averaged to at most 7 × 7.

    Args:
        network: Whose layers it shares: it computes with the weights that these have by then.
        places: Of the blocks, from 0; the number of all blocks stands for the head, whose outputs are the logits.

    Shape: uint8 (N, S, S, 3) → float (N, h, w, c) each, the head's (N, classes).

    Thread: worker.
    """
    tensors = _outputs(network)
    return keras.Model(network.full.inputs[0], [_averaged(tensors[place]) for place in places], name="responses")


def n_numbers(network: Network, place: int) -> int:
    """Returns how many numbers the averaged output of a block, or of the head, has for one picture."""
    *sides, channels = _outputs(network)[place].shape[1:]
    return math.prod(-(-side // _square(sides)) for side in sides) * channels


def _outputs(network: Network) -> list[keras.KerasTensor]:
    return [*(block.tensor for block in network.blocks), *network.full.outputs]


def _averaged(tensor: keras.KerasTensor) -> keras.KerasTensor:
    """Returns a map of at most 7 × 7: averages of squares that cover all of it."""
    sides = tensor.shape[1:-1]
    square = _square(sides) if sides else 1
    return tensor if square == 1 else keras.layers.AveragePooling2D(square, square, padding="same")(tensor)


def _square(sides: Sequence[int]) -> int:
    """Returns the side of the squares that are averaged."""
    return -(-max(sides) // MOST_SIDE)
