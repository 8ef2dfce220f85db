"""The model card: from the record alone, in both languages, and safe whatever names people give."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from tests.export.finished_runs import TINY, members, written
from tl_core.export.card import card_files, write
from tl_core.export.formats import Parity
from tl_core.phrases import phrase

LANGUAGES = ("en", "zh")
LABELS, PREDICTED = [0, 0, 0, 0, 1, 1, 2, 2], [0, 0, 1, 1, 1, 1, 2, 0]
TRAPS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "**bold** _it_ `code` ~~no~~",
    "[x](javascript:alert(1))",
    "![x](http://evil.example/p.png)",
    "http://evil.example www.evil.example a@evil.example",
    "# heading",
    "1. list",
    "- list",
    "a | b \\| c",
    "&lt;b&gt; &amp; \"'",
    "$$x^2$$",
    "---",
    "<!-- x",
]


def card(tmp_path, **more) -> tuple[str, str]:
    files = card_files(written(tmp_path, LABELS, PREDICTED, 3, **more))
    return files["card.md"].decode(), files["card.html"].decode()


class Page(HTMLParser):
    """What a browser finds in a page: its tags and attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.rows: list[list[str]] = []
        self.text, self.is_cell = "", False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.is_cell = True
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        self.is_cell &= tag not in ("td", "th")

    def handle_data(self, data):
        self.text += data
        if self.is_cell:
            self.rows[-1][-1] += data


TAGS = {"html", "meta", "title", "style", "body", "h1", "h2", "p", "ul", "li", "div", "table", "thead", "tbody", "tr"}
TAGS |= {"th", "td", "figure", "svg", "text", "path"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_card_says_what_it_is_how_good_and_what_not_to_do(language, tmp_path):
    markdown, html = card(tmp_path, language=language)
    page = Page(html)
    for text in (markdown, page.text):
        for key in ("data", "scores", "curves", "settings", "limits", "environment", "proof", "never_people"):
            assert phrase(language, f"card.{key}") in text
        assert "62.5%" in text  # five of eight
        assert "0123456789ab" in text
        assert "0123456789abc" not in text  # the whole id would open a run that is shared by link
    assert f'lang="{language}"' in html
    assert page.tags <= TAGS


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_card_of_a_run_with_a_fault_says_so_first(language, tmp_path):
    fault = phrase(language, "choice.fault.class-order")
    markdown, html = card(tmp_path, language=language, spec=TINY.with_changes(fault="class-order"))
    for text in (markdown, Page(html).text):
        assert phrase(language, "card.fault", fault=fault) in text
    assert markdown.startswith("# ⚠ ")


def test_recall_precision_and_what_a_class_is_taken_for_are_those_of_the_confusion(tmp_path):
    """By hand: of four A two are taken for B; of three said to be A two are."""
    environment = {"classes": ["A", "B", "C"]}
    rows = Page(card(tmp_path, environment=environment)[1]).rows
    assert ["A", "4", "50.0%", "66.7%", "57.1%", "B (2)"] in rows
    assert ["B", "2", "100.0%", "50.0%", "66.7%", "–"] in rows
    assert ["C", "2", "50.0%", "100.0%", "66.7%", "A (1)"] in rows


def test_counts_and_licence_stand_beside_the_data(tmp_path):
    rows = dict(row for row in Page(card(tmp_path)[1]).rows if len(row) == 2)
    assert rows["Pictures, training"] == "50"  # five of each of ten digits
    assert rows["Pictures, validation"] == "300"
    assert rows["Licence of the pictures"] == "CC BY-SA 3.0"
    assert rows["Fingerprint of the data"].startswith("sha256:")


def test_what_was_not_measured_is_a_gap_and_never_0(tmp_path):
    markdown, html = card(tmp_path)
    assert "| 1 | 10.0% | – | 1.0000 | – |" in markdown
    drawings = re.findall(r"<svg.*?</svg>", html)
    assert len(drawings) == 2
    for drawing in drawings:
        paths = [one.get("d") for one in ElementTree.fromstring(drawing).iter("path")]
        assert sum(path.count("L") for path in paths) == 2 + 1  # training has three points, validation two
    untested = card(tmp_path, scores=None, test_accuracy=None)[0]
    assert phrase("en", "card.untested") in untested
    assert " 0.0%" not in untested


def test_a_network_for_x_rays_must_not_be_used_for_diagnosis(tmp_path):
    never = phrase("en", "card.never_diagnosis")
    assert never in card(tmp_path, spec=TINY.with_changes(dataset="chest-xray-small"))[0]
    assert never not in card(tmp_path)[0]


@pytest.mark.parametrize("name", TRAPS)
def test_names_are_shown_as_they_are(name, tmp_path):
    """CommonMark with tables and links, as GitHub reads it, is the oracle for Markdown; an HTML parser for HTML."""
    environment = {"classes": [name, f"{name}2", "C"]}
    markdown, html = card(tmp_path, name=name, environment=environment)
    page = Page(html)
    assert page.tags <= TAGS
    assert not any(attribute.startswith("on") for attribute in page.attributes)
    assert "src" not in page.attributes
    assert "href" not in page.attributes
    assert name in page.text
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    rendered = reader.render(markdown)
    shown = Page(rendered)
    assert shown.tags <= {"h1", "h2", "p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"}
    assert name in shown.text.replace("\N{WORD JOINER}", "")
    assert [row[0].replace("\N{WORD JOINER}", "") for row in shown.rows if row and row[-1] == "B (2)"] == []
    assert not re.search(r"https?://|www\.|\w@", markdown)  # what is made a link even where it is escaped


def test_the_zip_holds_both_forms_and_the_same_run_gives_the_same_bytes(tmp_path):
    source = written(tmp_path, LABELS, PREDICTED, 3)
    exported = write(source, tmp_path / "a.zip")
    write(source, tmp_path / "b.zip")
    assert (exported.format, exported.parity) == ("card", None)
    assert set(members(exported.path)) == {"card.md", "card.html"}
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_the_card_beside_a_network_says_how_closely_it_agreed(tmp_path):
    files = card_files(written(tmp_path, LABELS, PREDICTED, 3), Parity(50, 2.5e-6, {"keras": "3.15"}))
    assert "2.5e-06" in files["card.md"].decode()


def test_a_brought_in_run_claims_nothing_that_was_measured_here(tmp_path):
    claimed = {"name": "x", "test_accuracy": 0.99, "ended_at": "2026-11-27T10:00:00+00:00"}
    environment = {"imported": claimed, "classes": ["A", "B", "C"]}
    text = card(tmp_path, environment=environment, scores=None, test_accuracy=None)[0]
    assert phrase("en", "card.imported") in text
    assert "99.0%" not in text
