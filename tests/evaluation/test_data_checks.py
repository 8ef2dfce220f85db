"""What one should know of an album before believing a number. Row ids (Z12 …) number the known attacks."""

from dataclasses import replace

import numpy as np
import pytest

from tl_core.datasets.own.album import Album
from tl_core.datasets.own.rows import Rows
from tl_core.datasets.own.splits import TEST, TRAIN, VALIDATION
from tl_core.evaluation.data_checks import class_table, duplicate_groups, findings, margin
from tl_core.phrases import LANGUAGES, said

# half of Wilson's 95 % interval for round(0.85 n) right of n, worked out by hand from
# z / (1 + z²/n) · √(p(1 − p)/n + z²/4n²) with z = 1.96
MARGINS = {1: 0.3967, 12: 0.2005, 30: 0.1219, 100: 0.0699, 1000: 0.0222}


def album(*rows: tuple[str, int, int], excluded: frozenset[str] = frozenset()) -> Album:
    """Returns an album of (class, split, twin) rows; pictures with one twin number are the same picture."""
    names, splits, twins = zip(*rows, strict=True) if rows else ((), (), ())
    n = len(rows)
    columns = {name: [0] * n for name in ("width", "height", "side", "pack", "offset", "length")}
    told = {"file": [f"{at}.png" for at in range(n)], "sha": [f"{twin:064x}" for twin in twins]}
    told |= {"name": list(names), "split": list(splits), "twin": list(twins), "is_dropped": [False] * n}
    return Album(Rows.of(columns | told), ("pack-1.bin",), excluded)


def plenty(**classes: tuple[int, int, int]) -> list[tuple[str, int, int]]:
    """Returns so many different pictures of each class in train, validation and test."""
    found: list[tuple[str, int, int]] = []
    for name, counts in classes.items():
        for split, n in enumerate(counts):
            found += [(name, split, sum(map(ord, name)) * 10_000 + 1000 * split + at) for at in range(n)]
    return found


def noted(made: Album) -> dict[str, dict]:
    found = findings(made)
    for note in found:
        assert all(said(note.to_dict(), language) for language in LANGUAGES)
    return {note.code: note.values for note in found}


@pytest.mark.parametrize("n", MARGINS)
def test_the_margin_is_half_of_wilsons_interval(n):
    assert margin(n) == pytest.approx(MARGINS[n], abs=0.0006)


def test_an_album_with_plenty_of_everything_has_nothing_to_be_said():
    assert noted(album(*plenty(apple=(70, 30, 30), pear=(70, 30, 30)))) == {}


def test_twelve_test_pictures_are_said_to_mean_twenty_points():
    found = noted(album(*plenty(梨=(70, 30, 12), apple=(70, 30, 30))))
    assert found == {"few_test_one": {"n": 12, "name": "梨", "points": 20, "n_classes": 1}}
    sentence = said({"code": "few_test_one", "values": found["few_test_one"]}, "en")
    assert sentence == "Only 12 test pictures of 梨: expect ± 20 points."


def test_a_class_that_is_only_tested_is_named():
    found = noted(album(*plenty(apple=(70, 30, 30), pear=(0, 30, 30))))
    assert found["lacks_train"] == {"classes": ["pear"]}


def test_of_several_small_classes_the_smallest_is_named_and_all_are_counted():
    found = noted(album(*plenty(a=(70, 30, 29), b=(70, 30, 7), c=(70, 30, 30), d=(70, 30, 8))))
    assert (found["few_test"]["name"], found["few_test"]["n"], found["few_test"]["n_classes"]) == ("b", 7, 3)


def test_a_class_with_one_picture_is_told_from_one_that_is_not_tested():  # Z08
    rows = plenty(apple=(70, 30, 30), pear=(70, 30, 30), single=(1, 0, 0), untested=(5, 2, 0))
    found = noted(album(*rows))
    assert found["one_picture"] == {"classes": ["single"]}
    assert found["untested"] == {"classes": ["untested"]}


def test_the_same_picture_in_two_classes_is_counted():  # Z12
    rows = [*plenty(apple=(70, 30, 30), pear=(70, 30, 30)), ("apple", TRAIN, 1), ("pear", TRAIN, 1)]
    found = noted(album(*rows))
    assert found["in_two_classes"] == {"n": 1}
    assert found["duplicates"] == {"n": 1}


def test_pictures_that_are_there_more_than_once_are_counted_without_the_first():  # Z12
    rows = plenty(apple=(70, 30, 30), pear=(70, 30, 30)) + [("apple", TRAIN, 1)] * 3 + [("pear", TEST, 2)] * 2
    assert noted(album(*rows)) == {"duplicates": {"n": 3}}


def test_nearly_identical_pictures_are_counted_by_groups():  # Z12
    made = album(*plenty(apple=(70, 30, 30), pear=(70, 30, 30)))
    twin = made.rows.twin.copy()
    twin[1:3], twin[11] = twin[0], twin[10]
    assert noted(replace(made, rows=replace(made.rows, twin=twin))) == {"near_twins": {"n": 2}}
    assert [group.tolist() for group in duplicate_groups(replace(made.rows, twin=twin))] == [[0, 1, 2], [10, 11]]


def test_a_class_with_twice_as_many_pictures_is_uneven():
    assert "uneven" not in noted(album(*plenty(a=(100, 70, 69), b=(60, 30, 30))))
    found = noted(album(*plenty(a=(100, 70, 70), b=(60, 30, 30))))
    assert found["uneven"] == {"large": "a", "most": 240, "small": "b", "least": 120}


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([], "needs_classes"),
        (plenty(a=(9, 3, 3)), "needs_classes"),
        (plenty(a=(2, 1, 0), b=(2, 0, 0)), "needs_pictures"),
        (plenty(a=(2, 0, 1), b=(2, 0, 0)), "needs_pictures"),
    ],
)
def test_one_that_cannot_be_trained_on_says_so_first(rows, code):
    assert next(iter(noted(album(*rows)))) == code


def test_what_is_dropped_or_left_out_is_not_spoken_of():
    made = album(*plenty(apple=(70, 30, 30), pear=(70, 30, 30), few=(3, 1, 1)), excluded=frozenset({"few"}))
    assert noted(made) == {}
    rows = [*plenty(apple=(70, 30, 30), pear=(70, 30, 30)), ("apple", TRAIN, 1), ("apple", TRAIN, 1)]
    made = album(*rows)
    marks = np.zeros(len(rows), bool)
    marks[-1] = True
    assert noted(replace(made, rows=replace(made.rows, is_dropped=marks))) == {}


def test_the_table_counts_every_class_and_gives_no_margin_where_nothing_is_tested():
    made = album(*plenty(b=(5, 2, 0), a=(6, 2, 12)), excluded=frozenset({"b"}))
    first, second = class_table(made)
    assert {**first, "margin": 0} == {"name": "a", "n": 20, "train": 6, "validation": 2, "test": 12, "margin": 0}
    assert first["margin"] == pytest.approx(MARGINS[12], abs=0.0006)
    assert second == {"name": "b", "n": 7, "train": 5, "validation": 2, "test": 0, "margin": None}
    assert VALIDATION == 1
