import pytest
from fake_runs import record_finished

from tl_core.phrases import LANGUAGES, duration, phrase
from tl_core.planning.recipes import PUBLISHED, RECIPES, recipe
from tl_core.store.access import OPERATOR


def named(app, key: str):
    """Returns the buttons whose keys begin with something."""
    return [button for button in app.button if (button.key or "").startswith(key)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_program_has_a_card_with_its_runs_its_faults_and_its_code(visit, language):
    app = visit("recipes", language)
    assert not app.exception
    assert [header.value for header in app.header] == [phrase(language, f"recipe.{id}.title") for id in RECIPES]
    n_variants = sum(len(one.variants) for one in RECIPES.values())
    assert len(named(app, "run-")) == n_variants
    assert [code.value for code in app.code] == [one.difference() for one in RECIPES.values()]
    seen = {text.value for text in app.caption}
    assert phrase(language, "recipes.seen_reading") in seen


def test_a_click_on_a_variant_queues_its_run_and_leads_to_it(visit, engine):
    app = visit("recipes")
    next(iter(named(app, "run-d-mended"))).click().run()
    (record,) = engine.runs.list_runs(by=OPERATOR, limit=10)
    assert record.spec == recipe("d").spec("mended").to_dict() | {"threads": record.spec["threads"]}
    assert record.twin_id is None
    assert app.query_params["run"] in (record.id, [record.id])


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_trained_is_shown_and_opened_and_the_two_are_compared(visit, engine, language):
    for variant, share in (("mended", 0.6), (PUBLISHED, 0.25)):
        record_finished(engine.store, recipe("d").spec(variant), share, role="run", name=variant)
    app = visit("recipes", language)
    assert not app.exception
    assert len(named(app, "open-d-")) == 2
    assert named(app, "run-d-") == []
    (said,) = (box.value for box in app.info)
    assert "60" in said
    assert "25" in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_before_the_click_stands_what_a_run_takes_as_far_as_it_is_measured(visit, engine, language):
    app = visit("recipes", language)
    app.run()  # one kind of run is measured after the other; the worker of these tests answers at once
    said = [caption.value for caption in app.caption]
    flattened = recipe("a").spec("mended")  # 0.5 s a step, 0.1 s a batch of validation, 0.05 s a picture before them
    epoch_s = -(-586 // 32) * 0.5 + -(-146 // 32) * 0.1
    whole_s = 10 * epoch_s + (586 + 146 + 661) * 0.05
    assert engine.requests.estimate(flattened).run_s(flattened) == pytest.approx(whole_s)
    assert phrase(language, "recipes.costs_quick", time=duration(whole_s, language)) in said
    fitted = engine.requests.estimate(recipe("c2").spec("mended"))
    assert fitted.epoch_s is None
    assert phrase(language, "recipes.costs_fit", time=duration(fitted.prefix_s, language)) in said


def test_what_is_not_measured_yet_is_said_not_to_be(visit, engine):
    record_running = engine.runs.submit(recipe("d").spec("mended"), name="busy", by=OPERATOR)
    app = visit("recipes", owner="anna")
    assert record_running.state.value == "queued"
    said = [caption.value for caption in app.caption]
    n_variants = sum(len(one.variants) for one in RECIPES.values())
    assert said.count(phrase("en", "recipes.costs_unknown")) == n_variants


def test_another_s_run_is_not_taken_for_one_s_own(visit, engine):
    record_finished(engine.store, recipe("d").spec("mended"), 0.6, role="run", name="theirs")
    app = visit("recipes", owner="anna")
    assert named(app, "open-d-") == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_run_with_a_fault_says_so_wherever_its_name_stands(visit, engine, language):
    run = record_finished(engine.store, recipe("d").spec(PUBLISHED), 0.3, role="run", name="as published")
    app = visit("lab", language, run=run)
    assert not app.exception
    assert app.header[0].value == "⚠ as published"
    fault = phrase(language, "choice.fault.raw-pixels")
    assert phrase(language, "panel.fault", fault=fault) in [box.value for box in app.warning]
    assert list(visit("runs", language).dataframe[0].value["name"]) == ["⚠ as published"]
    assert "⚠ as published" in [header.value for header in visit("insights", language, run=run).header]
