"""A trained network to take along: what a finished run learned, as one file that a classmate can bring in.

A bundle is a format of our own, so that nothing of a stranger's is ever run: a ZIP with `network.json`, which says what
to build, and `weights.safetensors`, the numbers to put into it. A Keras model would be a program.
"""

import json
import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from tl_core.bundles.container import members, packed
from tl_core.bundles.tensors import strict_json, tensors
from tl_core.disk.files import WEIGHTS_FILE
from tl_core.errors import BundleError, InputError, SpecError, StoreError
from tl_core.spec import RunSpec
from tl_core.store.names import clean_name, printable
from tl_core.store.records import RunRecord

FORMAT, VERSION = "transfer-lab-network", 1
CLASSES = (2, 1000)
MAX_EPOCH = 10_000
_KEYS = {"format", "version", "spec", "model", "classes", "name", "test_accuracy", "ended_at", "best_epoch"}


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

    def about(self) -> str:
        """Returns what `save_trained` writes beside the weights."""
        return json.dumps({"spec": self.spec.to_dict(), "model": self.model, "n_classes": len(self.classes)})


def bundle_bytes(folder: Path, record: RunRecord, classes: tuple[str, ...]) -> bytes:
    """Returns a finished run's network as a file; the same run always gives the same bytes.

    Args:
        folder: The run's folder.
        record: The run; of one that was brought in, what its file claimed is passed on.
        classes: Names of its classes, in the order of the labels.

    Raises:
        StoreError: "file_damaged": its weights are missing or damaged.
    """
    claimed = record.environment.get("imported") or {}
    try:
        weights = (folder / WEIGHTS_FILE).read_bytes()
        about = strict_json(tensors(memoryview(weights), record.name)[1]["about"])
        said = {"format": FORMAT, "version": VERSION, "spec": about["spec"], "model": about["model"]}
    except (KeyError, TypeError, ValueError, OSError, BundleError) as error:
        raise StoreError("file_damaged", path=WEIGHTS_FILE) from error
    said |= {"classes": list(classes), "name": record.name, "best_epoch": record.best_epoch}
    said |= {key: claimed.get(key, getattr(record, key)) for key in ("test_accuracy", "ended_at")}
    return packed(json.dumps(said, ensure_ascii=False, indent=1, sort_keys=True).encode(), weights)


def read_bundle(data: bytes, file: str) -> Bundle:
    """Reads a stranger's file; whatever is in it, only numbers and short texts come out.

    Args:
        data: The file, whole.
        file: What it is called; decides nothing.

    Raises:
        BundleError: As `members` and `tensors`; "bundle_network": network.json is not what it should be;
            "bundle_version": a newer program wrote it; "bundle_spec": a setting that is not known here;
            "bundle_classes" and "bundle_n_classes": no names, odd names, or not one for each output; "bundle_differs":
            network.json and the weights name different networks.
    """
    file = printable(file.replace("\\", "/").rstrip("/").rpartition("/")[2] or "?")
    network, weights = members(data, file)
    said = _said(network, file)
    spec, classes = _spec(said["spec"], file), _classes(said["classes"], file)
    arrays, texts = tensors(weights, file)
    try:
        about = strict_json(texts["about"])
        n_classes, is_same = about["n_classes"], about["model"] == said["model"]
        is_same = is_same and RunSpec.from_dict(about["spec"]) == spec
    except (KeyError, TypeError, ValueError, SpecError) as error:
        raise BundleError("bundle_weights", file=file) from error
    if not is_same or said["model"] not in ("trainable_suffix", spec.backbone):
        raise BundleError("bundle_differs", file=file)
    n_outputs = _n_outputs(list(arrays.values()))
    if not len(classes) == n_classes == n_outputs:
        raise BundleError("bundle_n_classes", file=file, named=len(classes), found=n_outputs)
    return Bundle(file, spec, said["model"], classes, arrays, *_claims(said, file))


def _said(network: memoryview, file: str) -> dict:
    """Returns the content of network.json, with all its keys and no others."""
    try:
        said = strict_json(network)
        known, version = said["format"] == FORMAT, said["version"]
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError("bundle_network", file=file) from error
    if known and type(version) is int and version > VERSION:
        raise BundleError("bundle_version", file=file, found=printable(version), supported=VERSION)
    if not known or type(version) is not int or version != VERSION or set(said) != _KEYS:
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
