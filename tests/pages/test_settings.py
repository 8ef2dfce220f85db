"""Augmentation in plain words with its cost, and exact arithmetic."""

import pytest

from tl_core.datasets.catalog import dataset_info
from tl_core.experiments.plans import plan_run
from tl_core.phrases import phrase
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
    ways = ("none", "rolling", "fixed", "fresh")
    assert (radio.label, radio.value) == (phrase(language, "field.augment"), "none")
    assert radio.options == [phrase(language, f"views.{way}") for way in ways]
    assert list(radio.proto.captions) == [phrase(language, f"views.{way}_about") for way in ways]


@pytest.mark.parametrize(
    ("way", "expected"),
    [("none", ("none", "rolling")), ("rolling", ("light", "rolling")), ("fresh", ("light", "fresh"))],
)
def test_each_way_becomes_its_spec(visit, engine, way, expected):
    app = visit()
    app.radio[0].set_value(way).run()
    spec = trained(app, engine)
    assert (spec.augment, spec.views) == expected


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
    engine.submit(plan_run({"seed": 5}), by=OPERATOR, name="first")
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
