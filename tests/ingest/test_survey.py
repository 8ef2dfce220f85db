"""What is decided for all pictures of a set together."""

import pytest

from tests.datasets.images import hostile_images as make
from tl_core.datasets.images.decode import decode_on
from tl_core.datasets.images.preparation import GROUNDS, Preparation
from tl_core.ingest.survey import Survey, best_ground, contrast

WHITE, BLACK, GREY, YELLOW = (255, 255, 255), (0, 0, 0), (128, 128, 128), (255, 255, 0)


def contrasts(*colours: tuple[int, int, int]) -> list[tuple[float, ...]]:
    """Returns what drawings in these colours show on each ground."""
    files = [make.encoded(make.glyph(at, colour), "PNG") for at, colour in enumerate(colours)]
    return [tuple(contrast(one.pixels) for one in decode_on(tuple(GROUNDS), data, "a")) for data in files]


@pytest.mark.parametrize(
    ("colours", "ground"),
    [
        ([BLACK] * 20, "white"),
        ([WHITE] * 20, "black"),
        ([(245, 245, 245)] * 20, "black"),
        ([*[WHITE] * 10, *[BLACK] * 10], "grey"),
        ([GREY] * 20, "white"),
        ([YELLOW] * 20, "white"),
        ([*[BLACK] * 30, WHITE], "white"),  # one of many
        ([], "white"),
    ],
)
def test_the_ground_is_white_unless_drawings_cannot_be_seen_on_it(colours, ground):
    assert best_ground(contrasts(*colours)) == ground


def test_what_cannot_be_seen_anywhere_decides_nothing():
    assert best_ground([(0.0, 0.0, 0.0), *contrasts(*[WHITE] * 9)]) == "black"
    assert best_ground([(0.0, 0.0, 0.0)]) == "white"


def test_nothing_is_decided_anew_where_it_was_decided_before():
    before = Preparation("fit", "white", 5, 9)
    survey = Survey(before, is_ground_open=False)
    survey.add("a", None, contrasts(WHITE)[0])
    survey.decide()
    assert survey.preparation == before
