"""The check of pasted code as a page: findings beside their lines, one sentence where there are none."""

import pytest
from patience import PATIENCE_S
from streamlit.testing.v1 import AppTest

from pages.learn import code_check
from pages.learn.code_check import n_known
from tl_core.paths import PROJECT
from tl_core.phrases import LANGUAGES, phrase
from tl_core.planning.recipes import RECIPES


def _draw():
    from pages.learn import code_check

    code_check.draw()


@pytest.fixture
def linked(monkeypatch) -> list[str]:
    """The pages that were linked to; no page is known to an app that is one part alone."""
    found: list[str] = []
    monkeypatch.setattr(code_check.st, "page_link", lambda page, **_: found.append(page))
    return found


@pytest.fixture
def page(linked):
    """Opens the part of the page alone: page("zh")."""

    def opened(language: str = "en") -> AppTest:
        app = AppTest.from_function(_draw, default_timeout=PATIENCE_S)
        app.query_params["lang"] = language
        return app.run()

    return opened


def checked(app: AppTest, text: str) -> AppTest:
    app.text_area[0].set_value(text).run()
    return app.button(key="check-code").click().run()


def said(app: AppTest) -> str:
    return "\n".join(one.value for one in (*app.markdown, *app.info, *app.warning, *app.caption, *app.subheader))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mistake_stands_beside_its_line_with_what_belongs_there(page, language):
    app = checked(page(language), "import keras\n\nrate = keras.optimizers.Adam(lr=0.1)\n")
    assert not app.exception
    assert phrase(language, "code_check.line", line=3) in said(app)
    assert phrase(language, "code_check.finding.old_rate.title") in said(app)
    assert [one.value for one in app.code] == [
        "rate = keras.optimizers.Adam(lr=0.1)",
        "keras.optimizers.Adam(learning_rate=1e-3)",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("id", RECIPES)
def test_every_published_program_can_be_shown_with_all_that_is_wrong(page, language, id):
    app = checked(page(language), RECIPES[id].published())
    assert not app.exception
    assert app.code


def test_what_can_be_tried_links_to_where(page, linked):
    checked(page(), RECIPES["b"].published())
    assert linked
    assert {(PROJECT / one).exists() for one in linked} == {True}
    assert {"pages/lab/page.py", "pages/recipes/page.py", "pages/data/page.py"} == set(linked)


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_a_right_program_one_sentence_says_what_was_looked_for_and_that_it_is_no_proof(page, language):
    app = checked(page(language), RECIPES["d"].mended())
    assert [one.value for one in app.info] == [phrase(language, "code_check.nothing", n=n_known())]
    assert not app.code


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_no_program_is_one_sentence_with_its_line(page, language):
    app = checked(page(language), "import keras\nmodel.fit(")
    assert len(app.warning) == 1
    assert "2" in app.warning[0].value
    assert not app.code


def test_a_program_without_keras_is_said_to_have_none(page):
    app = checked(page(), "print('hello')")
    assert [one.value for one in app.info] == [phrase("en", "code_check.no_keras")]


def test_the_example_fills_the_text_and_shows_what_is_found_each_press_another(page):
    app = page()
    app.button(key="code-example").click().run()
    first = app.text_area[0].value
    assert "VGG16" in first
    assert app.code
    app.button(key="code-example").click().run()
    assert app.text_area[0].value != first
    assert app.code


def test_findings_of_another_text_are_not_shown(page):
    app = checked(page(), "import keras\nkeras.optimizers.Adam(lr=1)")
    assert app.code
    app.text_area[0].set_value("import keras").run()
    assert not app.code


def test_what_a_program_is_called_is_shown_as_it_is(page):
    app = checked(page(), "from keras.layers.core import _x_ as **y**\n")
    assert len(app.warning) == 1
    assert r"\*\*y\*\*" in app.warning[0].value
