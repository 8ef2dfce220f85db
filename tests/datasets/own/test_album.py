"""An album on disk: its id follows from its content, and whatever is damaged is said, never shown."""

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.ingest.pictures import take, tree
from tl_core.datasets.arrays import fingerprint, load_dataset
from tl_core.datasets.images.preparation import PLAIN, Preparation
from tl_core.datasets.known import is_here, known_dataset
from tl_core.datasets.own.album import (
    ABOUT,
    LOOKS,
    PICTURES,
    Album,
    PackedPictures,
    is_own,
    own_folder,
    read_album,
    read_info,
    read_looks,
)
from tl_core.datasets.own.edits import flipping
from tl_core.errors import UnavailableError, UnknownIdError
from tl_core.store.access import Visitor
from tl_core.store.albums import Albums

STRANGE_IDS = ["own-", "own-../../etc", "own-../../x", "own-" + "0" * 19, "own-" + "0" * 21, "own-" + "G" * 20, "", "x"]


@pytest.fixture
def folder(tmp_path):
    """The folder of an album of 9 pictures of 2 classes."""
    albums = Albums(tmp_path)
    return own_folder(tmp_path, take(albums, tree(apple=5, pear=4), can_flip=False, seed=3).id)


def shuffled(album: Album, seed: int) -> Album:
    order = np.random.default_rng(seed).permutation(len(album.rows))
    return replace(album, rows=album.rows.taken(order))


def test_an_album_is_read_as_it_was_written(folder):
    album = read_album(folder)
    assert (album.id, album.seed, album.can_flip, album.is_grey) == (folder.name, 3, False, False)
    assert album.classes == ("apple", "pear")
    assert album.labels.tolist() == [0] * 5 + [1] * 4
    assert (album.rows.width == 24).all()
    assert read_info(folder) == album.info
    assert sum((album.info.n_train, album.info.n_validation, album.info.n_test)) == 9
    assert (album.info.origin, album.info.channels, album.info.image_size) == ("own", 3, 24)


def test_an_album_that_was_made_ready_the_usual_way_is_what_it_was_before_there_was_a_choice(folder):
    assert folder.name == "own-27d0ff83d56b6340f1fd"
    assert "preparation" not in json.loads((folder / ABOUT).read_bytes())
    assert read_album(folder).preparation == read_info(folder).preparation == PLAIN


def test_an_album_keeps_how_it_was_made_ready_through_every_change(tmp_path):
    albums = Albums(tmp_path)
    record = take(albums, tree(apple=5, pear=4), framing="fit")
    changed = albums.change(record.id, lambda album: flipping(album, False), by=Visitor(record.owner))
    assert changed.id != record.id
    assert albums.info(changed.id).preparation == Preparation("fit")


@pytest.mark.parametrize("said", [["fit"], "fit", {"framing": "other"}, {"more": 1}])
def test_an_album_that_says_something_else_of_how_it_was_made_ready_is_damaged(folder, said):
    about = json.loads((folder / ABOUT).read_bytes())
    (folder / ABOUT).write_text(json.dumps(about | {"preparation": said}))
    for read in (read_album, read_info):
        with pytest.raises(UnavailableError):
            read(folder)


def test_the_id_does_not_depend_on_the_order_of_the_rows(folder):
    album = read_album(folder)
    assert {shuffled(album, seed).id for seed in range(5)} == {folder.name}


@pytest.mark.parametrize("column", ["file", "sha", "name", "split", "is_dropped"])
def test_the_id_depends_on_everything_that_makes_a_difference(folder, column):
    album = read_album(folder)
    values = getattr(album.rows, column).copy()
    values[0] = {"split": (values[0] + 1) % 3 if column == "split" else 0, "is_dropped": True}.get(column, "other")
    assert replace(album, rows=replace(album.rows, **{column: values})).id != folder.name
    assert replace(album, seed=4).id != folder.name
    assert replace(album, can_flip=True).id != folder.name
    assert replace(album, preparation=Preparation("fit")).id != folder.name
    assert replace(album, excluded=frozenset({"pear"})).id != folder.name


def test_no_shifting_of_texts_from_one_field_to_the_next_gives_the_same_id(folder):
    album = read_album(folder)
    files, names = album.rows.file.copy(), album.rows.name.copy()
    files[0], names[0] = files[0] + '", "', names[0] + "x"
    assert replace(album, rows=replace(album.rows, file=files, name=names)).id != folder.name


def test_what_is_dropped_or_left_out_is_in_no_number(folder):
    album = read_album(folder)
    marks = np.zeros(9, bool)
    marks[:2] = True
    fewer = replace(album, rows=replace(album.rows, is_dropped=marks), excluded=frozenset({"pear"}))
    assert (fewer.classes, len(fewer.used), len(fewer.labels)) == (("apple",), 3, 3)
    assert sum((fewer.info.n_train, fewer.info.n_validation, fewer.info.n_test)) == 3


@pytest.mark.parametrize("id", STRANGE_IDS)
def test_a_strange_id_is_no_album_and_no_path(tmp_path, id):
    assert not is_own(id)
    with pytest.raises(ValueError, match=r"^" if not id else None):
        own_folder(tmp_path, id)
    with pytest.raises(UnknownIdError):
        known_dataset(id, tmp_path)


def test_an_album_that_is_not_here_is_unknown(tmp_path):
    id = "own-" + "0" * 20
    assert not is_here(id, tmp_path)
    for ask in (lambda: known_dataset(id, tmp_path), lambda: known_dataset(id), lambda: load_dataset(id, tmp_path)):
        with pytest.raises(UnknownIdError):
            ask()


def test_a_record_names_an_album_by_its_id(folder):
    assert fingerprint(read_info(folder)) == folder.name


DAMAGES = {
    "empty": lambda data: b"",
    "cut short": lambda data: data[: len(data) // 2],
    "another file": lambda data: b"[1, 2, 3]",
    "no text": lambda data: b"\xff" * 100,
    "changed in the middle": lambda data: data[: len(data) // 2] + b"\0\1\2\3\4\5\6\7" + data[len(data) // 2 + 8 :],
}


@pytest.mark.parametrize("damage", [*DAMAGES, "missing"])
@pytest.mark.parametrize("file", [ABOUT, PICTURES, LOOKS, "pack"])
def test_every_damage_to_every_file_is_said_and_nothing_else_goes_wrong(tmp_path, folder, file, damage):
    (path,) = folder.glob("pack-*.bin") if file == "pack" else [folder / file]
    album, before = read_album(folder), path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(DAMAGES[damage](before))
    readers = {
        ABOUT: lambda: read_album(folder),
        PICTURES: lambda: read_album(folder),
        LOOKS: lambda: [len(part) for part in read_looks(folder)],
        "pack": lambda: [len(one) for one in PackedPictures(folder, album.packs, album.rows)],
    }
    with pytest.raises(UnavailableError) as caught:
        readers[file]()
    assert caught.value.code == "dataset_damaged"
    assert caught.value.values["dataset"] == folder.name
    if file == ABOUT:
        with pytest.raises(UnavailableError):
            known_dataset(folder.name, tmp_path)


@pytest.mark.parametrize(
    ("read", "told"),
    [
        (read_album, {"packs": 7}),
        (read_album, {"packs": None}),
        (read_album, {"excluded": 3}),
        (read_info, {"info": []}),
        (read_info, {"info": {"classes": 3}}),
        (read_info, {"info": None}),
    ],
)
def test_a_list_that_does_not_say_what_it_should_is_damaged(folder, read, told):
    about = json.loads((folder / ABOUT).read_bytes())
    for content in ({**about, **told}, {}):
        (folder / ABOUT).write_text(json.dumps(content))
        with pytest.raises(UnavailableError) as caught:
            read(folder)
        assert caught.value.code == "dataset_damaged"


def test_a_list_that_was_changed_on_disk_is_noticed(folder):
    about = json.loads((folder / ABOUT).read_bytes())
    (folder / ABOUT).write_text(json.dumps(about | {"seed": 99}))
    with pytest.raises(UnavailableError):
        read_album(folder)


def test_pictures_can_be_asked_for_from_the_end_and_there_is_an_end(folder):
    album = read_album(folder)
    pictures = PackedPictures(folder, album.packs, album.rows)
    assert (pictures[-1] == pictures[len(pictures) - 1]).all()
    assert len(list(pictures)) == 9
    with pytest.raises(IndexError):
        pictures[9]
