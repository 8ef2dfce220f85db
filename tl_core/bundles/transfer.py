"""Trained networks on their way out of this server and into it. What comes in was trained elsewhere, and stays so.

A run that was brought in is completed, and has weights and names of classes. It has no epochs, no curve, no scores and
no time of computing: none of it was measured here. What its file claims stands in its environment, under "imported".
"""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from tl_core.bundles.bundle import Bundle, bundle_bytes
from tl_core.datasets.catalog import DATASETS
from tl_core.disk.files import WEIGHTS_FILE, write_tensors
from tl_core.errors import BundleError, InputError, TransferLabError, UnknownIdError
from tl_core.models.catalog import backbone_info
from tl_core.spec import RunSpec
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.limits import admit, check_limits
from tl_core.store.names import printable
from tl_core.store.records import RunRecord, RunState
from tl_core.store.run_dataset import preparation_facts, run_classes, run_preparation
from tl_core.store.store import RunStore

ELSEWHERE = "elsewhere"
MAX_SEEDS = 1000  # whole numbers among the weights: the states of dropout


def export(store: RunStore, record: RunRecord, home: Path) -> bytes:
    """Returns a finished run's network as a file.

    Args:
        store: Where the run is.
        record: The run.
        home: The data folder, which knows the classes of visitors' own data.

    Raises:
        InputError: "run_without_weights".
        BundleError: "bundle_spec": a picture size that cannot be checked where it is brought in.
        StoreError: "file_damaged".
        UnknownIdError: "unknown_dataset": nobody knows any more what its classes are called.
    """
    if record.best_epoch is None or not record.state.is_finished:
        raise InputError("run_without_weights", run=record.id, state=record.state.value)
    classes = run_classes(record, home)
    _n_numbers(RunSpec.from_dict(record.spec), "", len(classes), record.name)
    return bundle_bytes(store.run_folder(record.id), record, classes, run_preparation(record, home))


def neutral(bundle: Bundle) -> Bundle:
    """Returns a bundle that names no data set beyond the catalogue.

    Somebody's own data set may be here under the very id that the file names, and a run of the visitor's on it would
    be a claim to it.
    """
    bundle = replace(bundle, spec=bundle.spec.with_changes(source=None))  # a run there; its network is here as a whole
    if bundle.spec.dataset in DATASETS:
        return bundle
    return replace(bundle, spec=bundle.spec.with_changes(dataset=ELSEWHERE))


def enter(store: RunStore, bundle: Bundle, name: str, by: Visitor) -> RunRecord:
    """Adds a run that waits for `filled`, so that the limits for one student hold for it.

    Raises:
        BundleError: "bundle_spec" or "bundle_unfit": not a network that this server could have trained.
        InputError: "bad_run_name".
        StoreError: "too_many_runs", "too_much_disk", "too_many_waiting", "line_is_full" or "too_many_new".
    """
    _check_fits(bundle)
    check_limits(store, 1, by=by)
    admit(store, by=by)
    claimed = {"name": bundle.name, "test_accuracy": bundle.test_accuracy, "ended_at": bundle.ended_at}
    environment = {"imported": claimed, "classes": list(bundle.classes)} | preparation_facts(bundle.preparation)
    return store.create_run(bundle.spec.to_dict(), role="run", name=name, environment=environment, owner=by.owner)


def complete(store: RunStore, record: RunRecord, bundle: Bundle) -> RunRecord:
    """Completes a run with what its bundle holds; the weights are written anew, as this server writes them.

    Raises:
        StoreError: "disk_full" or another refusal of the disk; the run is gone then.
    """
    info, n_floats = backbone_info(bundle.spec.backbone), _n_floats(bundle)
    further = bundle.spec.further_frozen
    is_whole = bundle.model == bundle.spec.backbone
    trainable = n_floats - info.frozen_params(bundle.spec.n_frozen if is_whole else 0, further)
    frozen = info.frozen_params(bundle.spec.n_frozen, further)
    try:
        write_tensors(store.run_folder(record.id) / WEIGHTS_FILE, bundle.arrays, {"about": bundle.about()})
        store.start_run(record.id, frozen_params=frozen, trainable_params=trainable, is_cached=not is_whole)
        return store.finish_run(record.id, RunState.COMPLETED, best_epoch=bundle.best_epoch)
    except TransferLabError:
        _remove(store, record.id)
        raise


def _remove(store: RunStore, run_id: str) -> None:
    with suppress(TransferLabError):  # what made it fail matters more
        store.finish_run(run_id, RunState.STOPPED)
        store.delete(run_id, by=OPERATOR)


def _check_fits(bundle: Bundle) -> None:
    """Refuses weights that are not as many as the network has: a short file must not ask for a large network."""
    expected, found = _n_numbers(bundle.spec, bundle.model, len(bundle.classes), bundle.file), _n_floats(bundle)
    n_seeds = sum(array.size for array in bundle.arrays.values()) - found
    if found != expected or n_seeds > MAX_SEEDS:
        backbone = backbone_info(bundle.spec.backbone).family
        raise BundleError("bundle_unfit", file=bundle.file, backbone=backbone, found=found, expected=expected)


def _n_floats(bundle: Bundle) -> int:
    return sum(array.size for array in bundle.arrays.values() if array.dtype.kind == "f")


def _n_numbers(spec: RunSpec, model: str, n_classes: int, file: str) -> int:
    """Returns how many numbers the trained part of a network has.

    Raises:
        BundleError: "bundle_spec": no such network.
    """
    try:
        info = backbone_info(spec.backbone)
    except UnknownIdError as error:
        received = printable(spec.backbone)
        raise BundleError("bundle_spec", file=file, field="backbone", received=received) from error
    head = info.head_params(spec.head, spec.hidden, spec.image_size, n_classes, spec.head_at)
    if (spec.head_at or 1) > info.n_blocks:
        raise BundleError("bundle_spec", file=file, field="head_at", received=spec.head_at)
    if spec.n_frozen > info.n_used(spec.head_at):
        raise BundleError("bundle_spec", file=file, field="n_frozen", received=spec.n_frozen)
    further = spec.further_frozen
    if further and not spec.n_frozen < min(further) <= max(further) <= info.n_used(spec.head_at):
        raise BundleError("bundle_spec", file=file, field="frozen_blocks", received=spec.frozen_blocks)
    if head is None or spec.image_size < info.min_image_size:
        raise BundleError("bundle_spec", file=file, field="image_size", received=spec.image_size)
    return info.used_params(spec.head_at) + head - (0 if model == spec.backbone else info.frozen_params(spec.n_frozen))
