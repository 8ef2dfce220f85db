"""What this process computes on: threads and GPU memory, set up before the first tensor."""

import os
from pathlib import Path

from tl_core.engine.environment import keras_environment, n_threads
from tl_core.store.home import data_home


def prepare(home: Path | None = None) -> None:
    """Sets up the process before Keras is imported: its files go into the data folder, its log is quiet.

    Must run before the first import of keras anywhere in the process.
    """
    for name, value in keras_environment(home or data_home()).items():
        os.environ.setdefault(name, value)
    import keras

    if keras.backend.backend() == "tensorflow":
        _prepare_tensorflow()


def _prepare_tensorflow() -> None:
    import tensorflow as tf

    try:
        tf.config.threading.set_intra_op_parallelism_threads(n_threads())
        tf.config.threading.set_inter_op_parallelism_threads(1)
        for gpu in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)
    except RuntimeError:  # already running, as in a notebook: its owner's settings stand
        return


def device_name() -> str:
    """Returns what Keras computes on, such as "CPU" or "GPU: NVIDIA H200"."""
    import keras

    if keras.backend.backend() != "tensorflow":
        return keras.backend.backend()
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return "CPU"
    return "GPU: " + str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", gpus[0].name))


def is_out_of_memory(error: BaseException) -> bool:
    """Says whether an exception means that memory ran out, on the host or on a GPU."""
    return isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError"
