"""A trained network to take along: what a finished run learned, as one file that a classmate can bring in.

A bundle is a safetensors file, so that nothing of a stranger's is ever run: the numbers, and among its texts "about",
which says what to build, and "network", which says what came of it. A Keras model would be a program. Version 1 was a
ZIP of `network.json`, which said both, and `weights.safetensors`; it is still read.
"""

import json
import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from tl_core.bundles.container import check_kind, members
from tl_core.bundles.tensors import strict_json, tensors, texts_of, with_texts
from tl_core.datasets.images.preparation import PLAIN, Preparation
from tl_core.disk.files import WEIGHTS_FILE, checksum
from tl_core.errors import BundleError, InputError, SpecError, StoreError
from tl_core.spec import RunSpec
from tl_core.store.names import clean_name, printable
from tl_core.store.records import RunRecord

FORMAT, VERSION = "transfer-lab-network", 3
PLAIN_VERSION = 2  # without a preparation of its own, which programs of that version would not follow
CLASSES = (2, 1000)
MAX_EPOCH = 10_000
_KEYS = {"format", "version", "classes", "name", "test_accuracy", "ended_at", "best_epoch"}


@dataclass(frozen=True, eq=False)
class Bundle:
    """What a file says of a network, checked. What was measured elsewhere is a claim, not a result of this server.

    Attributes:
        file: What the file is called, fit to be shown.
        spec: What to build, and how it was trained.
        model: Which part was trained: "trainable_suffix", or the backbone's id for the whole network.
        classes: What its outputs stand for, in their order.
        arrays: The weights of that part, "0000", "0001", … in the network's order; read-only.
        name: What the run was called.
        test_accuracy: Its claimed accuracy, a fraction in [0, 1]; None if it was not tested.
        ended_at: When it is said to have ended; ISO 8601 with time zone.
        best_epoch: From which epoch the weights are said to be.
        preparation: How pictures are made ready that it is asked about.
    """

    file: str
    spec: RunSpec
    model: str
    classes: tuple[str, ...]
    arrays: dict[str, np.ndarray]
    name: str
    test_accuracy: float | None
    ended_at: str
    best_epoch: int
    preparation: Preparation = PLAIN

    def about(self) -> str:
        """Returns what `save_trained` writes beside the weights."""
        return json.dumps({"spec": self.spec.to_dict(), "model": self.model, "n_classes": len(self.classes)})


def bundle_bytes(folder: Path, record: RunRecord, classes: tuple[str, ...], preparation: Preparation = PLAIN) -> bytes:
    """Returns a finished run's network as a file; the same run always gives the same bytes.

    Args:
        folder: The run's folder.
        record: The run; of one that was brought in, what its file claimed is passed on.
        classes: Names of its classes, in the order of the labels.
        preparation: How its pictures were made ready.

    Raises:
        StoreError: "file_damaged": its weights are missing or damaged.
    """
    claimed = record.environment.get("imported") or {}
    said = {"format": FORMAT, "version": PLAIN_VERSION, "classes": list(classes), "name": record.name}
    said |= {key: claimed.get(key, getattr(record, key)) for key in ("test_accuracy", "ended_at")}
    said |= {"best_epoch": record.best_epoch}
    if preparation != PLAIN:
        said |= {"version": VERSION, "preparation": preparation.to_dict()}
    try:
        weights = (folder / WEIGHTS_FILE).read_bytes()
        arrays, texts = tensors(memoryview(weights), record.name)
        texts = {"about": texts["about"], "network": json.dumps(said, ensure_ascii=False)}
        return b"".join(with_texts(weights, {**texts, "crc32": checksum(arrays, texts)}))
    except (KeyError, OSError, BundleError) as error:
        raise StoreError("file_damaged", path=WEIGHTS_FILE) from error


def read_bundle(data: bytes, file: str) -> Bundle:
    """Reads a stranger's file; whatever is in it, only numbers and short texts come out.

    Args:
        data: The file, whole.
        file: What it is called; decides nothing.

    Raises:
        BundleError: As `check_kind`, `members` and `tensors`; "bundle_damaged": it was one once; "bundle_network": not
            what it should say of itself; "bundle_version": a newer program wrote it; "bundle_spec": a setting that is
            not known here; "bundle_classes" and "bundle_n_classes": no names, odd names, or not one for each output;
            "bundle_differs": version 1 alone, where network.json and the weights name different networks.
    """
    file = printable(file.replace("\\", "/").rstrip("/").rpartition("/")[2] or "?")
    check_kind(data, file)
    if data.startswith(b"PK"):
        network, weights = members(data, file)
        said = _said(network, {1: _KEYS | {"spec", "model"}}, file)
    else:
        weights, texts = memoryview(data), _texts(data, file)
        said = _said(texts["network"], {PLAIN_VERSION: _KEYS, VERSION: _KEYS | {"preparation"}}, file)
        about = _about(texts, file)
        said |= {"spec": about["spec"], "model": about["model"]}
    spec, classes = _spec(said["spec"], file), _classes(said["classes"], file)
    arrays, texts = tensors(weights, file)
    about = _about(texts, file)
    try:
        is_same = about["model"] == said["model"] and RunSpec.from_dict(about["spec"]) == spec
    except (TypeError, ValueError, SpecError) as error:
        raise BundleError("bundle_weights", file=file) from error
    if not is_same or said["model"] not in ("trainable_suffix", spec.backbone):
        raise BundleError("bundle_differs", file=file)
    n_outputs = _n_outputs(list(arrays.values()))
    if not len(classes) == about["n_classes"] == n_outputs:
        raise BundleError("bundle_n_classes", file=file, named=len(classes), found=n_outputs)
    return Bundle(file, spec, said["model"], classes, arrays, *_claims(said, file), _preparation(said, file))


def _texts(data: bytes, file: str) -> dict[str, str]:
    """Returns the texts of a safetensors file that is ours, and laid out as we lay it out."""
    try:
        texts = texts_of(data)
        is_ours = data.startswith(with_texts(data, texts)[0])
    except ValueError as error:
        raise BundleError("bundle_damaged", file=file) from error
    if "network" not in texts:
        raise BundleError("bundle_kind", file=file, received="safetensors")
    if not is_ours:
        raise BundleError("bundle_damaged", file=file)
    return texts


def _about(texts: dict[str, str], file: str) -> dict:
    try:
        about = strict_json(texts["about"])
        return {key: about[key] for key in ("spec", "model", "n_classes")}
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError("bundle_weights", file=file) from error


def _said(network: memoryview | str, keys: dict[int, set[str]], file: str) -> dict:
    """Returns what a file says of its network, with all the keys of its version and no others."""
    try:
        said = strict_json(network)
        known, version = said["format"] == FORMAT, said["version"]
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError("bundle_network", file=file) from error
    if known and type(version) is int and version > VERSION:
        raise BundleError("bundle_version", file=file, found=printable(version), supported=VERSION)
    if not known or type(version) is not int or set(said) != keys.get(version):
        raise BundleError("bundle_network", file=file)
    return said


def _spec(said: object, file: str) -> RunSpec:
    if not isinstance(said, dict):
        raise BundleError("bundle_network", file=file)
    try:
        spec = RunSpec.from_dict(said)
        clean_name(spec.dataset)
    except InputError as error:
        setting = str(error.values.get("field", "dataset" if error.code == "bad_run_name" else "spec"))
        raise BundleError(
            "bundle_spec", file=file, field=setting, received=printable(error.values["received"])
        ) from error
    except (TypeError, ValueError) as error:
        raise BundleError("bundle_network", file=file) from error
    return spec


def _preparation(said: dict, file: str) -> Preparation:
    try:
        return Preparation.from_dict(said.get("preparation", {}))
    except (TypeError, ValueError) as error:
        raise BundleError("bundle_network", file=file) from error


def _classes(said: object, file: str) -> tuple[str, ...]:
    low, high = CLASSES
    try:
        names = [clean_name(name) for name in said] if isinstance(said, list) and len(said) <= high else []
    except InputError:
        names = []
    if len(names) < low or len(set(names)) < len(names) or names != said:
        raise BundleError("bundle_classes", file=file, low=low, high=high)
    return tuple(names)


def _n_outputs(arrays: list[np.ndarray]) -> int:
    """Returns how many classes the last layer, a kernel and a bias, tells apart; 0 if that is not what comes last."""
    kernel, bias = arrays[-2:] if len(arrays) > 1 else (arrays[0], arrays[0])
    return len(bias) if bias.ndim == 1 and kernel.ndim == 2 and kernel.shape[1] == len(bias) else 0


def _claims(said: dict, file: str) -> tuple[str, float | None, str, int]:
    """Returns name, test accuracy, end and best epoch."""
    share, best = said["test_accuracy"], said["best_epoch"]
    is_share = share is None or (type(share) in (int, float) and math.isfinite(share) and 0 <= share <= 1)
    try:
        name, ended = clean_name(said["name"]), datetime.fromisoformat(said["ended_at"])
        is_time = ended.tzinfo is not None and 2000 <= ended.year <= 2200
    except (InputError, TypeError, ValueError) as error:
        raise BundleError("bundle_network", file=file) from error
    if not is_share or not is_time or type(best) is not int or not 1 <= best <= MAX_EPOCH:
        raise BundleError("bundle_network", file=file)
    return name, None if share is None else float(share), ended.isoformat(timespec="milliseconds"), best
