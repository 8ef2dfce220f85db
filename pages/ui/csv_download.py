"""Tables to take along, as files that a spreadsheet opens without running anything that stands in them.

Streamlit's own download writes cells as they are, so `client.disableDataExport` takes it away.
"""

import csv

import pandas as pd
import streamlit as st

from pages.ui.text import t

_FORMULA = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "＝",
    "＋",
    "－",
    "＠",
)  # what makes a cell a formula; some in Asia only


def offer(table: pd.DataFrame, name: str) -> None:
    """Draws a button that downloads a table.

    Args:
        table: What was drawn, with the names of its columns as readers know them.
        name: The file's name, without an ending.
    """
    st.download_button(
        t("frame.sheet"),
        lambda: csv_bytes(table),
        file_name=f"{name}.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        key=f"sheet-{name}",
    )


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Returns a table as CSV, UTF-8 with a byte order mark, by which Excel knows it.

    Every cell stands in quotes, for spreadsheets that split at semicolons; a text that would be a formula gets an
    apostrophe before it.
    """
    harmless = table.map(_harmless).rename(columns=_harmless)
    return harmless.to_csv(index=False, quoting=csv.QUOTE_ALL, lineterminator="\r\n").encode("utf-8-sig", "replace")


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA) else cell
