"""Names as Markdown; tests/browser/test_literal_text.py looks at what becomes of them in a browser."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.ui.text import literal

PIECES = st.sampled_from(
    [*r""":/*_`~$|#&<>[]{}\@.-+= 1x""", "www", "http://", "tada", "猫", ":material/", "--", "12. "]
)


def read(shown: str) -> str:
    """Returns a text as Markdown reads it: what stands in an element of its own, what stands behind a backslash."""
    return re.sub(r":color\[(\\.)\]|(\\.)", lambda sign: (sign[1] or sign[2])[1], shown)


@given(st.lists(PIECES).map("".join) | st.text())
def test_nothing_is_lost_but_repeated_spaces(name):
    assert read(literal(name)) == " ".join(name.split())


@given(st.lists(PIECES).map("".join))
def test_what_streamlit_finds_in_finished_text_is_taken_apart(name):
    for part in re.split(r":color\[\\.\]", literal(name)):
        text = read(part)
        assert re.search(r":[\w+-]+:|:\w+\[|https?://|www\.|\S@\S|<-|->|--|>=|~=", text, re.IGNORECASE) is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("100 % frozen · MobileNetV2 (from-scratch, 2.5)", "100 % frozen · MobileNetV2 (from-scratch, 2.5)"),
        ("1. one", r"1\. one"),
        ("12) twelve", r"12\) twelve"),
        ("in 2024. yes", "in 2024. yes"),
        ("- item", r"\- item"),
        ("-", r"\-"),
        ("a_b *c*", r"a\_b \*c\*"),
        ("R&D", r"R\&D"),
        ("Batch size: 2", "Batch size: 2"),
        (":tada:", r":color[\:]tada:"),
        ("a -> b", r"a :color[\-]\> b"),
        ("two\n lines\t", "two lines"),
    ],
)
def test_a_name_in_markdown(name, shown):
    assert literal(name) == shown
