"""The section of the insights that explains answers, and the question Why? on the page Classify."""

import numpy as np
import pytest
from fake_runs import record_finished

from pages.ui.explanations import said_of
from tl_core.evaluation.insight.explanations import told
from tl_core.evaluation.insight.outputs import Outputs, SplitOutputs, save_outputs
from tl_core.phrases import phrase
from tl_core.planning.plan import baseline_of, plan_run

LANGUAGES = ("en", "zh")
N_TEST = 200


@pytest.fixture
def explicable(engine) -> tuple[str, str]:
    """A run and its baseline that have kept what they said of test pictures: a third of it wrong."""
    spec = plan_run({"backbone": "squeezenet"})
    run = record_finished(engine.store, spec, 0.8, role="run", name="a run")
    twin = record_finished(engine.store, baseline_of(spec), 0.3, role="baseline", name="its twin", twin_id=run)
    labels = np.arange(N_TEST) % 14
    logits = np.eye(14, dtype=np.float32)[np.where(np.arange(N_TEST) % 3, labels, (labels + 1) % 14)]
    said = SplitOutputs(logits * np.linspace(1, 6, N_TEST, dtype=np.float32)[:, None], labels)
    for run_id in (run, twin):
        save_outputs(engine.store.run_folder(run_id), Outputs(said, said, np.full(14, 40)))
    return run, twin


def section(visit, language: str, run: str):
    app = visit("insights", language, run=run)
    control = next(one for one in app.segmented_control if one.label == phrase(language, "insights.section"))
    return control.set_value("explain").run()


def toggled(app, language: str, name: str):
    return next(one for one in app.toggle if one.label == phrase(language, f"explain.{name}")).set_value(True).run()


def html(app) -> str:
    return " ".join(one.proto.body for one in app.get("html"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_run_has_its_map_over_the_picture_in_one_scale(visit, explicable, language):
    app = section(visit, language, explicable[0])
    assert not app.exception
    assert not app.error
    shown = html(app)
    assert shown.count("<figure>") == 3  # the picture and two maps
    assert shown.count('class="tl-scale"') == 1
    where = phrase(language, "explain.strongest", zone=phrase(language, "explain.zone_top_left"), share="100%")
    for name in ("a run", "its twin"):
        assert f'alt="{phrase(language, "explain.alt", name=name, where=where)}"' in shown
    assert phrase(language, "class.anjou") in shown


def test_what_is_chosen_reaches_the_worker(visit, explicable, workers):
    app = section(visit, "en", explicable[0])
    first = [message for message in workers[0].sent if message["do"] == "explain"][-1]
    assert first["parameters"] == {"image": 198, "block": "", "method": "gradcam", "target": None}
    blocks = next(one for one in app.selectbox if one.label == phrase("en", "explain.block"))
    assert blocks.options[:2] == [phrase("en", "explain.last_block"), "fire8"]
    blocks.set_value("fire5").run()
    next(one for one in app.selectbox if one.label == phrase("en", "explain.target")).set_value(2).run()
    chosen = [message for message in workers[0].sent if message["do"] == "explain"][-1]
    assert chosen["parameters"] == {"image": 198, "block": "fire5", "method": "gradcam", "target": 2}
    assert [run["id"] for run in chosen["runs"]] == list(explicable)
    control = next(one for one in app.segmented_control if one.label == phrase("en", "explain.method"))
    control.set_value("occlusion").run()
    chosen = [message for message in workers[0].sent if message["do"] == "explain"][-1]
    assert chosen["parameters"] == {"image": 198, "block": "", "method": "occlusion", "target": 2}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_strongest_channels_are_told_with_their_training_pictures(visit, explicable, language):
    app = toggled(section(visit, language, explicable[0]), language, "channels")
    assert not app.exception
    told = [one.value for one in app.markdown]
    for number, share in ((1, "75.0%"), (2, "25.0%")):
        name = phrase(language, "explain.channel", number=number)
        assert f"**{name}** · {phrase(language, 'explain.channel_share', share=share)}" in told
    control = next(one for one in app.segmented_control if one.label == phrase(language, "explain.method"))
    control.set_value("occlusion").run()
    assert phrase(language, "explain.no_channels") in [one.value for one in app.caption]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_check_by_random_weights_says_whose_maps_can_be_trusted(visit, explicable, language):
    app = toggled(section(visit, language, explicable[0]), language, "sanity")
    assert not app.exception
    told = [one.value for one in app.markdown]
    good = {"rank_correlation": "0.10", "low": "0.00", "high": "0.20"}
    bad = {"rank_correlation": "0.90", "low": "0.80", "high": "1.00"}
    assert phrase(language, "explain.unlike", name="a run", **good) in told
    assert phrase(language, "explain.alike", name="its twin", **bad) in told
    assert len(app.table[0].value) == 4


@pytest.mark.parametrize("language", LANGUAGES)
def test_under_the_answers_each_network_says_why(visit, explicable, workers, language):
    app = visit("classify", language, run=explicable[0])
    ahead = [message["subjects"] for message in workers[0].sent if message["do"] == "explain_ahead"]
    assert ahead == [sorted([*explicable, "backbone:squeezenet"])]
    assert "<figure>" not in html(app)
    app = toggled(app, language, "why")
    assert not app.exception
    assert not app.error
    assert html(app).count("<figure>") == 3
    asked = [message for message in workers[0].sent if message["do"] == "explain_picture"]
    assert [message["subject"] for message in asked] == [*explicable, "backbone:squeezenet"]
    app.run()
    control = next(one for one in app.segmented_control if one.label == phrase(language, "explain.method"))
    control.set_value("occlusion").run()
    asked = [message["parameters"]["method"] for message in workers[0].sent if message["do"] == "explain_picture"]
    assert asked == ["gradcam"] * 3 + ["occlusion"] * 3  # what was answered is not asked again
    assert [message["do"] for message in workers[0].sent].count("explain_ahead") == 1


@pytest.mark.parametrize(
    ("cells", "method", "key"),
    [
        ([[1.0] * 3] * 3, "gradcam", "even"),
        ([[0.0] * 3] * 3, "gradcam", "nothing"),
        ([[0.004, 0.0, 0.0], [0.0] * 3, [0.0] * 3], "occlusion", "insensitive"),
        ([[0.4, 0.0, 0.0], [0.0] * 3, [0.0] * 3], "occlusion", "strongest"),
    ],
)
def test_a_map_is_said_in_words_without_more_than_it_shows(cells, method, key):
    logits = np.zeros(2)
    said = said_of(told(np.array(cells), logits, 0, method=method, block="top"))
    where = {"zone": phrase("en", "explain.zone_top_left"), "share": "100%"} if key == "strongest" else {}
    assert said == phrase("en", f"explain.{key}", **where)
