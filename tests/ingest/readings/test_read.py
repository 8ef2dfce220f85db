"""What the names of a tree say. Row ids (Z08 …) number the known attacks."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tl_core.datasets.own.class_names import MAX_CLASS_NAME, clean_class_name
from tl_core.datasets.own.splits import UNKNOWN
from tl_core.ingest.readings.read import read_layout
from tl_core.ingest.readings.reading import Reading

TRAIN, VALIDATION, TEST = range(3)
PARTS = ["train", "test", "cat", "dog", "masks", "images", "1.jpg", "cat_2.jpg", "cat_2_mask.png", "a.txt", "fold1"]
ACCENTED = unicodedata.normalize("NFC", "é")
TAKEN_APART = unicodedata.normalize("NFD", "é")


def best(files, folders=()) -> Reading:
    return read_layout(files, folders).all[0]


def homeless(layout: Reading) -> tuple[str, ...]:
    return tuple(one.file for one in layout.left_out)


def placed(layout: Reading) -> tuple[tuple[str, str, int], ...]:
    return tuple((one.file, one.name, one.split) for one in layout.placed)


def notes(layout: Reading) -> dict[str, dict]:
    return {note.code: note.values for note in layout.notes}


def classes_of(*names: str) -> Reading:
    return best([f"{name}/1.jpg" for name in names])


class TestWhereAFileBelongs:
    def test_the_folder_that_a_file_lies_in_is_its_class(self):
        layout = best(["pear/1.jpg", "apple/1.jpg", "apple/2.jpg"])
        assert placed(layout) == (
            ("apple/1.jpg", "apple", UNKNOWN),
            ("apple/2.jpg", "apple", UNKNOWN),
            ("pear/1.jpg", "pear", UNKNOWN),
        )
        assert (layout.classes, homeless(layout), layout.notes) == (("apple", "pear"), (), ())

    @pytest.mark.parametrize("around", ["", "fruit/", "fruit/2024/", "a/b/c/d/"])
    def test_folders_around_the_whole_are_looked_through(self, around):
        layout = best([f"{around}apple/1.jpg", f"{around}pear/1.jpg"], [around] if around else [])
        assert layout.classes == ("apple", "pear")
        assert [layout.inside(file) for file, _, _ in placed(layout)] == ["apple/1.jpg", "pear/1.jpg"]

    def test_what_lies_deeper_belongs_to_its_class(self):
        layout = best(["apple/red/1.jpg", "apple/1.jpg", "pear/green/small/2.jpg"])
        assert {file: name for file, name, _ in placed(layout)} == {
            "apple/red/1.jpg": "apple",
            "apple/1.jpg": "apple",
            "pear/green/small/2.jpg": "pear",
        }

    def test_files_beside_the_classes_have_no_class(self):
        layout = best(["readme.txt", "apple/1.jpg", "pear/1.jpg", "cover.jpg"])
        assert (homeless(layout), layout.passed_over) == (("cover.jpg",), ("readme.txt",))
        assert layout.classes == ("apple", "pear")
        assert notes(layout) == {"other_files": {"n": 1, "endings": [".txt"]}}

    def test_without_class_folders_all_files_are_homeless(self):  # Z08
        layout = best(["1.jpg", "2.jpg"])
        assert (placed(layout), homeless(layout), layout.classes) == ((), ("1.jpg", "2.jpg"), ())

    def test_a_single_class_folder_is_a_class_and_not_looked_through(self):  # Z08
        assert classes_of("apple").classes == ("apple",)
        assert best(["fruit/apple/1.jpg"]).classes == ("apple",)

    def test_an_empty_folder_is_listed_as_an_empty_class(self):  # Z08
        layout = best(["apple/1.jpg", "pear/1.jpg"], ["apple", "pear", "plum", "fig"])
        assert layout.classes == ("apple", "fig", "pear", "plum")
        assert notes(layout) == {"class_empty": {"classes": ["fig", "plum"]}}

    def test_nothing_at_all_is_no_class(self):
        assert best([]).classes == ()


class TestFoldersOfSplits:
    def test_train_validation_and_test_folders_are_kept_and_said_so(self):  # Z08
        layout = best(["train/apple/1.jpg", "val/apple/2.jpg", "test/pear/3.jpg"])
        assert placed(layout) == (
            ("test/pear/3.jpg", "pear", TEST),
            ("train/apple/1.jpg", "apple", TRAIN),
            ("val/apple/2.jpg", "apple", VALIDATION),
        )
        assert notes(layout)["splits_kept"] == {"splits": ["train", "validation", "test"]}

    @pytest.mark.parametrize(
        ("train", "other", "split"),
        [
            ("Train", "VALIDATION", VALIDATION),
            ("training", "valid", VALIDATION),
            ("train", "dev", VALIDATION),
            ("训练集", "验证集", VALIDATION),
            ("训练", "测试", TEST),
            ("train ", "Testing", TEST),
        ],
    )
    def test_splits_have_several_names(self, train, other, split):
        layout = best([f"set/{train}/apple/1.jpg", f"set/{other}/apple/2.jpg"])
        assert sorted(given for _, _, given in placed(layout)) == [TRAIN, split]

    def test_only_the_splits_that_hold_pictures_are_said_to_be_kept(self):
        layout = best(["train/a/1.jpg", "train/b/2.jpg", "test/a/3.jpg"])
        assert notes(layout)["splits_kept"] == {"splits": ["train", "test"]}

    def test_a_train_folder_alone_is_only_a_folder_around_the_classes(self):
        layout = best(["train/apple/1.jpg", "train/pear/2.jpg"])
        assert (layout.classes, notes(layout)) == (("apple", "pear"), {})

    def test_without_a_training_folder_there_are_no_splits(self):
        assert best(["val/1.jpg", "test/2.jpg"]).classes == ("test", "val")

    def test_a_folder_that_is_no_split_makes_all_of_them_classes_which_is_doubted(self):
        readings = read_layout(["train/1.jpg", "test/2.jpg", "plane/3.jpg"])
        assert (readings.all[0].classes, readings.is_clear) == (("plane", "test", "train"), False)

    def test_splits_without_classes_are_refused_and_never_become_classes(self):
        readings = read_layout(["train/1.jpg", "test/2.jpg"])
        assert [(one.classes, one.refusal.code) for one in readings.all if one.refusal] == [((), "import_only_splits")]

    def test_pictures_that_lie_in_a_split_but_in_no_class_are_homeless(self):  # Z08
        layout = best(["train/apple/1.jpg", "train/2.jpg", "test/3.jpg"])
        assert (homeless(layout), layout.unlabelled) == (("train/2.jpg",), ("test/3.jpg",))


class TestOddNames:
    def test_two_ways_to_write_an_accent_are_one_class_and_reported(self):  # Z09
        layout = classes_of(f"caf{ACCENTED}", f"caf{TAKEN_APART}")
        assert (layout.classes, len(layout.placed)) == ((f"caf{ACCENTED}",), 2)
        assert notes(layout) == {"classes_joined": {"classes": [f"caf{ACCENTED}"]}}

    def test_one_way_to_write_an_accent_is_nothing_to_report(self):  # Z09
        assert classes_of(f"caf{TAKEN_APART}", "tea").notes == ()

    def test_names_that_differ_in_capitals_stay_two_classes_and_are_reported(self):  # Z09
        layout = classes_of("Cat", "cat", "dog")
        assert layout.classes == ("Cat", "cat", "dog")
        assert notes(layout) == {"classes_alike": {"classes": ["Cat", "cat"]}}

    @pytest.mark.parametrize("name", ["pear.", "pear ", "pear. . ", " pear", "pe\u200bar", "pe\u202ear", "pear\n"])
    def test_what_cannot_be_seen_is_taken_off_and_reported(self, name):  # Z09, Z10
        layout = classes_of(name, "apple")
        assert layout.classes == ("apple", "pear")
        (told,) = notes(layout)["classes_renamed"]["classes"]
        assert told.endswith("→ pear")
        assert all(not unicodedata.category(sign).startswith("C") for sign in told)

    def test_a_dot_at_the_end_joins_two_classes_and_both_are_reported(self):  # Z09
        layout = classes_of("pear", "pear.", "apple")
        assert layout.classes == ("apple", "pear")
        assert set(notes(layout)) == {"classes_joined", "classes_renamed"}

    @pytest.mark.parametrize("name", ["CON", "nul", "Com1", "lpt9.x", "AUX", "prn"])
    def test_names_that_windows_forbids_work_and_are_reported(self, name):  # Z09
        layout = classes_of(name, "apple")
        assert name in layout.classes
        assert notes(layout) == {"classes_reserved": {"classes": [name]}}

    def test_a_name_of_300_characters_is_cut_and_reported(self):  # Z09
        layout = classes_of("x" * 300, "apple")
        (name,) = set(layout.classes) - {"apple"}
        assert (len(name), name[:60]) == (MAX_CLASS_NAME, "x" * 60)
        assert len(notes(layout)["classes_renamed"]["classes"][0]) < 3 * MAX_CLASS_NAME

    def test_two_long_names_that_begin_alike_stay_two_classes(self):  # Z09
        assert len(classes_of("x" * 300 + "a", "x" * 300 + "b").classes) == 2

    def test_two_names_that_are_no_text_stay_two_classes(self):  # Z09
        names = [b"caf\xe9".decode("utf-8", "surrogateescape"), b"caf\xe8".decode("utf-8", "surrogateescape")]
        layout = classes_of(*names)
        assert len(layout.classes) == 2
        assert all(name.encode() for name in layout.classes)

    @pytest.mark.parametrize(
        "name", ["<img onerror=alert(1)>", "**b**:red[x]", "![x](http:-example)", "=1+1", "👨‍👩‍👧 family", "梨"]
    )
    def test_a_name_that_means_something_elsewhere_is_only_a_name(self, name):  # Z10
        layout = classes_of(name, "apple")
        assert name in layout.classes
        assert layout.notes == ()

    @pytest.mark.parametrize("name", ["", " ", "...", "\u200b", "\u202e", "\u200d", ". \u200d ."])
    def test_a_name_of_which_nothing_can_be_seen_becomes_a_question_mark(self, name):
        assert clean_class_name(name) == "?"

    @given(st.text(max_size=200))
    def test_a_clean_name_is_one_short_line_of_visible_signs_and_stays_as_it_is(self, name):
        clean = clean_class_name(name)
        assert 1 <= len(clean) <= MAX_CLASS_NAME
        assert clean.isprintable() or "\u200d" in clean or any(unicodedata.category(sign) == "Co" for sign in clean)
        assert not set("\n\r\t\u202e\u200b\u2028") & set(clean)
        assert (clean_class_name(clean), unicodedata.normalize("NFC", clean)) == (clean, clean)

    @given(
        st.lists(
            st.lists(st.sampled_from(PARTS), min_size=1, max_size=4).map("/".join)
            | st.text(st.sampled_from("ab/.é e\u0301"), min_size=1, max_size=12),
            max_size=12,
        )
    )
    def test_every_file_is_placed_left_out_or_set_aside_exactly_once(self, files):
        layout = best(files)
        found = [*(file for file, _, _ in placed(layout)), *homeless(layout), *layout.passed_over, *layout.unlabelled]
        assert sorted(found) == sorted(files)
        assert {name for _, name, _ in placed(layout)} <= set(layout.classes)
