"""The section "what moved" of the insights, without a browser and with a worker that knows the answer."""

import json

import fake_runs
import pytest
from fake_runs import AnsweringWorker, record_finished

from tl_core.models.catalog import backbone_info
from tl_core.phrases import phrase
from tl_core.planning.plan import plan_run
from tl_core.spec import RunSpec

N_BLOCKS = 19


def rows(n_frozen: int, **more) -> list[dict]:
    names = [*(block.name for block in backbone_info("mobilenet_v2").blocks), "head"]
    frozen = {"frozen": True, "relative_change": 0.0, "cka": 1.0, "mean_drift": 0.0, "variance_drift": 0.0}
    moved = {"frozen": False, "relative_change": 0.034, "cka": 0.71, "mean_drift": 0.2, "variance_drift": 0.1}
    return [{"block": name} | (frozen if at < n_frozen else moved) | more for at, name in enumerate(names)]


@pytest.fixture(autouse=True)
def knows_what_moved(monkeypatch):
    """Workers answer: in the first run all but the last blocks are frozen, in the others nothing is."""
    send = AnsweringWorker.send

    def answering(self, message: dict) -> None:
        send(self, message)
        if message["do"] == "moved":
            first, *others = (RunSpec.from_dict(one["spec"]).n_frozen for one in message["runs"])
            more = [{"id": "b", "n": 500, "blocks": rows(one, cka_with_first=None)} for one in others]
            for other in more:
                other["blocks"][0]["cka_with_first"] = 0.25
            value = {"n": 500, "blocks": rows(first), "others": more}
            self._say({"say": "answer", "request_id": message["request_id"], "value": value})

    monkeypatch.setattr(AnsweringWorker, "send", answering)


def opened(visit, run: str, language: str = "en"):
    app = visit("insights", language, run=run)
    control = next(one for one in app.segmented_control if one.label == phrase(language, "insights.section"))
    return control.set_value("moved").run()


def figures(app) -> dict[str, dict]:
    """Returns what the charts of the page are told: label → figure."""
    told = [json.loads(element.proto.mixed.json or element.proto.json) for element in app.get("bidi_component")]
    return {one["label"]: json.loads(one["figure"]) for one in told if isinstance(one, dict) and "figure" in one}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_pair_is_drawn_side_by_side_and_laid_beside_each_other(visit, pair, language):
    app = opened(visit, pair[0], language)
    assert not app.exception
    tables = [table.value for table in app.table]
    assert len(tables) == 2
    word = phrase(language, "moved.relative_change")
    assert set(tables[0][word][:N_BLOCKS]) == {phrase(language, "moved.unmoved")}
    assert tables[0][word].iloc[-1] == tables[1][word].iloc[0] == "3.4%"
    assert phrase(language, "moved.cka_with_first") in tables[1]
    assert phrase(language, "moved.cka_with_first") not in tables[0]
    charts = figures(app)
    assert len(charts) == 3  # of each run, and of both beside each other
    text = " ".join(one.value for one in [*app.markdown, *app.caption])
    assert "0.71" in text
    assert phrase(language, "moved.no_gradients", name="baseline") in text
    assert phrase(language, "insights.computing") not in text


def test_runs_that_cannot_be_laid_beside_each_other_say_so(visit, pair, monkeypatch):
    send = AnsweringWorker.send

    def other_data(self, message: dict) -> None:
        if message["do"] == "moved":
            more = [{"id": "b", "n": 500, "blocks": rows(0, cka_with_first=None)}]
            value = {"n": 500, "blocks": rows(N_BLOCKS), "others": more}
            self._say({"say": "answer", "request_id": message["request_id"], "value": value})
        else:
            send(self, message)

    monkeypatch.setattr(AnsweringWorker, "send", other_data)
    app = opened(visit, pair[0])
    assert phrase("en", "moved.not_alike") in [one.value for one in app.caption]


def test_gradients_are_drawn_epoch_by_epoch_with_a_table(visit, engine, monkeypatch):
    plain = fake_runs.epoch_event

    def with_norms(number: int, **more) -> dict:
        return plain(number, **more) | {"gradient_norms": [None] * N_BLOCKS + [1.0 / number]}

    monkeypatch.setattr(fake_runs, "epoch_event", with_norms)
    run = record_finished(engine.store, plan_run({}), 0.8, role="run", name="recorded")
    app = opened(visit, run)
    assert not app.exception
    chart = next(data for label, data in figures(app).items() if "gradient" in label)
    assert [(trace["uid"], trace["y"]) for trace in chart["data"]] == [("norm-head", [1.0, 0.5])]
    assert app.table[-1].value[phrase("en", "map.head")].tolist() == ["1", "0.5"]
