"""The panel while something trains: phases by name, pause and step, and no work where nothing has changed."""

import pytest
from fake_runs import started, step_event

from pages.ui import blocks
from tl_core.experiments.plans import plan_run
from tl_core.phrases import phrase
from tl_core.store.access import OPERATOR

LANGUAGES = ("en", "zh")
FEATURES = {"event": "phase", "name": "features", "done": 640, "total": 1393}


@pytest.fixture
def run(engine):
    """A run that a worker has, without a baseline."""
    return engine.submit(plan_run({"epochs": 2}), by=OPERATOR, name="live")


def buttons(app) -> list[str]:
    """Returns what can be done to runs, in order."""
    kinds = ("stop", "pause", "continue", "step", "resume")
    return [button.key.partition("-")[0] for button in app.button if button.key and button.key.startswith(kinds)]


def progress(app) -> str:
    (element,) = app.get("progress")
    return element.proto.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phase_is_said_by_its_name(visit, run, workers, language):
    said = [progress(visit(language=language, run=run.id))]
    for event in (
        {"event": "phase", "name": "data", "done": 0, "total": 0},
        {"event": "phase", "name": "network", "done": 0, "total": 0},
        started(),
        FEATURES,
        {"event": "phase", "name": "cached", "done": 1393, "total": 1393},
        {"event": "phase", "name": "compiling", "done": 0, "total": 0},
    ):
        workers[0].tell(run.id, event)
        said.append(progress(visit(language=language, run=run.id)))
    features = phrase(language, "phase.features")
    counted = phrase(language, "progress.counted", phase=features, done="640", total="1,393")
    network, compiling = phrase(language, "phase.network"), phrase(language, "phase.compiling")
    assert said[:2] == [phrase(language, "progress.starting"), phrase(language, "phase.data")]
    assert said[2:5] == [network, network, counted]
    assert said[5:] == [phrase(language, "progress.cached", n="1,393"), compiling]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_run_is_paused_stepped_and_continued_beside_stop(visit, engine, run, workers, language):
    workers[0].tell(run.id, started(), step_event(1))
    app = visit(language=language, run=run.id)
    assert buttons(app) == ["pause", "stop"]
    app.button(key=f"pause-{run.id}").click().run()
    assert buttons(app) == ["continue", "step", "stop"]
    assert progress(app) == phrase(language, "progress.paused", step="1", n_steps="4")
    app.button(key=f"step-{run.id}").click().run()
    workers[0].tell(run.id, step_event(2))
    assert progress(app.run()) == phrase(language, "progress.paused", step="2", n_steps="4")
    app.button(key=f"continue-{run.id}").click().run()
    assert buttons(app) == ["pause", "stop"]
    assert not app.exception
    wishes = [message["do"] for message in workers[0].sent if message.get("run_id") == run.id]
    assert wishes == ["train", "pause", "step", "continue"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sign_says_what_it_does(visit, run, workers, language):
    workers[0].tell(run.id, started(), step_event(1))
    app = visit(language=language, run=run.id)
    pause = app.button(key=f"pause-{run.id}")
    assert (pause.label, pause.help) == (phrase(language, "panel.pause"), phrase(language, "panel.pause_help"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_pause_before_the_first_step_says_what_was_being_done(visit, engine, run, workers, language):
    workers[0].tell(run.id, FEATURES)
    engine.pause(run.id, by=OPERATOR)
    paused = phrase(language, "progress.paused_early", phase=phrase(language, "phase.features"))
    assert progress(visit(language=language, run=run.id)) == paused


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_run_that_waits_says_its_place_and_can_only_be_stopped(visit, engine, language):
    run = engine.submit(
        plan_run({}), by=OPERATOR, name="run", baseline=plan_run({"seed": 1}), baseline_name="waits for its run"
    )
    app = visit(language=language, run=run.id)
    said = [element.proto.text for element in app.get("progress")]
    assert said == [phrase(language, "progress.starting"), phrase(language, "progress.queued", position=1)]
    assert buttons(app) == ["pause", "stop", "stop"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("options", "is_cached", "is_said"),
    [
        ({"freeze": 3}, False, True),
        ({"freeze": 3}, True, False),
        ({"freeze": "none"}, False, False),
        ({"freeze": 3, "use_cache": False}, False, False),
        ({"freeze": 3, "augment": "light", "views": "fresh"}, False, False),
        ({"freeze": 3, "augment": "light", "views": "rolling"}, False, True),
    ],
)
def test_features_that_are_not_worth_their_room_are_said_to_be_computed_anew(
    visit, engine, workers, language, options, is_cached, is_said
):
    run = engine.submit(plan_run(options), by=OPERATOR, name="live")
    workers[0].tell(run.id, started(is_cached=is_cached))
    captions = [caption.value for caption in visit(language=language, run=run.id).caption]
    assert (phrase(language, "panel.not_cached") in captions) is is_said


def test_a_look_at_an_unchanged_run_reads_and_draws_nothing_anew(visit, engine, run, workers, monkeypatch):
    workers[0].tell(run.id, started(), step_event(1))
    drawn, looked = [], []
    real_info, real_snapshot = blocks.curves_info, engine.snapshot
    monkeypatch.setattr(blocks, "curves_info", lambda *told: drawn.append(told) or real_info(*told))
    monkeypatch.setattr(engine, "snapshot", lambda id, by: looked.append(id) or real_snapshot(id, by=by))
    app = visit(run=run.id)
    assert len(drawn) == 2
    drawn.clear()
    looked.clear()
    app.run()
    assert (len(looked), drawn) == (1, [])  # the one look is that of the whole page, not of the panel's polling
    workers[0].tell(run.id, step_event(2))
    app.run()
    assert len(drawn) == 2


def test_another_axis_or_language_is_drawn_anew(visit, run, workers):
    workers[0].tell(run.id, started(), step_event(1))
    app = visit(run=run.id)
    before = [element.proto.mixed.json or element.proto.json for element in app.get("bidi_component")]
    next(c for c in app.segmented_control if c.label == phrase("en", "curves.axis")).set_value("images").run()
    after = [element.proto.mixed.json or element.proto.json for element in app.get("bidi_component")]
    assert before[0] == after[0]  # the layer map
    assert before[1:] != after[1:]


def test_visitors_without_cookies_are_owners_of_their_own(visit, engine):
    for _ in range(2):
        app = visit(owner=None)
        app.toggle(key="w:baseline").set_value(False).run()
        app.button(key="train").click().run()
    first, second = engine.store.list_runs()
    assert "local" not in (first.owner, second.owner)
    assert first.owner != second.owner
