"""Traps in the settings as the lab shows them: none at first, a line each, and a button that mends."""

import pytest

from tl_core.lessons.linter import traps
from tl_core.phrases import LANGUAGES, phrase
from tl_core.planning.lab_link import LabLink
from tl_core.planning.plan import plan_run

SMALL = {"dataset": "cifar10-small", "per_class": 50, "image_size": 64}
HIGH = plan_run({**SMALL, "n_frozen": 12, "learning_rate": 1e-3})


def mends(app) -> list[str]:
    return [button.key for button in app.button if str(button.key).startswith("mend-")]


def query(spec, **more) -> dict[str, str]:
    return {**LabLink(spec).to_query(), **more}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_lab_begins_without_a_warning(visit, language):
    app = visit(language=language)
    assert not app.exception
    assert mends(app) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_rate_too_high_is_said_in_one_line_and_one_click_mends_it_alone(visit, language):
    app = visit(language=language, **query(HIGH))
    words = phrase(language, "trap.rate_high", rate="0.001", n=7)
    assert any(words in caption.value for caption in app.caption)
    app.button(key="mend-rate_high").click().run()
    assert not app.exception
    assert mends(app) == []
    assert app.session_state["kept"]["used"].spec == HIGH.with_changes(learning_rate=1e-4)


def test_what_a_lesson_has_fixed_is_said_and_not_mended(visit):
    app = visit(**query(HIGH, lock="learning_rate"))
    assert any("A rate of 0.001" in caption.value for caption in app.caption)
    assert mends(app) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_trap_that_a_link_can_hold_is_drawn(visit, language):
    for options in (
        {**SMALL, "n_frozen": 12, "phases": 1, "learning_rate": 1e-5},
        {**SMALL, "weights": "random", "n_frozen": 0, "batchnorm_momentum": 0.999},
        {"image_size": 32, "head": "dense"},
        {"head": "flatten-dense"},
    ):
        spec = plan_run(options)
        app = visit(language=language, **query(spec))
        assert not app.exception
        assert mends(app)
    from tl_core.datasets.catalog import dataset_info

    assert traps(spec, dataset_info(spec.dataset))
