"""Two visitors at once: neither meets what the other has brought, chosen or been told."""

import pytest

from tl_core.paths import ASSETS
from tl_core.phrases import phrase
from tl_core.store.access import OPERATOR
from tl_core.store.records import Visibility

PICTURE = ASSETS / "samples" / "granny_smith_1.jpg"


@pytest.fixture
def two(visit, engine, pair):
    """Two visitors who look at the same shared run and are about to upload."""
    engine.runs.share(pair[0], Visibility.CLASS, by=OPERATOR)
    apps = [visit("classify", owner=owner, run=pair[0]) for owner in ("anna", "ben")]
    for app in apps:
        next(c for c in app.segmented_control if c.label == phrase("en", "classify.way")).set_value("upload").run()
    return apps


def kept(app) -> str:
    """Returns all that a visit remembers, as text."""
    return repr(app.session_state["kept"])


def test_neither_sees_the_upload_or_the_answers_of_the_other(two):
    anna, ben = two
    before = kept(ben)
    anna.file_uploader[0].upload("annas apple.jpg", PICTURE.read_bytes(), "image/jpeg")
    anna.run()
    ben.run()
    assert "annas apple" in " ".join(caption.value for caption in anna.caption)
    assert ben.file_uploader[0].value in (None, [])
    assert "annas apple" not in " ".join(caption.value for caption in ben.caption)
    assert kept(ben) == before
    assert kept(anna) != before.replace("ben", "anna")
    assert not anna.exception
    assert not ben.exception


def test_what_one_knows_in_the_name_of_the_other_is_not_there(two):
    anna, ben = two
    assert anna.session_state["kept"]["owner"] == "anna"
    assert "anna" not in kept(ben)
