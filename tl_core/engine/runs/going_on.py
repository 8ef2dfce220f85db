"""A completed run goes on for more epochs, as if it had been asked for them from the start; its twin goes with it.

What the optimiser knows is kept beside the weights for the newest runs of each owner. An older run is trained again
from its first epoch: that takes longer and ends alike, for its seed decides all.
"""

from contextlib import suppress
from pathlib import Path

from tl_core.datasets.known import known_dataset
from tl_core.disk.files import drop_checkpoints, keep_checkpoint, share_checkpoint
from tl_core.engine.runs import reuse
from tl_core.errors import InputError, StoreError, TransferLabError
from tl_core.models.catalog import backbone_info
from tl_core.planning.plan import check_together
from tl_core.spec import RunSpec
from tl_core.store.records import RunRecord, RunState, last_number
from tl_core.store.store import RunStore

KEPT_RUNS = 4  # two pairs
KEPT_BYTES = 64_000_000  # of a whole MobileNetV2 with Adam: 36 MB
_LOOKED_AT = 20  # runs beyond those: each end looks again, so few ever have anything left


def keep_place(store: RunStore, record: RunRecord) -> None:
    """Keeps what a run that has completed needs to go on, and lets that of older ones go; a trial stays as it is."""
    if record.sweep_id is not None:
        drop_checkpoints(store.run_folder(record.id))
        return
    keep_checkpoint(store.run_folder(record.id), KEPT_BYTES)
    completed = [RunState.COMPLETED]
    for older in store.list_runs(owner=record.owner, states=completed, offset=KEPT_RUNS, limit=_LOOKED_AT):
        drop_checkpoints(store.run_folder(older.id))


def check_going_on(store: RunStore, record: RunRecord, home: Path) -> None:
    """Refuses a run that cannot go on: nothing of it has been changed.

    Raises:
        InputError: "not_trained_here"; "ended_early": patience had run out, and more epochs change nothing, nor do they
            for "fit_goes_on"; "cosine_is_over": with more epochs every earlier step would have had another rate;
            "trial_goes_on": its sweep compares it with others.
        StoreError: "run_not_completed".
        UnknownIdError, SpecError: Its data or its network are gone, or do not go together any more.
    """
    if record.state is not RunState.COMPLETED:
        raise StoreError("run_not_completed", run=record.id, state=record.state.value)
    if record.sweep_id is not None:
        raise InputError("trial_goes_on", run=record.id)
    if "imported" in record.environment:
        raise InputError("not_trained_here", run=record.id)
    spec = RunSpec.from_dict(record.spec)
    n_epochs = last_number(store.epochs(record.id))
    if n_epochs < spec.all_epochs:
        raise InputError("ended_early", run=record.id, epochs=n_epochs, patience=spec.patience)
    if spec.is_fitted:
        raise InputError("fit_goes_on", run=record.id)
    if spec.schedule == "cosine":
        raise InputError("cosine_is_over", run=record.id)
    check_together(spec, known_dataset(spec.dataset, home), backbone_info(spec.backbone))


def lengthen(store: RunStore, record: RunRecord, epochs: int, home: Path) -> list[tuple[RunRecord, RunSpec]]:
    """Has a completed run, and its twin, wait to go on.

    Args:
        store: Where the runs are.
        record: The run.
        epochs: Of its last phase, in all; its twin gets as many more as it does.
        home: The data folder.

    Returns:
        What waits now, the run first, each with what it is to be trained to.

    Raises:
        InputError, StoreError, UnknownIdError, SpecError: As `check_going_on`; "not_longer", or "spec_range" beyond
            what a run may have. Then nothing waits.
    """
    check_going_on(store, record, home)
    n_more = epochs - record.spec["epochs"]
    if n_more <= 0:
        raise InputError("not_longer", received=epochs, low=record.spec["epochs"] + 1, run=record.id)
    together = [record, *_twin(store, record, home)]
    specs = [RunSpec.from_dict(one.spec).with_changes(epochs=one.spec["epochs"] + n_more) for one in together]
    waiting: list[tuple[RunRecord, RunSpec]] = []
    try:
        for one, spec in zip(together, specs, strict=True):
            waiting.append((_waiting(store, one, spec), spec))
    except TransferLabError:  # half a pair is refused whole
        for one, _ in waiting:
            store.finish_run(one.id, RunState.STOPPED)  # what waited to go on is what it was
        raise
    return waiting


def _twin(store: RunStore, record: RunRecord, home: Path) -> list[RunRecord]:
    """Returns the twin of a run, if it can go on as well."""
    with suppress(TransferLabError):
        twin = store.get(record.twin_id or "")
        check_going_on(store, twin, home)
        return [twin] if twin.owner == record.owner else []
    return []


def _waiting(store: RunStore, record: RunRecord, spec: RunSpec) -> RunRecord:
    fingerprint = None
    with suppress(OSError):  # a bundled file is missing: the run will say so
        fingerprint = reuse.fingerprint(spec, store)
    if record.recorded_from:
        n_epochs = last_number(store.epochs(record.id))  # the run that was trained may itself have gone on since
        with suppress(TransferLabError):  # or be gone, or have no checkpoint any more
            share_checkpoint(store.run_folder(record.recorded_from), store.run_folder(record.id), n_epochs)
    return store.lengthen(record.id, spec.epochs, fingerprint)
