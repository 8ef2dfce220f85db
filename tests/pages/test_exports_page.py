"""What a run can be taken along as, on its panel."""

from pathlib import Path

import pytest
from fake_runs import AnsweringWorker

from pages.ui import exports
from tests.pages.test_bundles_page import Downloads
from tl_core.errors import StoreError
from tl_core.export import cache, formats
from tl_core.export.formats import Exported, Parity
from tl_core.phrases import explain, phrase

LANGUAGES = ("en", "zh")


@pytest.fixture
def downloads(monkeypatch) -> Downloads:
    made = Downloads()
    monkeypatch.setattr(exports.st, "download_button", made)
    return made


def asked(workers: list[AnsweringWorker]) -> list[dict]:
    return [message for worker in workers for message in worker.sent if message["do"] == "export"]


def make(workers: list[AnsweringWorker]) -> None:
    """Has the worker make what was asked for last."""
    message = asked(workers)[-1]
    parity = Parity(50, 2.5e-6, {"keras": "3.15"}) if message["format"] == "keras" else None
    exported = Exported(Path(message["target"]), message["format"], parity)
    exported.path.write_bytes(b"file")
    cache.keep(exported)
    workers[-1]._say({"say": "answer", "request_id": message["request_id"], "value": exported.to_dict()})


def press(app, format: str, run: str, language: str):
    return app.button(f"make-export-{format}-{run}-{language}").click().run()


def captions(app) -> list[str]:
    return [caption.value for caption in app.caption]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_is_asked_for_made_and_offered(visit, engine, workers, pair, downloads, language):
    app = visit("lab", language, run=pair[0])
    assert not app.exception
    assert phrase(language, "export.title") in [expander.label for expander in app.expander]
    app = press(app, "keras", pair[0], language)
    assert phrase(language, "export.making") in captions(app)
    (message,) = asked(workers)
    assert (message["format"], message["source"]["language"]) == ("keras", language)
    assert message["source"]["twin"]["record"]["id"] == pair[1]
    make(workers)
    app.run()
    assert not app.exception
    told = phrase(language, "export.parity", n=50, difference="2.5e-06", versions="keras 3.15")
    assert told in captions(app)
    name, data = downloads.offered[f"save-export-keras-{pair[0]}-{language}"]
    assert name.endswith(f"{pair[0][:12]}-keras.zip")
    assert data() == b"file"
    again = visit("lab", language, run=pair[0])  # another tab finds it made
    assert told in captions(again)


def test_a_file_that_does_not_agree_is_said_in_one_sentence_and_can_be_tried_again(visit, workers, pair):
    app = press(visit("lab", run=pair[0]), "tflite", pair[0], "en")
    error = StoreError("export_differs", format="tflite", difference=0.02, allowed=1e-5)
    workers[-1]._say({"say": "answer", "request_id": asked(workers)[-1]["request_id"], "error": error.to_dict()})
    app.run()
    assert any(explain(error, "en")[:40] in one for one in captions(app))
    press(app, "tflite", pair[0], "en")
    assert len(asked(workers)) == 2


def test_a_killed_worker_is_said_and_one_can_press_again(visit, workers, pair):
    app = press(visit("lab", run=pair[0]), "card", pair[0], "en")
    workers[-1].die(-9)
    app.run()
    assert not app.exception
    assert any(":red[" in one for one in captions(app))
    app = press(app, "card", pair[0], "en")
    make(workers)
    app.run()
    assert not any(":red[" in one for one in captions(app))


@pytest.mark.parametrize("language", LANGUAGES)
def test_packages_that_are_missing_are_named_in_the_place_of_the_button(visit, pair, monkeypatch, language):
    here = formats.find_spec
    monkeypatch.setattr(formats, "find_spec", lambda name: None if "onnx" in name.split(".")[0] else here(name))
    app = visit("lab", language, run=pair[0])
    packages = phrase(language, "unit.comma").join(("tf2onnx", "onnx", "onnxruntime"))
    assert phrase(language, "export.needs", packages=packages) in captions(app)
    assert f"make-export-onnx-{pair[0]}-{language}" not in [button.key for button in app.button]


def test_the_baseline_can_be_taken_along_too(visit, workers, pair):
    app = visit("lab", run=pair[0])
    app.segmented_control("export-which").select("baseline").run()
    press(app, "card", pair[1], "en")
    assert asked(workers)[-1]["source"]["record"]["id"] == pair[1]
