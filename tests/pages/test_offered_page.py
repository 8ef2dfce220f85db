"""An experiment that a class splits, as its owner and those who have the link see it, in both languages."""

import pytest
from fake_runs import epoch_event, started, step_event

from tl_core.disk.files import WEIGHTS_FILE
from tl_core.experiments.sweep import Sweep, grid
from tl_core.phrases import LANGUAGES, phrase
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.records import SweepState

BASE = {"dataset": "groceries", "backbone": "squeezenet", "image_size": 64, "epochs": 1, "freeze": "none"}
RATES = Sweep("own", BASE, grid({"learning_rate": [0.01, 0.001, 0.0001]}), (0,))
SCORES = {"accuracy": 0.75, "interval": [0.7, 0.8], "n": 100}
ENDED = {"event": "ended", "state": "completed", "best_epoch": 1, "seconds": 4.0, "proof": [], "error": None}
BEN, DORA = Visitor("ben"), Visitor("dora")


def say(language: str, key: str, **values: object) -> str:
    return phrase(language, f"experiments.{key}", **values)


def shown(app) -> str:
    boxes = (*app.markdown, *app.caption, *app.info, *app.error, *app.code, *app.header)
    return "\n".join(element.value for element in boxes)


def keys(app) -> set[str]:
    return {button.key for button in app.button if button.key}


def column(app, language: str, key: str) -> list:
    return list(app.dataframe[0].value[phrase(language, key)])


@pytest.fixture
def offered(engine):
    engine.classroom.name_me("Anna", by=OPERATOR)
    engine.classroom.name_me("*Ben*", by=BEN)
    return engine.sweeps.start(RATES, by=OPERATOR, name="rates", is_offered=True)


@pytest.fixture
def finish(engine, workers):
    """Has a run trained to its end."""

    def trained(run_id: str) -> None:
        (engine.store.run_folder(run_id) / WEIGHTS_FILE).write_bytes(b"weights")
        events = [started(2), step_event(1), step_event(2), epoch_event(1), {**ENDED, "scores": SCORES}]
        workers[0].tell(run_id, *events)
        workers[0]._say({"say": "ended", "run_id": run_id})

    return trained


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_visitor_takes_a_trial_sees_it_trained_and_takes_the_next(visit, engine, offered, finish, language):
    app = visit("experiments", language, owner="ben", sweep=offered.id)
    assert not app.exception
    assert say(language, "whose_offer", owner="Anna") in shown(app)
    assert column(app, language, "runs.state") == [say(language, "free")] * 3
    assert not {"train_rest", "withdraw"} & keys(app)
    app.button(key="take").click().run()
    (run,) = engine.store.list_runs(sweep=offered.id)
    assert (run.owner, run.trial) == ("ben", 0)
    assert say(language, "my_trial") in shown(app)
    assert "take" not in keys(app)
    assert column(app, language, "experiments.taken_by")[0] == "*Ben*"
    finish(run.id)
    app.run()
    assert column(app, language, "runs.test")[0] == 0.75
    (bar,) = app.get("progress")
    done = say(language, "done", done=1, n=3)
    assert bar.proto.text == say(language, "offer_progress", done=done, busy=0, free=2)
    assert "take" in keys(app)
    assert not app.exception


def test_a_visitor_picks_a_trial_and_is_told_when_another_was_faster(visit, engine, offered):
    app = visit("experiments", owner="ben", sweep=offered.id)
    app.selectbox[0].set_value(2).run()
    engine.offers.take(offered.id, 2, by=DORA)
    app.button(key="take").click().run()
    assert phrase("en", "errors.trial_taken") in shown(app)
    assert [run.owner for run in engine.store.list_runs(sweep=offered.id)] == ["dora"]
    assert app.selectbox[0].value == -1
    app.selectbox[0].set_value(1).run()
    app.button(key="take").click().run()
    assert {run.owner: run.trial for run in engine.store.list_runs(sweep=offered.id)} == {"dora": 2, "ben": 1}


def test_with_all_trials_taken_there_is_nothing_to_take(visit, engine, offered):
    for owner in ("ben", "dora", "emil"):
        engine.offers.take(offered.id, by=Visitor(owner))
    app = visit("experiments", owner="frida", sweep=offered.id)
    assert say("en", "all_taken") in shown(app)
    assert "take" not in keys(app)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_curve_of_everybody_is_answered_when_the_last_trial_is_over(visit, engine, offered, finish, language):
    app = visit("experiments", language, owner="emil", sweep=offered.id)
    for owner in ("ben", "dora", "ben"):
        finish(engine.offers.take(offered.id, by=Visitor(owner)).id)
    app.run()
    assert not app.exception
    assert engine.store.sweeps.get(offered.id).state is SweepState.COMPLETED
    ben, dora = column(app, language, "experiments.taken_by")[:2]
    assert (ben, dora) == ("*Ben*", phrase(language, "classroom.student", n=engine.store.owners()["dora"].seq))
    assert column(app, language, "runs.test") == [0.75] * 3
    assert not {"take", "delete", "go_on", "offer"} & keys(app)


def test_the_owner_has_a_link_to_give_and_ends_the_sharing_or_has_the_rest_trained(visit, engine, offered):
    app = visit("experiments", sweep=offered.id)
    assert say("en", "offer_link") in shown(app)
    assert any(offered.id in code.value for code in app.code)
    app.button(key="withdraw").click().run()
    assert engine.store.sweeps.get(offered.id).state is SweepState.STOPPED
    app.run()
    assert "withdraw" not in keys(app)
    app.button(key="offer").click().run()
    assert engine.store.sweeps.get(offered.id).state is SweepState.OFFERED
    app.run()
    app.button(key="train_rest").click().run()
    assert engine.store.sweeps.get(offered.id).state is SweepState.RUNNING


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_experiment_of_one_s_own_is_shared_out_instead_of_started(visit, engine, workers, language):
    app = visit("experiments", language, sweep_kind="own", sweep_vary="per_class:1,2", sweep_seeds="1")
    app.button(key="offer-sweep").click().run()
    (record,) = engine.store.sweeps.listed()
    assert record.state is SweepState.OFFERED
    assert not app.exception
    assert say(language, "offer_link") in shown(app)
    assert engine.store.list_runs(sweep=record.id) == []


@pytest.mark.parametrize(("kind", "code"), [("source", "trials_in_order"), ("savings", "trials_are_timed")])
def test_what_cannot_be_shared_out_says_why(visit, kind, code):
    button = visit("experiments", sweep_kind=kind).button(key="offer-sweep")
    assert button.disabled
    assert button.help == phrase("en", f"errors.{code}")
