"""What can be changed of an album. Row ids (Z10 …) number the known attacks."""

import numpy as np
import pytest

from tests.ingest.pictures import encoded, pattern, take, tree
from tl_core.datasets.own.album import Album
from tl_core.datasets.own.edits import (
    checked_class_name,
    dropped,
    flipping,
    one_of_each,
    relabelled,
    split_again,
    with_classes,
)
from tl_core.datasets.own.splits import TEST, TRAIN, VALIDATION
from tl_core.errors import InputError
from tl_core.store.albums import Albums


def taken(tmp_path, files: dict[str, bytes], **asked) -> Album:
    albums = Albums(tmp_path)
    return albums.album(take(albums, files, **asked).id)


@pytest.fixture
def album(tmp_path) -> Album:
    return taken(tmp_path, tree(apple=20, pear=12, plum=8))


def classes_by_identity(album: Album) -> dict[str, str]:
    return dict(zip(album.rows.sha, album.rows.name, strict=True))


def splits_by_identity(album: Album) -> dict[str, int]:
    return dict(zip(album.rows.sha, album.rows.split.tolist(), strict=True))


def test_a_picture_in_another_class_keeps_its_split(album):
    moved = relabelled(album, [0, 3], " fig ")
    before, after = classes_by_identity(album), classes_by_identity(moved)
    assert {sha for sha in before if before[sha] != after[sha]} == {album.rows.sha[0], album.rows.sha[3]}
    assert after[album.rows.sha[0]] == "fig"
    assert splits_by_identity(moved) == splits_by_identity(album)
    assert moved.id != album.id


def test_moving_there_and_back_is_the_same_album(album):
    moved = relabelled(album, [0], "fig")
    back = relabelled(moved, [int(np.flatnonzero(moved.rows.name == "fig")[0])], "apple")
    assert back.id == album.id


def test_what_is_taken_out_can_be_put_back(album):
    fewer = dropped(album, [1, 2], True)
    assert (len(fewer.rows), len(fewer.used)) == (40, 38)
    assert dropped(fewer, [1, 2], False).id == album.id


def test_an_edit_changes_nothing_of_the_album_before(album):
    before = (album.rows.name.tolist(), album.rows.is_dropped.tolist(), album.rows.split.tolist())
    relabelled(album, [0], "x"), dropped(album, [0], True), with_classes(album, {"apple": "y"}, ["pear"])
    split_again(album, 9), one_of_each(album)
    assert (album.rows.name.tolist(), album.rows.is_dropped.tolist(), album.rows.split.tolist()) == before


class TestClasses:
    def test_renaming_moves_no_picture_to_another_split(self, album):
        renamed = with_classes(album, {"apple": "zebra"}, [])
        assert renamed.classes == ("pear", "plum", "zebra")
        assert splits_by_identity(renamed) == splits_by_identity(album)

    def test_two_classes_may_change_names(self, album):
        swapped = with_classes(album, {"apple": "pear", "pear": "apple"}, [])
        assert (swapped.rows.name == "pear").sum() == 20
        assert with_classes(swapped, {"apple": "pear", "pear": "apple"}, []).id == album.id

    def test_two_classes_with_one_name_become_one(self, album):
        merged = with_classes(album, {"apple": "fruit", "pear": "fruit"}, [])
        assert (merged.classes, (merged.rows.name == "fruit").sum()) == (("fruit", "plum"), 32)

    def test_a_class_that_is_left_out_keeps_its_pictures_and_can_come_back(self, album):
        fewer = with_classes(album, {}, ["plum"])
        assert (fewer.classes, len(fewer.rows), len(fewer.used)) == (("apple", "pear"), 40, 32)
        assert with_classes(fewer, {}, []).id == album.id

    def test_a_class_that_is_merged_into_one_in_use_is_in_use(self, album):
        merged = with_classes(album, {"plum": "apple"}, ["plum"])
        assert (merged.classes, merged.excluded, len(merged.used)) == (("apple", "pear"), frozenset(), 40)

    def test_a_class_that_is_left_out_may_be_renamed(self, album):
        renamed = with_classes(album, {"plum": "fig"}, ["plum"])
        assert (renamed.classes, renamed.excluded) == (("apple", "pear"), frozenset({"fig"}))

    @pytest.mark.parametrize("name", ["", "  ", "\u200b", "\u202e", "\u200d", "..."])
    def test_a_name_of_which_nothing_can_be_seen_is_refused(self, album, name):
        for edit in (lambda: relabelled(album, [0], name), lambda: with_classes(album, {"apple": name}, [])):
            with pytest.raises(InputError) as caught:
                edit()
            assert caught.value.code == "bad_class_name"

    @pytest.mark.parametrize("name", ["<img onerror=x>", "**b**:red[x]", "=1+1", "梨", "?", "👩‍🍳"])
    def test_a_name_with_signs_is_kept_as_it_was_typed(self, name):  # Z10
        assert checked_class_name(name) == name

    def test_line_breaks_and_directions_are_taken_out_of_a_typed_name(self):  # Z10
        assert checked_class_name("red\n\u202epear") == "red pear"


class TestSplitAgain:
    def test_another_seed_draws_others_and_the_first_seed_the_same_again(self, album):
        again = split_again(album, 5)
        assert splits_by_identity(again) != splits_by_identity(album)
        assert split_again(again, 0).id == album.id

    def test_twins_stay_together(self, tmp_path):
        photo = encoded(pattern(900, 60))
        files = tree(apple=20, pear=12) | {f"apple/same {at}.png": photo for at in range(5)} | {"pear/same.png": photo}
        album = taken(tmp_path, files)
        for seed in range(10):
            rows = split_again(album, seed).rows
            for twin in set(rows.twin.tolist()):
                assert len(set(rows.split[rows.twin == twin].tolist())) == 1

    def test_what_is_taken_out_takes_no_place_in_the_test(self, tmp_path):
        album = taken(tmp_path, tree(apple=6, pear=6))
        fewer = dropped(album, [0, 1, 2], True)
        for seed in range(20):
            used = split_again(fewer, seed).used
            assert set(used.split[used.name == "apple"].tolist()) == {TRAIN, VALIDATION, TEST}

    def test_what_is_left_out_takes_no_place_either(self, tmp_path):
        album = with_classes(taken(tmp_path, tree(apple=10, pear=10, plum=10)), {}, ["plum"])
        again = split_again(album, 1)
        assert set(again.rows.split[again.rows.name == "plum"].tolist()) == {TRAIN}


class TestOneOfEach:
    def test_of_twins_in_one_class_the_first_stays(self, tmp_path):
        photo = encoded(pattern(900, 60))
        twins = {"apple/x.png": photo, "apple/y.png": photo, "pear/z.png": photo}
        fewer = one_of_each(taken(tmp_path, tree(apple=5, pear=5) | twins))
        out = fewer.rows.file[fewer.rows.is_dropped].tolist()
        assert out == ["apple/y.png"]  # the one in the other class is another question

    def test_without_twins_it_is_the_same_album(self, album):
        assert one_of_each(album) is album

    def test_one_that_was_taken_out_by_hand_is_not_the_one_that_stays(self, tmp_path):
        photo = encoded(pattern(900, 60))
        album = taken(tmp_path, tree(apple=5, pear=5) | {"apple/x.png": photo, "apple/y.png": photo})
        first = int(np.flatnonzero(album.rows.file == "apple/x.png")[0])
        fewer = one_of_each(dropped(album, [first], True))
        assert fewer.rows.file[fewer.rows.is_dropped].tolist() == ["apple/x.png"]


def test_whether_a_mirrored_picture_shows_its_class_is_part_of_the_album(album):
    assert flipping(album, False).id != album.id
    assert flipping(flipping(album, False), True).id == album.id
    assert flipping(album, False).info.can_flip is False
