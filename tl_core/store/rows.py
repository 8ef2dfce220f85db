"""Between records and rows of the database: columns, JSON, truth values."""

import json
import sqlite3
from dataclasses import fields

from tl_core.store.records import EpochRecord, RunRecord, RunState, plain

RUN_COLUMNS = tuple(field.name for field in fields(RunRecord))
EPOCH_COLUMNS = tuple(field.name for field in fields(EpochRecord))
_JSON = ("spec", "environment", "scores", "proof", "error")


def to_json(value: object) -> str:
    """Returns compact JSON without NaN; ASCII only, so that odd file names in a message cannot break it."""
    return json.dumps(plain(value), separators=(",", ":"), allow_nan=False)


def run_values(record: RunRecord) -> dict[str, object]:
    """Returns a run as column → value."""
    values = {name: getattr(record, name) for name in RUN_COLUMNS}
    values["state"] = record.state.value
    for name in _JSON:
        values[name] = None if values[name] is None else to_json(values[name])
    return values


def run_record(row: sqlite3.Row) -> RunRecord:
    """Returns the run of a row."""
    values = {name: row[name] for name in RUN_COLUMNS}
    values["state"] = RunState(values["state"])
    values["is_cached"] = _truth(values["is_cached"])
    for name in _JSON:
        values[name] = None if values[name] is None else json.loads(values[name])
    return RunRecord(**values)


def epoch_record(row: sqlite3.Row) -> EpochRecord:
    """Returns the epoch of a row."""
    values = {name: row[name] for name in EPOCH_COLUMNS}
    return EpochRecord(**{**values, "is_best": bool(values["is_best"]), "is_partial": bool(values["is_partial"])})


def _truth(value: int | None) -> bool | None:
    return None if value is None else bool(value)
