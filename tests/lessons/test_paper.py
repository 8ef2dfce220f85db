"""Pages to print: words are letters whatever they are, and nothing is fetched or run."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tl_core.lessons.paper import document, figure, lines, markup, paragraph, section, table

MEAN = "<script>alert(1)</script>\"&'<img src=x onerror=alert(1)>"


class Tags(HTMLParser):
    """Collects the elements and what is text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


def test_a_page_names_no_address_and_forbids_itself_to_fetch_or_run():
    page = document("Title", "zh", [section("Part", paragraph("Text"), lines()), table(["a"], [["b"]])])
    assert page.startswith('<!doctype html><html lang="zh">')
    assert "default-src 'none'" in page
    assert "://" not in page
    assert "@media print" in page
    assert {"script", "link", "img", "iframe"} & set(Tags(page).tags) == set()


@pytest.mark.parametrize(
    "made",
    [
        document(MEAN, "en", []),
        section(MEAN),
        paragraph(MEAN, kind="note"),
        figure("", MEAN),
        table([MEAN], [[MEAN, MEAN]]),
        markup(MEAN),
        markup(f"- {MEAN}"),
        markup(f"**{MEAN}** `{MEAN}`"),
    ],
)
def test_what_is_text_stays_text(made):
    seen = Tags(made)
    assert {"script", "img"} & set(seen.tags) == set()
    assert [name for name, _ in seen.attributes if name.startswith("on")] == []
    assert MEAN in seen.text


@given(st.text())
def test_no_text_becomes_an_element_that_lessons_do_not_use(text):
    assert set(Tags(markup(text)).tags) <= {"p", "ul", "ol", "li", "strong", "em", "code"}


def test_the_marks_that_lessons_use_become_elements():
    assert markup("A **bold** and *slanted* `x`.\n\n1. one\n2. two\n   more") == (
        "<p>A <strong>bold</strong> and <em>slanted</em> <code>x</code>.</p><ol><li>one</li><li>two more</li></ol>"
    )
    assert markup("Three:\n- a\n- b") == "<p>Three:</p><ul><li>a</li><li>b</li></ul>"
    assert markup("2 * 3 * 4") == "<p>2 * 3 * 4</p>"
