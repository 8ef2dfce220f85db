"""What every store agrees on: which state may follow which, what a record becomes by it, what a search finds."""

import math
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from tl_core.errors import InputError, StoreError
from tl_core.store.names import clean_name, new_id, now
from tl_core.store.records import EpochRecord, RunRecord, RunState, plain

NOTHING: Mapping = MappingProxyType({})
_ROLES = ("run", "baseline")
_EARLIER = ("fingerprint", "recorded_from", "recorded_at", "best_epoch", "test_accuracy", "seconds", "ended_at")
_OWN = ("id", "seq", "name", "role", "owner", "twin_id", "created_at", "visibility", "is_pinned", "sweep_id", "trial")
"""What no copy takes over."""


def longer(record: RunRecord, epochs: int, fingerprint: str | None) -> RunRecord:
    """Returns a completed run that waits to go on for more epochs; until it begins it keeps all that it has found.

    Args:
        record: The run.
        epochs: Of its last phase, more than it had.
        fingerprint: Of the run that it will be.

    Raises:
        StoreError: "run_not_completed".
        InputError: "not_longer".
    """
    if record.state is not RunState.COMPLETED:
        raise StoreError("run_not_completed", run=record.id, state=record.state.value)
    if epochs <= record.spec["epochs"]:
        raise InputError("not_longer", received=epochs, low=record.spec["epochs"] + 1, run=record.id)
    before = {"epochs": record.spec["epochs"]} | {name: getattr(record, name) for name in _EARLIER}
    return replace(
        record,
        state=RunState.QUEUED,
        spec=record.spec | {"epochs": epochs},
        fingerprint=fingerprint,
        recorded_from=None,
        recorded_at=None,
        earlier=[*(record.earlier or []), before],
    )


def as_before(record: RunRecord) -> RunRecord:
    """Returns a run that waited to go on, and will not, as it was when it had completed."""
    *others, before = record.earlier or []
    spec = record.spec | {"epochs": before["epochs"]}
    found = {name: before[name] for name in _EARLIER}
    return replace(record, state=RunState.COMPLETED, spec=spec, earlier=others or None, **found)


def check_start(record: RunRecord) -> None:
    """Refuses to start what already runs or is final.

    Raises:
        StoreError: "run_is_active" or "run_already_finished".
    """
    if record.state is RunState.RUNNING:
        raise StoreError("run_is_active", run=record.id)
    if record.state.is_finished and not record.is_resumable:
        raise StoreError("run_already_finished", run=record.id)


def check_epoch(record: RunRecord) -> None:
    """Refuses an epoch for a run that does not run.

    Raises:
        StoreError: "run_already_finished" or "run_not_running".
    """
    if record.state.is_finished:
        raise StoreError("run_already_finished", run=record.id)
    if record.state is not RunState.RUNNING:
        raise StoreError("run_not_running", run=record.id, state=record.state.value)


def check_finish(record: RunRecord, state: RunState) -> None:
    """Refuses a second end, and the completion of a run that never began.

    Raises:
        StoreError: "run_already_finished" or "run_not_running".
        ValueError: `state` is not a finished state.
    """
    if not state.is_finished:
        raise ValueError(f"{state} does not finish a run")
    if record.state.is_finished:
        raise StoreError("run_already_finished", run=record.id)
    if state is RunState.COMPLETED and record.state is not RunState.RUNNING:
        raise StoreError("run_not_running", run=record.id, state=record.state.value)


def with_stop_completed(record: RunRecord, best_epoch: int, proof: list) -> RunRecord:
    """Returns a stopped record with its best epoch and proof; any other record, or one that has them, as it is."""
    if record.state is not RunState.STOPPED or record.proof is not None:
        return record
    return replace(record, best_epoch=int(best_epoch), proof=plain(proof))


def check_delete(record: RunRecord) -> None:
    """Refuses to delete a run that waits or runs.

    Raises:
        StoreError: "run_is_active".
    """
    if not record.state.is_finished:
        raise StoreError("run_is_active", run=record.id)


def with_threads(record: RunRecord, n_threads: int) -> RunRecord:
    """Returns the record with the number of threads that it will be trained with.

    Raises:
        StoreError: "run_is_active" or "run_already_finished": it has begun, or never will.
    """
    check_start(record)
    threads = {"threads": int(n_threads)}
    return replace(record, spec=record.spec | threads, environment=record.environment | threads)


def copied(
    record: RunRecord, role: str, name: str, owner: str, sweep_id: str | None = None, trial: int | None = None
) -> RunRecord:
    """Returns a record of its own with the results of a completed one; a copy of a copy names the run that was trained.

    Raises:
        StoreError: "run_not_completed".
        InputError: "bad_run_name".
        ValueError: Not a role.
    """
    if record.state is not RunState.COMPLETED:
        raise StoreError("run_not_completed", run=record.id, state=record.state.value)
    fresh = queued(record.spec, role, name, record.environment, owner, record.fingerprint, sweep_id, trial)
    return replace(
        record,
        **{field: getattr(fresh, field) for field in _OWN},
        started_at=fresh.created_at,
        ended_at=fresh.created_at,
        recorded_from=record.recorded_from or record.id,
        recorded_at=record.recorded_at or record.ended_at,
    )


def filled(record: RunRecord, source: RunRecord) -> RunRecord:
    """Returns a waiting run with the results of a completed one.

    Raises:
        StoreError: "run_not_completed", or "run_is_active" or "run_already_finished" for a run that does not wait.
    """
    check_start(record)
    if record.state is not RunState.QUEUED:
        raise StoreError("run_already_finished", run=record.id)
    copy = copied(source, record.role, record.name, record.owner)
    return replace(copy, **{field: getattr(record, field) for field in _OWN})


def queued(
    spec: dict,
    role: str,
    name: str,
    environment: dict,
    owner: str = "local",
    fingerprint: str | None = None,
    sweep_id: str | None = None,
    trial: int | None = None,
) -> RunRecord:
    """Returns a new run that waits for its turn; the store gives it its `seq`.

    Raises:
        InputError: "bad_run_name".
        ValueError: Not a role; roles come from our own code, never from a person.
    """
    if role not in _ROLES:
        raise ValueError(f"role is {role!r}, allowed: {_ROLES}")
    return RunRecord(
        id=new_id(),
        seq=0,
        name=clean_name(name),
        role=role,
        twin_id=None,
        owner=str(owner),
        state=RunState.QUEUED,
        spec=plain(spec),
        environment=plain(environment),
        created_at=now(),
        fingerprint=fingerprint,
        sweep_id=sweep_id,
        trial=trial,
    )


def started(
    record: RunRecord, frozen_params: int, trainable_params: int, is_cached: bool, environment: Mapping = NOTHING
) -> RunRecord:
    """Returns the record as it is once training began; the end of an earlier, unfinished part is taken back."""
    return replace(
        record,
        state=RunState.RUNNING,
        started_at=record.started_at or now(),
        frozen_params=int(frozen_params),
        trainable_params=int(trainable_params),
        is_cached=bool(is_cached),
        environment=record.environment | plain(dict(environment)),
        ended_at=None,
        seconds=None,
        best_epoch=None,
        test_accuracy=None,
        scores=None,
        proof=None,
        error=None,
    )


def finished(
    record: RunRecord,
    state: RunState,
    best_epoch: int | None,
    test_accuracy: float | None,
    scores: dict | None,
    proof: list | None,
    error: dict | None,
    seconds: float | None,
) -> RunRecord:
    """Returns the record as it is once the run has ended; one that only waited to go on is as it was before."""
    if record.state is RunState.QUEUED and record.earlier:
        return as_before(record)
    return replace(
        record,
        state=state,
        ended_at=now(),
        best_epoch=None if best_epoch is None else int(best_epoch),
        test_accuracy=finite(test_accuracy),
        scores=plain(scores),
        proof=plain(proof),
        error=plain(error),
        seconds=finite(seconds),
    )


def measured(epoch: EpochRecord) -> EpochRecord:
    """Returns the epoch with Python's own numbers in it (no NumPy) and None for what is not a finite number."""
    numbers = {
        name: finite(getattr(epoch, name))
        for name in ("train_loss", "train_accuracy", "val_loss", "val_accuracy", "source_accuracy")
    }
    counts = {name: int(getattr(epoch, name)) for name in ("epoch", "step", "images", "phase")}
    flags = {name: bool(getattr(epoch, name)) for name in ("is_best", "is_partial")}
    seconds, elapsed_s = float(epoch.seconds), float(epoch.elapsed_s)
    norms = None if epoch.gradient_norms is None else [finite(norm) for norm in epoch.gradient_norms]
    return EpochRecord(**counts, **numbers, **flags, seconds=seconds, elapsed_s=elapsed_s, gradient_norms=norms)


def finite(value: float | None) -> float | None:
    """Returns a float, or None for None, NaN and infinity."""
    return float(value) if value is not None and math.isfinite(value) else None


def search_words(record: RunRecord) -> str:
    """Returns what a search looks through: the name and every text value of the spec, without regard to case."""
    texts = [record.name, *(value for value in record.spec.values() if isinstance(value, str))]
    return "\n".join(texts).casefold().encode("utf-8", "replace").decode()


def search_text(text: str) -> str:
    """Returns what a person typed into the search box, ready to be found in `search_words`."""
    return text.strip().casefold().encode("utf-8", "replace").decode()
