"""The features of pictures at a block: the average of each channel."""

import keras
import numpy as np

from tl_core.models.build import Network

_POOL = "head_pool"  # as the head calls its own, so that what a frozen run has cached is found again


def pooled(network: Network, n_blocks: int | None = None) -> keras.Model:
    """Returns a network from pictures to features.

    Args:
        network: Any run's, trained or as it came.
        n_blocks: So many blocks, counted from the input; None: all before the head, the averages that a pooled head
            is fed. A head that flattens is fed the same channels unaveraged.

    Returns:
        A compiled model, uint8 (N, S, S, 3) → float (N, C), C channels of the block.

    Thread: worker.
    """
    pools = [layer for layer in network.full.layers if layer.name == _POOL]
    if n_blocks in (None, len(network.blocks)) and pools:
        output = pools[0].output
    else:
        tensor = network.blocks[-1 if n_blocks is None else n_blocks - 1].tensor
        flat = len(tensor.shape) == 2
        output = tensor if flat else keras.layers.GlobalAveragePooling2D(name=_POOL)(tensor)
    model = keras.Model(network.full.inputs[0], output, name="pooled")
    model.compile(jit_compile=False)  # XLA on convolutions is catastrophic on a CPU  # pyright: ignore[reportArgumentType]
    return model


def features_of(model: keras.Model, picture: np.ndarray) -> np.ndarray:
    """Returns the features of one picture: float32 (C,).

    Args:
        model: From `pooled`.
        picture: uint8 (S, S, 3).
    """
    # two copies, as where pictures are classified: a batch of one takes another path through the kernels
    return np.asarray(model.predict_on_batch(np.stack([picture, picture])))[0]
