"""Between records and rows of the database: columns, JSON, truth values."""

import json
import sqlite3
from dataclasses import fields

from tl_core.errors import StoreError
from tl_core.store.records import EpochRecord, RunRecord, RunState, Visibility, plain

RUN_COLUMNS = tuple(field.name for field in fields(RunRecord))
EPOCH_COLUMNS = tuple(field.name for field in fields(EpochRecord))
_JSON = ("spec", "environment", "scores", "proof", "error")


def to_json(value: object) -> str:
    """Returns compact JSON without NaN; ASCII only, so that odd file names in a message cannot break it."""
    return json.dumps(plain(value), separators=(",", ":"), allow_nan=False)


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
    except ValueError:
        return _damaged(values)


def _damaged(values: dict) -> RunRecord:
    """Returns what is left of a run whose row cannot be read."""
    named = {name: values[name] for name in ("id", "seq", "name", "role", "twin_id", "owner", "created_at")}
    error = StoreError("run_damaged", run=values["id"]).to_dict()
    return RunRecord(**named, state=RunState.FAILED, spec={}, environment={}, error=error)


def epoch_record(row: sqlite3.Row) -> EpochRecord:
    """Returns the epoch of a row."""
    values = {name: row[name] for name in EPOCH_COLUMNS}
    return EpochRecord(**{**values, "is_best": bool(values["is_best"]), "is_partial": bool(values["is_partial"])})


def _truth(value: int | None) -> bool | None:
    return None if value is None else bool(value)
