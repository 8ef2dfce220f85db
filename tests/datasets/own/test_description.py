"""What is in a data set, as one sentence that is true of it as it is now."""

import pytest

from tests.ingest.pictures import take, tree
from tl_core.datasets.own.description import MOST_CLASSES, describe, describe_classes
from tl_core.datasets.own.edits import with_classes
from tl_core.phrases import said
from tl_core.store.albums import Albums


@pytest.fixture
def albums(tmp_path) -> Albums:
    return Albums(tmp_path)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "3 classes in training and test: cat, dog, pen; 120 pictures."),
        ("zh", "训练集和测试集中共有 3 个类别：cat、dog、pen；120 张图片。"),
    ],
)
def test_classes_and_splits_are_called_by_their_names(language, sentence):
    note = describe_classes(["cat", "dog", "pen"], ["train", "test"], 120)
    assert said(note.to_dict(), language) == sentence


def test_where_no_split_is_given_none_is_named():
    assert said(describe_classes(["a", "b"], [], 1).to_dict(), "en") == "2 classes: a, b; 1 picture."
    three = describe_classes(["a"], ["train", "validation", "test"], 1)
    assert said(three.to_dict(), "en") == "1 class in training, validation and test: a; 1 picture."


def test_of_many_classes_the_first_are_named_and_all_are_counted():
    assert said(describe_classes([f"c{at}" for at in range(10)], [], 20).to_dict(), "en").endswith(
        "c7, and 2 more; 20 pictures."
    )
    endless = describe_classes([f"c{at}" for at in range(MOST_CLASSES + 1)], [], 20)
    assert said(endless.to_dict(), "en") == "1,001 classes: c0, c1, c2, c3, c4, c5, c6, …; 20 pictures."


def test_an_album_is_described_as_it_is_now(albums):
    record = take(albums, tree(apple=9, pear=9))
    album = albums.album(record.id)
    assert said(describe(album).to_dict(), "en") == (
        "2 classes in training, validation and test: apple, pear; 18 pictures."
    )
    edited = with_classes(album, {"apple": "fruit", "pear": "pear"}, ["pear"])
    assert describe(edited).values["classes"] == ["fruit"]
    assert describe(edited).values["n_pictures"] == 9
