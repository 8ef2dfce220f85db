"""From a tree of files to an album. Row ids (Z08, I20 …) number the known attacks."""

import json
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.ingest.pictures import Tree, encoded, everything_below, on_disk, pattern, picture, take, tree, zipped
from tl_core.datasets.own.album import Album, PackedPictures, own_folder
from tl_core.datasets.own.splits import TEST, TRAIN, VALIDATION
from tl_core.errors import InputError, StoreError, UnavailableError
from tl_core.ingest import ingest as module
from tl_core.ingest import packs, places
from tl_core.ingest.folder import Folder
from tl_core.ingest.ingest import ingest
from tl_core.ingest.request import ImportRequest
from tl_core.ingest.sources import Sent, SentFiles, open_source, write_sent_files
from tl_core.ingest.trees import Zip
from tl_core.phrases import LANGUAGES, explain, explain_skipped, said
from tl_core.store.access import Visitor
from tl_core.store.albums import AlbumRecord, Albums

ANNA = Visitor("anna")
PHOTO = picture(900, 60)
"""A picture of its own, to be put in several places."""


@pytest.fixture
def albums(tmp_path) -> Albums:
    return Albums(tmp_path / "home", lambda id: False)


def refused(albums: Albums, files: Tree, **asked) -> InputError:
    """Returns why a tree is refused, after making sure that nothing of it is left."""
    before = everything_below(albums.home)
    with pytest.raises((InputError, StoreError)) as caught:
        take(albums, files, **asked)
    assert everything_below(albums.home) - {"datasets/own/opening"} == before - {"datasets/own/opening"}
    assert all(explain(caught.value, language) for language in LANGUAGES)
    return caught.value


def noted(record: AlbumRecord) -> dict[str, dict]:
    """Returns the notes of an album, after making sure that both languages can say them."""
    for note in record.notes:
        assert all(said(note, language) for language in LANGUAGES)
    return {note["code"]: note["values"] for note in record.notes}


def skipped(albums: Albums, record: AlbumRecord) -> dict[str, str]:
    found = albums.skipped(record.id, by=Visitor(record.owner))
    assert all(explain_skipped(one, language) for one in found for language in LANGUAGES)
    return {one["file"]: one["code"] for one in found}


def splits(album: Album) -> dict[str, int]:
    return dict(zip(album.rows.file, album.rows.split.tolist(), strict=True))


class TestWhatIsTakenIn:
    def test_every_picture_is_kept_with_its_class_and_reads_back(self, albums):
        files = tree(apple=12, pear=9)
        record = take(albums, files, name="Fruit", source="fruit.zip")
        album = albums.album(record.id)
        assert (record.owner, record.name, record.source, record.n_skipped) == ("anna", "Fruit", "fruit.zip", 0)
        assert dict(zip(album.rows.file, album.rows.name, strict=True)) == {
            file: file.partition("/")[0] for file in files
        }
        pictures = PackedPictures(own_folder(albums.home, record.id), album.packs, album.rows)
        for at, file in enumerate(album.rows.file):
            assert encoded(pictures[at]) == files[file]
        assert set(album.rows.split.tolist()) == {TRAIN, VALIDATION, TEST}

    def test_of_500_files_the_3_bad_ones_are_named_with_their_reasons(self, albums):  # I20
        files = {f"{'ab'[at % 2]}/{at:03d}.png": picture(at, 8) for at in range(497)}
        bad = {"a/cut.png": picture(1)[:60], "a/text.jpg": b"no picture", "b/nothing.png": b""}
        record = take(albums, files | bad)
        assert (len(albums.album(record.id).rows), record.n_skipped) == (497, 3)
        assert skipped(albums, record) == {
            "a/cut.png": "image_damaged",
            "a/text.jpg": "image_unknown",
            "b/nothing.png": "image_empty",
        }

    def test_what_was_left_out_is_listed_in_the_order_of_the_files(self, albums):
        record = take(albums, tree(a=5, b=5) | {"readme.txt": b"x", "cover.png": PHOTO, "b/x.png": b"", "a/x.png": b""})
        assert list(skipped(albums, record)) == ["a/x.png", "b/x.png", "cover.png"]
        assert skipped(albums, record)["cover.png"] == "member_homeless"
        assert noted(record)["other_files"] == {"n": 1, "endings": [".txt"]}

    def test_an_archive_in_files_sent_to_a_class_is_one_bad_picture(self, albums, tmp_path):  # Z05
        inner = zipped(tmp_path / "inner.zip", tree(x=2)).read_bytes()
        record = take(albums, tree(a=5, b=5) | {"a/inner.zip": inner, "a/inner.png": inner})
        assert skipped(albums, record) == {"a/inner.png": "image_not_picture"}
        assert noted(record)["other_files"]["endings"] == [".zip"]

    def test_grey_pictures_are_known_to_be_grey(self, albums):
        def grey(number: int) -> bytes:
            return encoded(np.asarray(Image.fromarray(pattern(number)).convert("L")))

        files = {f"{name}/{at}.png": grey(10 * at + ord(name)) for name in "ab" for at in range(5)}
        assert albums.album(take(albums, files).id).info.channels == 1
        assert albums.album(take(albums, files | {"a/colour.png": PHOTO}).id).info.channels == 3

    def test_files_are_taken_in_one_after_the_other_and_counted(self, albums):
        files = tree(a=20, b=20)
        steps = list(ingest(albums, Sent(list(files.items())), ImportRequest("x", "anna"), n_threads=2))
        assert steps == [*((done, 40) for done in range(1, 41)), (40, 40)]

    def test_memory_holds_only_what_the_threads_have_in_hand(self, albums, monkeypatch):
        files, waiting, most = tree(a=60, b=60), Counter(), []
        kept_file = packs.kept_file

        def counted(origin, file, survey):
            waiting["read"] += 1
            return kept_file(origin, file, survey)

        monkeypatch.setattr(packs, "kept_file", counted)
        for done, _ in ingest(albums, Sent(list(files.items())), ImportRequest("x", "anna"), n_threads=1):
            most.append(waiting["read"] - done)
        assert max(most) <= packs.IN_HAND


class TestLayouts:
    def test_one_class_is_refused_with_advice(self, albums):  # Z08
        error = refused(albums, tree(apple=5), source="fruit.zip")
        assert (error.code, error.values) == ("import_one_class", {"source": "fruit.zip", "name": "apple"})

    def test_no_class_folders_are_explained(self, albums):  # Z08
        error = refused(albums, {"1.png": PHOTO, "2.png": picture(1)}, source="fruit.zip")
        assert (error.code, error.values) == ("import_no_classes", {"source": "fruit.zip"})

    def test_an_empty_class_is_listed(self, albums, tmp_path):  # Z08
        root = on_disk(tmp_path / "tree", tree(apple=5, pear=5))
        (root / "plum").mkdir()
        assert noted(take(albums, Folder(root))) == {"class_empty": {"classes": ["plum"]}}

    def test_a_class_without_a_usable_picture_is_listed_too(self, albums):  # Z08
        record = take(albums, tree(apple=5, pear=5) | {"plum/1.png": b"no picture"})
        assert noted(record) == {"class_empty": {"classes": ["plum"]}}
        assert albums.info(record.id).classes == ("apple", "pear")

    def test_a_class_with_one_picture_is_taken_in_and_only_trains(self, albums):  # Z08
        album = albums.album(take(albums, tree(apple=9, pear=9, plum=1)).id)
        assert album.rows.split[album.rows.name == "plum"].tolist() == [TRAIN]
        assert album.classes == ("apple", "pear", "plum")

    def test_train_validation_and_test_folders_are_kept_and_said_so(self, albums):  # Z08
        parts = {"train": 6, "val": 3, "test": 4}
        files = {}
        for first, (part, n) in enumerate(parts.items()):
            files |= {f"set/{part}/{file}": data for file, data in tree(100 * first, apple=n, pear=n).items()}
        record = take(albums, files)
        expected = {"train": TRAIN, "val": VALIDATION, "test": TEST}
        found = splits(albums.album(record.id))
        assert found == {file.removeprefix("set/"): expected[file.split("/")[1]] for file in files}
        assert noted(record) == {"splits_kept": {"splits": ["train", "validation", "test"]}}

    def test_a_missing_part_is_made_from_the_training_part(self, albums):  # Z08
        files = {f"train/{file}": data for file, data in tree(0, apple=20, pear=20).items()}
        files |= {f"test/{file}": data for file, data in tree(500, apple=4, pear=4).items()}
        record = take(albums, files)
        album = albums.album(record.id)
        assert Counter(album.rows.split.tolist()) == {TRAIN: 32, VALIDATION: 8, TEST: 8}
        tested = {file for file, split in splits(album).items() if split == TEST}
        assert tested == {file for file in files if file.startswith("test/")}
        assert noted(record) == {"splits_kept": {"splits": ["train", "test"]}}

    @pytest.mark.parametrize(
        "name", ["<img onerror=alert(1)>", "**b**:red[x]", "![x](http:x)", "👩‍👩‍👧", "=1+1", "梨", "{n}", "$x^2$"]
    )
    def test_a_class_keeps_its_name_to_the_letter(self, albums, name):  # Z10
        record = take(albums, tree(**{name: 4, "apple": 4}))
        assert set(albums.info(record.id).classes) == {name, "apple"}
        assert noted(record) == {}

    @pytest.mark.parametrize(("name", "kept"), [("re\u202ed", "red"), ("re\nd", "re d"), ("red\u200b", "red")])
    def test_only_what_cannot_be_seen_is_taken_out_of_a_name_and_that_is_said(self, albums, name, kept):  # Z10
        record = take(albums, tree(**{name: 4, "apple": 4}))
        assert set(albums.info(record.id).classes) == {kept, "apple"}
        assert list(noted(record)) == ["classes_renamed"]

    def test_odd_names_are_each_reported(self, albums, tmp_path):  # Z09
        files = tree(**{"é": 3, "e\u0301": 3, "Cat": 3, "cat": 3, "dot.": 3, "CON": 3, "x" * 200: 3})
        record = take(albums, Zip(zipped(tmp_path / "a.zip", files), "a.zip"))
        assert set(noted(record)) == {"classes_joined", "classes_renamed", "classes_alike", "classes_reserved"}
        assert len(albums.info(record.id).classes) == 6
        assert len(albums.album(record.id).rows) == 21

    def test_too_many_pictures_or_classes_are_refused_before_one_is_read(self, albums, monkeypatch):
        def never(*arguments):
            raise AssertionError("read")

        monkeypatch.setattr(packs, "kept_file", never)
        monkeypatch.setattr(places, "MAX_PICTURES", 9)
        assert refused(albums, tree(a=5, b=5)).code == "import_too_many"
        monkeypatch.setattr(places, "MAX_CLASSES", 2)
        assert refused(albums, tree(a=1, b=1, c=1)).code == "import_too_many_classes"

    def test_where_no_file_is_a_picture_the_first_is_named(self, albums):
        error = refused(albums, {"a/1.png": b"x", "b/2.png": b"y"}, source="fruit.zip")
        assert error.code == "import_no_pictures"
        assert error.values == {"source": "fruit.zip", "n": 2, "file": "a/1.png"}

    def test_a_single_bad_picture_is_refused_for_its_own_reason(self, albums):
        assert refused(albums, {"x.png": b"no picture"}, class_name="apple").code == "image_unknown"


class TestTwins:
    def test_the_same_picture_in_two_classes_stays_in_one_split(self, albums):  # Z12
        files = tree(apple=9, pear=9) | {"apple/same.png": PHOTO, "pear/same.png": PHOTO}
        album = albums.album(take(albums, files).id)
        found = splits(album)
        assert found["apple/same.png"] == found["pear/same.png"]
        assert len(album.rows) == 20

    def test_the_same_picture_in_train_and_in_test_is_left_out_of_one_and_counted(self, albums):  # Z12
        files = {f"train/{file}": data for file, data in tree(0, a=9, b=9).items()}
        files |= {f"test/{file}": data for file, data in tree(500, a=4, b=4).items()}
        files |= {"train/a/same.png": PHOTO, "test/a/same.png": PHOTO, "train/b/again.png": PHOTO}
        record = take(albums, files)
        assert noted(record)["twins_crossed"] == {"n": 2}
        assert skipped(albums, record) == dict.fromkeys(("train/a/same.png", "train/b/again.png"), "member_twin")
        assert splits(albums.album(record.id))["test/a/same.png"] == TEST

    def test_a_class_does_not_lose_all_it_trains_on_to_its_twins(self, albums):  # Z12
        files = {f"train/{file}": data for file, data in tree(0, a=9).items()}
        files |= {f"test/{file}": data for file, data in tree(500, a=4).items()}
        files |= {"train/b/same.png": PHOTO, "test/b/same.png": PHOTO, "test/b/other.png": picture(801)}
        record = take(albums, files)
        found = splits(albums.album(record.id))
        assert (found["train/b/same.png"], skipped(albums, record)) == (TRAIN, {"test/b/same.png": "member_twin"})

    @settings(
        max_examples=25,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(
        st.lists(
            st.tuples(st.sampled_from(["train", "val", "test"]), st.sampled_from("abc"), st.integers(0, 9)),
            min_size=6,
            max_size=30,
            unique=True,
        )
    )
    def test_no_twins_are_in_two_splits_whatever_the_folders_say(self, tmp_path_factory, chosen):  # Z12
        albums = Albums(tmp_path_factory.mktemp("home"))
        files = {f"{part}/{name}/{number}.png": picture(number, 32) for part, name, number in chosen}
        if len({name for _, name, _ in chosen}) < 2 or len({part for part, _, _ in chosen}) < 2:
            return
        if not any(part == "train" for part, _, _ in chosen):
            return
        record = take(albums, files, layout=0)  # classes may differ between the splits
        rows = albums.album(record.id).rows
        by_identity: dict[str, set[int]] = {}
        for sha, split in zip(rows.sha, rows.split.tolist(), strict=True):
            by_identity.setdefault(sha, set()).add(split)
        assert all(len(found) == 1 for found in by_identity.values())
        assert len(set(rows.twin.tolist())) == len(by_identity)
        assert len(rows) + record.n_skipped == len(files)


class TestTheSameAgain:
    def test_the_same_archive_twice_is_stored_once(self, albums, tmp_path):  # Z13
        path = zipped(tmp_path / "a.zip", tree(apple=8, pear=8))
        first, second = (take(albums, Zip(path, "a.zip")) for _ in range(2))
        assert first.id == second.id
        assert [path.name for path in (albums.home / "datasets" / "own").glob("*own-*")] == [first.id]
        assert len(albums.listed(by=ANNA)) == 1

    def test_a_folder_an_archive_and_what_a_browser_sends_are_the_same_data_set(self, albums, tmp_path):  # Z14
        files = tree(apple=8, pear=8) | {"梨/caf\u00e9.png": PHOTO}
        inside = {f"fruit/{file}": data for file, data in files.items()}
        taken_apart = {f"fruit/{file}".replace("é", "e\u0301"): data for file, data in files.items()}
        origins = {
            "folder": Folder(on_disk(tmp_path / "fruit", files)),
            "archive of the folder": Zip(zipped(tmp_path / "a.zip", inside), "a.zip"),
            "archive of what is in it": Zip(zipped(tmp_path / "b.zip", files), "b.zip"),
            "archive of a Mac": Zip(zipped(tmp_path / "c.zip", taken_apart), "c.zip"),
            "browser": open_source(write_sent_files(tmp_path / "sent", list(inside.items())), "fruit", is_sent=True),
            "browser, from memory": Sent(list(reversed(inside.items()))),
        }
        assert isinstance(origins["browser"], SentFiles)
        assert len({take(albums, origin).id for origin in origins.values()}) == 1

    def test_however_many_threads_decode_it_is_the_same(self, albums):
        files, ids = tree(a=15, b=15), set()
        for n_threads in (1, 5):
            steps = ingest(albums, Sent(list(files.items())), ImportRequest("x", "anna"), n_threads)
            while True:
                try:
                    next(steps)
                except StopIteration as end:
                    ids.add(end.value.id)
                    break
        assert len(ids) == 1

    def test_another_seed_is_another_split_and_so_another_data_set(self, albums):
        first, second = (take(albums, tree(apple=20, pear=20), seed=seed) for seed in (0, 1))
        assert first.id != second.id
        assert splits(albums.album(first.id)) != splits(albums.album(second.id))


class TestAdding:
    @pytest.fixture
    def record(self, albums) -> AlbumRecord:
        return take(albums, tree(apple=12, pear=12), name="Fruit")

    def add(self, albums: Albums, record: AlbumRecord, files: Tree, name: str | None = "apple", **asked) -> AlbumRecord:
        return take(albums, files, into=record, class_name=name, **asked)

    def test_pictures_come_to_those_that_are_there_and_none_of_those_moves(self, albums, record):
        before = splits(albums.album(record.id))
        added = self.add(albums, record, {f"new {at}.png": picture(300 + at) for at in range(10)})
        after = splits(albums.album(added.id))
        assert {file: after[file] for file in before} == before
        assert len(after) == 34
        assert (added.name, added.created_at) == ("Fruit", record.created_at)
        assert [one.id for one in albums.listed(by=ANNA)] == [added.id]

    def test_a_new_class_gets_its_own_share_of_every_split(self, albums, record):
        added = self.add(albums, record, {f"{at}.png": picture(300 + at) for at in range(10)}, "plum")
        rows = albums.album(added.id).rows
        assert set(rows.split[rows.name == "plum"].tolist()) == {TRAIN, VALIDATION, TEST}

    def test_photo_after_photo_makes_one_pack_and_all_can_be_read(self, albums, record):
        for at in range(6):
            record = self.add(albums, record, {"camera.png": picture(400 + at)})
        album, folder = albums.album(record.id), own_folder(albums.home, record.id)
        pictures = PackedPictures(folder, album.packs, album.rows)
        assert len(list(pictures)) == 30
        assert len(list(folder.glob("pack-*"))) == len(album.packs) == 1

    def test_a_large_pack_is_left_as_it_is(self, albums, record, monkeypatch):
        monkeypatch.setattr(module, "SMALL_PACK_BYTES", 10)
        added = self.add(albums, record, {"x.png": picture(400)})
        album = albums.album(added.id)
        assert len(album.packs) == 2
        assert len(list(PackedPictures(own_folder(albums.home, added.id), album.packs, album.rows))) == 25

    def test_a_picture_that_is_there_already_is_not_added_again(self, albums, record):
        error = self.refused(albums, record, {"again.png": picture(0)})
        assert error.code == "member_known"
        error = self.refused(albums, record, {"again.png": picture(0), "more.png": picture(1)})
        assert error.code == "member_known"
        added = self.add(albums, record, {"again.png": picture(0), "new.png": picture(400)})
        assert skipped(albums, added) == {"again.png": "member_known"}

    def refused(self, albums: Albums, record: AlbumRecord, files: Tree) -> InputError:
        return refused(albums, files, into=record, class_name="apple")

    def test_a_twin_of_a_picture_that_is_there_stands_beside_it_and_moves_no_other(self, albums, record):
        photos = {f"photo {at}.png": encoded(pattern(600 + at, 120)) for at in range(4)}
        record = self.add(albums, record, photos, "plum")
        before = splits(albums.album(record.id))
        for at in range(4):
            nearly = pattern(600 + at, 120).copy()
            nearly[:3, :3] ^= 1
            record = self.add(albums, record, {f"nearly {at}.png": encoded(nearly)}, "plum")
            after = splits(albums.album(record.id))
            assert after[f"nearly {at}.png"] == before[f"photo {at}.png"]
            assert {file: after[file] for file in before} == before

    def test_a_folder_that_says_another_split_than_a_twin_has_is_overruled(self, albums, record):
        album = albums.album(record.id)
        trained = next(file for file, split in splits(album).items() if split == TRAIN)
        number = int(trained.rpartition("/")[2].removesuffix(".png")) + 12 * trained.startswith("pear")
        files = {
            "test/plum/same.png": picture(number),
            "test/plum/x.png": picture(700),
            "train/plum/y.png": picture(701),
        }
        added = self.add(albums, record, files, None)
        found = splits(albums.album(added.id))
        assert skipped(albums, added) == {"test/plum/same.png": "member_twin"}
        assert (found["test/plum/x.png"], found["train/plum/y.png"]) == (TEST, TRAIN)
        assert {file: found[file] for file in splits(album)} == splits(album)

    def test_a_part_that_is_missing_is_made_from_the_new_pictures_and_from_no_old_one(self, albums):
        parts = {"train/apple": 20, "train/pear": 20, "val/apple": 1, "test/pear": 1}  # hardly a test
        first = {
            f"{part}/{at}.png": picture(100 * n + at) for n, (part, k) in enumerate(parts.items()) for at in range(k)
        }
        record = take(albums, first)
        before = splits(albums.album(record.id))
        files = {f"train/plum/{at}.png": picture(700 + at) for at in range(10)}
        files |= {f"val/plum/{at}.png": picture(750 + at) for at in range(3)}
        files |= {f"train/apple/new {at}.png": picture(780 + at) for at in range(10)}
        added = self.add(albums, record, files, None)
        rows, after = albums.album(added.id).rows, splits(albums.album(added.id))
        assert {file: after[file] for file in before} == before
        assert set(rows.split[rows.name == "plum"].tolist()) == {TRAIN, VALIDATION, TEST}
        assert {after[file] for file in files if file.startswith("val/")} == {VALIDATION}

    def test_pictures_of_which_none_is_taken_move_no_old_one(self, albums):
        parts = {"train/a": 9, "train/b": 9, "val/a": 1, "test/b": 1}
        first = {
            f"{part}/{at}.png": picture(100 * n + at) for n, (part, k) in enumerate(parts.items()) for at in range(k)
        }
        record = take(albums, first)
        before = splits(albums.album(record.id))
        added = self.add(albums, record, {"test/x/1.png": picture(0), "train/x/2.png": picture(300)}, None)
        assert added.n_skipped == 2
        assert splits(albums.album(added.id)) == before

    def test_new_twins_of_each_other_in_two_splits_are_not_both_lost(self, albums, record):
        files = {"train/plum/a.png": PHOTO, "test/plum/b.png": PHOTO, "train/plum/c.png": picture(701)}
        added = self.add(albums, record, files, None)
        found = splits(albums.album(added.id))
        assert {file for file in files if file in found} == {"test/plum/b.png", "train/plum/c.png"}

    def test_what_was_left_out_before_is_still_listed(self, albums):
        record = take(albums, tree(apple=5, pear=5) | {"apple/bad.png": b""})
        added = self.add(albums, record, {"new.png": picture(300), "worse.png": b""})
        assert list(skipped(albums, added)) == ["apple/bad.png", "worse.png"]
        assert added.n_skipped == 2

    def test_a_run_keeps_the_pictures_that_were_added_to(self, tmp_path):  # Z13
        trained_on: set[str] = set()
        albums = Albums(tmp_path, trained_on.__contains__)
        record = take(albums, tree(apple=5, pear=5))
        trained_on.add(record.id)
        self.add(albums, record, {"new.png": picture(300)})
        assert len(albums.album(record.id).rows) == 10

    @pytest.mark.parametrize("file", ["pack", "looks.npz", "pictures.parquet"])
    def test_an_album_that_is_damaged_takes_nothing_and_says_so(self, albums, record, file):
        for path in own_folder(albums.home, record.id).glob(f"{file}*"):
            path.unlink()
        with pytest.raises((UnavailableError, StoreError)) as caught:
            self.add(albums, record, {"new.png": picture(300)})
        assert caught.value.code in ("dataset_damaged", "file_damaged")
        assert list((albums.home / "datasets" / "own").glob(".draft-*")) == []


class TestNothingIsLeft:
    def test_whoever_closes_the_iterator_cancels(self, albums):
        steps = ingest(albums, Sent(list(tree(a=20, b=20).items())), ImportRequest("x", "anna"), n_threads=2)
        next(steps)
        assert len(list((albums.home / "datasets" / "own").glob(".draft-*"))) == 1
        steps.close()
        assert everything_below(albums.home / "datasets" / "own") <= {"opening"}

    def test_a_disk_without_room_refuses_at_once(self, albums, monkeypatch):
        monkeypatch.setattr("tl_core.disk.space.free_bytes", lambda path: 10**6)
        assert refused(albums, tree(a=5, b=5)).code == "disk_full"

    @pytest.mark.parametrize("nth", [1, 2, 3, 5, 8])
    def test_a_disk_that_fills_up_at_any_sync_leaves_nothing(self, albums, monkeypatch, nth):
        done, fsync = [], os.fsync

        def fill_up(descriptor: int) -> None:
            done.append(descriptor)
            if len(done) == nth:
                raise OSError(28, "No space left on device")
            fsync(descriptor)

        monkeypatch.setattr(os, "fsync", fill_up)
        assert refused(albums, tree(a=5, b=5)).code == "disk_full"

    def test_a_quota_is_kept_while_pictures_are_written(self, albums):
        assert refused(albums, tree(a=20, b=20), most_bytes=5_000).code == "import_too_much_disk"
        assert take(albums, tree(a=20, b=20), most_bytes=500_000).n_skipped == 0

    def test_the_files_are_closed_whatever_happens(self, albums, tmp_path):
        origin = Zip(zipped(tmp_path / "a.zip", tree(apple=3)), "a.zip")
        with pytest.raises(InputError):
            take(albums, origin)
        with pytest.raises(ValueError, match="closed"):
            origin.read(origin.files[0])


def test_names_that_are_no_text_are_stored_as_readable_escapes(albums, tmp_path):
    root = on_disk(tmp_path / "tree", tree(apple=3, pear=3))
    odd = Path(str(root / "apple" / "caf")).with_name(b"caf\xe9.png".decode("utf-8", "surrogateescape"))
    odd.write_bytes(PHOTO)
    odd.with_name(b"\xe9.txt".decode("utf-8", "surrogateescape")).write_bytes(b"x")
    record = take(albums, Folder(root))
    assert "apple/caf\\udce9.png" in albums.album(record.id).rows.file
    assert json.dumps(albums.skipped(record.id, by=ANNA)).encode()
