"""What was trained before is shown from its record, and can be trained afresh."""

import json

import pytest
from fake_runs import record_finished

from pages.lab import run_panel
from pages.ui.text import literal
from tl_core.phrases import phrase
from tl_core.planning.plan import baseline_of, plan_run
from tl_core.store.records import RunState

LANGUAGES = ("en", "zh")


@pytest.fixture
def spec(visit):
    """What the lab trains when nothing is changed."""
    return plan_run({})


def replays(app) -> list[dict]:
    """Returns what each chart of curves is told to reveal bit by bit."""
    messages = [json.loads(element.proto.mixed.json or element.proto.json) for element in app.get("bidi_component")]
    figures = [message for message in messages if "figure" in message]
    return [figure["replay"] for figure in figures[-2:]]  # before them stand the layer map and what has moved


def captions(app) -> list[str]:
    return [caption.value for caption in app.caption]


def label(language: str, record) -> str:
    threads = phrase(language, "record.threads", n=2)
    date = record.ended_at[:16].replace("T", " ")
    return phrase(language, "panel.recorded", date=date, machine="Linux x86\\_64", threads=threads)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_equal_pair_is_shown_at_once_replayed_and_labelled(visit, engine, pair, workers, language):
    app = visit(language=language)
    assert phrase(language, "lab.already") in captions(app)
    app.button(key="train").click().run()
    assert not app.exception
    baseline, run = engine.store.list_runs(limit=2)
    assert [record.state for record in (run, baseline)] == [RunState.COMPLETED] * 2
    assert (run.recorded_from, baseline.recorded_from, run.twin_id) == (*pair, baseline.id)
    assert {label(language, engine.store.get(id)) for id in pair} <= set(captions(app))
    assert [set(replay["runs"]) for replay in replays(app)] == [{run.id, baseline.id}] * 2
    assert not [message for message in workers[0].sent if message["do"] == "train"]
    assert not app.success  # the curves come first


def test_when_the_curves_have_been_revealed_the_verdict_is_said(visit, engine, pair, monkeypatch):
    app = visit()
    app.button(key="train").click().run()
    monkeypatch.setattr(run_panel, "REPLAY_S", 0.0)
    app.run()
    assert replays(app) == [None, None]
    assert "80% ± 6" in app.success[0].value


def test_a_record_that_is_opened_later_is_not_replayed(visit, engine, pair):
    app = visit()
    app.button(key="train").click().run()
    copied = engine.store.list_runs(limit=2)[1]
    assert replays(visit(run=copied.id)) == [None, None]
    assert replays(visit(run=pair[0])) == [None, None]


@pytest.mark.parametrize("language", LANGUAGES)
def test_train_afresh_is_one_click_away(visit, engine, pair, workers, language):
    app = visit(language=language)
    app.button(key="train").click().run()
    afresh = app.button(key="afresh")
    assert (afresh.label, afresh.help) == (phrase(language, "panel.afresh"), phrase(language, "panel.afresh_help"))
    afresh.click().run()
    assert not app.exception
    baseline, run = engine.store.list_runs(limit=2)
    assert (run.recorded_from, baseline.recorded_from, run.twin_id) == (None, None, baseline.id)
    assert app.query_params["run"] == run.id
    assert [message["run_id"] for message in workers[0].sent if message["do"] == "train"] == [run.id]
    assert run.name == engine.store.list_runs(limit=4)[3].name


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_new_run_is_trained_beside_the_record_of_its_baseline(visit, engine, spec, workers, language):
    baseline_id = record_finished(engine.store, baseline_of(spec), 0.3, role="baseline", name="known")
    app = visit(language=language)
    assert phrase(language, "lab.already_baseline") in captions(app)
    app.button(key="train").click().run()
    assert not app.exception
    baseline, run = engine.store.list_runs(limit=2)
    assert (run.state.is_finished, run.recorded_from) == (False, None)
    assert (baseline.state, baseline.recorded_from) == (RunState.COMPLETED, baseline_id)
    assert label(language, engine.store.get(baseline_id)) in captions(app)
    assert [replay["runs"] for replay in replays(app)] == [[baseline.id]] * 2
    assert "afresh" not in [button.key for button in app.button]  # nothing to train in its place yet


def test_other_settings_are_trained(visit, engine, pair):
    app = visit()
    app.slider[0].set_value(18).run()
    assert phrase("en", "lab.already") not in captions(app)
    app.toggle(key="w:baseline").set_value(False).run()
    app.button(key="train").click().run()
    assert not engine.store.list_runs(limit=1)[0].state.is_finished


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_list_of_runs_tells_records_from_trainings(visit, engine, pair, language):
    engine.store.copy_run(pair[0], name="copy", owner="local", role="run")
    table = visit("runs", language).dataframe[0].value
    completed = phrase(language, "state.completed")
    assert list(table["state"]) == [phrase(language, "runs.recorded"), completed, completed]


@pytest.mark.parametrize("language", LANGUAGES)
def test_settings_threads_and_machine_stand_side_by_side(visit, pair, language):
    app = visit(language=language, run=pair[0])
    table = app.table[-1].value
    run = phrase(language, "panel.run")
    assert table.loc[phrase(language, "field.threads"), run] == phrase(language, "record.threads", n=2)
    assert table.loc[phrase(language, "record.machine"), run] == literal("Linux x86_64")
    assert table.loc[phrase(language, "field.arithmetic"), run] == phrase(language, "choice.arithmetic.fast")
    baseline = table[phrase(language, "panel.baseline")]
    assert baseline[phrase(language, "field.weights")] == phrase(language, "choice.weights.random")


def test_settings_without_effect_are_left_out(visit, pair):
    rows = set(visit(run=pair[0]).table[-1].value.index)
    assert phrase("en", "field.learning_rate") in rows
    assert not rows & {phrase("en", f"field.{name}") for name in ("hidden", "momentum", "nesterov", "views", "n_views")}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("head", ["svm", "logistic", "linear"])
def test_of_a_head_that_was_fitted_it_is_said_why_there_is_one_point(visit, engine, language, head):
    run = record_finished(engine.store, plan_run({"head": head}), 0.8, role="run", name="fitted")
    app = visit(language=language, run=run)
    assert not app.exception
    said = {fitted for fitted in ("svm", "logistic") if phrase(language, f"panel.{fitted}_point") in captions(app)}
    assert said == {head} - {"linear"}
