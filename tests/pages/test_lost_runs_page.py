"""A mission whose runs failed or were stopped: it says what was not measured, and is no dead end."""

import pytest
from fake_runs import record_finished
from test_learn_page import has, press, shown

from pages.learn import live
from tl_core.experiments.presets import PRESETS
from tl_core.lessons.catalog import lessons
from tl_core.phrases import phrase
from tl_core.store.access import Visitor
from tl_core.store.records import RunState, SweepState

LANGUAGES = ("en", "zh")
ANNA = Visitor("anna")
WAYS, DEEP = (lessons().lessons[id] for id in ("three-ways", "how-deep"))
ENDS = (RunState.FAILED, RunState.STOPPED)


@pytest.fixture(autouse=True)
def without_replay(monkeypatch):
    monkeypatch.setattr(live, "REPLAY_S", 0.0)


def say(language: str, key: str, **values) -> str:
    return phrase(language, f"learn.{key}", **values)


def put(engine, lesson, **data) -> None:
    engine.store.progress.change(lesson.mission.id, lambda before: data, by=ANNA)


def kept(engine, lesson) -> dict:
    return engine.store.progress.mine(lesson.mission.id, by=ANNA)


@pytest.fixture(params=ENDS)
def fallen(engine, request) -> dict[str, str]:
    """Anna's runs of three ways, of which one did not get to its end; the run step is open."""
    mission = WAYS.mission
    runs = {
        name: record_finished(engine.store, mission.spec(name), accuracy, role="run", name=name, owner="anna")
        for name, accuracy in {"frozen": 0.5, "scratch": 0.3}.items()
    }
    record = engine.store.create_run(
        mission.spec("partial").to_dict(), role="run", name="partial", environment={}, owner="anna"
    )
    engine.store.finish_run(record.id, request.param, test_accuracy=0.9)
    runs["partial"] = record.id
    answers = {"bet": "partial", "lead": 0.4}
    put(engine, WAYS, at="race", passed=["idea", "bet", "lead"], answers=answers, runs=runs)
    return runs


def opened(visit, lesson, language: str = "en", **query):
    app = visit("learn", language, owner="anna", mission=lesson.mission.id, **query)
    assert not app.exception
    return app


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_run_that_did_not_get_to_its_end_is_trained_again_or_gone_on_without(visit, engine, fallen, language):
    app = opened(visit, WAYS, language)
    runs = WAYS.texts[language].run_name("partial")
    assert say(language, "lost_runs", runs=runs) in shown(app)
    assert app.button(key="start").label == say(language, "train_again", n=1)
    assert app.button(key="next").label == say(language, "go_without")
    press(app, "start")
    again = kept(engine, WAYS)["runs"]
    assert again["partial"] != fallen["partial"]
    assert {**again, "partial": ""} == {**fallen, "partial": ""}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mission_goes_on_without_a_run_and_what_hangs_on_it_is_not_measured(visit, engine, fallen, language):
    app = press(opened(visit, WAYS, language), "next")
    assert app.query_params["step"] == "curves"
    assert say(language, "not_measured") in shown(app)
    assert not app.radio  # nobody is asked about what was not measured
    press(app, "next")
    assert app.query_params["step"] == "verdict"
    said = shown(app)
    assert "90.0%" not in said  # that the run has tested at, but not at its end
    assert "50.0%" in said
    assert said.count(say(language, "not_measured")) == 2  # both predictions
    assert say(language, "not_as_said") not in said
    press(press(app, "next"), "next")
    app.text_area[0].set_value("because").run()
    press(press(app, "say"), "next")
    app.radio[0].set_value("features").run()
    press(press(app, "answer"), "next")
    assert app.query_params["step"] == "end"
    assert say(language, "nothing_follows") in shown(app)
    assert say(language, "not_measured") in shown(app)
    assert kept(engine, WAYS)["ended_at"]
    assert "curves" not in kept(engine, WAYS)["answers"]


def test_what_was_trained_again_to_its_end_is_asked_about_after_all(visit, engine, fallen):
    press(opened(visit, WAYS), "next")
    press(opened(visit, WAYS), "next")
    whole = record_finished(engine.store, WAYS.mission.spec("partial"), 0.8, role="run", name="partial", owner="anna")
    put(engine, WAYS, **{**kept(engine, WAYS), "runs": {**fallen, "partial": whole}})
    app = opened(visit, WAYS, step="curves")
    app.radio[0].set_value("scratch").run()
    press(app, "answer")
    assert kept(engine, WAYS)["answers"]["curves"] == "scratch"
    assert say("en", "as_said") in shown(opened(visit, WAYS, step="verdict"))


def test_a_look_leads_back_to_the_step_that_trains(visit, engine, fallen):
    app = press(press(opened(visit, WAYS), "next"), "to-training")
    assert app.query_params["step"] == "race"


# ---- sweeps ----


@pytest.fixture
def swept(engine, sweeps) -> str:
    """Anna has begun to measure the fruit; both bets are made."""
    record = sweeps.start(DEEP.mission.sweep("fruit"), by=ANNA, name="fruit")
    answers = {"bet-fruit": "last", "bet-things": "inside"}
    passed = ["idea", "bet-fruit", "bet-things"]
    put(engine, DEEP, at="run-fruit", passed=passed, answers=answers, sweeps={"fruit": record.id})
    return record.id


def rising(place: int) -> float:
    """Returns what a trial scores where each block is better than the one before it."""
    block, seed = divmod(place, 5)
    return 0.3 + 0.02 * block + 0.001 * seed


def fall(sweeps, id: str, n: int, state: SweepState = SweepState.COMPLETED) -> None:
    """Has the last n trials fail, and all others complete."""
    first = len(sweeps.rows[id]) - n
    places = iter(range(len(sweeps.rows[id])))
    sweeps.measure(id, lambda row: rising(place) if (place := next(places)) < first else None, state)
    rows = sweeps.rows[id]
    sweeps.rows[id] = (*rows[:first], *({**row, "state": "failed", "run_id": "f" * 32} for row in rows[first:]))


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_a_sweep_it_is_said_how_many_trials_failed_and_one_goes_on_with_the_rest(visit, sweeps, swept, language):
    fall(sweeps, swept, 2)
    app = opened(visit, DEEP, language)
    n = len(sweeps.rows[swept])
    assert say(language, "lost_trials", n=2, all=n) in shown(app)
    assert app.button(key="start").label == say(language, "train_again", n=2)
    assert app.button(key="next").label == say(language, "go_with_rest")
    press(app, "next")
    assert app.query_params["step"] == "look-fruit"
    assert say(language, "lost_trials", n=2, all=n) in shown(app)
    press(app, "next")
    assert app.query_params["step"] == "run-things"


@pytest.mark.parametrize("state", [SweepState.COMPLETED, SweepState.STOPPED])
def test_what_failed_of_a_sweep_is_trained_again_in_the_same_one(visit, engine, sweeps, swept, state):
    fall(sweeps, swept, 2, state)
    app = opened(visit, DEEP)
    press(app, "start")
    assert ("go_on", swept) in sweeps.asked
    assert kept(engine, DEEP)["sweeps"] == {"fruit": swept}
    assert not has(app, "start")


def test_a_sweep_of_which_nothing_completed_is_gone_on_without(visit, sweeps, swept):
    fall(sweeps, swept, len(sweeps.rows[swept]))
    app = opened(visit, DEEP)
    assert app.button(key="next").label == say("en", "go_without")
    press(app, "next")
    assert say("en", "not_measured") in shown(app)  # what was bet on it


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_bet_that_whole_runs_do_not_decide_is_neither_right_nor_wrong(visit, engine, sweeps, swept, language):
    places = iter(range(len(sweeps.rows[swept])))
    sweeps.measure(swept, lambda row: 0.3 + 0.4 * ((next(places) * 7919) % 13) / 13, SweepState.COMPLETED)
    assert PRESETS["depth"].verdict(sweeps.rows[swept]) is None
    put(engine, DEEP, **{**kept(engine, DEEP), "at": "look-fruit"})
    app = opened(visit, DEEP, language)
    assert say(language, "undecided") in shown(app)
    assert say(language, "not_as_said") not in shown(app)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_conclusion_that_whole_runs_do_not_decide_is_not_said_to_have_been_deleted(
    visit, engine, sweeps, swept, language
):
    things = sweeps.start(DEEP.mission.sweep("things"), by=ANNA, name="things").id
    places = iter(range(len(sweeps.rows[things])))
    sweeps.measure(things, lambda row: 0.3 + 0.4 * ((next(places) * 7919) % 13) / 13, SweepState.COMPLETED)
    put(engine, DEEP, sweeps={"fruit": swept, "things": things}, ended_at="2026-01-01T00:00:00+00:00")
    app = opened(visit, DEEP, language, step="end")
    assert say(language, "undecided") in shown(app)
    assert say(language, "nothing_follows") not in shown(app)
