"""What this process computes on: threads and memory set up before the first tensor, and said in every record."""

import os
import platform
from pathlib import Path

from tl_core.store.home import data_home


def n_threads() -> int:
    """Returns TensorFlow's intra-op threads: TL_THREADS, else one for each core.

    The number changes the last bits of results, so every record carries it.
    """
    return int(os.environ.get("TL_THREADS") or os.cpu_count() or 1)


def prepare(home: Path | None = None) -> None:
    """Sets up the process before Keras is imported: its files go into the data folder, its log is quiet.

    Must run before the first import of keras anywhere in the process.
    """
    os.environ.setdefault("KERAS_HOME", str((home or data_home()) / "keras"))
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
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


def environment() -> dict:
    """Returns what results depend on besides the spec, for the record of a run. Imports nothing heavy."""
    from importlib.metadata import PackageNotFoundError, version

    versions = {}
    for package in ("keras", "tensorflow", "tensorflow-cpu", "numpy"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        "versions": versions,
        "backend": os.environ.get("KERAS_BACKEND", "tensorflow"),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "threads": n_threads(),
    }


def is_out_of_memory(error: BaseException) -> bool:
    """Says whether an exception means that memory ran out, on the host or on a GPU."""
    return isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError"
