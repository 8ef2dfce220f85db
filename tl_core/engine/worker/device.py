"""What this process computes on: threads and GPU memory, set up before the first tensor."""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tl_core.disk.home import data_home
from tl_core.engine.environment import keras_environment, n_threads

STANDARD_ERROR = 2  # file descriptor
INTER_OP = 2  # two passes over pictures may run side by side


def prepare(home: Path | None = None) -> None:
    """Sets up the process before Keras is imported: its files go into the data folder, its log is quiet.

    Must run before the first import of keras anywhere in the process.
    """
    for name, value in keras_environment(home or data_home()).items():
        os.environ[name] = value
    with _quiet_start():
        import keras

    if keras.backend.backend() == "tensorflow":
        _prepare_tensorflow()


@contextmanager
def _quiet_start() -> Iterator[None]:
    """Swallows what TensorFlow's libraries write to standard error while they are loaded, before any log level counts.

    Only the file descriptor is turned away: an exception passes through as always.
    """
    if sys.stderr is None:  # closed by anyone who started this process
        yield
        return
    kept = os.dup(STANDARD_ERROR)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, STANDARD_ERROR)
    try:
        yield
    finally:
        os.dup2(kept, STANDARD_ERROR)
        os.close(kept)
        os.close(nowhere)


def _prepare_tensorflow() -> None:
    import tensorflow as tf

    try:
        tf.config.threading.set_intra_op_parallelism_threads(n_threads())
        tf.config.threading.set_inter_op_parallelism_threads(INTER_OP)
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


def release(*, is_idle: bool) -> None:
    """Frees the memory of networks that are no longer used.

    Keras' optimisers on TensorFlow add the gradients of all devices together, also when there is only one. Each
    compilation of that registers a custom gradient, which TensorFlow keeps for ever, and with it the whole graph: 20 to
    60 MB a training. Should another version lack this private registry, nothing is freed and nothing breaks.

    Args:
        is_idle: No network is in use, so Keras' own global state can go as well.
    """
    import keras

    if keras.backend.backend() == "tensorflow":
        from tensorflow.python.framework import ops

        registered = getattr(ops.gradient_registry, "_registry", {})
        for name in [name for name in registered if name.startswith("CustomGradient-")]:
            del registered[name]
    if is_idle:
        keras.backend.clear_session()
    gc.collect()


def is_tracing() -> bool:
    """Says whether a function is being traced on this thread, on TensorFlow."""
    import keras

    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    return tf.inside_function()
