"""The panel while something trains: phases by name, pause and step, and no work where nothing has changed."""

import io
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from fake_runs import epoch_event, started, step_event
from PIL import Image
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext

from pages.lab import run_panel
from pages.ui import blocks
from pages.ui.services import N_PASS
from tl_core.charts.weight_changes import FOOT
from tl_core.datasets.contents import contents, split_places
from tl_core.disk.home import data_home
from tl_core.models.catalog import backbone_info
from tl_core.phrases import phrase
from tl_core.planning.plan import plan_run
from tl_core.spec import RunSpec
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.records import Visibility

LANGUAGES = ("en", "zh")
MOST_MESSAGES = 20  # in one look at a run without a baseline: each is sent for itself to each who looks
FEATURES = {"event": "phase", "name": "features", "done": 640, "total": 1393}


@pytest.fixture
def run(engine):
    """A run that a worker has, without a baseline."""
    return engine.runs.submit(plan_run({"epochs": 2}), by=OPERATOR, name="live")


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
def test_a_run_that_lost_its_worker_says_that_it_goes_on_by_itself(visit, run, workers, language):
    workers[0].tell(run.id, started(), step_event(1))
    workers[0].die(-9)
    app = visit(language=language, run=run.id)
    assert [info.value for info in app.info] == [phrase(language, "panel.again")]
    assert not app.error
    workers[-1].tell(run.id, started(), step_event(2))
    workers[-1].die(-9)
    app = visit(language=language, run=run.id)
    assert not app.info
    assert [error.value for error in app.error] == [phrase(language, "errors.worker_killed", status=-9)]
    assert buttons(app) == ["resume"]


# ---- how long it still takes ----


@pytest.fixture
def at(engine, monkeypatch):
    """Has every run be estimated, at 1000 s, to take 20 s more, and sets what the page's clock says."""
    real = engine.runs.snapshot
    monkeypatch.setattr(
        engine.runs, "snapshot", lambda id, by: replace(real(id, by=by), remaining_s=20.0, as_of_s=1000.0)
    )
    clock = SimpleNamespace(now_s=1000.0)
    monkeypatch.setattr(blocks, "time", SimpleNamespace(monotonic=lambda: clock.now_s))
    return lambda now_s: setattr(clock, "now_s", now_s)


def phase_event(name: str, done: int, total: int) -> dict:
    return {"event": "phase", "name": name, "done": done, "total": total}


def left(language: str, n: int) -> str:
    return phrase(language, "progress.left", left=phrase(language, "unit.seconds", n=n))


@pytest.mark.parametrize(
    ("language", "late"), [("en", "epoch 1 of 2 · longer than estimated"), ("zh", "第 1 / 2 轮 · 比预计的要久")]
)
def test_the_time_left_runs_while_nothing_is_heard_and_when_it_has_run_out_that_is_said(
    visit, run, workers, at, language, late
):
    workers[0].tell(run.id, started(), step_event(1))
    app = visit(language=language, run=run.id)
    epoch, said = phrase(language, "progress.epoch", epoch=1, epochs=2), [progress(app)]
    for now_s in (1004.5, 1019.9, 1020.9, 1021, 1300):
        at(now_s)
        said.append(progress(app.run()))
    assert said == [*(f"{epoch} · {left(language, n)}" for n in (20, 16, 1, 1)), late, late]


@pytest.mark.parametrize("language", LANGUAGES)
def test_after_the_last_step_of_an_epoch_it_is_said_that_and_how_far_it_is_validated(visit, run, workers, at, language):
    workers[0].tell(run.id, started(), step_event(1), step_event(2), phase_event("validating", 0, 32))
    app = visit(language=language, run=run.id)
    epoch = phrase(language, "progress.epoch", epoch=1, epochs=2)
    doing = phrase(language, "phase.validating")
    counted = phrase(language, "progress.counted", phase=doing, done="0", total="32")
    assert progress(app) == f"{epoch} · {counted} · {left(language, 20)}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_short_epochs_the_words_do_not_flutter(visit, run, workers, at, language):
    workers[0].tell(run.id, started(), step_event(2), epoch_event(1, seconds=0.5), step_event(4))
    workers[0].tell(run.id, phase_event("validating", 16, 32))
    epoch = phrase(language, "progress.epoch", epoch=2, epochs=2)
    assert progress(visit(language=language, run=run.id)) == f"{epoch} · {left(language, 20)}"


@pytest.mark.parametrize(
    ("language", "counted", "late", "saving"),
    [
        ("en", "scoring on the test pictures {} / 661 · 20 s left", "longer than estimated", "saving"),
        ("zh", "正在测试集上评分 {} / 661 · 剩余 20 秒", "比预计的要久", "正在保存"),
    ],
)
def test_after_the_last_epoch_the_test_has_a_line_of_its_own_then_the_saving(
    visit, run, workers, at, language, counted, late, saving
):
    workers[0].tell(run.id, started(), step_event(4), epoch_event(1), epoch_event(2), phase_event("testing", 0, 661))
    app = visit(language=language, run=run.id)
    assert progress(app) == counted.format(0)
    workers[0].tell(run.id, phase_event("testing", 320, 661))
    assert progress(app.run()) == counted.format(320)
    (bar,) = app.get("progress")
    assert bar.proto.value == int(320 / 661 * 100)
    at(1021)
    assert progress(app.run()).endswith(f" 320 / 661 · {late}")
    workers[0].tell(run.id, phase_event("saving", 0, 0))
    assert progress(app.run()) == saving


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_run_paused_while_it_is_tested_says_so(visit, engine, run, workers, language):
    workers[0].tell(run.id, started(), step_event(4), phase_event("testing", 320, 661))
    engine.runs.pause(run.id, by=OPERATOR)
    paused = phrase(language, "progress.paused_early", phase=phrase(language, "phase.testing"))
    assert progress(visit(language=language, run=run.id)) == paused


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_class_page_says_as_well_that_a_run_takes_longer_than_estimated(
    visit, engine, run, workers, monkeypatch, language
):
    workers[0].tell(run.id, started(), step_event(1), step_event(2))
    live = engine._trainings.get(run.id)
    for left_s, said in ((20.0, left(language, 20)), (-5.0, phrase(language, "progress.late"))):
        monkeypatch.setattr(live.pace, "remaining_s", lambda left_s=left_s, **_: left_s)
        app = visit("classroom", language, is_instructor=True)
        assert any(markdown.value.endswith(f" · {said}") for markdown in app.markdown)


# ---- what can be done to it ----


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
    engine.runs.pause(run.id, by=OPERATOR)
    paused = phrase(language, "progress.paused_early", phase=phrase(language, "phase.features"))
    assert progress(visit(language=language, run=run.id)) == paused


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_run_that_waits_says_its_place_and_can_only_be_stopped(visit, engine, language):
    run = engine.runs.submit(
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
    run = engine.runs.submit(plan_run(options), by=OPERATOR, name="live")
    workers[0].tell(run.id, started(is_cached=is_cached))
    captions = [caption.value for caption in visit(language=language, run=run.id).caption]
    assert (phrase(language, "panel.not_cached") in captions) is is_said


def test_a_look_at_an_unchanged_run_reads_and_draws_nothing_anew(visit, engine, run, workers, monkeypatch):
    workers[0].tell(run.id, started(), step_event(1))
    drawn, looked = [], []
    real_info, real_snapshot = blocks.curves_info, engine.runs.snapshot
    monkeypatch.setattr(blocks, "curves_info", lambda *told: drawn.append(told) or real_info(*told))
    monkeypatch.setattr(engine.runs, "snapshot", lambda id, by: looked.append(id) or real_snapshot(id, by=by))
    app = visit(run=run.id)
    assert len(drawn) == 2
    drawn.clear()
    looked.clear()
    app.run()
    assert (len(looked), drawn) == (1, [])  # the one look is that of the whole page, not of the panel's polling
    workers[0].tell(run.id, step_event(2))
    app.run()
    assert len(drawn) == 2


@pytest.fixture
def polled(monkeypatch):
    """What one drawing of the panel sends and does: its messages, and the folders and settings that it looks into."""
    seen = SimpleNamespace(sent=[], made=[], checked=[], is_drawing=False)
    real_draw, real_send = run_panel._draw_live, ScriptRunContext.enqueue
    real_make, real_check = Path.mkdir, RunSpec.from_dict

    def draw(*told):
        seen.sent, seen.made, seen.checked, seen.is_drawing = [], [], [], True
        real_draw(*told)
        seen.is_drawing = False

    def noted(name, real):
        def do(one, *told, **more):
            if seen.is_drawing:
                getattr(seen, name).append(one)
            return real(one, *told, **more)

        return do

    def send(visit, message):
        if seen.is_drawing:
            seen.sent.append(message.ByteSize())
        real_send(visit, message)

    monkeypatch.setattr(run_panel, "_draw_live", draw)
    monkeypatch.setattr(ScriptRunContext, "enqueue", send)
    monkeypatch.setattr(Path, "mkdir", noted("made", real_make))
    monkeypatch.setattr(RunSpec, "from_dict", noted("checked", real_check))
    return seen


def test_a_look_costs_as_much_late_in_a_long_run_as_early_in_it(visit, engine, run, workers, polled):
    found = []
    for first, last in ((1, 400), (401, 4000)):
        events = [step_event(step) for step in range(first, last + 1)]
        workers[0].tell(run.id, *([started(5000)] if first == 1 else []), *events)
        visit(run=run.id)
        assert polled.made == []  # the disk is left alone
        assert len(polled.checked) <= 1  # and what a run is was found out before
        found.append((len(polled.sent), sum(polled.sent)))
    early, late = found
    assert late[0] == early[0] <= MOST_MESSAGES
    assert late[1] < 1.3 * early[1]


def test_what_stands_above_the_curves_is_drawn_with_the_page_and_again_when_it_changes(
    visit, engine, run, workers, monkeypatch
):
    workers[0].tell(run.id, started(), step_event(1))
    titles, real = [], run_panel._draw_title

    def draw_before_it_is_renamed(record):
        real(record)
        titles.append(record.name)
        if len(titles) == 1:
            engine.runs.rename(record.id, "another", by=OPERATOR)

    monkeypatch.setattr(run_panel, "_draw_title", draw_before_it_is_renamed)
    app = visit(run=run.id)
    assert titles == ["live", "another"]
    assert [header.value for header in app.header] == ["another"]


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


# ---- what moves ----


def messages(app) -> list[dict]:
    """Returns what the components of the page are told."""
    return [json.loads(element.proto.mixed.json or element.proto.json) for element in app.get("bidi_component")]


def strips(app) -> list[dict]:
    """Returns the figures of how far the weights of each block have moved: the run's, then its baseline's."""
    found = [json.loads(one["figure"]) for one in messages(app) if "figure" in one]
    return [one for one in found if "bargap" in one["layout"]]


def heights(strip: dict) -> dict[str, list[float]]:
    return {trace["uid"]: trace["y"] for trace in strip["data"]}


def moved_event(*changes: float) -> dict:
    return {"event": "moved", "changes": list(changes)}


def picture(seed: int) -> bytes:
    cells = np.random.default_rng(seed).integers(0, 255, (8, 8, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(cells).resize((40, 40), Image.Resampling.BICUBIC).save(file, "PNG")
    return file.getvalue()


def in_pass(app) -> tuple[int, int]:
    """Returns how many pictures of the pass are shown, and how many places are empty yet."""
    (shown,) = [html.proto.body for html in app.get("html") if 'class="tl-pass"' in html.proto.body]
    return shown.count("<img"), shown.count("<i>")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_weights_of_each_block_are_drawn_as_they_move(visit, engine, workers, language):
    run = engine.runs.submit(plan_run({"backbone": "squeezenet", "n_frozen": 7}), by=OPERATOR, name="live")
    workers[0].tell(run.id, started(), step_event(1))
    app = visit(language=language, run=run.id)
    (strip,) = strips(app)
    assert heights(strip) == {"frozen": [FOOT] * 7, "trainable": [FOOT] * 2, "head": [FOOT]}
    workers[0].tell(run.id, moved_event(*[0.0] * 7, 0.012, 0.034, 0.43), step_event(2))
    app.run()
    assert not app.exception
    (strip,) = strips(app)
    assert heights(strip)["frozen"] == [FOOT] * 7
    assert FOOT < heights(strip)["trainable"][0] < heights(strip)["trainable"][1] < heights(strip)["head"][0]
    (label,) = [one["label"] for one in messages(app) if "1.2%–3.4%" in one.get("label", "")]
    assert phrase(language, "motion.head", change="43%") in label
    assert phrase(language, "motion.frozen", change="0") in label


def test_what_a_finished_run_has_moved_stands_there_for_ever_and_older_records_have_no_strip(visit, engine, pair):
    assert strips(visit(run=pair[0])) == []
    blocks = backbone_info(engine.store.get(pair[0]).spec["backbone"]).blocks
    rows = [{"block": block.name, "frozen": True, "changed": False, "before": "a", "after": "a"} for block in blocks]
    proof = [row | {"relative_change": 0.0} for row in [*rows, rows[0] | {"block": "head"}]]
    proof[-1] |= {"relative_change": 0.5, "changed": True, "frozen": False}
    engine.store._edit(pair[0], proof=proof)
    app = visit(run=pair[0])
    assert not app.exception
    (strip,) = strips(app)
    assert heights(strip)["head"][0] > 0.9
    assert any("50%" in str(table.value) for table in app.table)


def test_pictures_appear_as_the_pass_through_the_frozen_blocks_reaches_them(visit, run, workers):
    total = sum((len(places) for places in split_places(contents("groceries", data_home()), None, 0)), 0)
    shown = []
    for done in (0, 1, total // 2, total):
        workers[0].tell(run.id, phase_event("features", done, total))
        shown.append(in_pass(visit(run=run.id)))
    assert [n_images + n_empty for n_images, n_empty in shown] == [N_PASS] * 4
    assert [n_images for n_images, _ in shown] == [0, 1, N_PASS // 2, N_PASS]


def test_nobody_sees_pictures_of_a_pass_over_data_that_are_not_theirs_to_see(visit, engine, workers):
    files = [(f"{name}/{at}.png", picture(at + 100 * place)) for place, name in enumerate("ab") for at in range(48)]
    anna = Visitor("anna")
    album = engine.imports.import_now(files, by=anna, name="private", source="files")
    run = engine.runs.submit(plan_run({"dataset": album.id}, engine.home), by=anna, name="shared")
    engine.runs.share(run.id, Visibility.CLASS, by=anna)
    workers[0].tell(run.id, phase_event("features", len(files), len(files)))
    assert in_pass(visit(owner="anna", run=run.id))[0] > 0
    others = visit(owner="ben", run=run.id)
    assert not others.exception
    assert [html for html in others.get("html") if 'class="tl-pass"' in html.proto.body] == []
