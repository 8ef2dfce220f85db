"""The trials of a sweep as a table: one row each, tidy, ready for pandas, R or a spreadsheet."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tl_core.experiments.sweep import SEED

if TYPE_CHECKING:
    import pandas as pd

MEASURED = ("run_id", "state", "test_accuracy", "val_accuracy", "seconds", "epoch_s")
FORMULA = tuple("=+-@\t\r\n＝＋－＠")
"""A text that begins so is computed by a spreadsheet; by the last four in Asia only."""


def factors_of(rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Returns the names of what was varied, in their order, without the seed."""
    return tuple(name for name in (rows[0] if rows else ()) if name not in (SEED, *MEASURED))


def columns(rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Returns the names of the columns: the factors in their order, the seed, and what was measured."""
    return (*factors_of(rows), SEED, *MEASURED)


def table(rows: Sequence[Mapping[str, Any]]) -> "pd.DataFrame":
    """Returns the rows of a sweep as a DataFrame; what is missing is NaN.

    Args:
        rows: As `preset.Row`, perhaps with "val_accuracy"; what else they have becomes a column as a factor does.
    """
    import pandas as pd

    names = columns(rows)
    made = pd.DataFrame([[row.get(name) for name in names] for row in rows], columns=list(names))
    numbers = ["test_accuracy", "val_accuracy", "seconds", "epoch_s"]
    return made.astype(dict.fromkeys(numbers, "float64"))


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Returns the rows of a sweep as CSV (RFC 4180), with a line of names; what is missing is empty.

    Numbers are written in full. Texts that a spreadsheet would compute get a quotation mark before them.
    """
    names, text = columns(rows), io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
