"""What is said of a picture that a network is asked about: what of it is used, and how deep values were scaled."""

import numpy as np
import pytest

from tests.datasets.images import hostile_images as make
from tests.ingest.pictures import picture
from tl_core.datasets.images.preparation import PLAIN, Preparation
from tl_core.datasets.images.prepared import prepare_picture
from tl_core.evaluation.framing_checks import picture_notes
from tl_core.phrases import LANGUAGES, said

DEEP = np.array([[[0], [2000]]], np.uint16)


def told(data: bytes, preparation: Preparation = PLAIN) -> dict[str, dict]:
    notes = picture_notes(prepare_picture(data, "a", preparation))
    assert all(said(note.to_dict(), language) for note in notes for language in LANGUAGES)
    return {note.code: note.values for note in notes}


@pytest.mark.parametrize("size", [(30, 30), (40, 30), (600, 400), (500, 333), (333, 500)])
def test_of_a_picture_that_keeps_two_thirds_nothing_is_said(size):
    assert told(picture(1, *size)) == {}


def test_of_a_picture_that_loses_more_the_kept_share_is_said():
    size = (160, 40)
    assert told(picture(1, *size)) == told(picture(1, *size[::-1])) == {"cut_one": {"share": 25}}
    assert told(picture(1, *size), Preparation("fit")) == {}


@pytest.mark.parametrize(
    ("stated", "preparation", "code", "high"),
    [
        (12, Preparation(low=0, high=9), "deep_one_stated", 4095),
        (0, Preparation("fit", low=0, high=2500), "deep_one_set", 2500),
        (0, PLAIN, "deep_one_largest", 2047),
    ],
)
def test_of_a_deep_picture_its_range_and_the_reason_for_it_are_said(stated, preparation, code, high):
    assert told(make.deep_png(DEEP, stated), preparation)[code] == {"low": 0, "high": high}
