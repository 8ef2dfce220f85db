"""One row a trial, read back as it was."""

import csv
import io
import math
from typing import Any

import pandas as pd

from tl_core.experiments.table import columns, csv_text, table

ROWS = [
    {"block": "stem", "per_class": 5, "seed": 0, "run_id": "a1", "state": "completed"}
    | {"test_accuracy": 0.1 + 0.2, "val_accuracy": 0.25, "seconds": 1.5},
    {"block": "top, last", "per_class": 5, "seed": 1, "run_id": "a2", "state": "queued"}
    | {"test_accuracy": None, "val_accuracy": None, "seconds": None},
]
NAMES = ["block", "per_class", "seed", "run_id", "state", "test_accuracy", "val_accuracy", "seconds", "epoch_s"]


def test_factors_come_first_then_the_seed_then_what_was_measured():
    shuffled = [dict(reversed(row.items())) for row in ROWS]
    assert list(columns(ROWS)) == NAMES
    assert list(columns(shuffled)) == ["per_class", "block", *NAMES[2:]]


def test_a_data_frame_has_a_row_for_each_trial_and_numbers_that_can_be_averaged():
    made: Any = table(ROWS)
    assert list(made.columns) == NAMES
    assert made["test_accuracy"].dtype == "float64"
    assert made["test_accuracy"].mean() == 0.1 + 0.2
    assert math.isnan(made["seconds"][1])
    assert made["per_class"].tolist() == [5, 5]


def test_before_anything_ran_the_columns_of_measures_are_numbers_too():
    assert table([ROWS[1]])["test_accuracy"].dtype == "float64"
    assert table([]).empty


def test_a_csv_is_read_back_with_every_digit_and_missing_values_missing():
    back = pd.read_csv(io.StringIO(csv_text(ROWS)))
    assert back["test_accuracy"].tolist()[0] == 0.1 + 0.2
    assert back["test_accuracy"].isna().tolist() == [False, True]
    assert back["block"].tolist() == ["stem", "top, last"]
    assert csv_text([]).startswith("seed,run_id,state")


def test_no_text_becomes_a_formula_of_a_spreadsheet():
    (row,) = csv.DictReader(io.StringIO(csv_text([ROWS[0] | {"block": "=1+1", "per_class": -1}])))
    assert (row["block"], row["per_class"]) == ("'=1+1", "-1")


def test_rows_without_a_validation_accuracy_have_none():
    rows = [{name: value for name, value in ROWS[0].items() if name != "val_accuracy"}]
    made: Any = table(rows)
    assert made["val_accuracy"].isna().all()
