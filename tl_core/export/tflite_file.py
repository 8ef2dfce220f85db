"""A run's network as TensorFlow Lite, float32, for phones and small devices."""

from pathlib import Path

import keras

from tl_core.export.formats import Exported, Source
from tl_core.export.quiet import quiet
from tl_core.export.verified import write_verified


def write(source: Source, target: Path) -> Exported:
    """Writes the ZIP with model.tflite; raises as `write_verified`."""
    return write_verified(source, target, "tflite", ".tflite", save)


def save(model: keras.Model, path: Path) -> None:
    """Writes a network as TensorFlow Lite. Only on the TensorFlow backend."""
    import tensorflow as tf

    with quiet():
        converted = tf.lite.TFLiteConverter.from_keras_model(model).convert()
    path.write_bytes(converted)
