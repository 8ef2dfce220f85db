"""The words of the lab: found by name, told on three levels, and sent only for the one that was asked for."""

import re
import xml.etree.ElementTree as ET

import pytest
from patience import PATIENCE_S
from streamlit.testing.v1 import AppTest

from assets.rebuild import words as drawings
from pages.ui import words
from tl_core.phrases import LANGUAGES, keys, phrase

MORE = [term for term in words.TERMS if words.has(term, "more")]
FORMULAS = [term for term in words.TERMS if words.has(term, "formula")]
COLOURS = re.compile(r"#[0-9a-f]{3,8}\b|rgb|hsl|black|white|red|blue|green", re.IGNORECASE)


def opened(term: str, language: str = "en") -> AppTest:
    """Returns what a word says, drawn by itself."""
    script = f"from pages.ui.words import draw\n\ndraw({term!r})\n"
    app = AppTest.from_string(script, default_timeout=PATIENCE_S)
    app.query_params["lang"] = language
    return app.run()


def told(app: AppTest) -> str:
    boxes = (*app.markdown, *app.caption, *app.latex)
    return "\n".join([*(one.value for one in boxes), *(one.proto.body for one in app.get("html"))])


def text_of(language: str, term: str, level: str) -> str:
    return phrase(language, f"term.{term}.{level}")


def test_every_word_of_the_copy_is_listed_once_and_has_its_line():
    said = {key.split(".")[1] for key in keys("en") if key.startswith("term.")}
    assert set(words.TERMS) == said
    assert len(words.TERMS) == len(said)
    for term in words.TERMS:
        assert words.has(term, "name")
        assert words.has(term, "about")


def test_enough_words_have_a_paragraph_a_picture_and_a_formula():
    assert len(MORE) >= 50
    assert len(FORMULAS) >= 40
    assert len(words.pictured()) >= 20


@pytest.mark.parametrize("term", FORMULAS)
def test_a_formula_says_what_its_signs_are_and_where_it_comes_from(term):
    for language in LANGUAGES:
        assert text_of(language, term, "where")
        assert re.search(r"\b(18|19|20)\d\d\b", text_of(language, term, "reference"))
        formula = text_of(language, term, "formula")
        assert formula == text_of("en", term, "formula")
        assert formula.count("{") == formula.count("}")
        assert formula.count(r"\left") == formula.count(r"\right")
        assert "$" not in formula


@pytest.mark.parametrize("term", words.pictured())
def test_a_picture_takes_the_colour_of_the_text_and_says_what_it_shows(term):
    for language in LANGUAGES:
        assert len(text_of(language, term, "picture")) > 8
    svg = (words.PICTURES / f"{term}.svg").read_text("utf-8")
    root = ET.fromstring(svg)
    assert root.get("viewBox")
    assert root.get("stroke") == "currentColor"
    assert not COLOURS.search(svg.replace("http://www.w3.org/2000/svg", ""))
    assert "<text" not in svg


def test_every_picture_belongs_to_a_word_and_is_the_one_that_is_drawn_for_it(tmp_path, monkeypatch):
    monkeypatch.setattr(drawings, "FOLDER", tmp_path)
    drawings.main()
    drawn = {path.stem: path.read_text("utf-8") for path in tmp_path.glob("*.svg")}
    assert drawn == {path.stem: path.read_text("utf-8") for path in words.PICTURES.glob("*.svg")}
    assert set(drawn) == set(words.pictured())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("term", ["overfitting", "softmax", "trial", "ece", "split"])
def test_a_word_is_told_on_as_many_levels_as_it_has(engine, language, term):
    app = opened(term, language)
    assert not app.exception
    text = told(app)
    assert text_of(language, term, "about") in text
    for level in ("more", "formula"):
        if words.has(term, level):
            assert text_of(language, term, level) in text
    assert len(app.latex) == words.has(term, "formula")
    if term in words.pictured():
        assert f'role="img" aria-label="{text_of(language, term, "picture")}"' in text
        assert "--drawing: url(data:image/svg+xml;base64," in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sidebar_lists_the_names_and_sends_the_levels_of_the_chosen_word_alone(visit, language):
    app = visit("runs", language)
    (box,) = [one for one in app.selectbox if one.label == phrase(language, "words.find")]
    assert sorted(box.options) == sorted(text_of(language, term, "name") for term in words.TERMS)
    assert box.value is None
    sent = told(app)
    assert not [term for term in MORE if text_of(language, term, "more") in sent]
    box.set_value("calibration").run()
    assert not app.exception
    sent = told(app)
    assert [term for term in MORE if text_of(language, term, "more") in sent] == ["calibration"]
    assert text_of(language, "calibration", "formula") in sent
    assert text_of(language, "calibration", "about") in sent


def test_names_are_in_the_order_of_the_alphabet_where_there_is_one(visit):
    app = visit("runs", "en")
    (box,) = [one for one in app.selectbox if one.label == phrase("en", "words.find")]
    assert box.options == sorted(box.options, key=str.casefold)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("page", "terms"),
    [("recipes", ("fault", "backbone")), ("experiments", ("sweep", "trial", "holm"))],
)
def test_words_beside_a_lead_are_closed_and_send_nothing_of_what_they_mean(visit, language, page, terms):
    app = visit(page, language)
    assert not app.exception
    labels = {one.proto.popover.label for one in app.get("popover")}
    assert {text_of(language, term, "name") for term in terms} <= labels
    assert not [term for term in terms if text_of(language, term, "about") in told(app)]
