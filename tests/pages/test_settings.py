"""Augmentation in plain words with its cost, and exact arithmetic."""

import math
import re

import pytest

from pages.ui import services
from tl_core.datasets.catalog import dataset_info
from tl_core.phrases import phrase
from tl_core.planning.plan import plan_run
from tl_core.spec import RunSpec
from tl_core.store.access import OPERATOR

LANGUAGES = ("en", "zh")


def trained(app, engine) -> RunSpec:
    """Presses Train; returns the spec of the run."""
    app.button(key="train").click().run()
    assert not app.exception
    return RunSpec.from_dict(engine.store.list_runs()[-1].spec)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_ways_of_augmentation_are_said_in_plain_words(visit, language):
    (radio,) = visit(language=language).radio
    ways = ("none", "rolling", "fixed", "fresh", "classic")
    assert (radio.label, radio.value) == (phrase(language, "field.augment"), "none")
    assert radio.options == [phrase(language, f"views.{way}") for way in ways]
    assert list(radio.proto.captions) == [phrase(language, f"views.{way}_about") for way in ways]


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        ("none", ("none", "rolling")),
        ("rolling", ("light", "rolling")),
        ("fresh", ("light", "fresh")),
        ("classic", ("classic", "fresh")),
    ],
)
def test_each_way_becomes_its_spec(visit, engine, way, expected):
    app = visit()
    app.radio[0].set_value(way).run()
    spec = trained(app, engine)
    assert (spec.augment, spec.views) == expected


def test_a_link_to_classic_views_sets_the_control(visit, engine):
    app = visit(v="2", augment="classic", views="fresh")
    assert app.radio[0].value == "classic"
    spec = trained(app, engine)
    assert (spec.augment, spec.views) == ("classic", "fresh")


def test_fixed_views_ask_for_their_number(visit, engine):
    app = visit()
    app.radio[0].set_value("fixed").run()
    (number,) = [field for field in app.number_input if field.label == phrase("en", "field.n_views")]
    number.set_value(8).run()
    costs = "".join(caption.value for caption in app.caption)
    assert "a few fixed views + 23 s" in costs  # 5 epochs show 5 of the 8 views: four passes more
    spec = trained(app, engine)
    assert (spec.augment, spec.views, spec.n_views) == ("light", "fixed", 8)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_cost_of_each_way_comes_from_the_measured_time_of_one_pass(visit, language):
    app = visit(language=language)
    info = dataset_info("groceries")
    one_pass_s = 0.01 * info.n_train  # the worker says 0.01 s a picture

    def time(n_passes: float) -> str:
        return "+ " + phrase(language, "unit.seconds", n=f"{n_passes * one_pass_s:.{0 if n_passes > 1 else 1}f}")

    costs = phrase(language, "unit.comma").join(
        phrase(language, "views.cost", name=phrase(language, f"choice.views.{views}"), time=time(n_extra))
        for views, n_extra in (("rolling", 0.4), ("fixed", 3), ("fresh", 4))
    )
    assert phrase(language, "views.costs", epochs=5, costs=costs) in [caption.value for caption in app.caption]


@pytest.mark.parametrize("language", LANGUAGES)
def test_while_something_trains_the_costs_are_said_to_come_later(visit, engine, language):
    engine.runs.submit(plan_run({"seed": 5}), by=OPERATOR, name="first")
    app = visit(language=language)
    assert phrase(language, "views.waiting") in [caption.value for caption in app.caption]


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_frozen_blocks_changed_pictures_cost_nothing_more(visit, language):
    app = visit(language=language)
    app.slider[0].set_value(0).run()
    assert phrase(language, "views.free") in [caption.value for caption in app.caption]


@pytest.mark.parametrize("language", LANGUAGES)
def test_exact_arithmetic_is_one_switch_with_a_sentence(visit, engine, language):
    app = visit(language=language)
    switch = app.toggle(key="w:arithmetic")
    assert (switch.label, switch.value) == (phrase(language, "field.arithmetic"), False)
    assert switch.help == phrase(language, "term.arithmetic.about")
    switch.set_value(True).run()
    assert trained(app, engine).arithmetic == "exact"


# ---- what is trained when ----


def control(kind, field: str, language: str = "en"):
    return next(one for one in kind if one.label == phrase(language, f"field.{field}"))


def test_the_slider_changes_the_cut_and_nothing_else(visit, engine):
    app = visit()
    rates = [control(app.select_slider, field).value for field in ("head_learning_rate", "learning_rate")]
    assert rates == [2e-3, 1e-4]
    for n_frozen in (18, 7, 0, 19, 12):
        app.slider[0].set_value(n_frozen).run()
        assert [control(app.select_slider, name).value for name in ("head_learning_rate", "learning_rate")] == rates
    spec = trained(app, engine)
    assert (spec.n_frozen, spec.phases, spec.head_epochs, spec.batchnorm) == (12, 2, 5, "frozen")
    assert (spec.head_learning_rate, spec.learning_rate) == (2e-3, 1e-4)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_trained_when_and_at_which_rate_is_said_beside_the_slider(visit, language):
    def said() -> list[str]:
        return [caption.value for caption in app.caption]

    app = visit(language=language)
    assert phrase(language, "lab.trained_head", epochs=5, learning_rate="0.002") in said()
    app.slider[0].set_value(12).run()
    rates = {"head_learning_rate": "0.002", "learning_rate": "0.0001"}
    assert phrase(language, "lab.trained_two", head_epochs=5, epochs=5, **rates) in said()


def test_training_all_at_once_and_batchnorm_are_choices(visit, engine):
    app = visit()
    app.slider[0].set_value(12).run()
    control(app.button_group, "phases").set_value(1).run()
    control(app.selectbox, "batchnorm").select("trained").run()
    control(app.selectbox, "batchnorm_momentum").select(0.9).run()
    spec = trained(app, engine)
    assert (spec.phases, spec.batchnorm, spec.batchnorm_momentum, spec.learning_rate) == (1, "trained", 0.9, 1e-4)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_rate_may_follow_a_schedule_which_is_said_and_drawn(visit, engine, language):
    app = visit(language=language)
    assert phrase(language, "field.decay") not in [box.label for box in app.number_input]
    control(app.selectbox, "schedule", language).select("step").run()
    control(app.number_input, "decay_epochs", language).set_value(1).run()
    control(app.number_input, "decay_factor", language).set_value(0.1).run()
    assert not app.exception
    n_steps = 5 * math.ceil(dataset_info("groceries").n_train / 32)
    said = phrase(language, "lab.scheduled", n=n_steps, last="2e-07")  # 0.002 · 0.1⁴
    assert any(said in caption.value for caption in app.caption)
    spec = trained(app, engine)
    assert (spec.schedule, spec.decay_factor, spec.decay_epochs) == ("step", 0.1, 1)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("head", "other"), [("svm", "logistic"), ("logistic", "svm")])
def test_a_fitted_head_has_its_own_settings_and_says_what_it_needs(visit, engine, language, head, other):
    app = visit(language=language)
    assert phrase(language, f"choice.head.{head}") in control(app.selectbox, "head", language).options
    control(app.selectbox, "head", language).select(head).run()
    assert not app.exception
    said = phrase(language, f"lab.trained_{head}", svm_c="0.001", logistic_c="1", epochs=5)
    assert {said, phrase(language, f"lab.{head}_about")} <= {caption.value for caption in app.caption}
    labels = [box.label for box in [*app.selectbox, *app.number_input, *app.select_slider, *app.radio]]
    assert phrase(language, f"field.{head}_c") in labels
    for field in (f"{other}_c", "optimizer", "learning_rate", "dropout", "augment", "schedule"):
        assert phrase(language, f"field.{field}") not in labels
    spec = trained(app, engine)
    assert (spec.head, spec.n_frozen) == (head, 19)
    assert phrase(language, "lab.measured_no_fit") in "".join(caption.help or "" for caption in app.caption)
    assert RunSpec.from_dict(engine.store.list_runs()[0].spec).head == "linear"
    app.slider[0].set_value(3).run()
    assert [error.value for error in app.error] == [phrase(language, "errors.fit_not_frozen", received=3, high=19)]


def test_a_link_brings_a_schedule_and_may_lock_it(visit, engine):
    app = visit(v="2", schedule="inverse-time", decay="0.25", lock="schedule")
    assert control(app.selectbox, "schedule").disabled
    assert control(app.number_input, "decay").value == 0.25
    assert (trained(app, engine).schedule, trained(app, engine).decay) == ("inverse-time", 0.25)


def test_from_scratch_everything_is_trained_at_once_at_its_own_rate(visit, engine):
    app = visit()
    app.slider[0].set_value(0).run()
    control(app.selectbox, "weights").select("random").run()
    spec = trained(app, engine)
    assert (spec.weights, spec.phases, spec.batchnorm, spec.learning_rate) == ("random", 1, "trained", 1e-3)


def test_a_network_without_batchnorm_has_no_choice_of_it(visit):
    app = visit()
    app.selectbox[1].select("squeezenet").run()
    assert phrase("en", "field.batchnorm") not in [box.label for box in app.selectbox]


@pytest.mark.parametrize("language", LANGUAGES)
def test_under_train_stands_what_differs_from_the_run_that_is_shown(visit, engine, language):
    def said() -> str:
        return "\n".join(caption.value for caption in app.caption)

    app = visit(language=language)
    trained(app, engine)
    assert phrase(language, "lab.same") in said()
    app.slider[0].set_value(12).run()
    change = phrase(language, "lab.change", name=phrase(language, "field.n_frozen"), before="19", now="12")
    assert phrase(language, "lab.differs", changes=change) in said()


@pytest.mark.parametrize("language", LANGUAGES)
def test_augmentation_shows_what_it_does_to_a_picture(visit, language):
    def strips(app) -> list[str]:
        return [one.proto.body for one in app.get("html") if phrase(language, "views.original") in one.proto.body]

    app = visit(language=language)
    assert strips(app) == []
    app.radio[0].set_value("rolling").run()
    assert not app.exception
    (strip,) = strips(app)
    pictures = re.findall(r'src="(data:image/jpeg[^"]+)"', strip)
    assert len(set(pictures)) == 1 + services.N_VIEWS


# ---- any set of blocks, rates and epochs of their own ----


@pytest.mark.parametrize("language", LANGUAGES)
def test_blocks_frozen_behind_the_cut_are_said_and_the_slider_takes_along_what_it_touches(visit, engine, language):
    app = visit(v="2", n_frozen="10", frozen_blocks="13-14,17", language=language)
    blocks = phrase(language, "unit.comma").join(["block_11", "block_12", "block_15"])
    said = phrase(language, "lab.freeze_further", n_frozen=10, blocks=blocks)
    assert said in [caption.value for caption in app.caption]
    app.slider[0].set_value(12).run()
    assert not app.exception
    assert app.slider[0].value == 14
    app.slider[0].set_value(11).run()
    spec = trained(app, engine)
    assert (spec.n_frozen, spec.frozen_blocks) == (11, "17")


def test_a_link_may_lock_what_is_frozen_behind_the_cut(visit, engine):
    app = visit(v="2", n_frozen="10", frozen_blocks="13", lock="frozen_blocks")
    assert phrase("en", "map.press") not in [caption.value for caption in app.caption]
    app.slider[0].set_value(12).run()
    spec = trained(app, engine)
    assert (spec.n_frozen, spec.frozen_blocks) == (13, "")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("way", "expected"),
    [("at_once", (1, 0, 1.0)), ("head_first", (2, 0, 1.0)), ("gradual", (2, 1, 1.0)), ("ulmfit", (2, 1, 2.6))],
)
def test_a_named_way_sets_the_controls_that_it_stands_for(visit, engine, language, way, expected):
    app = visit(v="2", n_frozen="12", unfreeze_every="3", language=language)
    assert app.button(key=f"way-{way}").label == phrase(language, f"lab.way_{way}")
    app.button(key=f"way-{way}").click().run()
    assert not app.exception
    spec = trained(app, engine)
    assert (spec.phases, spec.unfreeze_every, spec.block_rate_factor) == expected
    said = phrase(language, "lab.unfreezing", every=1) in "".join(caption.value for caption in app.caption)
    assert said == bool(expected[1])


def test_unfreezing_beside_a_schedule_is_refused_in_a_sentence(visit):
    app = visit(v="2", n_frozen="12", unfreeze_every="2")
    control(app.selectbox, "schedule").select("cosine").run()
    assert [error.value for error in app.error] == [
        phrase("en", "errors.unfreeze_schedule", received="cosine", unfreeze_every=2)
    ]
