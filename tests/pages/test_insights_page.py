import numpy as np
import pytest
from fake_runs import record_finished

from tl_core.errors import InputError
from tl_core.phrases import LANGUAGES, explain, phrase
from tl_core.planning.plan import plan_run


def texts(elements) -> str:
    return "\n".join(element.value for element in elements)


def choose(app, key: str, language: str, name: str):
    """Presses one of several words that stand side by side."""
    (control,) = [one for one in app.get("button_group") if one.label == phrase(language, key)]
    return control.set_value(name).run()


@pytest.fixture
def shown(monkeypatch) -> list:
    """What the matrices were told to draw; in each the first cell stays the chosen one."""
    drawn: list = []

    def matrix(info, names, **told):
        drawn.append((info, names, told))
        return info.first()

    monkeypatch.setattr("pages.insights.confusions.matrix", matrix)
    return drawn


@pytest.fixture
def galleries(monkeypatch) -> dict:
    """What galleries were told to show, by the beginning of their keys."""
    drawn: dict = {}

    def gallery(tiles, *, key, label, can_mark, is_single=False):
        drawn.setdefault(key.split("-")[0], []).append((tiles, label))
        return []

    monkeypatch.setattr("pages.insights.pictures.gallery", gallery)
    return drawn


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_run_and_its_baseline_stand_side_by_side_with_their_errors(visit, pair, language):
    app = visit("insights", language, run=pair[0])
    assert not app.exception
    assert not app.error
    values = {(metric.label, metric.value) for metric in app.metric}
    for share in "80.0%", "30.0%":
        assert (phrase(language, "insights.accuracy"), share) in values
    assert phrase(language, "insights.interval", low="73.9%", high="85.0%", n=200) in [one.value for one in app.caption]
    assert [one.value for one in app.subheader].count(phrase(language, "insights.calibration")) == 2
    assert "80% (" in app.table[0].value.iloc[:, 1:].to_string()


def test_the_cell_that_is_chosen_shows_its_pictures_the_surest_first(visit, pair, shown, galleries):
    app = visit("insights", run=pair[0])
    assert not app.exception
    (info, names, told), _ = shown
    assert told["role"] == "run"
    first = info.first()
    (tiles, label), _ = galleries["cell"]
    assert first.n == 3  # of 40 mistakes on 200 pictures of 14 classes
    assert len(tiles) == first.n
    true, predicted = names[first.row], names[first.column]
    share = f"{first.share * 100:.0f}%"
    assert label == phrase("en", "insights.cell_wrong", true=true, predicted=predicted, n=first.n, share=share)
    assert {tile.about for tile in tiles} == {
        phrase("en", "insights.mistake", true=true, predicted=predicted, probability="74%")
    }
    assert [place % 14 for place in (tile.place for tile in tiles)] == [tiles[0].place % 14] * 3


def test_shares_take_the_place_of_numbers_when_asked_for(visit, pair, shown):
    app = visit("insights", run=pair[0])
    assert not shown[-1][2]["has_shares"]
    choose(app, "insights.shown", "en", "shares")
    assert not app.exception
    assert shown[-1][2]["has_shares"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_svm_is_ordered_by_its_margins_and_not_calibrated(visit, engine, language, galleries):
    run = record_finished(engine.store, plan_run({"head": "svm"}), 0.8, role="run", name="svm")
    app = visit("insights", language, run=run)
    assert not app.exception
    assert phrase(language, "insights.svm_order") in [one.value for one in app.caption]
    assert texts(app.error) == explain(InputError("no_probabilities", run=run), language)
    assert not any("%" in tile.about + tile.badge for tiles, _ in galleries["cell"] for tile in tiles)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_fitted_probe_has_probabilities_and_is_calibrated(visit, engine, language):
    run = record_finished(engine.store, plan_run({"head": "logistic"}), 0.8, role="run", name="probe")
    app = visit("insights", language, run=run)
    assert not app.exception
    assert phrase(language, "insights.svm_order") not in [one.value for one in app.caption]
    assert texts(app.error) == ""


def test_a_run_without_mistakes_says_so(visit, engine):
    run = record_finished(engine.store, plan_run({}), 1.0, role="run", name="perfect")
    app = visit("insights", run=run)
    assert not app.exception
    assert texts(app.success) == phrase("en", "insights.no_mistakes")


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_runs_are_compared_picture_by_picture(visit, pair, language, galleries):
    app = choose(visit("insights", language, run=pair[0]), "insights.section", language, "pairs")
    assert not app.exception
    assert not app.error
    words = [phrase(language, f"insights.short_{role}") for role in ("run", "baseline")]
    said = phrase(
        language,
        "insights.pairs_apart",
        better=words[0],
        worse=words[1],
        difference="50.0",
        low="+42.5",  # 100/202 ± z √(101 − 100²/202) / 202
        high="+56.5",
        n=200,
    )
    assert said in texts(app.info)
    ((tiles, label),) = galleries["pair"]
    group = phrase(language, "insights.pairs_only_first", first=words[0])
    assert label == phrase(language, "insights.pairs_pictures", group=group, n=len(tiles))
    assert {tile.place for tile in tiles} <= set(range(60, 160))  # right in the one and wrong in the other
    choose(app, "insights.pairs_group", language, "only_second")
    assert phrase(language, "insights.pairs_empty") in [one.value for one in app.caption]


def test_one_run_has_no_pair(visit, engine):
    run = record_finished(engine.store, plan_run({}), 0.8, role="run", name="alone")
    app = choose(visit("insights", run=run), "insights.section", "en", "pairs")
    assert not app.exception
    assert phrase("en", "insights.pairs_two") in texts(app.info)


def test_runs_that_were_tested_on_other_pictures_are_not_paired(visit, engine):
    fruit = record_finished(engine.store, plan_run({}), 0.8, role="run", name="fruit")
    labels = (np.arange(150) + 1) % 14
    other = record_finished(engine.store, plan_run({}), 0.5, role="run", name="other", labels=labels, predicted=labels)
    app = visit("insights", run=fruit)
    app.multiselect[0].set_value([fruit, other]).run()
    choose(app, "insights.section", "en", "pairs")
    assert not app.exception
    differ = InputError("pairs_differ", first=fruit, second=other, n_first=200, n_second=150)
    assert texts(app.error) == explain(differ, "en")


def test_the_finished_run_in_the_lab_leads_to_its_insights(visit, pair):
    links = [link for link in visit(run=pair[0]).get("page_link") if "insights" in link.page]
    assert [link.query_string for link in links] == [f"run={pair[0]}&lang=en"]


def test_a_stranger_finds_no_run_to_ask(visit, pair):
    app = visit("insights", owner="stranger")
    assert phrase("en", "insights.no_runs") in texts(app.info)
    assert not app.metric
