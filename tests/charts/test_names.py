from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from tl_core.charts.names import plain, plain_in_template, shortened


def test_letters_that_plotly_reads_as_html_are_escaped():
    assert plain("<b>a</b> &amp; b") == "&lt;b&gt;a&lt;/b&gt; &amp;amp; b"


def test_line_breaks_and_direction_marks_become_spaces():
    assert plain("a\nb\u202ec") == "a b c"


def test_an_emoji_of_several_parts_stays_whole():
    assert plain("👩\u200d🔬") == "👩\u200d🔬"


@given(st.text())
def test_what_is_read_back_is_the_name_itself(name):
    shown = "".join(letter if letter.isprintable() or letter in "\u200c\u200d" else " " for letter in name)
    assert unescape(plain(name)) == unescape(plain_in_template(name)) == shown


def test_a_template_finds_nothing_to_fill_in():
    assert "%" not in plain_in_template("100% %{y}")


@given(st.text(), st.integers(1, 40))
def test_a_shortened_name_is_short_enough(name, n_letters):
    assert len(shortened(name, n_letters)) <= n_letters
    assert shortened(name, len(name) + 1) == name
