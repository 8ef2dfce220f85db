"""Tables as files: what Excel and LibreOffice would run is text in them."""

import csv
import io

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pages.ui.csv_download import csv_bytes

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x.example")', "＝1+1", "＠SUM", "  =1"]


def cells(table: pd.DataFrame) -> list[list[str]]:
    """Returns the rows of the file as a spreadsheet reads them, the names of the columns first."""
    return list(csv.reader(io.StringIO(csv_bytes(table).decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("name", FORMULAS)
def test_what_would_be_a_formula_gets_an_apostrophe(name):
    assert cells(pd.DataFrame({"name": [name]})) == [["name"], [f"'{name}"]]
    assert cells(pd.DataFrame({name: ["x"]})) == [[f"'{name}"], ["x"]]


def test_numbers_and_names_stay_what_they_are():
    table = pd.DataFrame({"名称": ["猫 a;=1+1", 'say "1,5"'], "test": [-0.5, None]})
    assert cells(table) == [["名称", "test"], ["猫 a;=1+1", "-0.5"], ['say "1,5"', ""]]


def test_every_text_stands_in_quotes_for_spreadsheets_that_split_at_semicolons():
    assert b'"a;=1+1"' in csv_bytes(pd.DataFrame({"name": ["a;=1+1"]}))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text(), min_size=1, max_size=5))
def test_no_cell_begins_as_a_formula_and_none_gets_lost(names):
    for (shown,), name in zip(cells(pd.DataFrame({"name": names}))[1:], names, strict=True):
        assert shown in (name, f"'{name}")
        assert shown.lstrip(" ")[:1] not in tuple("=+-@\t\r\n＝＋－＠")
