"""Reads a layers model of TensorFlow.js: its topology, and its arrays, which stand one after the other in shards."""

import json
from collections.abc import Iterator
from math import prod
from pathlib import Path

import numpy as np

from assets.rebuild import registry


def read_model(archive: Path, folder: str) -> tuple[list[dict], dict[str, np.ndarray]]:
    """Reads a model out of a package.

    Args:
        archive: The package.
        folder: Where in it model.json and its shards are.

    Returns:
        The layers as Keras describes them ({"class_name", "config", …}), and name → float32 array.

    Raises:
        ValueError: An array is not plain float32, or the shards hold more or less than the arrays that are named.
    """
    model = json.loads(registry.member(archive, f"{folder}/model.json"))
    arrays: dict[str, np.ndarray] = {}
    for group in model["weightsManifest"]:
        shards = registry.members(archive, [f"{folder}/{path}" for path in group["paths"]])
        arrays |= dict(_arrays(group["weights"], b"".join(shards)))
    return model["modelTopology"]["model_config"]["config"]["layers"], arrays


def _arrays(entries: list[dict], data: bytes) -> Iterator[tuple[str, np.ndarray]]:
    at = 0
    for entry in entries:
        if entry["dtype"] != "float32" or "quantization" in entry:
            raise ValueError(f"{entry['name']} is not plain float32")
        size = prod(entry["shape"])
        yield entry["name"], np.frombuffer(data, "<f4", size, at).reshape(entry["shape"])
        at += 4 * size
    if at != len(data):
        raise ValueError(f"{len(data) - at} bytes are left over")
