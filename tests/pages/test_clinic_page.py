import pytest
from fake_runs import record_finished
from patience import PATIENCE_S
from streamlit.testing.v1 import AppTest

from tl_core.lessons.clinic import CARDS, CASES, MENDED, SICK
from tl_core.phrases import LANGUAGES, phrase
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.records import RunState

CASE = CASES["two-worlds"]
NAME = phrase("en", "clinic.name_mended", title=phrase("en", f"clinic_case.{CASE.id}.title"))


def page() -> None:
    from pages.learn import clinic

    clinic.draw()


@pytest.fixture
def clinic(engine):
    """Opens the clinic, at a case if one is named, as the owner of the runs would."""

    def open_clinic(language: str = "en", case: str | None = None, owner: str = "local") -> AppTest:
        app = AppTest.from_function(page, default_timeout=PATIENCE_S)
        app.session_state["kept"] = {"owner": owner}
        app.query_params["lang"], app.query_params["view"] = language, "clinic"
        if case is not None:
            app.query_params["step"] = case
        return app.run()

    return open_clinic


@pytest.fixture
def sick(engine) -> str:
    """The sick run of a case, 5 % right."""
    return record_finished(engine.store, CASE.spec(SICK), 0.05, role="run", name="sick", validation=0.9)


@pytest.fixture
def mended(engine) -> str:
    """The mended one, 60 % right."""
    return record_finished(engine.store, CASE.spec(MENDED), 0.6, role="run", name=NAME, validation=0.9)


def texts(app: AppTest) -> str:
    return "\n".join(one.value for kind in (app.markdown, app.header, app.subheader, app.caption) for one in kind)


def keys(app: AppTest) -> set[str]:
    return {button.key for button in app.button}


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_cases_are_listed_by_what_they_look_like_and_all_cards_by_what_they_are(clinic, language):
    app = clinic(language)
    assert not app.exception
    shown = texts(app)
    for id, case in CASES.items():
        assert phrase(language, f"clinic_case.{id}.title") in shown
        assert phrase(language, f"clinic_diagnosis.{case.diagnosis}") not in shown
    assert len(app.expander) == len(CARDS)
    assert {code.value for code in app.code} == {card.code for card in CARDS.values()}


@pytest.mark.parametrize("id", CASES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_case_is_opened_by_its_button_and_by_its_address(clinic, language, id):
    app = clinic(language)
    next(button for button in app.button if button.key == f"clinic-open-{id}").click().run()
    assert not app.exception
    assert keys(app) == {"clinic-back", "clinic-sick"}
    assert texts(app) == texts(clinic(language, id))
    assert app.query_params["step"] in (id, [id])


def test_one_click_trains_the_sick_run_alone_and_it_is_marked(clinic, engine):
    app = clinic(case=CASE.id)
    next(button for button in app.button if button.key == "clinic-sick").click().run()
    assert not app.exception
    (record,) = engine.runs.list_runs(by=OPERATOR, limit=10)
    assert record.spec == CASE.spec(SICK).to_dict() | {"threads": record.spec["threads"]}
    assert (record.owner, record.twin_id, record.has_fault) == ("local", None, True)
    assert len(app.get("progress")) == 1
    assert keys(app) == {"clinic-back"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_before_a_diagnosis_is_given_nothing_is_named_and_nothing_mended(clinic, sick, language):
    app = clinic(language, CASE.id)
    assert not app.exception
    assert app.radio[0].value is None
    assert keys(app) == {"clinic-back", "clinic-give"}
    assert next(button for button in app.button if button.key == "clinic-give").disabled
    assert phrase(language, f"clinic_case.{CASE.id}.why") not in texts(app)
    assert not list(app.code)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("choice", CASE.choices)
def test_a_diagnosis_that_was_given_stays_and_then_the_cause_is_named(clinic, sick, language, choice):
    app = clinic(language, CASE.id)
    name = phrase(language, f"clinic_diagnosis.{choice}")
    app.radio[0].set_value(name if name in app.radio[0].options else choice).run()
    next(button for button in app.button if button.key == "clinic-give").click().run()
    assert not app.exception
    boxes = app.success if choice == CASE.diagnosis else app.warning
    assert any(name in box.value for box in boxes)
    assert app.radio[0].disabled
    assert phrase(language, f"clinic_case.{CASE.id}.why") in texts(app)
    assert [code.value for code in app.code] == [CASE.difference()]
    assert keys(app) == {"clinic-back", "clinic-mended"}


def test_a_diagnosis_is_kept_for_the_next_visit_and_for_nobody_else(clinic, engine, sick):
    app = clinic(case=CASE.id)
    wrong = next(choice for choice in CASE.choices if choice != CASE.diagnosis)
    app.radio[0].set_value(wrong).run()
    next(button for button in app.button if button.key == "clinic-give").click().run()
    app = clinic(case=CASE.id)
    assert app.radio[0].disabled
    said = phrase("en", f"clinic_diagnosis.{wrong}")
    assert phrase("en", "clinic.wrong", said=said) in [box.value for box in app.warning]
    assert keys(app) == {"clinic-back", "clinic-mended"}
    assert engine.store.progress.mine(f"case-{CASE.id}", by=Visitor("anna")) is None


def test_mending_trains_the_same_run_without_its_fault(clinic, engine, sick):
    app = clinic(case=CASE.id)
    app.radio[0].set_value(app.radio[0].options[0]).run()
    next(button for button in app.button if button.key == "clinic-give").click().run()
    next(button for button in app.button if button.key == "clinic-mended").click().run()
    assert not app.exception
    (record,) = [run for run in engine.runs.list_runs(by=OPERATOR, limit=10) if run.id != sick]
    assert record.spec == CASE.spec(MENDED).to_dict() | {"threads": record.spec["threads"]}
    assert not record.has_fault


@pytest.mark.parametrize("language", LANGUAGES)
def test_after_a_reload_both_runs_are_found_and_compared_with_their_interval(clinic, sick, mended, language):
    app = clinic(language, CASE.id)
    assert not app.exception
    assert not list(app.radio)  # a diagnosis was given, or there would be no mended run
    assert phrase(language, f"clinic_case.{CASE.id}.why") in texts(app)
    (box,) = app.info
    assert "60" in box.value
    assert phrase(language, f"clinic_case.{CASE.id}.outcome") in box.value
    assert keys(app) == {"clinic-back", "clinic-look-sick", "clinic-look-mended"}


def test_a_mend_that_brought_something_else_is_not_said_to_be_what_it_should_be(clinic, engine, sick):
    record_finished(engine.store, CASE.spec(MENDED), 0.05, role="run", name=NAME)
    (box,) = clinic(case=CASE.id).info
    assert phrase("en", "clinic.unexpected") in box.value


def test_a_mended_run_of_another_case_answers_no_question_of_this_one(clinic, engine, sick):
    other = CASES["off-colour"]
    assert other.spec(MENDED) == CASE.spec(MENDED)
    name = phrase("en", "clinic.name_mended", title=phrase("en", f"clinic_case.{other.id}.title"))
    record_finished(engine.store, other.spec(MENDED), 0.6, role="run", name=name)
    assert keys(clinic(case=CASE.id)) == {"clinic-back", "clinic-give"}


def test_another_s_run_is_no_case_of_one_s_own(clinic, sick):
    assert keys(clinic(case=CASE.id, owner="anna")) == {"clinic-back", "clinic-sick"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_run_that_was_stopped_is_begun_anew(clinic, engine, language):
    record = engine.store.create_run(CASE.spec(SICK).to_dict(), role="run", name="sick", environment={}, owner="local")
    engine.store.finish_run(record.id, RunState.STOPPED)
    app = clinic(language, CASE.id)
    assert not app.exception
    assert phrase(language, "state.stopped") in [box.value for box in app.warning]
    assert "clinic-sick" in keys(app)
