"""Between records and rows of the database: columns, JSON, truth values."""

import bz2
import json
import sqlite3
from dataclasses import fields
from typing import Any

from tl_core.errors import StoreError
from tl_core.store.records import EpochRecord, RunRecord, RunState, Visibility, plain

RUN_COLUMNS = tuple(field.name for field in fields(RunRecord))
EPOCH_COLUMNS = tuple(field.name for field in fields(EpochRecord))
_JSON = ("spec", "environment", "scores", "proof", "error", "earlier")


def to_json(value: object) -> str:
    """Returns compact JSON without NaN; ASCII only, so that odd file names in a message cannot break it."""
    return json.dumps(plain(value), separators=(",", ":"), allow_nan=False)


def packed(value: object) -> bytes:
    """Returns compressed JSON: a curve of 400 points takes 5 kB instead of 14."""
    return bz2.compress(to_json(value).encode())


def unpacked(value: Any, otherwise: object) -> Any:
    """Returns what `to_json` or `packed` was given, or something else where it is damaged."""
    try:
        return json.loads(bz2.decompress(value) if isinstance(value, bytes) else value)
    except (OSError, ValueError, TypeError):
        return otherwise


def run_values(record: RunRecord) -> dict[str, object]:
    """Returns a run as column → value."""
    values = {name: getattr(record, name) for name in RUN_COLUMNS}
    values |= {"state": record.state.value, "visibility": record.visibility.value}
    for name in _JSON:
        values[name] = None if values[name] is None else to_json(values[name])
    return values


def run_record(row: sqlite3.Row) -> RunRecord:
    """Returns the run of a row; one with damage in it as a failed run that says so, so that it hides no other."""
    values = {name: row[name] for name in RUN_COLUMNS}
    values |= {"is_cached": _truth(values["is_cached"]), "is_pinned": bool(values["is_pinned"])}
    try:
        values |= {"state": RunState(values["state"]), "visibility": Visibility(values["visibility"])}
        values |= {name: json.loads(values[name]) for name in _JSON if values[name] is not None}
        return RunRecord(**values) if isinstance(values["spec"], dict) else _damaged(values)
    except (ValueError, TypeError):
        return _damaged(values)


def is_damaged(record: RunRecord) -> bool:
    """Says whether this is what `run_record` makes of a damaged row."""
    return record.error == _damage(record.id).to_dict()


def check_whole(record: RunRecord) -> None:
    """Refuses to write a damaged row back: what is left of it would be lost.

    Raises:
        StoreError: "run_damaged".
    """
    if is_damaged(record):
        raise _damage(record.id)


def _damage(id: str) -> StoreError:
    return StoreError("run_damaged", run=id)


def _damaged(values: dict) -> RunRecord:
    """Returns what is left of a run whose row cannot be read."""
    named = {name: values[name] for name in ("id", "seq", "name", "role", "twin_id", "owner", "created_at")}
    error = _damage(values["id"]).to_dict()
    return RunRecord(**named, state=RunState.FAILED, spec={}, environment={}, error=error)


def epoch_values(epoch: EpochRecord) -> dict[str, object]:
    """Returns an epoch as column → value."""
    values: dict[str, object] = {name: getattr(epoch, name) for name in EPOCH_COLUMNS}
    return values | {"gradient_norms": None if epoch.gradient_norms is None else to_json(epoch.gradient_norms)}


def epoch_record(row: sqlite3.Row) -> EpochRecord:
    """Returns the epoch of a row."""
    values = {name: row[name] for name in EPOCH_COLUMNS}
    values |= {name: bool(values[name]) for name in ("is_best", "is_partial")}
    return EpochRecord(**values | {"gradient_norms": unpacked(values["gradient_norms"], None)})


def _truth(value: int | None) -> bool | None:
    return None if value is None else bool(value)
