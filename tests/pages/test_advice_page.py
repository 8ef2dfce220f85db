"""The advisor on the page: its map, what other scores say of the same features, and the way to its check."""

import json

import pytest
from fake_runs import record_finished

from tl_core.experiments.presets import PRESETS
from tl_core.experiments.presets.networks import network_name, network_of
from tl_core.phrases import LANGUAGES, phrase
from tl_core.planning.plan import plan_run
from tl_core.store.records import SweepState

BACKBONES = PRESETS["backbones"]
LEVELS = {"resnet50": 0.7, "vgg16": 0.6, "mobilenet_v2": 0.5, "efficientnet_lite0": 0.4, "squeezenet": 0.3}


def accuracy(row: dict) -> float:
    place = sum(map(ord, row["block"])) % 7
    return LEVELS.get(row["backbone"], 0.2) + 0.01 * place + 0.001 * row["seed"] * (place + 1) % 0.005


@pytest.fixture
def opened(visit, sweeps):
    """Starts the advisor, measures all its trials, and returns the page, the sweeps and the id."""

    def start(language: str = "en"):
        app = visit("experiments", language, sweep_kind="backbones", sweep_seeds="2")
        assert not app.exception
        app.radio[0].set_value("resnet50").run()
        app.button(key="start-sweep").click().run()
        (id,) = sweeps.records
        sweeps.measure(id, accuracy, SweepState.COMPLETED)
        return app.run(), sweeps, id

    return start


def shown(app) -> str:
    return "\n".join(one.value for one in (*app.markdown, *app.caption, *app.info))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_network_is_a_row_of_the_map_and_the_answer_names_the_best(opened, language):
    app, sweeps, id = opened(language)
    assert not app.exception
    messages = (json.loads(one.proto.mixed.json or one.proto.json) for one in app.get("bidi_component"))
    figure = next(json.loads(told["figure"]) for told in messages if "figure" in told)
    n_networks = len({(row["backbone"], row["image_size"]) for row in sweeps.rows[id]})
    assert len(figure["layout"]["yaxis"]["ticktext"]) == n_networks
    assert len(figure["data"][0]["x"]) == 4 * n_networks
    assert any(box.value.startswith("**ResNet50 ") for box in app.info)
    assert phrase(language, "sweep.backbones.choice.resnet50") in shown(app)


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_click_tunes_the_first_the_middle_and_the_last(opened, language):
    app, sweeps, id = opened(language)
    app.button(key="check-advice").click().run()
    assert not app.exception
    check = next(record for record in sweeps.records.values() if record.id != id)
    arms = list(dict.fromkeys(cell["factors"]["arm"] for cell in check.sweep["cells"]))
    assert check.sweep["kind"] == "advised"
    assert (arms[0].partition("@")[0], arms[-1].partition("@")[0]) == ("resnet50", "squeezenet")
    assert check.sweep["base"]["dataset"] == sweeps.records[id].sweep["base"]["dataset"]
    sweeps.measure(check.id, lambda row: LEVELS[network_of(row["arm"])[0]] + 0.01 * row["seed"], SweepState.COMPLETED)
    app.run()
    assert not app.exception
    table = app.dataframe[0].value
    assert network_name(*network_of(arms[0])) in set(table[phrase(language, "sweep.advised.x")])


@pytest.mark.parametrize("language", LANGUAGES)
def test_other_scores_are_asked_only_when_somebody_wants_to_know(opened, engine, language):
    app, sweeps, id = opened(language)
    assert "ask-advice" not in {button.key for button in app.button}  # the runs are gone
    rows, n = sweeps.rows[id], 3
    specs = [plan_run({"seed": 100 + at, "epochs": 1}) for at in range(n)]
    runs = [record_finished(engine.store, spec, 0.5, role="run", name="probe") for spec in specs]
    sweeps.rows[id] = (*({**row, "run_id": run} for row, run in zip(rows, runs, strict=False)), *rows[n:])
    app.run()
    app.button(key="ask-advice").click().run()
    assert not app.exception
    table = app.dataframe[0].value
    assert len(table) == n
    probes = list(table[phrase(language, "experiments.advice_probe")])
    assert probes == sorted(probes, reverse=True)
    assert phrase(language, "experiments.advice_tau", n=n, svm="0.00", knn="1.00", logme="1.00") in shown(app)


def test_the_check_alone_asks_which_networks_and_no_backbone_or_size_beside_them(visit, sweeps):
    app = visit("experiments", sweep_kind="advised", sweep_arms="vgg16@64,squeezenet@64")
    assert not app.exception
    assert [box.key for box in app.main.selectbox if "dataset" not in box.key] == []
    app.radio[0].set_value("kept").run()
    app.button(key="start-sweep").click().run()
    (record,) = sweeps.records.values()
    assert {cell["factors"]["arm"] for cell in record.sweep["cells"]} == {"vgg16@64", "squeezenet@64"}
    assert "MobileNetV2" not in record.name
