"""Lesson links: what opening one does to the lab, and what it does not."""

from types import SimpleNamespace

import pytest

from pages.ui import state
from tests.proofs import links
from tests.proofs.finding import unmet
from tl_core.phrases import phrase
from tl_core.planning.lab_link import CONTROLS, LabLink
from tl_core.planning.plan import plan_run
from tl_core.spec import RunSpec

LANGUAGES = ("en", "zh")
LESSON = LabLink(
    plan_run(
        {
            "dataset": "cifar10-small",
            "backbone": "vgg16",
            "n_frozen": 3,
            "head": "dense",
            "hidden": 333,
            "image_size": 96,
            "per_class": 37,
            "head_epochs": 9,
            "head_learning_rate": 0.0456,
            "epochs": 200,
            "optimizer": "sgd",
            "momentum": 0.5,
            "nesterov": True,
            "learning_rate": 0.0123,
            "augment": "light",
            "views": "fixed",
            "n_views": 7,
            "arithmetic": "exact",
            "use_cache": False,
        }
    ),
    with_baseline=False,
)


def label(language: str, *fields: str) -> str:
    return phrase(language, "unit.comma").join(phrase(language, f"field.{field}") for field in fields)


def trained(app, engine) -> list[RunSpec]:
    """Presses Train; returns the specs of all runs, the latest entered last, as they were asked for."""
    app.button(key="train").click().run()
    assert not app.exception
    return [RunSpec.from_dict(record.spec).with_changes(threads=None) for record in engine.store.list_runs()]


def shown(app) -> str:
    return "\n".join(element.value for element in (*app.markdown, *app.caption))


def test_a_link_fills_every_control_and_starts_nothing_by_itself(visit, engine):  # U08
    app = visit(**LESSON.to_query())
    assert not app.exception
    assert engine.store.list_runs() == []
    assert app.slider[0].value == 3
    assert trained(app, engine) == [LESSON.spec]  # and no baseline


def test_the_page_shows_the_link_to_its_settings_which_opens_the_same_again(visit):
    app = visit(**LESSON.to_query())
    (link,) = [code.value for code in app.code if "v=2" in code.value]
    again = visit(**dict(part.split("=") for part in link.partition("?")[2].split("&")))
    assert [code.value for code in again.code if "v=2" in code.value] == [link]
    assert "local" not in link.partition("?")[2]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_cannot_be_used_is_said_once_in_one_box_and_the_address_is_mended(visit, language):
    app = visit(language=language, v="2", backbone="vgg16", n_frozen="900", learning_rate="1e999", seed="abc", x="1")
    sentences = [
        phrase(language, "link.replaced", fields=label(language, "learning_rate", "seed")),
        phrase(language, "link.unknown", n=1),
        phrase(language, "link.fitted", fields=label(language, "n_frozen")),
    ]
    assert "\n\n".join(sentences) in [element.value for element in app.markdown]
    assert app.slider[0].value == 5
    mended = {name: value for name, value in app.query_params.items() if name != "lang"}
    assert LabLink.from_query(mended)[1] == []
    app.button(key="link-read").click().run()
    assert not any(sentence in shown(app) for sentence in sentences)
    app.slider[0].set_value(2).run()
    assert not any(sentence in shown(app) for sentence in sentences)


def test_an_older_link_says_what_was_carried_over(visit):
    app = visit(freeze="7")
    assert app.slider[0].value == 7
    assert phrase("en", "link.migrated", fields=label("en", "n_frozen")) in shown(app)


def test_an_address_without_settings_leaves_the_choices_alone(visit):
    app = visit(colour="red")
    assert phrase("en", "link.unknown", n=1) in shown(app)
    assert app.slider[0].value == 19
    assert set(app.query_params) == {"lang"}


def test_what_was_filled_in_can_be_changed_and_is_not_filled_in_again(visit):
    app = visit(**LESSON.to_query())
    app.slider[0].set_value(1).run()
    app.switch_page("pages/runs/page.py").run()
    assert app.query_params["backbone"] == "vgg16"
    app.switch_page("pages/lab/page.py").run()
    assert app.slider[0].value == 1


@pytest.mark.parametrize("step", ["runs", "classify"])
def test_a_reload_on_another_page_finds_the_lesson_again(visit, step):
    app = visit(step, **LESSON.to_query())
    again = visit(**{name: value for name, value in app.query_params.items() if name != "lang"})
    assert again.slider[0].value == 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_locked_control_cannot_be_changed_and_says_by_whom(visit, engine, language):
    link = LabLink(LESSON.spec, locked=frozenset({"backbone", "learning_rate", "augment", "baseline"})).to_query()
    app = visit(language=language, **link)
    assert app.selectbox[1].disabled
    assert not app.selectbox[0].disabled
    assert app.radio[0].disabled
    assert app.toggle(key="w:baseline").disabled
    names = label(language, "backbone", "learning_rate", "augment", "baseline", "use_cache")
    assert phrase(language, "link.locked", fields=names) in shown(app)
    app.selectbox[1].proto.disabled = False  # a browser might leave the lock aside
    app.selectbox[1].set_value("mobilenet_v2").run()
    assert app.selectbox[1].value == "vgg16"
    app.slider[0].set_value(2).run()
    assert trained(app, engine)[-1] == LESSON.spec.with_changes(n_frozen=2)


def test_a_locked_number_of_blocks_never_exceeds_those_of_another_backbone(visit):
    app = visit(**LabLink(plan_run({"n_frozen": 12, "image_size": 64}), locked=frozenset({"n_frozen"})).to_query())
    app.selectbox[1].select("vgg16").run()
    assert not app.exception
    assert (app.slider[0].value, app.slider[0].disabled) == (5, True)


def test_hidden_controls_are_not_there_and_keep_the_values_of_the_link(visit, engine):
    app = visit(**LabLink(LESSON.spec, hidden=frozenset(CONTROLS)).to_query())
    assert not app.exception
    controls = [*app.main.selectbox, *app.slider, *app.select_slider, *app.number_input, *app.radio, *app.toggle]
    assert [control.label for control in controls] == []
    assert trained(app, engine)[-1] == LESSON.spec


def test_the_instructor_is_not_bound_and_chooses_what_a_link_locks_and_hides(visit):
    link = LabLink(LESSON.spec, locked=frozenset({"backbone"})).to_query()
    app = visit(is_instructor=True, **link)
    assert not app.selectbox[1].disabled
    lock, hide = app.multiselect
    assert (lock.value, hide.value) == (["backbone"], [])
    hide.set_value(["seed", "optimizer"]).run()
    (made,) = [code.value for code in app.code if "v=2" in code.value]
    assert "lock=backbone" in made
    assert "hide=optimizer,seed" in made


def test_a_student_cannot_choose_locks_but_passes_them_on(visit):
    app = visit(**LabLink(LESSON.spec, locked=frozenset({"backbone"})).to_query())
    assert list(app.multiselect) == []
    assert any("lock=backbone" in code.value for code in app.code)


def test_a_link_may_name_a_run_as_well(visit, pair):
    app = visit(run=pair[0], **LESSON.to_query())
    assert app.slider[0].value == 3
    assert app.query_params["run"] == pair[0]
    assert len(app.success) == 1


@pytest.mark.parametrize("received", ["", "%252e%252e", "\x00", "x" * 10**5])
def test_a_hostile_run_beside_settings_is_no_run(visit, engine, received):  # U03
    app = visit(run=received, **LESSON.to_query())
    assert not app.exception
    assert app.slider[0].value == 3
    assert engine.store.list_runs() == []


@pytest.mark.parametrize(
    ("url", "base", "expected"),
    [
        ("http://lab.school:8501/classroom", "", "http://lab.school:8501/?v=2"),
        ("https://school.example/lab/", "lab", "https://school.example/lab/?v=2"),
    ],
)
def test_a_link_is_a_full_address_of_the_first_page(monkeypatch, url, base, expected):
    monkeypatch.setattr(state.st, "context", SimpleNamespace(url=url))
    monkeypatch.setattr(state.st, "get_option", lambda name: base)
    assert state.address({"v": "2"}) == expected


def test_the_proof_would_notice_a_file_that_is_opened():
    with links.effects() as seen:
        open(__file__).close()
    assert seen == ["open"]


def test_a_few_hundred_random_links_break_nothing_and_change_nothing():  # U09
    assert unmet(links.prove(300)) == []
