"""Learn: the newcomer's first ten seconds, and a mission from its bet to the sentence that the runs support."""

import pytest
from fake_runs import record_finished

from pages.learn import live
from tl_core.lessons.catalog import lessons
from tl_core.phrases import phrase
from tl_core.store.access import Visitor

LANGUAGES = ("en", "zh")
MISSION = lessons().lessons["three-ways"].mission
ACCURACY = {"frozen": 0.5, "partial": 0.8, "scratch": 0.3}


@pytest.fixture(autouse=True)
def without_replay(monkeypatch):
    monkeypatch.setattr(live, "REPLAY_S", 0.0)


@pytest.fixture
def known(engine):
    """Somebody else has trained all runs of the mission before: two blocks tuned are best."""
    for name, accuracy in ACCURACY.items():
        record_finished(engine.store, MISSION.spec(name), accuracy, role="run", name=name, owner="eve")


def say(language: str, key: str, **values) -> str:
    return phrase(language, f"learn.{key}", **values)


def shown(app) -> str:
    """Returns all text of a page."""
    kinds = ("markdown", "caption", "info", "success", "warning", "error", "html", "header", "subheader")
    found = [element for kind in kinds for element in app.get(kind)]
    return "\n".join(element.value if hasattr(element, "value") else element.proto.body for element in found)


def has(app, key: str) -> bool:
    return key in {button.key for button in app.button}


def press(app, key: str):
    app.button(key=key).click().run()
    assert not app.exception
    return app


def answer(app, choice: str):
    app.radio[0].set_value(choice).run()
    return app


def bet(app, *, lead: float = 40.0):
    """Goes from the first step up to the one that trains."""
    press(app, "next")
    press(answer(app, "partial"), "lock")
    app.number_input[0].set_value(lead).run()
    return press(app, "lock")


def trained(app):
    """Goes on to the first step that looks at what came out."""
    return press(press(bet(app), "start"), "next")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_newcomer_sees_one_sentence_one_picture_and_one_button(visit, language):
    app = visit("learn", language, owner="new")
    assert say(language, "idea") in shown(app)
    press(app, "begin-first")
    assert app.query_params["mission"] == "three-ways"
    assert lessons().lessons["three-ways"].texts[language].sections["idea"].title in shown(app)


def test_who_has_a_run_or_has_begun_is_no_newcomer(visit, pair, engine):
    assert not has(visit("learn"), "begin-first")
    engine.store.progress.change("three-ways", lambda before: {"at": "bet"}, by=Visitor("ben"))
    assert not has(visit("learn", owner="ben"), "begin-first")
    assert has(visit("learn", owner="eve"), "begin-first")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_whole_mission_ends_in_the_sentence_that_its_own_runs_support(visit, known, language):
    words = lessons().lessons["three-ways"].texts[language]
    app = trained(visit("learn", language, owner="anna", mission="three-ways"))
    press(answer(app, "scratch"), "answer")
    assert say(language, "right", said=words.run_name("scratch")) in shown(app)
    press(app, "next")
    assert "80.0%" in shown(app)
    assert say(language, "as_said") in shown(app)  # the bet
    assert say(language, "as_said_by", distance=say(language, "points", n="10.0")) in shown(app)  # 50 against 40
    press(press(app, "next"), "next")
    app.text_area[0].set_value("because").run()
    press(app, "say")
    assert words.sections["why"].parts["answer"] in shown(app)
    press(answer(press(app, "next"), "labels"), "answer")
    assert say(language, "wrong", said=words.choice("check", "labels")) in shown(app)
    press(app, "next")
    assert app.query_params["step"] == "end"
    assert words.sections["end"].choices["partial"].split("{")[0] in shown(app)
    assert words.sections["end"].parts["limits"] in shown(app)


def test_a_prediction_is_locked_before_the_run_and_stays(visit, known, engine):
    app = bet(visit("learn", owner="anna", mission="three-ways"))
    app = visit("learn", owner="anna", mission="three-ways", step="bet")
    assert not app.radio
    assert "Last two blocks tuned" in shown(app)
    assert engine.store.progress.mine("three-ways", by=Visitor("anna"))["answers"] == {"bet": "partial", "lead": 0.4}


def test_a_link_into_a_mission_opens_the_first_step_that_is_not_done(visit):
    app = visit("learn", owner="anna", mission="three-ways", step="proof")
    assert say("en", "not_yet") in shown(app)
    assert app.query_params["step"] == "idea"


def test_where_one_left_off_survives_a_new_visit_and_is_nobody_elses(visit, known):
    trained(visit("learn", owner="anna", mission="three-ways"))
    app = visit("learn", owner="anna", mission="three-ways")
    assert app.query_params["step"] == "curves"
    assert visit("learn", owner="ben", mission="three-ways").query_params["step"] == "idea"
    assert say("en", "so_far", done=4, n=len(MISSION.steps)) in shown(visit("learn", owner="anna"))


def test_a_run_that_was_deleted_can_be_started_again(visit, known, engine):
    trained(visit("learn", owner="anna", mission="three-ways"))
    runs = engine.store.progress.mine("three-ways", by=Visitor("anna"))["runs"]
    engine.runs.delete(runs["partial"], by=Visitor("anna"))
    app = visit("learn", owner="anna", mission="three-ways", step="curves")
    assert say("en", "lost_look") in shown(app)
    app = press(visit("learn", owner="anna", mission="three-ways", step="race"), "start")
    again = engine.store.progress.mine("three-ways", by=Visitor("anna"))["runs"]
    assert (again["frozen"], again["partial"] != runs["partial"]) == (runs["frozen"], True)


def test_a_run_that_is_no_more_what_the_mission_trains_counts_as_lost(visit, known, engine):
    trained(visit("learn", owner="anna", mission="three-ways"))
    other = record_finished(
        engine.store, MISSION.spec("partial").with_changes(epochs=9), 0.9, role="run", name="longer", owner="anna"
    )
    kept = engine.store.progress.mine("three-ways", by=Visitor("anna"))
    longer = {**kept, "runs": {**kept["runs"], "partial": other}}
    engine.store.progress.change("three-ways", lambda before: longer, by=Visitor("anna"))
    assert say("en", "lost_look") in shown(visit("learn", owner="anna", mission="three-ways", step="curves"))


def test_what_was_not_answered_is_not_locked(visit):
    app = press(visit("learn", owner="anna", mission="three-ways"), "next")
    press(app, "lock")
    assert say("en", "say_first") in shown(app)
    assert app.query_params["step"] == "bet"


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_the_runs_decide_nothing_no_answer_is_called_wrong(visit, known, language, monkeypatch):
    app = trained(visit("learn", language, owner="anna", mission="three-ways"))
    monkeypatch.setattr("pages.learn.results.Results.measured", lambda self, measure: None)
    press(answer(app, "scratch"), "answer")
    assert say(language, "undecided") in shown(app)
    assert has(app, "next")


def test_a_mission_begun_anew_forgets_answers_and_keeps_runs(visit, known, engine):
    app = trained(visit("learn", owner="anna", mission="three-ways"))
    press(press(answer(app, "scratch"), "answer"), "next")
    press(press(app, "next"), "next")
    app.text_area[0].set_value("because").run()
    press(press(app, "say"), "next")
    press(press(answer(app, "features"), "answer"), "next")
    press(app, "anew-three-ways")
    assert app.query_params["step"] == "idea"
    assert engine.store.progress.all_mine(by=Visitor("anna")) == {}
    assert len(engine.store.list_runs(owner="anna")) == 3


def test_a_mission_can_be_begun_anew_from_its_card(visit, engine):
    press(visit("learn", owner="anna", mission="three-ways"), "next")
    app = press(visit("learn", owner="anna"), "anew-three-ways")
    assert app.query_params["step"] == "idea"
    assert engine.store.progress.all_mine(by=Visitor("anna")) == {}
    assert not has(visit("learn", owner="anna"), "anew-three-ways")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_trains_is_shown_live_and_cannot_be_answered_yet(visit, language, engine):
    app = press(bet(visit("learn", language, owner="anna", mission="three-ways")), "start")
    press(app, "next")
    assert say(language, "wait") in shown(app)
    assert not has(app, "answer")
    assert [run.state.is_finished for run in engine.store.list_runs(owner="anna")] == [False] * 3


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("view", "heading"), [("claims", "claims.title"), ("clinic", "clinic.title"), ("code", "code_check.title")]
)
def test_each_view_has_an_address_of_its_own(visit, language, view, heading):
    app = visit("learn", language, view=view)
    assert not app.exception
    assert phrase(language, heading) in {header.value for header in app.header}
    assert app.query_params["view"] == view


def test_a_view_is_chosen_by_a_press_and_stands_in_the_address(visit):
    app = visit("learn")
    (views,) = (control for control in app.segmented_control if str(control.key).startswith("learn-view"))
    views.set_value("code").run()
    assert app.query_params["view"] == "code"
    app = visit("learn", view="nonsense")
    assert phrase("en", "learn.missions") in {header.value for header in app.header}


def test_a_mission_that_there_is_not_is_said_and_all_others_are_shown(visit):
    app = visit("learn", owner="anna", mission="**x**")
    assert say("en", "no_mission", received=r"\*\*x\*\*") in shown(app)
    assert has(app, "open-three-ways")


def test_a_broken_mission_is_said_to_the_instructor_alone(visit, home):
    folder = home / "lessons" / "mine"
    folder.mkdir(parents=True)
    (folder / "mission.toml").write_text("minutes = 5\norder = 1\nsteps = 3\n")
    said = "mine/mission.toml, line 3"
    assert said in shown(visit("learn", is_instructor=True)).replace("\\", "")
    assert said not in shown(visit("learn")).replace("\\", "")


@pytest.mark.parametrize("query", [{"run": "0" * 32}, {"backbone": "vgg16"}, {"join": "abcd"}])
def test_an_address_without_a_page_that_holds_what_the_lab_shows_leads_there(visit, query):
    app = visit("learn", **query)
    assert app.title[0].value == phrase("en", "lab.title")
