"""The run that another one starts from: who may have it, what is noted of it, and the copy that the new run keeps."""

from contextlib import suppress

from tl_core.disk.files import SOURCE_FILE, WEIGHTS_FILE, share_file
from tl_core.engine.runs.sweep_snapshots import counting
from tl_core.errors import InputError, StoreError, UnknownIdError
from tl_core.evaluation.comparison import best_validation
from tl_core.experiments.sweep import Trial
from tl_core.spec import RunSpec
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.records import RunRecord, RunState
from tl_core.store.store import RunStore


def with_source(store: RunStore, spec: RunSpec, *, by: Visitor) -> RunSpec:
    """Returns a spec whose source is one that a visitor may start from, named by its whole id.

    Raises:
        UnknownIdError: "unknown_run": there is no such run, or the visitor may not see it.
        InputError: "source_unfinished", "source_other_backbone", "source_cut_short" or "source_has_fault".
    """
    if spec.source is None:
        return spec
    source = store.find(spec.source, by=by)
    if not is_source(source):
        raise InputError("source_unfinished", run=source.id, state=source.state.value)
    before = RunSpec.from_dict(source.spec)
    if before.backbone != spec.backbone:
        raise InputError("source_other_backbone", run=source.id, received=before.backbone, allowed=spec.backbone)
    if before.head_at is not None:
        raise InputError("source_cut_short", run=source.id, received=before.head_at)
    if source.has_fault:
        raise InputError("source_has_fault", run=source.id, received=before.fault)
    return spec.with_changes(source=source.id)


def is_source(record: RunRecord) -> bool:
    """Says whether a run has trained weights that another one could start from."""
    return record.state.is_finished and record.best_epoch is not None


def is_source_of(record: RunRecord, backbone: str) -> bool:
    """Says whether a run could be the source of one with this backbone."""
    spec = record.spec
    is_whole = spec.get("backbone") == backbone and spec.get("head_at") is None
    return is_source(record) and is_whole and not record.has_fault


def trial_spec(store: RunStore, sweep_id: str, trial: Trial) -> RunSpec:
    """Returns what a trial of a sweep trains, with the run of the trial that it starts from, if there is one."""
    if trial.source is None:
        return trial.spec
    source = counting(store.sweeps.trials(sweep_id)).get(trial.source)
    return trial.spec.with_changes(source="gone" if source is None else source.run_id)


def source_facts(store: RunStore, spec: RunSpec) -> dict:
    """Returns what the record of a run keeps of its source, which may be deleted: name, data, validation accuracy."""
    if spec.source is None:
        return {}
    with suppress(UnknownIdError):
        source = store.get(spec.source)
        accuracy = best_validation(store.epochs(source.id))
        told = {"run": source.id, "name": source.name, "dataset": source.spec.get("dataset")}
        return {"source": told | {"val_accuracy": accuracy}}
    return {}


def keep_source(store: RunStore, spec: RunSpec, run_id: str, *, is_trial: bool = False) -> None:
    """Gives a new run a copy of its source's weights, so that it needs that run no more.

    Args:
        store: Where the runs are.
        spec: Of the new one.
        run_id: The new one, which waits; it is deleted where this fails.
        is_trial: Whether it is a trial of a sweep, which stays without a source: it fails alone, and leaves the others.

    Raises:
        StoreError: "source_gone": the source was deleted, or left no weights; or a refusal of the disk.
    """
    if spec.source is None:
        return
    try:
        _share(store, spec.source, run_id)
    except StoreError as error:
        if is_trial and error.code == "source_gone":
            return
        store.finish_run(run_id, RunState.STOPPED)
        store.delete(run_id, by=OPERATOR)
        raise


def _share(store: RunStore, source: str, run_id: str) -> None:
    try:
        share_file(store.run_folder(store.get(source).id) / WEIGHTS_FILE, store.run_folder(run_id) / SOURCE_FILE)
    except UnknownIdError as error:
        raise StoreError("source_gone", run=source) from error
    except StoreError as error:
        if error.code != "file_damaged":
            raise
        raise StoreError("source_gone", run=source) from error
