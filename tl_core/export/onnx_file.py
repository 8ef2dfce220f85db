"""A run's network as ONNX, which runtimes in many languages read, also one in the browser."""

from pathlib import Path

import keras

from tl_core.export.formats import Exported, Source
from tl_core.export.quiet import quiet
from tl_core.export.verified import write_verified

OPSET = 17  # read by every onnxruntime since 1.12 and by onnxruntime-web


def write(source: Source, target: Path) -> Exported:
    """Writes the ZIP with model.onnx; raises as `write_verified`."""
    return write_verified(source, target, "onnx", ".onnx", save)


def save(model: keras.Model, path: Path) -> None:
    """Writes a network as ONNX. Only on the TensorFlow backend; needs requirements-export.txt."""
    import tensorflow as tf
    import tf2onnx  # pyright: ignore[reportMissingImports]

    shape = (None, *model.inputs[0].shape[1:])
    signature = [tf.TensorSpec(shape, tf.uint8, name=model.inputs[0].name)]
    with quiet():
        function = tf.function(lambda image: model(image, training=False), input_signature=signature)
        tf2onnx.convert.from_function(function, input_signature=signature, opset=OPSET, output_path=str(path))
