"""A memo of finished runs: never compute twice what a recorded run says already.

Two runs with the same fingerprint were trained on the same pictures, from the same weights, by the same code and spec.
TensorFlow's threads, the machine and its device are left out: they decide the last bits, and the record names them.
"""

import hashlib
import json
from functools import cache

from tl_core.datasets import arrays
from tl_core.datasets.catalog import dataset_info
from tl_core.datasets.own.album import is_own
from tl_core.disk.files import WEIGHTS_FILE
from tl_core.engine.environment import code_version, digest
from tl_core.errors import UnknownIdError
from tl_core.models.weights import BUNDLED, DOWNLOADED, WEIGHTS_FOLDER
from tl_core.planning.plan import decisive
from tl_core.spec import RunSpec
from tl_core.store.records import RunRecord
from tl_core.store.store import RunStore


def find(store: RunStore, spec: RunSpec) -> RunRecord | None:
    """Returns the newest finished run, of anybody, that equals what this spec would become; None if there is none."""
    key = fingerprint(spec, store)
    return None if key is None else store.find_equal(key)


def fingerprint(spec: RunSpec, store: RunStore | None = None) -> str | None:
    """Returns what is equal for runs that must end alike: spec, pictures, starting weights, code.

    Args:
        spec: Of the run.
        store: Where the run is whose backbone it starts from, if it names one: its weights count, and not its id.

    Returns:
        64 hexadecimal digits; None for a data set that is downloaded, and for a source that is gone.

    Raises:
        UnknownIdError: Unknown dataset.
        OSError: A bundled file is missing.
    """
    if not is_own(spec.dataset) and dataset_info(spec.dataset).origin != "bundled":
        return None
    told = {name: value for name, value in decisive(spec).items() if name != "threads"}
    start = _weights_hash(spec.backbone) if spec.weights != "random" else None
    if (source := told.pop("source", None)) is not None:
        start = None if store is None else _source_hash(store, str(source))
        if start is None:
            return None
    return digest(json.dumps([told, _pictures_hash(spec.dataset), start, code_version()], sort_keys=True).encode())


@cache
def _pictures_hash(dataset: str) -> str:
    if is_own(dataset):  # its id follows from its content
        return dataset
    return arrays.fingerprint(dataset_info(dataset))


@cache
def _weights_hash(backbone: str) -> str:
    """Returns the hash of a backbone's file without top; a downloaded one was checked against the published hash."""
    if backbone not in BUNDLED:
        return f"md5:{DOWNLOADED[backbone, False].md5}"
    with open(WEIGHTS_FOLDER / f"{backbone}.safetensors", "rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _source_hash(store: RunStore, run_id: str) -> str | None:
    """Returns the hash of a run's weights, which may be other ones after it went on; None where there are none."""
    try:
        with open(store.run_folder(store.get(run_id).id) / WEIGHTS_FILE, "rb") as file:
            return f"run:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except (UnknownIdError, OSError):
        return None
