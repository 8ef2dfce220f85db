"""The file that a finished run leaves: the weights of what it trained, and the spec that rebuilds the rest."""

import json
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from tl_core.disk.files import SOURCE_FILE, WEIGHTS_FILE, read_tensors, write_tensors
from tl_core.errors import SpecError, StoreError
from tl_core.models.build import Network, build, make_backbone
from tl_core.spec import RunSpec


def copies(variables: Sequence[keras.Variable]) -> list[np.ndarray]:
    """Returns the present values of variables, which later steps leave alone."""
    return [variable.numpy() for variable in variables]


def put_back(variables: Sequence[keras.Variable], values: Sequence[np.ndarray]) -> None:
    """Gives variables the values that `copies` returned.

    Raises:
        ValueError: Their number or a shape differs.
    """
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def save_trained(folder: Path, model: keras.Model, spec: RunSpec, n_classes: int) -> None:
    """Writes the weights of what was trained, atomically.

    The frozen prefix is not stored, as the spec rebuilds it; but for a run that started from another one, which may be
    deleted: its whole network is.

    Args:
        folder: The run's folder.
        model: `Network.suffix` or `Network.full`, whichever was trained.
        spec: The run's spec.
        n_classes: Classes that the head tells apart.

    Raises:
        StoreError: "disk_full" or "home_not_writable".
    """
    arrays = {f"{index:04d}": array for index, array in enumerate(copies(model.variables))}
    about = {"spec": spec.to_dict(), "model": model.name, "n_classes": n_classes}
    write_tensors(folder / WEIGHTS_FILE, arrays, {"about": json.dumps(about)})


def load_trained(folder: Path, file: str = WEIGHTS_FILE) -> tuple[Network, RunSpec]:
    """Rebuilds a finished run's network with its trained weights.

    Args:
        folder: The run's folder.
        file: `SOURCE_FILE` for the network of the run that it started from.

    Raises:
        StoreError: "file_damaged": there is no such file, or it is not what `save_trained` wrote.
        UnavailableError: The pretrained weights of its frozen prefix are not on this machine.
    """
    network, spec, model, trained = load_untrained(folder, file)
    try:
        put_back(model.variables, trained)
    except ValueError as error:
        raise StoreError("file_damaged", path=file) from error
    network.full.compile(jit_compile=False)  # XLA on convolutions is catastrophic on a CPU
    return network, spec


def source_of(folder: Path | None, spec: RunSpec) -> keras.Model | None:
    """Returns the trained network that a run started from; None for a run without a source.

    Raises:
        StoreError: "source_gone": there should be one.
    """
    if spec.source is None or spec.weights == "random":
        return None
    if folder is None or not (folder / SOURCE_FILE).is_file():
        raise StoreError("source_gone", run=spec.source)
    return load_trained(folder, SOURCE_FILE)[0].full


def load_untrained(folder: Path, file: str = WEIGHTS_FILE) -> tuple[Network, RunSpec, keras.Model, list[np.ndarray]]:
    """Rebuilds a finished run's network as its training found it.

    Args:
        folder: The run's folder.
        file: As `load_trained`. What a source had started from itself is not rebuilt: its file holds all of it.

    Returns:
        The network and its spec, the part of it that was trained, and the trained weights, which `put_back` gives that.

    Raises:
        StoreError, UnavailableError: As `load_trained`.
    """
    arrays, metadata = read_tensors(folder / file)
    try:
        about = json.loads(metadata["about"])
        spec, n_classes, trained = RunSpec.from_dict(about["spec"]), about["n_classes"], about["model"]
    except (KeyError, TypeError, ValueError, SpecError) as error:
        raise StoreError("file_damaged", path=file) from error
    is_source = file != WEIGHTS_FILE
    source = None if is_source else source_of(folder, spec)
    start = make_backbone(spec.with_changes(source=None) if is_source else spec, source=source)
    network = build(spec, n_classes, backbone=start)
    model = network.suffix if trained == network.suffix.name else network.full
    return network, spec, model, [arrays[name] for name in sorted(arrays)]
