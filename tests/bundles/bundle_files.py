"""Bundles as the app makes them, and files that a stranger would rather have brought in."""

import io
import json
import pickle
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
from safetensors.numpy import load, save

from tl_core.bundles.bundle import bundle_bytes
from tl_core.disk.files import WEIGHTS_FILE, checksum, write_tensors
from tl_core.spec import RunSpec
from tl_core.store.records import RunRecord, RunState

SPEC = RunSpec(
    dataset="mnist-small", backbone="squeezenet", image_size=64, n_frozen=9, per_class=5, epochs=1, threads=1
)
CLASSES = tuple("0123456789")
ENDED = "2026-11-27T10:00:00.000+00:00"


def head(n_classes: int = 10, seed: int = 0) -> dict[str, np.ndarray]:
    """The weights of a linear head on SqueezeNet."""
    random = np.random.default_rng(seed)
    kernel = random.normal(size=(512, n_classes)).astype(np.float32)
    return {"0000": kernel, "0001": np.zeros(n_classes, np.float32)}


def write_run(
    folder: Path,
    arrays: dict[str, np.ndarray] | None = None,
    *,
    spec: RunSpec = SPEC,
    n_classes: int = 10,
    model: str = "trainable_suffix",
) -> Path:
    """Writes what `save_trained` would leave."""
    about = json.dumps({"spec": spec.to_dict(), "model": model, "n_classes": n_classes})
    write_tensors(folder / WEIGHTS_FILE, head(n_classes) if arrays is None else arrays, {"about": about})
    return folder


def record(spec: RunSpec = SPEC, **more: object) -> RunRecord:
    about = {"id": "0123456789abcdef" * 2, "seq": 1, "name": "my run", "role": "run", "twin_id": None, "owner": "anna"}
    about |= {"state": RunState.COMPLETED, "spec": spec.to_dict(), "environment": {}, "created_at": ENDED}
    return RunRecord(**about | {"ended_at": ENDED, "best_epoch": 1, "test_accuracy": 0.75} | more)


def good(folder: Path, **more: object) -> bytes:
    """A bundle as it is downloaded."""
    return bundle_bytes(write_run(folder, **more), record(more.get("spec", SPEC)), CLASSES)


def first_version(bundle: bytes) -> bytes:
    """The same network as it was downloaded until version 2."""
    said, weights = parts(bundle)
    return packed(json.dumps(said | {"version": 1}).encode(), weights)


def is_first_version(bundle: bytes) -> bool:
    return bundle.startswith(b"PK")


def packed(network: bytes, weights: bytes) -> bytes:
    """A bundle of version 1, byte for byte as it was written."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as file:
        for name, content in (("network.json", network), (WEIGHTS_FILE, weights)):
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o644 << 16
            file.writestr(info, content)
    return whole.getvalue()


def parts(bundle: bytes) -> tuple[dict, bytes]:
    """Takes a bundle apart: what it says of its network, and its weights as a run leaves them."""
    if is_first_version(bundle):
        with zipfile.ZipFile(io.BytesIO(bundle)) as file:
            return json.loads(file.read("network.json")), file.read(WEIGHTS_FILE)
    texts, arrays = header(bundle)[0]["__metadata__"], load(bundle)
    kept = {"about": texts["about"]}
    about = json.loads(texts["about"])
    said = json.loads(texts["network"]) | {"spec": about["spec"], "model": about["model"]}
    return said, save(arrays, kept | {"crc32": checksum(arrays, kept)})


def header(weights: bytes) -> tuple[dict, bytes]:
    """Takes a safetensors file apart: its head, and the numbers."""
    n = int.from_bytes(weights[:8], "little")
    return json.loads(weights[8 : 8 + n]), weights[8 + n :]


def told(bundle: bytes, **changes: object) -> bytes:
    """Returns the bundle with other words; `...` takes one out."""
    said, weights = parts(bundle)
    said = {key: value for key, value in (said | changes).items() if value is not ...}
    if is_first_version(bundle):
        return packed(json.dumps(said).encode(), weights)
    about = json.loads(header(weights)[0]["__metadata__"]["about"])
    about = {key: said.get(key, value) for key, value in about.items() if key in ("n_classes", *said)}
    said = {key: value for key, value in said.items() if key not in ("spec", "model")}
    return with_network(json.dumps(said), weights, json.dumps(about))


def with_network(network: str, weights: bytes, about: str | None = None) -> bytes:
    """Returns a bundle that says this, and whose checksum is right."""
    rows, numbers = header(weights)
    texts = {"about": rows["__metadata__"]["about"] if about is None else about, "network": network}
    return safetensors(rows | {"__metadata__": texts | {"crc32": checksum(load(weights), texts)}}, numbers)


def safetensors(head: dict | bytes, numbers: bytes = b"") -> bytes:
    """A safetensors file with this head, right or wrong, laid out as ours are."""
    if isinstance(head, dict):
        texts = {"__metadata__": head["__metadata__"]} if "__metadata__" in head else {}
        head = json.dumps(texts | dict(sorted(head.items())), ensure_ascii=False, separators=(",", ":")).encode()
        head += b" " * (-len(head) % 8)
    return struct.pack("<Q", len(head)) + head + numbers


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", method) as file:
        for name, content in members.items():
            file.writestr(zipfile.ZipInfo(name), content, method)
    return whole.getvalue()


def keras_file(layers: list[dict], weights: bytes = b"") -> bytes:
    """A .keras file of these layers, as Keras lays it out."""
    config = {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": layers}}
    about = {"keras_version": "3.12.0", "date_saved": "2026-11-27@10:00:00"}
    members = {"metadata.json": json.dumps(about).encode(), "config.json": json.dumps(config).encode()}
    return zipped(members | {"model.weights.h5": weights}, zipfile.ZIP_STORED)


def layer(class_name: str, **config: object) -> dict:
    return {"module": "keras.layers", "class_name": class_name, "config": config, "registered_name": None}


def zip_bomb(n_bytes: int, name: str = WEIGHTS_FILE, before: bytes = b"{}") -> bytes:
    """A small ZIP in our own clothes whose second member unpacks to so many zeros."""
    block = 2**20
    maker = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = maker.compress(bytes(block)) + maker.flush(zlib.Z_FULL_FLUSH)  # can be repeated: looks back at nothing
    bomb = piece * (n_bytes // block) + zlib.compressobj(9, zlib.DEFLATED, -15).flush()
    rows = [("network.json", before, 0, len(before)), (name, bomb, zipfile.ZIP_DEFLATED, n_bytes)]
    whole, listed = b"", b""
    for title, content, method, size in rows:
        about = struct.pack("<5H3I2H", 20, 0, method, 0, 33, zlib.crc32(content), len(content), size, len(title), 0)
        listed += (
            b"PK\1\2" + struct.pack("<H", 20) + about + struct.pack("<3H2I", 0, 0, 0, 0, len(whole)) + title.encode()
        )
        whole += b"PK\3\4" + about + title.encode() + content
    return whole + listed + b"PK\5\6" + struct.pack("<4H2IH", 0, 0, 2, 2, len(listed), len(whole), 0)


class Touches:
    """Unpickled, it makes a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


def pickled(marker: Path) -> bytes:
    return pickle.dumps(Touches(marker))
