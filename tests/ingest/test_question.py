"""The question how a tree is to be understood: plain data, few enough to be looked at."""

import base64
import io
import json

import pytest
from PIL import Image

from tests.ingest.pictures import picture
from tests.ingest.two_readings import LOOSE, twice, two_readings
from tl_core.ingest import places
from tl_core.ingest.question import MOST_CLASSES, MOST_READINGS, N_EXAMPLES, THUMBNAIL_PX, question_of
from tl_core.ingest.readings.reading import Level, Placed, Reading, Readings
from tl_core.ingest.request import ImportRequest
from tl_core.ingest.sources import Sent


def asked(files: dict[str, bytes], readings=two_readings) -> list[dict]:
    source = Sent(list(files.items()))
    return question_of(source, readings(source))


def flat(source: Sent) -> Readings:
    """Returns one reading many times: the first folder is the class."""
    placed = tuple(Placed(file, file.split("/")[0]) for file in source.files)
    classes = tuple(sorted({one.name for one in placed}))
    return Readings([Reading((Level.CLASS,), "folders", placed, (), classes)] * (MOST_READINGS + 3), is_clear=False)


def shown(address: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(address.removeprefix("data:image/jpeg;base64,"))))


def test_every_reading_says_what_there_would_be_and_shows_three_pictures_of_each_class():
    first, second = asked(twice(5))
    assert first["content"] == {
        "code": "content_unsplit",
        "values": {"n": 2, "classes": ["cup", "pen"], "splits": [], "n_pictures": 20},
    }
    assert second["content"]["values"]["classes"] == ["evening", "morning"]
    assert (first["levels"], second["levels"]) == (["group", "class"], ["class", "ignored"])
    assert (first["n_left_out"], first["left_out"], first["counts"]) == (1, [LOOSE], {"cup": 10, "pen": 10})
    assert {name: len(found) for name, found in first["examples"].items()} == {"cup": N_EXAMPLES, "pen": N_EXAMPLES}
    assert [doubt["code"] for doubt in second["doubts"]] == ["classes_alike"]
    assert json.loads(json.dumps([first, second])) == [first, second]


def test_the_pictures_are_small_and_each_is_read_once():
    class Counting(Sent):
        n_read = 0

        def read(self, file: str) -> bytes:
            self.n_read += 1
            return super().read(file)

    source = Counting([(f"{name}/{at}.png", picture(at, 300, 200)) for name in "ab" for at in range(3)])
    readings = question_of(source, flat(source))
    assert shown(readings[0]["examples"]["a"][0]).size == (THUMBNAIL_PX, THUMBNAIL_PX)
    assert source.n_read == 6


def test_only_so_many_readings_and_classes_are_shown_as_one_can_look_at():
    readings = asked({f"c{at:04d}/1.png": picture(1) for at in range(1_200)}, flat)
    assert len(readings) == MOST_READINGS
    assert [len(one["examples"]) for one in readings] == [MOST_CLASSES] * MOST_READINGS
    assert readings[0]["n_classes"] == readings[0]["content"]["values"]["n"] == 1_200
    assert len(json.dumps(readings)) < 400_000


def test_what_is_no_picture_has_no_example_and_stops_no_question():
    (first, _) = asked({"evening/cup/1.png": b"no picture", "evening/pen/1.png": picture(1)})
    assert {name: len(found) for name, found in first["examples"].items()} == {"cup": 0, "pen": 1}


def test_a_file_whose_name_is_no_text_is_named_readably():
    (first, _) = asked({"bad\udcff.png": picture(1), **twice(1)})
    assert first["left_out"][0] == "bad\\udcff.png"


@pytest.mark.parametrize(
    ("layout", "is_clear", "class_name", "is_open"),
    [(None, False, None, True), (0, False, None, False), (2, False, None, False), (None, True, None, False)],
)
def test_one_asks_only_where_it_would_be_a_guess_and_nobody_has_chosen(layout, is_clear, class_name, is_open):
    request = ImportRequest("x", "anna", layout=layout, class_name=class_name)
    source = Sent(list(twice(1).items()))
    assert places.is_open(Readings(two_readings(source).all, is_clear), request) is is_open


def test_files_that_are_added_to_a_class_are_not_asked_about(monkeypatch):
    monkeypatch.setattr(places, "readings_of", two_readings)
    request = ImportRequest("x", "anna", class_name="pen")
    assert places.readings_for(Sent([("1.png", picture(1))]), request) is None
    assert not places.is_open(None, request)
