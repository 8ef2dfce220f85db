"""Trees in the shapes that people have are read rightly, or a person is asked; never wrongly and in silence."""

import random
from collections import Counter
from collections.abc import Sequence

import pytest

from tests.ingest.readings.layouts import Layout, layouts
from tl_core.ingest.readings.read import read_layout
from tl_core.ingest.readings.reading import Reading
from tl_core.phrases import LANGUAGES, keys, said

LAYOUTS = list(layouts())


def is_right(layout: Layout, reading: Reading) -> bool:
    """Says whether a reading puts exactly those pictures into classes that have one, each into the right one."""
    return {one.file: (one.name, one.split) for one in reading.placed} == layout.truth


def judged(layout: Layout) -> str:
    """Returns "right", "asked" or "wrong"."""
    readings = read_layout(layout.files)
    best = readings.all[0]
    if layout.refused:
        usual = "import_one_class" if best.placed else "import_no_classes"
        code = best.refusal.code if best.refusal else usual
        return "right" if len(best.classes) < 2 and code == layout.refused else "wrong"
    if readings.is_clear:
        return "right" if is_right(layout, best) else "wrong"
    return "asked" if any(is_right(layout, one) for one in readings.all) else "wrong"


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_a_layout_is_read_rightly_or_asked_about(layout):
    assert judged(layout) == ("asked" if layout.must_ask else "right")


def test_there_are_many_layouts_and_few_questions():
    assert len({layout.name for layout in LAYOUTS}) == len(LAYOUTS)
    counted = Counter(map(judged, LAYOUTS))
    assert counted["wrong"] == 0
    assert counted["right"] > 3 * counted["asked"]
    assert len(LAYOUTS) >= 60


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_every_file_is_in_one_place_of_every_reading(layout):
    for reading in read_layout(layout.files).all:
        places = [one.file for one in (*reading.placed, *reading.left_out)]
        assert sorted([*places, *reading.passed_over, *reading.unlabelled]) == sorted(layout.files)


def _choices(readings: Sequence[Reading]) -> list[Reading]:
    return [one for one in readings if len(one.classes) > 1]


@pytest.mark.parametrize("layout", [one for one in LAYOUTS if not one.refused], ids=lambda layout: layout.name)
def test_the_order_of_the_files_and_what_is_around_them_change_nothing(layout):
    expected = read_layout(layout.files)
    mixed = random.Random(0).sample(layout.files, len(layout.files))
    assert read_layout(mixed).all[0].placed == expected.all[0].placed
    for around in ("my data/", "labels/", "test/", "2024/person 1/"):
        wrapped = read_layout([around + file for file in layout.files])
        assert wrapped.is_clear == expected.is_clear
        for reading, other in zip(_choices(wrapped.all), _choices(expected.all), strict=True):
            assert [(reading.inside(one.file), one.name, one.split) for one in reading.placed] == [
                (other.inside(one.file), one.name, one.split) for one in other.placed
            ]


def test_every_reading_says_why_in_both_languages():
    given = {reading.why for layout in LAYOUTS for reading in read_layout(layout.files).all}
    assert {"folders", "splits", "splits_below", "repeated", "one_variant", "names", "name_part", "nothing"} <= given
    assert {f"reading.{why}" for why in given} <= keys("en") & keys("zh")


def test_a_person_is_told_what_is_put_aside_and_what_is_doubted():
    for layout in LAYOUTS:
        for reading in read_layout(layout.files).all:
            told = [
                said(note.to_dict(), language) for note in (*reading.notes, *reading.doubts) for language in LANGUAGES
            ]
            assert all(told)
            assert bool(reading.passed_over or reading.unlabelled) <= bool(reading.notes)
