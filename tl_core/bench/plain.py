"""Plain Keras: the recipe of Keras' own transfer-learning guide, given every fair advantage.

The backbone with its preprocessing inside the model, frozen the usual way, called with `training=False`; pooling and
one linear layer; Adam; `fit` on a prefetched `tf.data` pipeline of uint8 pictures that lie in memory; no XLA, which is
catastrophic for convolutions on a CPU.

References: keras.io/guides/transfer_learning.
"""

import keras
import numpy as np
import tensorflow as tf

from tl_core.bench.settings import BATCH
from tl_core.bench.timing import seconds
from tl_core.datasets.arrays import Dataset
from tl_core.models.cuts import find_blocks
from tl_core.models.networks import network
from tl_core.models.weights import load_pretrained
from tl_core.spec import RunSpec


def plain_model(spec: RunSpec, n_classes: int, augmentation: list[keras.Layer] | None = None) -> keras.Model:
    """Returns the compiled model of the guide.

    Args:
        spec: Its backbone, weights, frozen blocks, picture size and learning rate are followed.
        n_classes: Classes to tell apart.
        augmentation: Layers before the backbone, as the guide places them.
    """
    base = network(spec.backbone, spec.image_size)
    if spec.weights == "pretrained":
        load_pretrained(base, spec.backbone)
    blocks = find_blocks(base)
    for block in blocks[: spec.n_frozen]:
        for layer in block.layers:
            layer.trainable = False
    inputs = keras.Input((spec.image_size, spec.image_size, 3), dtype="uint8")
    x = inputs
    for layer in augmentation or []:
        x = layer(x)
    x = base(x, training=False) if spec.n_frozen else base(x)
    outputs = keras.layers.Dense(n_classes)(keras.layers.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, outputs)
    _compile(model, spec)
    return model


def plain_head(inputs: tuple[int, ...], spec: RunSpec, n_classes: int, steps_per_call: int = 1) -> keras.Model:
    """Returns a compiled linear head alone, for features of this shape."""
    model = keras.Sequential([keras.Input(inputs), keras.layers.Dense(n_classes)])
    _compile(model, spec, steps_per_call)
    return model


def _compile(model: keras.Model, spec: RunSpec, steps_per_call: int = 1) -> None:
    model.compile(
        optimizer=keras.optimizers.Adam(spec.learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,  # pyright: ignore[reportArgumentType]
        steps_per_execution=steps_per_call,
    )


class PlainTraining:
    """A plain model with its pipelines: an epoch a call.

    Args:
        model: From `plain_model`.
        dataset: Its pictures, of the size that the model sees.
        n_images: Training pictures used, the first ones.
        n_validation: Validation pictures used; 0 trains without validation.

    Thread: worker.
    """

    def __init__(self, model: keras.Model, dataset: Dataset, n_images: int, n_validation: int) -> None:
        self._model = model
        self._train = _pipeline(dataset, dataset.train[:n_images], is_shuffled=True)
        self._validation = _pipeline(dataset, dataset.validation[:n_validation]) if n_validation else None

    def warm_up(self) -> float:
        """Compiles; returns the seconds of one batch after that."""
        short = self._train.take(2)
        self._fit(short, self._validation and self._validation.take(1))
        return seconds(lambda: self._fit(short)) / 2

    def epoch(self) -> float:
        """Trains one epoch; returns its seconds, with validation if there is one."""
        return seconds(lambda: self._fit(self._train, self._validation))

    def _fit(self, train: tf.data.Dataset, validation: tf.data.Dataset | None = None) -> None:
        # the pipeline shuffles
        self._model.fit(train, validation_data=validation, shuffle=False, verbose=0)  # pyright: ignore[reportArgumentType]


def _pipeline(dataset: Dataset, chosen: np.ndarray, *, is_shuffled: bool = False) -> tf.data.Dataset:
    data = tf.data.Dataset.from_tensor_slices((np.asarray(dataset.pixels)[chosen], dataset.labels[chosen]))
    if is_shuffled:
        data = data.shuffle(len(chosen))
    return data.batch(BATCH).prefetch(tf.data.AUTOTUNE)
