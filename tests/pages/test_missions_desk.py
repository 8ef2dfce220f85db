"""The instructor's desk of missions: who is where, what the class predicts and explains, the pause, the plans."""

import csv
import io
import json

import pytest
from fake_runs import record_finished

from pages.classroom import class_progress, explanations, plans
from pages.learn import live
from pages.ui.announcement import serve_announcement
from pages.ui.csv_download import csv_bytes
from pages.ui.frame import STEPS
from tl_core.errors import StoreError
from tl_core.lessons.catalog import lessons
from tl_core.lessons.plan import PAGES
from tl_core.phrases import phrase
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.instructor import reveal
from tl_core.store.instructor.announcement import announce, announcement

LANGUAGES = ("en", "zh")
ANNA, BEN = Visitor("anna"), Visitor("ben")
MISSION = lessons().lessons["three-ways"].mission
ACCURACY = {"frozen": 0.5, "partial": 0.8, "scratch": 0.3}
MEAN = "=1+1 <script>alert(1)</script>"


@pytest.fixture(autouse=True)
def asked_each_time(monkeypatch):
    monkeypatch.setattr(live, "REPLAY_S", 0.0)
    class_progress._everybody.clear()
    class_progress._measured.clear()


@pytest.fixture
def class_(engine) -> None:
    """Anna is at the end, Ben at the race, Carl has begun; Anna's runs are over."""
    runs = {
        name: record_finished(engine.store, MISSION.spec(name), accuracy, role="run", name=name, owner="anna")
        for name, accuracy in ACCURACY.items()
    }
    all_steps = [step.id for step in MISSION.steps]
    told = {"answers": {"bet": "partial", "lead": 0.4, "why": MEAN, "check": "features"}, "runs": runs}
    put(engine, ANNA, at="check", passed=all_steps, ended_at="2026-01-01T00:00:00+00:00", **told)
    put(engine, BEN, at="race", passed=["idea", "bet", "lead"], answers={"bet": "scratch", "lead": 0.1})
    put(engine, Visitor("carl"), at="idea")


def put(engine, by: Visitor, **data) -> None:
    engine.store.progress.change(MISSION.id, lambda before: data, by=by)


def say(language: str, key: str, **values) -> str:
    return phrase(language, f"missions.{key}", **values)


def shown(app) -> str:
    kinds = ("markdown", "caption", "info", "warning", "error", "html", "header", "subheader", "title")
    found = [element for kind in kinds for element in app.get(kind)]
    return "\n".join(element.value if hasattr(element, "value") else element.proto.body for element in found)


def figures(app, key: str = "predicted") -> list[dict]:
    messages = [json.loads(element.proto.mixed.json or element.proto.json) for element in app.get("bidi_component")]
    drawn = [json.loads(message["figure"]) for message in messages if "figure" in message]
    return [figure for figure in drawn if key in {trace.get("uid") for trace in figure["data"]}]


def announced() -> dict:
    return json.loads(serve_announcement(None).body)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_board_says_who_is_at_which_step_and_how_many_are(visit, class_, language):
    app = visit("classroom", language, is_instructor=True)
    assert not app.exception
    said = shown(app)
    assert say(language, "so_many", n=3, over=1) in said
    words = lessons().lessons["three-ways"].texts[language]
    assert f"4. {words.sections['race'].title}" in said
    assert said.count('<td class="at">') == 3
    assert f'title="{words.sections["race"].title}">4<b>1</b>' in said


def test_a_mission_that_nobody_has_begun_has_no_board(visit):
    assert say("en", "nobody") in shown(visit("classroom", is_instructor=True))


def test_the_store_is_asked_once_for_all_who_look(visit, class_, engine, monkeypatch):
    asked = []
    everybody = engine.store.progress.everybody

    def counted(self, *, by, since=None):
        asked.append(by)
        return everybody(by=by, since=since)

    monkeypatch.setattr(type(engine.store.progress), "everybody", counted)
    for _ in range(3):
        visit("classroom", is_instructor=True)
    assert len(asked) == 1


def test_a_student_sees_nothing_of_how_far_others_are(visit, class_):
    app = visit("classroom", owner="ben")
    assert say("en", "predictions") not in shown(app)
    assert not figures(app)


@pytest.mark.parametrize("language", LANGUAGES)
def test_predictions_are_counted_before_the_run_and_the_measured_value_is_drawn_on_top_when_asked_for(
    visit, class_, language
):
    app = visit("classroom", language, is_instructor=True)
    (figure,) = figures(app)
    assert figure["data"][0]["y"] == [0, 1, 1, 0]  # frozen, partial, scratch, none clearly
    assert len(figure["data"]) == 1
    app.toggle(key="w:class-measured").set_value(True).run()
    (figure,) = figures(app)
    assert (figure["data"][1]["x"], figure["data"][1]["y"]) == ([1], [1])
    assert say(language, "measured_by", n=1) in shown(app)
    app.button_group(key=f"w:class-step-three-ways@{language}").set_value("lead").run()
    (figure,) = figures(app)
    assert sum(figure["data"][0]["y"]) == 2
    assert figure["data"][1]["x"] == pytest.approx([50.0, 50.0])  # 80 % against 30 %


def test_students_see_the_predictions_of_all_once_they_have_locked_theirs_and_the_instructor_shows_them(
    visit, class_, engine
):
    def at_bet(owner: str):
        return visit("learn", owner=owner, mission="three-ways", step="bet")

    assert not figures(at_bet("ben"))
    app = visit("classroom", is_instructor=True)
    app.toggle(key="show-three-ways-bet-False").set_value(True).run()
    assert reveal.is_shown(engine.store, "three-ways", "bet")
    (figure,) = figures(at_bet("ben"))
    assert sum(figure["data"][0]["y"]) == 2
    assert len(figure["data"]) == 1  # Ben's own runs have measured nothing
    assert figures(at_bet("anna"))[0]["data"][1]["x"] == [1]
    put(engine, Visitor("dora"), at="bet", passed=["idea"])
    assert not figures(at_bet("dora"))  # who has not locked an answer sees none
    assert not figures(visit("learn", owner="ben", mission="three-ways", step="lead"))
    app.run().toggle(key="show-three-ways-bet-True").set_value(False).run()
    assert not figures(at_bet("ben"))


def test_only_the_instructor_may_show_predictions_and_unasked_nobody_gets_any(engine, class_):
    with pytest.raises(StoreError, match="instructor_only"):
        reveal.show(engine.store, "three-ways", "bet", True, by=ANNA)
    with pytest.raises(StoreError, match="instructor_only"):
        reveal.answers_of_class(engine.store, "three-ways", "bet", by=ANNA)
    assert sorted(reveal.answers_of_class(engine.store, "three-ways", "bet", by=OPERATOR)) == ["partial", "scratch"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_for_a_projector_the_predictions_stand_alone_in_large_letters(visit, class_, language):
    app = visit("classroom", language, is_instructor=True)
    app.toggle(key="w:projector").set_value(True).run()
    assert not figures(app)
    app.button_group(key=f"w:projector-shows@{language}").set_value("predictions").run()
    assert not app.exception
    (figure,) = figures(app)
    assert figure["layout"]["font"]["size"] > 20
    assert not app.tabs


def test_explanations_are_text_and_go_without_names_unless_asked(visit, class_, engine, monkeypatch):
    tables = []
    monkeypatch.setattr(explanations.csv_download, "offer", lambda table, name: tables.append(table))
    engine.classroom.name_me("Anna", by=ANNA)
    app = visit("classroom", is_instructor=True)
    rows = list(csv.reader(io.StringIO(csv_bytes(tables[-1]).decode("utf-8-sig"), newline="")))
    assert rows[1] == [f"'{MEAN}"]
    assert "Anna" not in str(rows)
    app.toggle(key="explanations-names").set_value(True).run()
    assert list(tables[-1][say("en", "student")]) == ["Anna"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_pause_is_announced_to_all_pages_and_ended(visit, engine, language):
    assert announced() == {}
    app = visit("classroom", language, is_instructor=True)
    app.button(key="begin-pause").click().run()
    assert announced()["text"] == say(language, "pause_default")
    assert say(language, "paused") in shown(app)
    app.button(key="end-pause").click().run()
    assert announced() == {}
    app.text_input(key=f"w:pause-text@{language}").set_value("<b>Look</b>\n here ").run()
    app.button(key="begin-pause").click().run()
    assert announced()["text"] == "<b>Look</b> here"


def test_only_the_instructor_announces_each_time_is_another_and_none_is_kept_for_what_is_empty(engine):
    with pytest.raises(StoreError, match="instructor_only"):
        announce(engine.store, "Look", by=ANNA)
    assert announcement(engine.store) is None
    announce(engine.store, "Look", by=OPERATOR)
    first = announcement(engine.store)
    announce(engine.store, "x" * 1000, by=OPERATOR)
    second = announcement(engine.store)
    assert (len(second.text), second.id != first.id) == (200, True)
    announce(engine.store, "  ", by=OPERATOR)
    assert announcement(engine.store) is None


def test_an_answer_to_a_page_that_asks_is_kept_by_no_cache(engine):
    assert serve_announcement(None).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_lesson_plan_leads_to_its_pages_and_says_which_missions_are_not_there(visit, language):
    app = visit("classroom", language, is_instructor=True)
    app.selectbox(key=f"w:lesson-plan@{language}").select("lesson-90").run()
    assert not app.exception
    said = shown(app)
    assert "/learn?mission=three-ways&step=bet" in said
    assert phrase(language, "plans.minutes", start=0, end=5) in said
    absent = {"said-and-done", "x-rays"} - set(lessons().lessons)
    for mission in absent:
        assert phrase(language, "plans.missing", mission=mission.replace("-", "\\-")).replace("\\", "") in said.replace(
            "\\", ""
        )


def test_plans_know_all_pages():
    assert PAGES == STEPS


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_printed_plan_says_all_that_the_page_does_and_needs_nothing_else(engine, language):
    plan = plans.plans()[0]["lesson-45"]
    page = plans.printed(plan, language).decode()
    assert f'<html lang="{language}">' in page
    for item in plan.items:
        assert plan.texts[language].sections[item.id].title in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")


def an_answer(step, mission):
    """Returns a prediction as the step asks for."""
    runs = mission.measures[step.measure].runs
    return {
        "choice": step.choices[:1] and step.choices[0],
        "number": 0.5,
        "order": list(runs),
        "sketch": dict.fromkeys(runs, 0.5),
    }[step.form]


def test_the_predictions_of_every_mission_can_be_drawn(visit, engine):
    found = lessons().lessons
    for id, lesson in found.items():
        asking = [step for step in lesson.mission.steps if step.kind == "predict"]
        told = {"answers": {step.id: an_answer(step, lesson.mission) for step in asking}}
        engine.store.progress.change(id, lambda before, told=told: told, by=ANNA)
    class_progress._everybody.clear()
    app = visit("classroom", is_instructor=True)
    for id, lesson in found.items():
        app.selectbox(key="w:class-mission@en").select(id).run()
        assert not app.exception
        steps = [step.id for step in lesson.mission.steps if step.kind == "predict"]
        for step in steps:
            if len(steps) > 1:
                app.button_group(key=f"w:class-step-{id}@en").set_value(step).run()
            (figure,) = figures(app)
            assert sum(figure["data"][0]["y"]) == 1 or "low" in {trace["uid"] for trace in figure["data"]}
