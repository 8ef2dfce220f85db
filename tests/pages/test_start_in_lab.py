"""How a backbone starts, as it is chosen in the lab, and what is left of its source's task, as it is shown there."""

import pytest
from fake_runs import epoch_event, record_finished, started
from test_lab_page import LANGUAGES, texts

from tl_core.engine.runs.recorder import Recorder
from tl_core.phrases import phrase
from tl_core.planning.plan import plan_run
from tl_core.training.events import Ended, Event


def box(app, language: str, field: str):
    return next((one for one in app.selectbox if one.label == phrase(language, f"field.{field}")), None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_finished_run_can_be_the_source_of_a_new_one(visit, engine, pair, language):
    app = visit(language=language)
    choice = box(app, language, "source")
    assert choice.options[0] == phrase(language, "lab.imagenet")
    assert len(choice.options) == 3
    choice.set_value(pair[0]).run()
    app.button(key="train").click().run()
    assert not app.exception
    baseline, run = engine.store.list_runs()[:2]
    assert (run.spec["source"], baseline.spec["source"]) == (pair[0], None)
    assert run.environment["source"]["run"] == pair[0]


def test_nobody_is_offered_what_they_may_not_see_or_what_has_another_backbone(visit, pair):
    assert box(visit(owner="ben"), "en", "source") is None
    app = visit()
    app.selectbox[1].set_value("squeezenet").run()
    assert box(app, "en", "source") is None


def test_a_run_starts_with_its_first_blocks_alone_or_in_the_scale_of_the_pretrained(visit, engine):
    app = visit()
    box(app, "en", "n_pretrained").set_value(7).run()
    app.slider[0].set_value(0).run()
    app.button(key="train").click().run()
    spec = engine.store.list_runs()[1].spec
    assert (spec["n_pretrained"], spec["phases"], spec["batchnorm"]) == (7, 1, "trained")
    box(app, "en", "weights").set_value("matched").run()
    assert box(app, "en", "n_pretrained") is None
    app.button(key="train").click().run()
    assert not app.exception
    assert engine.store.list_runs()[1].spec["weights"] == "matched"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("freeze", "said"), [(12, "about"), ("all", "constant")])
def test_what_is_left_of_the_sources_task_stands_below_the_curves(visit, engine, language, freeze, said):
    source = record_finished(engine.store, plan_run({}), 0.8, role="run", name="source")
    spec = plan_run({"source": source, "freeze": freeze})
    about = {"source": {"run": source, "name": "source", "dataset": "groceries", "val_accuracy": 0.8}}
    record = engine.store.create_run(spec.to_dict(), role="run", name="new", owner="local", environment=about)
    recorder = Recorder(engine.store, record.id, spec)
    recorder.record(Event.from_dict(started()))
    for number, left in ((1, 0.7), (2, 0.5)):
        recorder.record(Event.from_dict(epoch_event(number) | {"source_accuracy": left}))
    recorder.record(Ended("completed", best_epoch=2, seconds=4.0, scores=None, proof=[]))
    assert [epoch.source_accuracy for epoch in engine.store.epochs(record.id)] == [0.7, 0.5]
    app = visit(language=language, run=record.id)
    assert not app.exception
    assert phrase(language, f"forgetting.{said}", accuracy="50%") in texts(app).replace(" %", "%")


def test_settings_that_are_used_again_start_from_the_same_source(visit, engine, pair):
    spec = plan_run({"source": pair[0], "freeze": 12})
    app = visit(run=record_finished(engine.store, spec, 0.8, role="run", name="new"))
    app.button(key="use").click().run()
    assert not app.exception
    assert box(app, "en", "source").value == pair[0]
