"""What runs say of a picture of the live camera; what a browser sends may be anything."""

import base64
import io

import numpy as np
import pytest
from fake_runs import record_finished
from PIL import Image

from pages.classify import webcam
from pages.ui import state
from tl_core.errors import ImageError, InputError
from tl_core.ingest.camera_photos import PREFIX
from tl_core.phrases import LANGUAGES, phrase
from tl_core.planning.plan import plan_run
from tl_core.store.access import Visitor


def photo(seed: int = 0) -> str:
    pixels = np.random.default_rng(seed).integers(0, 255, (48, 64, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG")
    return PREFIX + base64.b64encode(file.getvalue()).decode()


@pytest.fixture
def as_owner(engine, monkeypatch):
    monkeypatch.setattr(state, "visitor", lambda: Visitor("local"))
    monkeypatch.setattr(state, "language", lambda: "en")


@pytest.mark.usefixtures("as_owner")
def test_every_run_answers_with_its_three_most_probable_classes(engine, pair):
    records = [engine.store.get(run) for run in pair]
    answers = webcam.answers_to({"number": 1, "photo": photo()}, records)
    assert [answer["role"] for answer in answers] == ["run", "baseline"]
    for answer in answers:
        assert answer["error"] is None
        assert [round(one["share"], 3) for one in answer["classes"]] == [0.75, 0.019, 0.019]
        assert answer["classes"][0]["text"] == "75%"
    assert list((engine.home / "uploads").glob("*.npz")) == []  # nothing is kept


@pytest.mark.parametrize("sent", [None, 7, {}, {"photo": "data:text/html;base64,AAAA"}, {"photo": PREFIX + "%"}])
def test_what_is_no_photo_is_refused_in_a_sentence(engine, pair, sent):
    with pytest.raises(InputError):
        webcam.answers_to(sent, [engine.store.get(pair[0])])


def test_a_jpeg_that_is_none_is_refused(engine, pair):
    with pytest.raises(ImageError):
        webcam.answers_to({"photo": PREFIX + base64.b64encode(b"no picture").decode()}, [engine.store.get(pair[0])])


@pytest.mark.usefixtures("as_owner")
def test_a_run_that_may_not_be_asked_says_so_and_the_others_answer(engine, pair):
    other = record_finished(engine.store, plan_run({}), 0.5, role="run", name="theirs", owner="ben")
    mine, theirs = webcam.answers_to({"photo": photo()}, [engine.store.get(one) for one in (pair[0], other)])
    assert mine["classes"]
    assert theirs["classes"] == []
    assert other in theirs["error"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_live_camera_is_one_of_the_ways_to_show_a_picture(visit, pair, language):
    app = visit("classify", language, run=pair[0])
    way = next(one for one in app.segmented_control if one.label == phrase(language, "classify.way"))
    way.set_value("webcam").run()
    assert not app.exception
    assert phrase(language, "webcam.about") in {text.value for text in app.caption}
