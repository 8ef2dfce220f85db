from types import SimpleNamespace

import pytest
import streamlit as st

from pages.ui import run_names
from tl_core.phrases import phrase
from tl_core.planning.plan import plan_run
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.records import Visibility

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


def show(app, whose: str):
    """Chooses whose runs are listed."""
    control = next(group for group in app.button_group if group.key.startswith("w:runs-show"))
    return control.set_value(whose).run()


@pytest.mark.parametrize("language", LANGUAGES)
def test_anothers_runs_are_listed_once_they_are_shared_with_the_class(visit, engine, pair, language):
    engine.classroom.name_me("*Carla*", by=OPERATOR)
    app = show(visit("runs", language, owner="anna"), "class")
    assert app.info[0].value == phrase(language, "runs.none_here")
    engine.runs.share(pair[0], Visibility.CLASS, by=OPERATOR)
    app = show(visit("runs", language, owner="anna"), "class")
    assert not app.exception
    assert list(app.dataframe[0].value["owner"]) == ["*Carla*"] * 2
    assert list(app.dataframe[0].value["seen_by"]) == [phrase(language, "visibility.class")] * 2
    assert show(app, "mine").info[0].value == phrase(language, "runs.empty")


def test_only_the_instructor_may_list_all(visit, engine, pair):
    def choices(app) -> list[str]:
        return next(group for group in app.button_group if group.key.startswith("w:runs-show")).proto.options

    assert len(choices(visit("runs", owner="anna"))) == 2
    app = visit("runs", owner="anna", is_instructor=True)
    assert len(choices(app)) == 3
    assert len(show(app, "all").dataframe[0].value) == 2


def test_a_damaged_record_is_listed_beside_the_others(visit, engine, pair):
    engine.store._edit(pair[1], spec={}, created_at="?")
    table = visit("runs").dataframe[0].value
    assert list(table["name"]) == ["baseline", "**bold** <b>run</b>"]
    assert next(iter(table["frozen"])) == "– / ?"


def test_a_pinned_run_says_so(visit, engine, pair):
    engine.runs.pin(pair[0], True, by=OPERATOR)
    assert "📌 **bold** <b>run</b>" in list(visit("runs").dataframe[0].value["name"])


def buttons(app) -> set[str]:
    return {button.label for button in app.button}


@pytest.fixture
def all_marked(monkeypatch):
    """Every row of every table is marked, which AppTest cannot do."""

    def dataframe(table, **settings) -> SimpleNamespace:
        return SimpleNamespace(selection=SimpleNamespace(rows=list(range(len(table))), cells=[]))

    monkeypatch.setattr(st, "dataframe", dataframe)


@pytest.mark.parametrize("language", LANGUAGES)
def test_marked_runs_can_be_changed_by_their_owner_only(visit, engine, pair, all_marked, language):
    engine.runs.share(pair[0], Visibility.CLASS, by=OPERATOR)
    changes = {phrase(language, key, n=2) for key in ("runs.pin", "runs.delete")}
    for owner, expected in (("local", changes), ("anna", set())):
        app = show(visit("runs", language, owner=owner), "class")
        assert not app.exception
        assert {button.label for button in app.button} & changes == expected


def test_all_marked_runs_are_pinned_at_once_and_let_go_again(visit, engine, pair, all_marked):
    app = visit("runs")
    for is_pinned in (True, False):
        app.button(key="pin").click().run()
        assert {engine.runs.find(run_id, by=OPERATOR).is_pinned for run_id in pair} == {is_pinned}


# ---- the run that one looks at ----


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_owner_shares_a_run_and_gets_its_link(visit, engine, pair, language):
    app = visit(language=language, run=pair[0])
    choice = next(group for group in app.button_group if group.key.startswith(f"share-{pair[0]}"))
    assert choice.label == phrase(language, "classroom.seen_by")
    app = choice.set_value(Visibility.LINK).run()
    assert not app.exception
    assert {engine.runs.find(run_id, by=OPERATOR).visibility for run_id in pair} == {Visibility.LINK}
    (link,) = [code.value for code in app.code if pair[0] in code.value]
    assert link.endswith(f"?run={pair[0]}&lang={language}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_run_of_anothers_says_whose_it_is_and_has_no_buttons(visit, engine, pair, language):
    engine.store.ensure_owner("local")
    engine.runs.share(pair[0], Visibility.LINK, by=OPERATOR)
    app = visit(language=language, owner="anna", run=pair[0])
    assert not app.exception
    whose = phrase(language, "classroom.whose", owner=phrase(language, "classroom.student", n=1))
    assert whose in [caption.value for caption in app.caption]
    assert not [group for group in app.button_group if group.key.startswith("share")]


def test_a_live_run_of_anothers_can_be_watched_but_not_touched(visit, engine):
    anna = Visitor("anna")
    record = engine.runs.submit(plan_run({"seed": 7}), by=anna, name="annas")
    engine.runs.share(record.id, Visibility.CLASS, by=anna)
    keys = [button.key for button in visit(owner="ben", run=record.id).button]
    assert f"stop-{record.id}" not in keys
    assert f"stop-{record.id}" in [button.key for button in visit(owner="anna", run=record.id).button]


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_waits_is_told_the_place_and_the_time(visit, engine, language):
    spec, anna = plan_run({"seed": 7}), Visitor("anna")
    first = [engine.runs.submit(spec.with_changes(seed=seed), by=anna, name="run").id for seed in range(5)]
    seen = engine.runs.snapshot(first[-1], by=anna)
    assert seen.queue_position == 1
    shown = visit(language=language, owner="anna", run=first[-1])
    assert phrase(language, "progress.queued", position=1) in [bar.proto.text for bar in shown.get("progress")]


def test_a_name_that_is_pressed_opens_its_run(visit, pair, monkeypatch):
    pressed = SimpleNamespace(rows=[], cells=[(1, "test"), (1, "name")])
    monkeypatch.setattr(st, "dataframe", lambda *_, **__: SimpleNamespace(selection=pressed))
    app = visit("runs")
    assert not app.exception
    assert app.title[0].value == phrase("en", "lab.title")
    assert app.query_params["run"] == pair[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_made_here_follow_the_language_and_names_that_were_typed_stay(visit, engine, language):
    spec = plan_run({"freeze": 12})
    for name in (run_names.automatic(spec, "run", "en"), run_names.automatic(spec, "run", "zh"), "mine"):
        engine.store.create_run(spec.to_dict(), role="run", name=name, environment={})
    here = run_names.shortened(run_names.automatic(spec, "run", language), 27)
    names = list(visit("runs", language).dataframe[0].value["name"])
    assert names == ["mine", here, here]


def test_a_long_name_loses_its_middle():
    long = run_names.shortened("a" * 30 + "b" * 30, 27)
    assert (len(long), long) == (27, "a" * 17 + "…" + "b" * 9)
    assert run_names.shortened("short", 27) == "short"
