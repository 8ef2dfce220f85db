"""Feature spaces on the Insights page, and what is unlike anything seen on Classify, with a worker that answers."""

import json

import pytest
from fake_runs import AnsweringWorker

from tl_core.datasets.catalog import dataset_info
from tl_core.phrases import phrase

LANGUAGES = ("en", "zh")
LABELS = [0, 0, 1, 1, 2]
SHARES = {"purity": 0.5, "low": 0.4, "high": 0.6, "chance": 0.1, "disparity": 0.25, "n_channels": 512}
NOVELTY = {"threshold": 0.3, "error_rate": 0.25, "low": 0.2, "high": 0.3, "n_train": 586, "n_validation": 4}
NOVELTY |= {"n_test": 500, "near": 0.57, "near_low": 0.34, "near_high": 0.92, "n_near": 14}
NOVELTY |= {"validation": [0.1, 0.2, 0.3, 0.4]}
MNIST = {"dataset": "mnist-small", "n": 100}


def space(runs: list[int], when: str, weights: str, **more: object) -> dict:
    of_class = [0.25, 0.75, 1.0, *[None] * 11]
    points = [[0.1 * at, -0.2 * at] for at in range(len(LABELS))]
    return {"runs": runs, "when": when, "weights": weights, "points": points, "of_class": of_class, **SHARES, **more}


def spaces(**more: object) -> dict:
    """Returns what the worker says of a run whose blocks are all frozen, and its baseline."""
    told = [space([0], "both", "pretrained", **more), space([1], "before", "random", **more)]
    told.append(space([1], "after", "random", **more))
    classes = list(dataset_info("groceries").classes)
    right = [[1, 1, 0, 1, 1], [0, 0, 0, 1, 1]]
    return {"spaces": told, "images": [0, 5, 9, 20, 33], "labels": LABELS, "classes": classes, "right": right, "n": 5}


@pytest.fixture
def said(monkeypatch) -> dict:
    """What the worker answers, by what it is asked; None: nothing yet."""
    answers: dict = {"features": spaces(explained=0.37), "tsne": None, "novelty": None, "unlike": [0.35]}
    usual = AnsweringWorker.send

    def send(self, message: dict) -> None:
        usual(self, message)
        if answers.get(message["do"]) is not None:
            self._say({"say": "answer", "request_id": message["request_id"], "value": answers[message["do"]]})

    monkeypatch.setattr(AnsweringWorker, "send", send)
    return answers


def choose(app, label: str, value: str):
    return next(one for one in app.segmented_control if one.label == label).set_value(value).run()


def opened(visit, language: str, run: str):
    return choose(visit("insights", language, run=run), phrase(language, "insights.section"), "features")


def charts(app) -> list[dict]:
    protos = [element.proto for element in app.get("bidi_component")]
    data = [json.loads(proto.mixed.json or proto.json) for proto in protos]
    return [one for one in data if "figure" in one]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_spaces_of_run_and_baseline_stand_side_by_side_with_their_numbers(visit, pair, said, language):
    app = opened(visit, language, pair[0])
    assert not app.exception
    assert len(charts(app)) == 3
    shown = " ".join(one.value for one in app.caption)
    numbers = {"k": 10, "purity": "50%", "low": "40%", "high": "60%", "chance": "10%"}
    assert shown.count(phrase(language, "insights.features_purity", **numbers)) == 3
    assert phrase(language, "insights.features_unchanged_pretrained") in shown
    titles = [one.value for one in app.markdown]
    assert f"**{phrase(language, 'insights.features_came_random')}**" in titles
    table = app.table[0].value
    assert table.iloc[0].tolist() == ["50%"] * 3
    assert [row.iloc[0] for _, row in table.iterrows()] == ["50%", "25%", "75%", "100%"]


def test_colour_is_not_the_only_sign_and_can_say_right_or_wrong(visit, pair, said):
    app = opened(visit, "en", pair[0])
    by_class = json.loads(charts(app)[0]["figure"])["data"]
    assert len({trace["marker"]["symbol"] for trace in by_class}) == 3
    app = choose(app, phrase("en", "insights.features_colour"), "right")
    assert not app.exception
    by_right = json.loads(charts(app)[0]["figure"])["data"]
    assert [trace["ids"] for trace in by_right] == [["0", "5", "20", "33"], ["9"]]


def test_block_and_neighbours_are_asked_for(visit, pair, said, workers):
    app = opened(visit, "en", pair[0])
    for label, value in (("features_block", 4), ("features_k", 20)):
        box = next(one for one in app.selectbox if one.label == phrase("en", f"insights.{label}"))
        app = box.set_value(value).run()
        assert not app.exception
    asked = [message["parameters"] for message in workers[0].sent if message["do"] == "features"]
    assert asked[0] == {"block": None, "n": 1000, "k": 10}
    assert asked[-1] == {"block": 4, "n": 1000, "k": 20}


@pytest.mark.parametrize("language", LANGUAGES)
def test_tsne_is_drawn_while_it_settles_and_can_be_called_off(visit, pair, said, workers, language):
    app = opened(visit, language, pair[0])
    app = choose(app, phrase(language, "insights.features_method"), "tsne")
    (asked,) = [message for message in workers[0].sent if message["do"] == "tsne"]
    value = spaces(iteration=250, divergence=1.5)
    told = {"say": "progress", "request_id": asked["request_id"], "done": 250, "total": 1000, "value": value}
    workers[0]._say(told)
    app = app.run()
    assert not app.exception
    assert phrase(language, "insights.features_iteration", n=250) in " ".join(one.value for one in app.caption)
    assert len(charts(app)) == 3
    cancel = next(one for one in app.button if one.label == phrase(language, "insights.cancel"))
    app = cancel.click().run()
    assert phrase(language, "insights.called_off") in [one.value for one in app.caption]


def test_runs_of_different_data_are_not_compared(visit, engine, said, pair):
    from fake_runs import record_finished

    from tl_core.planning.plan import plan_run

    other = record_finished(
        engine.store, plan_run({"dataset": "groceries-coarse"}), 0.5, role="run", name="coarse", labels=None
    )
    app = opened(visit, "en", pair[0])
    app = app.multiselect[0].set_value([pair[0], other]).run()
    assert not app.exception
    assert phrase("en", "insights.features_one_data") in [one.value for one in app.info]


def ask_unlike(app, language: str):
    label = phrase(language, "classify.unlike_check")
    return next(one for one in app.button if one.label == label).click().run()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_far_picture_is_called_unlike_with_how_often_that_errs(visit, pair, said, language):
    foreign = [{**MNIST, "auroc": 0.99, "low": 0.98, "high": 1.0}]
    said["novelty"] = {**NOVELTY, "can_tell": True, "foreign": foreign}
    app = ask_unlike(visit("classify", language, run=pair[0]), language)
    assert not app.exception
    assert [one.value for one in app.warning] == [phrase(language, "classify.unlike_yes", share="75%")]
    caption = " ".join(one.value for one in app.caption)
    assert phrase(language, "classify.unlike_error", rate="25%", n=500, low="20%", high="30%") in caption
    assert phrase(language, "classify.unlike_near", near="57%", low="34%", high="92%") in caption


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_near_picture_is_not_called_unlike(visit, pair, said, language):
    said["novelty"] = {**NOVELTY, "can_tell": True, "foreign": []}
    said["unlike"] = [0.15]
    app = ask_unlike(visit("classify", language, run=pair[0]), language)
    assert not app.exception
    assert not app.warning
    assert phrase(language, "classify.unlike_no", share="25%") in " ".join(one.value for one in app.markdown)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_run_that_cannot_tell_digits_from_its_own_pictures_says_so_and_gives_no_score(
    visit, pair, said, workers, language
):
    foreign = [{**MNIST, "auroc": 0.14, "low": 0.1, "high": 0.2}]
    foreign.append({"dataset": "cifar10-small", "n": 100, "auroc": 0.95, "low": 0.93, "high": 0.97})
    said["novelty"] = {**NOVELTY, "can_tell": False, "foreign": foreign}
    app = ask_unlike(visit("classify", language, run=pair[0]), language)
    assert not app.exception
    (told,) = [one.value for one in app.info if "14%" in one.value]
    assert phrase(language, "dataset.mnist-small.name") in told
    assert "95%" not in told
    assert not any(message["do"] == "unlike" for message in workers[0].sent)
    assert not app.warning


@pytest.mark.parametrize("language", LANGUAGES)
def test_measuring_shows_how_far_it_is_and_can_be_called_off(visit, pair, said, workers, language):
    app = ask_unlike(visit("classify", language, run=pair[0]), language)
    (asked,) = [message for message in workers[0].sent if message["do"] == "novelty"]
    workers[0]._say({"say": "progress", "request_id": asked["request_id"], "done": 30, "total": 100, "value": None})
    app = app.run()
    assert not app.exception
    assert len([one for one in app.button if one.label == phrase(language, "classify.unlike_check")]) == 1
    cancel = next(one for one in app.button if one.label == phrase(language, "insights.cancel"))
    app = cancel.click().run()
    assert not app.exception
    assert len([one for one in app.button if one.label == phrase(language, "insights.again")]) == 1
    assert any(message["do"] == "cancel" for message in workers[0].sent)
