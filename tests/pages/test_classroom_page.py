"""The class page: as a student, as the instructor, and with a wrong key."""

import io
import json
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from fake_runs import record_finished, started, step_event
from PIL import Image

from pages.classroom import board, join
from pages.ui.text import literal
from tl_core.engine import singleton
from tl_core.phrases import phrase
from tl_core.planning.plan import plan_run
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.instructor.key import LEAST_LENGTH, InstructorKey
from tl_core.store.instructor.links import ASKED, make_link
from tl_core.store.lesson import LENGTH
from tl_core.store.limits import Limits
from tl_core.store.records import ANY_SWEEP, RunState, Visibility

LANGUAGES = ("en", "zh")
KEY = "open sesame, please"
ANNA, BEN = Visitor("anna"), Visitor("ben")


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    """A key, and a limiter that has seen no wrong one."""
    monkeypatch.setenv("TL_INSTRUCTOR_KEY", KEY)
    monkeypatch.setattr(singleton, "_INSTRUCTOR_KEY", InstructorKey())


@pytest.fixture
def queue(engine, workers) -> list[str]:
    """Six runs of two students: some are under way, the others wait; the first has made a step."""
    ids = [
        engine.runs.submit(plan_run({"seed": seed}), by=by, name=f"**run** {seed}", is_afresh=True).id
        for seed, by in enumerate((ANNA, BEN) * 3)
    ]
    workers[0].tell(ids[0], started(), step_event(1))
    return ids


def texts(app) -> str:
    kinds = (app.markdown, app.caption, app.error, app.info, app.success, app.warning)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def figures(app) -> list[dict]:
    messages = [json.loads(element.proto.mixed.json or element.proto.json) for element in app.get("bidi_component")]
    return [json.loads(message["figure"]) for message in messages if "figure" in message]


def try_key(app, key: str):
    app.text_input(key="instructor-key").set_value(key)
    return app.button(key="instructor-enter").click().run()


# ---- the board ----


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_board_says_how_to_share(visit, pair, language):
    app = visit("classroom", language)
    assert not app.exception
    assert app.title[0].value == phrase(language, "classroom.title")
    assert [info.value for info in app.info] == [phrase(language, "classroom.board_empty")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_shared_runs_stand_on_the_board_for_everybody_under_the_names_that_were_given(visit, engine, pair, language):
    engine.store.share(pair[0], Visibility.CLASS, by=OPERATOR)
    engine.classroom.name_me("<i>Carla</i>", by=OPERATOR)
    app = visit("classroom", language, owner="somebody else")
    assert not app.exception
    pretrained, scratch = figures(app)[0]["data"]
    assert (pretrained["x"], pretrained["y"]) == ([1.0], [0.8])
    assert (scratch["x"], scratch["y"]) == ([0.0], [0.3])
    assert pretrained["text"] == ["**bold** &lt;b&gt;run&lt;/b&gt;"]
    assert pretrained["customdata"] == ["&lt;i&gt;Carla&lt;/i&gt;"]
    assert pretrained["name"] == phrase(language, "choice.weights.pretrained")
    low, high = pretrained["error_y"]["arrayminus"][0], pretrained["error_y"]["array"][0]
    assert (round(low, 2), round(high, 2)) == (0.06, 0.05)  # Wilson, 160 of 200
    assert list(app.dataframe[0].value["owner"]) == ["<i>Carla</i>"] * 2


def test_the_board_can_run_along_the_pictures_of_each_class(visit, engine, pair):
    engine.store.share(pair[0], Visibility.CLASS, by=OPERATOR)
    app = visit("classroom")
    app.button_group(key="w:board-axis@en").set_value("per_class").run()
    assert not app.exception
    assert figures(app)[0]["data"][0]["x"] == pytest.approx([585 / 14], rel=0.3)


def test_who_has_given_no_name_is_a_number(visit, engine, pair):
    engine.store.ensure_owner("first")
    record = engine.runs.submit(plan_run({"seed": 9}), by=ANNA, name="annas")
    engine.runs.share(record.id, Visibility.CLASS, by=ANNA)
    app = visit("classroom", owner="somebody else")
    assert list(app.dataframe[0].value["owner"]) == ["Student 2"]
    assert phrase("en", "classroom.untested", n=1) in texts(app)


def test_a_private_run_of_anothers_is_not_on_the_board(visit, engine, pair):
    engine.store.share(pair[0], Visibility.LINK, by=OPERATOR)
    assert figures(visit("classroom", owner="somebody else")) == []


def test_a_shared_run_with_a_fault_is_not_on_the_board(visit, engine, pair):
    sick = record_finished(engine.store, plan_run({"fault": "test-in-training"}), 0.9, role="run", name="too good")
    for run_id in (pair[0], sick):
        engine.store.share(run_id, Visibility.CLASS, by=OPERATOR)
    app = visit("classroom")
    names = list(app.dataframe[0].value["run"])
    assert names
    assert not any("too good" in name for name in names)


def test_runs_on_several_kinds_of_data_can_be_told_apart(visit, engine, pair):
    other = record_finished(engine.store, plan_run({"dataset": "mnist-small"}), 0.5, role="run", name="digits")
    for run_id in (pair[0], other):
        engine.store.share(run_id, Visibility.CLASS, by=OPERATOR)
    app = visit("classroom")
    assert app.selectbox[0].value == "groceries"  # of which the class has shared most
    app.selectbox[0].select("").run()
    assert phrase("en", "classroom.mixed") in texts(app)
    app.selectbox[0].select("mnist-small").run()
    assert list(app.dataframe[0].value["run"]) == ["digits"]
    assert phrase("en", "classroom.mixed") not in texts(app)


def test_a_run_that_is_pressed_on_the_board_is_opened(visit, engine, pair, monkeypatch):
    engine.store.share(pair[0], Visibility.CLASS, by=OPERATOR)
    monkeypatch.setattr("pages.classroom.board.live_figure", lambda *_, **__: pair[0])
    app = visit("classroom", owner="anna")
    assert not app.exception
    assert app.title[0].value == phrase("en", "lab.title")
    assert app.query_params["run"] == pair[0]


def test_a_damaged_record_hides_no_other_on_the_board(visit, engine, pair):
    engine.store.share(pair[0], Visibility.CLASS, by=OPERATOR)
    engine.store._edit(pair[1], spec={"dataset": "no such data"})
    app = visit("classroom")
    assert not app.exception
    assert list(app.dataframe[0].value["run"]) == ["**bold** <b>run</b>"]


def test_the_same_answer_serves_the_whole_class_for_a_moment(engine, pair, monkeypatch):
    asked = []
    monkeypatch.setattr(engine.runs, "list_runs", lambda **wanted: asked.append(wanted) or [])
    assert [board.shared_runs(str(engine.home), "en", None, OPERATOR) for _ in range(3)] == [[]] * 3
    assert len(asked) == 1


# ---- the door ----


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_student_sees_no_desk_but_the_field_for_the_key(visit, queue, language):
    app = visit("classroom", language, owner="anna")
    assert not app.exception
    assert not app.tabs
    assert app.text_input(key="instructor-key").proto.type == app.text_input(key="instructor-key").proto.PASSWORD
    assert "hold" not in [button.key for button in app.button]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_right_key_opens_the_desk_for_this_visit(visit, queue, language):
    app = try_key(visit("classroom", language, owner="anna"), KEY)
    assert not app.exception
    assert [tab.label for tab in app.tabs] == [
        phrase(language, f"classroom.{name}") for name in ("queue", "missions", "plans", "limits", "old")
    ]
    assert not visit("classroom", language, owner="ben").tabs
    app.button(key="instructor-leave").click().run()
    assert not app.tabs


def test_who_leaves_is_out_in_every_tab_also_with_a_copy_of_the_admission(visit, queue):
    tabs = [visit("classroom", is_instructor=True) for _ in range(2)]
    tabs[1].session_state["kept"]["admission"] = tabs[0].session_state["kept"]["admission"]
    assert all(tab.run().tabs for tab in tabs)
    tabs[0].button(key="instructor-leave").click().run()
    assert not any(tab.run().tabs for tab in tabs)


@pytest.mark.parametrize("language", LANGUAGES)
def test_after_a_wrong_key_not_even_the_right_one_is_tried_for_a_moment(visit, engine, language):
    app = try_key(visit("classroom", language, owner="anna"), "guess")
    assert [error.value for error in app.error] == [phrase(language, "classroom.wrong_key")]
    app = try_key(app, KEY)
    assert not app.tabs
    waits = {phrase(language, "errors.too_many_keys", seconds=seconds) for seconds in range(1, 6)}
    assert waits & {error.value for error in app.error}


def test_who_was_admitted_before_comes_back_while_somebody_guesses(visit, engine):
    app = visit("classroom", is_instructor=True)
    app.button(key="instructor-leave").click().run()
    guesser = try_key(visit("classroom", owner="anna"), "guess")
    assert guesser.error
    assert try_key(app, KEY).tabs
    assert not try_key(guesser, KEY).tabs


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("key", "said"), [(None, "no_key"), ("short", "short_key")])
def test_without_a_key_that_is_used_the_page_says_how_to_set_one(visit, engine, monkeypatch, language, key, said):
    monkeypatch.delenv("TL_INSTRUCTOR_KEY")
    if key:
        monkeypatch.setenv("TL_INSTRUCTOR_KEY", key)
    app = visit("classroom", language)
    assert phrase(language, f"classroom.{said}", least=LEAST_LENGTH) in texts(app)
    assert phrase(language, "classroom.by_link") in texts(app)
    assert "instructor-key" not in [field.key for field in app.text_input]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("has_key", [True, False])
def test_a_link_of_the_operators_admits_once(visit, engine, monkeypatch, language, has_key):
    if not has_key:
        monkeypatch.delenv("TL_INSTRUCTOR_KEY")
    (code,) = parse_qs(urlsplit(make_link(engine.home)[0]).query)[ASKED]
    app = visit("lab", language, owner="anna", **{ASKED: code})
    assert not app.exception
    assert ASKED not in app.query_params
    assert app.switch_page("pages/classroom/page.py").run().tabs
    other = visit("lab", language, owner="ben", **{ASKED: code})
    assert [error.value for error in other.error] == [phrase(language, "classroom.bad_link")]
    assert not other.switch_page("pages/classroom/page.py").run().tabs


# ---- the desk ----


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_desk_lists_who_trains_what_and_who_waits(visit, engine, queue, language):
    engine.classroom.name_me("*Anna*", by=ANNA)
    app = visit("classroom", language, is_instructor=True)
    assert not app.exception
    shown = texts(app)
    assert r"\*\*run\*\* 0" in shown
    assert r"\*Anna\*" in shown
    assert phrase(language, "classroom.student", n=2) in shown
    assert {metric.label for metric in app.metric} >= {
        phrase(language, f"classroom.{name}") for name in ("active", "memory")
    }


def test_a_waiting_run_is_put_first_and_stopped_by_the_instructor(visit, engine, queue):
    app = visit("classroom", is_instructor=True)
    last = [place for place in engine.classroom.queue(by=OPERATOR) if place.position][-1].run_id
    app.button(key=f"classroom.next-{last}").click().run()
    assert engine.runs.snapshot(last, by=OPERATOR).queue_position == 1
    app.button(key=f"panel.stop-{last}").click().run()
    assert engine.runs.find(last, by=OPERATOR).state is RunState.STOPPED


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_are_held_which_every_page_says_and_let_go_on(visit, engine, queue, language):
    app = visit("classroom", language, is_instructor=True)
    app.button(key="hold").click().run()
    assert engine.status().is_held
    student = visit("runs", language, owner="anna")
    assert phrase(language, "frame.held") in texts(student)
    app.button(key="hold").click().run()
    assert not engine.status().is_held


def test_all_are_stopped_without_another_beginning_in_between(visit, engine, queue, workers):
    n_begun = len([message for message in workers[0].sent if message["do"] == "train"])
    app = visit("classroom", is_instructor=True)
    app.button(key="stop-all").click().run()
    assert not app.exception
    seen = [engine.runs.snapshot(run_id, by=OPERATOR) for run_id in queue]
    assert all(one.is_stopping or one.record.state is RunState.STOPPED for one in seen)
    assert len([message for message in workers[0].sent if message["do"] == "train"]) == n_begun


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_address_from_which_more_comes_than_from_a_class_is_cleared_in_one_step(visit, engine, language):
    engine.classroom.set_limits(Limits(class_size=2), by=OPERATOR)
    crowd = [Visitor(f"stranger {number}", address="0123456789abcdef") for number in range(3)]
    runs = [engine.runs.submit(plan_run({"seed": 9}), by=by, name="run", is_afresh=True).id for by in (ANNA, *crowd)]
    app = visit("classroom", language, is_instructor=True)
    said = phrase(language, "classroom.crowd", mark="0123", n_runs=3, n_owners=3, n_new=3)
    assert [warning.value for warning in app.warning] == [f"{said} {phrase(language, 'classroom.crowd_shares')}"]
    app.button(key="crowd-clear-0123456789abcdef").click().run()
    assert not app.exception
    assert not app.warning
    seen = [engine.runs.snapshot(run_id, by=OPERATOR) for run_id in runs]
    stopped = [one.is_stopping or one.record.state is RunState.STOPPED for one in seen]
    assert stopped == [False, True, True, True]


def test_limits_are_set_for_everybody(visit, engine):
    app = visit("classroom", is_instructor=True)
    next(field for field in app.number_input if field.label == phrase("en", "field.waiting")).set_value(3)
    next(button for button in app.button if button.label == phrase("en", "classroom.save")).click().run()
    assert not app.exception
    assert engine.classroom.limits() == Limits(waiting=3)


def code_of(app) -> str:
    """Returns the code in the short address that the instructor sees."""
    (address,) = (code.value for code in app.code)
    return address.rpartition("?join=")[2]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_join_link_is_a_short_text_and_a_code_to_scan(visit, engine, language):
    app = visit("classroom", language, is_instructor=True)
    assert not app.exception
    assert len(code_of(app)) == LENGTH
    assert len(app.get("image")) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_short_address_opens_the_lab_with_the_instructor_s_settings(visit, engine, language):
    lab = visit(language=language, is_instructor=True, backbone="squeezenet", n_frozen="7", epochs="3", lock="epochs")
    code = code_of(lab.switch_page("pages/classroom/page.py").run())
    app = visit(language=language, owner="anna", join=code.upper())
    assert not app.exception
    lesson = app.session_state["kept"]["lesson"]
    assert (lesson.spec.backbone, lesson.spec.n_frozen, lesson.spec.epochs) == ("squeezenet", 7, 3)
    assert lesson.locked == {"epochs"}
    assert "join" not in app.query_params
    assert app.query_params["backbone"] == "squeezenet"  # a reload finds the lesson again


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_code_that_nobody_gave_is_said_again_in_one_sentence(visit, engine, language):
    app = visit(language=language, join="<b>zzzz")
    assert not app.exception
    said = phrase(language, "link.no_lesson", received=literal("<b>zzzz"), length=LENGTH)
    assert said in texts(app)
    assert "join" not in app.query_params


@pytest.mark.parametrize("language", LANGUAGES)
def test_for_a_projector_the_chart_is_large_and_the_way_to_join_stands_beside_it(visit, engine, pair, language):
    engine.store.share(pair[0], Visibility.CLASS, by=OPERATOR)
    app = visit("classroom", language, is_instructor=True)
    desk = figures(app)[0]["layout"]["font"]["size"]
    app.toggle(key="w:projector").set_value(True).run()
    assert not app.exception
    assert figures(app)[0]["layout"]["font"]["size"] > 1.5 * desk
    assert len(app.get("image")) == 1
    assert len(app.dataframe) == 0
    assert any("?join=" in markdown.value for markdown in app.markdown)
    students = visit("classroom", language, owner="anna")
    students.toggle(key="w:projector").set_value(True).run()
    assert not students.exception
    assert len(figures(students)) == 1
    assert students.get("image") == []  # a student invites nobody to their own settings


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_new_lesson_begins_with_an_empty_board_and_loses_nothing(visit, engine, pair, language):
    engine.store.share(pair[0], Visibility.CLASS, by=OPERATOR)
    app = visit("classroom", language, is_instructor=True)
    assert len(figures(app)) == 1
    app.button(key="board-start").click().run()
    assert not app.exception
    assert figures(app) == []
    assert [info.value for info in app.info] == [phrase(language, "classroom.board_empty")]
    students = visit("classroom", language, owner="anna")
    assert figures(students) == []
    assert "board-start" not in [button.key for button in students.button]
    students.toggle(key="w:board-earlier").set_value(True).run()
    assert not students.exception
    assert next(iter(students.dataframe[0].value["run"])) == "**bold** <b>run</b>"


@pytest.mark.parametrize("language", LANGUAGES)
def test_old_runs_are_listed_first_then_removed_and_the_best_stays(visit, engine, pair, language):
    worse = record_finished(engine.store, plan_run({"seed": 3}), 0.6, role="run", name="worse")
    pinned = record_finished(engine.store, plan_run({"seed": 4}), 0.5, role="run", name="pinned")
    engine.store.pin(pinned, True, by=OPERATOR)
    trial = record_finished(engine.store, plan_run({"seed": 5}), 0.4, role="run", name="trial")
    engine.store._edit(trial, sweep_id="0" * 32, trial=0)  # stands in no list, and takes room as others do
    for run_id in (*pair, worse, pinned, trial):
        engine.store._edit(run_id, ended_at="2020-01-01T00:00:00.000+00:00")
    app = visit("classroom", language, is_instructor=True)
    assert "old-remove" not in [button.key for button in app.button]
    app.button(key="old-open").click().run()
    assert not app.exception
    others, best = (frame.value[phrase(language, "classroom.run")] for frame in app.dataframe[-2:])
    assert (set(others), set(best)) == ({"worse", "baseline", "trial"}, {"**bold** <b>run</b>"})
    assert phrase(language, "classroom.old_best") in texts(app)
    app.button(key="old-remove").click().run()
    left = engine.runs.list_runs(by=OPERATOR, sweep=ANY_SWEEP)
    assert {record.name for record in left} == {"pinned", "**bold** <b>run</b>"}


# ---- names ----


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_student_chooses_the_name_that_others_see(visit, engine, language):
    app = visit(language=language, owner="anna")
    app.text_input(key="w:name-in-class").set_value(" Anna ").run()
    assert not app.exception
    assert engine.classroom.owner_names() == {"anna": "Anna"}


def test_a_name_that_cannot_be_one_is_refused_in_one_sentence(visit, engine):
    app = visit(owner="anna")
    app.text_input(key="w:name-in-class").set_value("a\u202eb").run()
    assert not app.exception
    assert engine.classroom.owner_names() == {}
    assert any("cannot be used as a name" in error.value for error in app.error)


def test_the_key_and_the_owner_are_in_no_address_and_on_no_page(visit, engine, queue):
    app = try_key(visit("classroom", owner="0123456789abcdef"), KEY)
    assert "sesame" not in str(app)
    assert "0123456789abcdef" not in str([element.proto for element in app.main])
    assert set(app.query_params) <= {"lang", "run"}


def test_the_code_is_black_on_white_with_the_margin_that_scanners_need():
    picture = np.asarray(Image.open(io.BytesIO(join.qr_code("http://10.0.0.1:8501/?v=2"))).convert("L"))
    margin = 4 * join.MODULE_PX
    assert set(np.unique(picture)) == {0, 255}
    assert all(edge.min() == 255 for edge in (picture[:margin], picture[:, :margin], picture[-margin:]))
    assert picture[margin : margin + join.MODULE_PX, margin : margin + 7 * join.MODULE_PX].max() == 0
