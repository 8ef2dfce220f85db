"""Splits that a person gives are right or refused, and what belongs together is in one split."""

import json
from collections import Counter

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.ingest.bursts import burst
from tests.ingest.pictures import Tree, encoded, pattern, picture, take, tree
from tl_core.datasets.known import known_dataset
from tl_core.datasets.own.album import ABOUT, LOOKS, PICTURES, Album, own_folder, read_looks
from tl_core.datasets.own.edits import filled, relabelled, split_again, without_groups, without_lacking
from tl_core.datasets.own.splits import SPLITS, TEST, TRAIN, VALIDATION
from tl_core.errors import InputError, SpecError
from tl_core.evaluation.data_checks import findings
from tl_core.phrases import LANGUAGES, explain, phrase, said
from tl_core.planning.plan import is_ready, plan_run
from tl_core.store.albums import Albums


@pytest.fixture
def albums(tmp_path) -> Albums:
    return Albums(tmp_path, lambda id: False)


def taken(albums: Albums, files: Tree, **asked) -> Album:
    return albums.album(take(albums, files, **asked).id)


def splits_of(**counts: tuple[int, int, int]) -> Tree:
    """Returns folders train, validation and test with so many pictures of each class."""
    files, number = {}, 0
    for name, numbers in counts.items():
        for split, n in zip(SPLITS, numbers, strict=True):
            for _ in range(n):
                files[f"{split}/{name}/{number}.png"] = picture(number)
                number += 1
    return files


LACKING = {
    "lacks_train": (splits_of(cat=(8, 3, 3), dog=(8, 3, 3), pen=(0, 4, 4)), ["pen"]),
    "lacks_validation": (splits_of(cat=(8, 3, 3), dog=(8, 3, 3), pen=(8, 0, 3)), ["pen"]),
    "lacks_test": (splits_of(cat=(8, 3, 3), dog=(8, 3, 3), pen=(8, 3, 0)), ["pen"]),
}


@pytest.mark.parametrize("code", LACKING)
class TestGivenSplits:
    def test_a_class_that_a_split_lacks_is_named_first_and_no_run_is_planned(self, albums, code):
        files, classes = LACKING[code]
        album = taken(albums, files)
        first = findings(album)[0]
        assert (first.code, first.values) == (code, {"classes": classes})
        assert not is_ready(known_dataset(album.id, albums.home))
        with pytest.raises(SpecError) as caught:
            plan_run({"dataset": album.id}, albums.home)
        for language in LANGUAGES:
            assert explain(caught.value, language) == said(first.to_dict(), language)
            assert "untested" not in {note.code for note in findings(album)}

    def test_each_repair_makes_it_ready(self, albums, code):
        album = taken(albums, LACKING[code][0])
        moved, fewer, anew = filled(album), without_lacking(album), split_again(album, album.seed)
        assert all(is_ready(one.info) for one in (moved, fewer, anew))
        assert (moved.classes, fewer.classes) == (("cat", "dog", "pen"), ("cat", "dog"))
        others = album.rows.name != "pen"
        assert (moved.rows.split[others] == album.rows.split[others]).all()
        assert set(moved.rows.split[~others].tolist()) == {TRAIN, VALIDATION, TEST}
        given = (album.rows.split != TRAIN) & ~others
        if code != "lacks_train":
            assert (moved.rows.split[given] == album.rows.split[given]).all()


def test_tiny_classes_of_a_split_that_we_drew_are_trained_as_before(albums):
    assert is_ready(taken(albums, tree(cat=8, dog=8, pen=1)).info)


def test_an_album_of_before_is_asked_whether_it_lacks_a_class(albums):
    album = taken(albums, LACKING["lacks_train"][0])
    about = own_folder(albums.home, album.id) / ABOUT
    told = json.loads(about.read_bytes())
    del told["info"]["lacks"]
    about.write_text(json.dumps(told))
    assert known_dataset(album.id, albums.home).lacks == (("train", ("pen",)),)


def people(n: int, each: int = 6, names: tuple[str, ...] = ("cat", "dog")) -> Tree:
    """Returns pictures of each class by so many people, one folder a person."""
    numbers = iter(range(10_000))
    return {
        f"{name}/person{who}/{at}.png": picture(next(numbers))
        for name in names
        for who in range(n)
        for at in range(each)
    }


class TestGroups:
    @pytest.mark.parametrize("kind", ["folders", "names"])
    def test_what_belongs_together_is_in_one_split_also_when_drawn_anew(self, albums, kind):
        files = people(7)
        if kind == "names":
            files = {
                file.replace("/person", "/film").replace("/", "_").replace("_", "/", 1): data
                for file, data in files.items()
            }
        record = take(albums, files, groups=kind)
        assert {"code": "groups_kept", "values": {"n": 7}} in record.notes
        album = albums.album(record.id)
        for one in (album, *(split_again(album, seed) for seed in range(5))):
            splits = Counter(set(zip(one.rows.group, one.rows.split.tolist(), strict=True)))
            assert len(splits) == len(set(one.rows.group)) == 7
            assert set(one.rows.split.tolist()) == {TRAIN, VALIDATION, TEST}

    def test_without_the_question_each_picture_stands_for_itself(self, albums):
        asked = taken(albums, people(7), groups="folders")
        alone = taken(albums, people(7), groups="none", layout=2)  # of two readings that in which people are no classes
        assert set(alone.rows.name) == set(asked.rows.name)
        assert not any(alone.rows.group)
        assert alone.id != asked.id

    def test_too_few_groups_are_said_and_repaired(self, albums):
        album = taken(albums, people(2), groups="folders")
        first = findings(album)[0]
        assert (first.code, first.values, is_ready(album.info)) == ("needs_groups", {"n": 2}, False)
        assert is_ready(without_groups(album).info)

    def test_groups_that_the_given_splits_divide_are_refused(self, albums):
        files = {f"{split}/{file}": data for split in ("train", "test") for file, data in people(3).items()}
        files = {file: encoded(pattern(at)) for at, file in enumerate(files)}
        with pytest.raises(InputError) as caught:
            take(albums, files, groups="folders")
        assert (caught.value.code, caught.value.values) == ("groups_divided", {"n": 3, "group": "person0"})
        assert all(explain(caught.value, language) for language in LANGUAGES)


class TestLookalikes:
    def test_a_burst_of_a_still_camera_can_be_trained_on(self, albums):
        album = taken(albums, burst(30, nothing=None, cup=(240, 240, 250)))
        for name in album.classes:
            assert set(album.rows.split[album.rows.name == name].tolist()) == {TRAIN, VALIDATION, TEST}
        assert is_ready(album.info)

    def copies(self) -> Tree:
        again = encoded(pattern(900, 120), "JPEG", quality=40)
        return tree(apple=9, pear=9) | {"apple/x.png": picture(900, 120), "pear/x.jpg": again}

    def test_pictures_of_two_classes_that_look_alike_are_asked_about(self, albums):
        album = taken(albums, self.copies())
        told = {note.code: note.values for note in findings(album)}
        assert told["look_alike"] == {"n": 1}
        assert "in_two_classes" not in told
        assert all(phrase(language, "data.look_alike") for language in LANGUAGES)

    def test_the_answer_puts_both_into_one_split(self, albums):
        album = taken(albums, self.copies())
        for seed in range(6):
            drawn = split_again(album, seed)
            moved = relabelled(drawn, np.flatnonzero(drawn.rows.file == "pear/x.jpg").tolist(), "apple").rows
            twins = np.isin(moved.file, ["apple/x.png", "pear/x.jpg"])
            assert len(set(moved.split[twins].tolist())) == len(set(moved.twin[twins].tolist())) == 1


def test_pictures_are_added_to_an_album_of_before_and_compared_with_those_that_it_has(albums):
    record = take(albums, tree(apple=6, pear=6) | {"apple/x.png": picture(900, 120)})
    folder = own_folder(albums.home, record.id)
    with np.load(folder / LOOKS) as file:
        old = {name: file[name] for name in ("sha", "hash", "small") if name in file}
    np.savez(folder / LOOKS, **old)
    table = pq.read_table(folder / PICTURES)
    pq.write_table(table.drop_columns(["lookalike", "group"]), folder / PICTURES, write_page_checksum=True)
    assert read_looks(folder) == {}
    again = encoded(pattern(900, 120), "JPEG", quality=40)
    more = take(albums, {"1.jpg": again}, into=record, class_name="apple")
    rows = albums.album(more.id).rows
    assert len(set(rows.twin[np.isin(rows.file, ["apple/x.png", "1.jpg"])].tolist())) == 1
    assert len(read_looks(own_folder(albums.home, more.id))) == 14
