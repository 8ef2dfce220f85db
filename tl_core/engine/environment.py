"""What results depend on besides the spec: processor, threads, versions. Imports nothing heavy."""

import hashlib
import json
import os
import platform
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tl_core.models.weights import keras_home
from tl_core.paths import PROJECT

_CORE = PROJECT / "tl_core"
_DECISIVE = (
    "datasets",
    "models",
    "training",
    "evaluation",
    "spec.py",
    "faults.py",
    "fields.py",
    "seeds.py",
    "engine/worker/tasks/train.py",
)


def n_threads() -> int:
    """Returns TensorFlow's intra-op threads: TL_THREADS, else one for each core.

    The number changes the last bits of results, so every record carries it.
    """
    return int(os.environ.get("TL_THREADS") or os.cpu_count() or 1)


def environment() -> dict:
    """Returns what a record says of the machine: {"versions", "backend", "python", "machine", "cores", "threads"}."""
    return {
        "versions": dict(_versions()),
        "backend": os.environ.get("KERAS_BACKEND", "tensorflow"),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "threads": n_threads(),
    }


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    """Returns (package, version) of what decides a result; read from the disk once."""
    versions = []
    for package in ("keras", "tensorflow", "tensorflow-cpu", "numpy", "scikit-learn"):
        with suppress(PackageNotFoundError):
            versions.append((package, version(package)))
    return tuple(versions)


def keras_environment(home: Path) -> dict[str, str]:
    """Returns the settings that must stand before Keras is imported: its files in the data folder, its log quiet.

    Threads of scikit-learn's loops that wait for each other sleep: where they spin, as is usual, trainings beside them
    have nothing to compute with (t-SNE of 1,000 points beside two busy processes: 23 s with, 5 s without spinning).
    """
    return {
        "KERAS_HOME": str(keras_home(home)),
        "KERAS_BACKEND": os.environ.get("KERAS_BACKEND", "tensorflow"),
        "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3"),
        "OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "PASSIVE"),
    }


def worker_environment(home: Path, threads: int | None = None) -> dict[str, str]:
    """Returns the environment of a worker process: ours without the instructor's key, which is the server's alone.

    Args:
        home: The data folder.
        threads: Its intra-op threads; None leaves TL_THREADS as it is here.
    """
    chosen = {} if threads is None else {"TL_THREADS": str(threads)}
    inherited = {name: value for name, value in os.environ.items() if name != "TL_INSTRUCTOR_KEY"}
    return {**inherited, **keras_environment(home), "TL_HOME": str(home), **chosen}


def ready(device: str) -> dict:
    """Returns what a worker says first: what it computes on, and what its results depend on.

    Args:
        device: As `engine.worker.device.device_name`.
    """
    here = environment()
    return {"say": "ready", "device": device, "threads": n_threads(), "environment": here, "code": code_version()}


@cache
def code_version() -> str:
    """Returns the hash of everything in the code that decides a result: our sources, Keras, its backend, NumPy."""
    here = environment()
    versions = {name.removesuffix("-cpu"): version for name, version in here["versions"].items()}
    parts = [json.dumps([versions, here["backend"]], sort_keys=True).encode()]
    for path in _decisive_files():
        parts += [path.relative_to(_CORE).as_posix().encode(), path.read_bytes()]
    return digest(*parts)


def _decisive_files() -> list[Path]:
    """Returns the sources, and the tables beside them, in an order that is the same everywhere.

    Raises:
        FileNotFoundError: One of them is not where this module looks for it.
    """
    roots = [(_CORE / name).resolve(strict=True) for name in _DECISIVE]
    found = [path for root in roots for path in ([root] if root.is_file() else root.rglob("*"))]
    return sorted(path for path in found if path.suffix in (".py", ".json"))


def digest(*parts: bytes) -> str:
    """Returns one hash over several texts, which no shifting of their ends can make equal."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "big") + part)
    return whole.hexdigest()
