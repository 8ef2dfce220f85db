import pytest

from tl_core.phrases import phrase

LANGUAGES = ("en", "zh")


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_store_says_what_to_do_next(visit, language):
    app = visit("runs", language)
    assert not app.exception
    assert app.title[0].value == phrase(language, "runs.title")
    assert app.info[0].value == phrase(language, "runs.empty")


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_runs_are_listed_newest_first(visit, pair, language):
    app = visit("runs", language)
    assert not app.exception
    table = app.dataframe[0].value
    assert list(table["name"]) == ["baseline", "**bold** <b>run</b>"]
    assert list(table["state"]) == [phrase(language, "state.completed")] * 2
    assert list(table["test"]) == [0.3, 0.8]


def test_the_search_filters_by_name(visit, pair):
    app = visit("runs")
    app.text_input[0].set_value("bold").run()
    assert list(app.dataframe[0].value["name"]) == ["**bold** <b>run</b>"]
    app.text_input[0].set_value("no such name").run()
    assert app.info[0].value == phrase("en", "runs.none_fit")
