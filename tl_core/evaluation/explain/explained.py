"""A network cut at a block, so that its answer can be traced back to places of the picture."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np

from tl_core.errors import SpecError
from tl_core.models.cuts import Block, find_blocks

if keras.backend.backend() == "tensorflow":
    import tensorflow as tf

KEPT_CUTS = 4


@dataclass(frozen=True, eq=False)
class Traced:
    """What a network computed of one picture, seen at a block.

    Attributes:
        features: float32 (H, W, C), the block's output.
        slopes: float32 (H, W, C), by how much the class's logit grows with each of them.
        logits: float32 (classes,).
        target: The class.
    """

    features: np.ndarray
    slopes: np.ndarray
    logits: np.ndarray
    target: int


class Cut:
    """One network seen at one block: pictures → features → logits.

    Args:
        model: Pictures → logits.
        block: Its name.
        tensor: The block's last feature map, (N, H, W, C).
    """

    def __init__(self, model: keras.Model, block: str, tensor: keras.KerasTensor) -> None:
        self.block, self._model, self._tensor = block, model, tensor
        self.front = keras.Model(model.inputs[0], tensor)
        self.back = keras.Model(tensor, model.outputs[0])

    def trace(self, picture: np.ndarray, target: int | None = None) -> Traced:
        """Returns features, logits, and the slopes of one class's logit; of the predicted one where none is named.

        Args:
            picture: uint8 (S, S, 3).
            target: The class.

        Thread: worker. The first call compiles.
        """
        features, slopes, logits, chosen = self._compiled(picture[None], np.int32(-1 if target is None else target))
        return Traced(features.numpy()[0], slopes.numpy()[0], logits.numpy()[0], int(chosen))

    def peaks(self, pictures: np.ndarray) -> np.ndarray:
        """Returns each channel's largest value in each picture: float32 (N, C).

        Args:
            pictures: uint8 (N, S, S, 3).
        """
        return np.asarray(self._peaks(pictures))

    @cached_property
    def linear_weights(self) -> np.ndarray | None:
        """The head's weights, float32 (C, classes), where nothing but pooling stands before it; else None."""
        kinds = (keras.layers.InputLayer, keras.layers.Dropout)
        layers = [layer for layer in self.back.layers if not isinstance(layer, kinds)]
        if [type(layer) for layer in layers] != [keras.layers.GlobalAveragePooling2D, keras.layers.Dense]:
            return None
        head: Any = layers[1]
        return np.asarray(head.kernel) if head.activation is keras.activations.linear else None

    @cached_property
    def _compiled(self):
        shapes = (tf.TensorSpec((1, *self.front.input_shape[1:]), tf.uint8), tf.TensorSpec((), tf.int32))
        return tf.function(self._traced, input_signature=shapes, autograph=False, jit_compile=False)

    def _traced(self, pictures, target) -> tuple:
        features = self.front(pictures, training=False)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(features)
            logits = self.back(features, training=False)
            chosen = tf.where(target < 0, tf.argmax(logits[0], output_type=tf.int32), target)
            logit = tf.gather(logits[0], chosen)
        return features, tape.gradient(logit, features), logits, chosen

    @cached_property
    def _peaks(self):
        def largest(pictures):
            return tf.reduce_max(self.front(pictures, training=False), axis=(1, 2))

        shape = (tf.TensorSpec((None, *self.front.input_shape[1:]), tf.uint8),)
        return tf.function(largest, input_signature=shape, autograph=False, jit_compile=False)


class Explained:
    """A network whose answers can be explained at each of its blocks.

    Args:
        model: uint8 pictures → logits, or probabilities by a softmax, which is left out.
        blocks: Its blocks before the head, from the input; found in its graph if they are not given.

    Thread: worker.
    """

    def __init__(self, model: keras.Model, blocks: Sequence[Block] | None = None) -> None:
        self.model = _with_logits(model)
        self.blocks = tuple(find_blocks(model) if blocks is None else blocks)
        self._tensors = {block.name: tensor for block in self.blocks if (tensor := _feature_map(block)) is not None}
        self._cuts: OrderedDict[str, Cut] = OrderedDict()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the blocks that have a feature map, from the input."""
        return tuple(self._tensors)

    @property
    def n_classes(self) -> int:
        return int(self.model.outputs[0].shape[-1])

    def at(self, block: str = "") -> Cut:
        """Returns the network seen at a block, the last one where none is named; an LRU cache keeps some of them.

        Raises:
            SpecError: "spec_choice": there is no such block.
        """
        name = block or self.names[-1]
        if name not in self._tensors:
            raise SpecError("spec_choice", field="block", received=block[:40], allowed=list(self.names))
        if name not in self._cuts:
            self._cuts[name] = Cut(self.model, name, self._tensors[name])
        self._cuts.move_to_end(name)
        while len(self._cuts) > KEPT_CUTS:
            self._cuts.popitem(last=False)
        return self._cuts[name]

    def logits(self, pictures: np.ndarray) -> np.ndarray:
        """Returns float32 (N, classes) for uint8 (N, S, S, 3)."""
        return np.asarray(self.model.predict_on_batch(pictures))

    def checked_target(self, target: int | None) -> int | None:
        """Returns a class that the network has.

        Raises:
            SpecError: "spec_range".
        """
        if target is not None and not 0 <= target < self.n_classes:
            raise SpecError("spec_range", field="target", received=target, low=0, high=self.n_classes - 1)
        return target


def _feature_map(block: Block) -> keras.KerasTensor | None:
    """Returns a block's last tensor with places: behind it the block may pool or flatten."""
    maps = [segment.tensor for segment in block.segments if len(segment.tensor.shape) == 4]
    return next((tensor for tensor in reversed(maps) if tensor.shape[1] != 1 or len(maps) == 1), None)


def _with_logits(model: keras.Model) -> keras.Model:
    """Returns a model that ends in logits: the slope of a probability near 1 says nothing any more."""
    last: Any = model.layers[-1]
    if isinstance(last, keras.layers.Softmax):
        logits = last.input
    elif isinstance(last, keras.layers.Dense) and last.activation is keras.activations.softmax:
        twin = keras.layers.Dense.from_config(last.get_config() | {"activation": "linear"})
        logits = twin(last.input)
        twin.set_weights(last.get_weights())
    else:
        return model
    made = keras.Model(model.inputs[0], logits, name=model.name)
    made.compile(jit_compile=False)  # XLA on convolutions is catastrophic on a CPU  # pyright: ignore[reportArgumentType]
    return made
