"""What is in a data set, and that everybody sees the same pixels of it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.datasets.images import hostile_images as make
from tests.ingest.pictures import encoded, pattern, take, tree
from tl_core.datasets.arrays import batch, load_dataset, select_per_class
from tl_core.datasets.catalog import DATASETS
from tl_core.datasets.contents import class_counts, contents, split_places, thumbnails
from tl_core.datasets.images.decode import fit_image
from tl_core.datasets.images.preparation import FRAMINGS
from tl_core.datasets.images.prepared import prepare_picture
from tl_core.datasets.own.album import is_own, own_folder, read_album
from tl_core.datasets.own.edits import dropped, with_classes
from tl_core.errors import UnavailableError, UnknownIdError
from tl_core.store.access import Visitor
from tl_core.store.albums import Albums
from tl_core.training.pixel_cache import map_pixels

SIZES = (32, 96, 160, 224, 256, 320)
ANNA = Visitor("anna")


def odd_pictures() -> dict[str, bytes]:
    """Returns pictures of all shapes and kinds: turned, deep, transparent, tiny, grey, large."""
    chance = np.random.default_rng(5)
    glass = Image.fromarray(pattern(2, 90, 130))
    glass.putalpha(Image.fromarray(pattern(3, 90, 130)).convert("L"))
    deep = Image.fromarray(chance.integers(0, 65_536, (70, 50), dtype=np.uint16))
    noise = chance.integers(0, 256, (300, 301, 3), dtype=np.uint8)
    files = {
        "turned.jpg": make.encoded(Image.fromarray(pattern(1, 400, 300)), "JPEG", exif=make.exif(6)),
        "mirrored.jpg": make.encoded(Image.fromarray(pattern(4, 123, 457)), "JPEG", exif=make.exif(7)),
        "deep.png": make.encoded(deep, "PNG"),
        "glass.png": make.encoded(glass, "PNG"),
        "one.png": encoded(np.array([[[3, 200, 90]]], np.uint8)),
        "line.png": encoded(pattern(6, 500, 1)),
        "digit.png": make.encoded(Image.fromarray(pattern(7, 28)).convert("L"), "PNG"),
        "large.jpg": encoded(pattern(8, 3000, 2000), "JPEG", quality=90),
        "noise.png": encoded(noise),
        "border.png": encoded(pattern(9, 257, 256)),
        "webp.webp": make.encoded(Image.fromarray(pattern(10, 333, 222)), "WEBP"),
    }
    shapes = chance.integers(1, 700, (12, 2)).tolist()
    return files | {f"{w} by {h}.png": encoded(pattern(20 + at, w, h)) for at, (w, h) in enumerate(shapes)}


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return {f"{'ab'[at % 2]}/{name}": data for at, (name, data) in enumerate(odd_pictures().items())}


@pytest.fixture(scope="module")
def id(home, files) -> str:
    return take(Albums(home), files).id


@pytest.fixture(scope="module", params=FRAMINGS)
def framed(home, files, request) -> str:
    """An album of these pictures, cropped or fitted, and of white drawings, which make its ground another one."""
    return take(Albums(home), files | white_drawings(), framing=request.param).id


def white_drawings() -> dict[str, bytes]:
    return {f"b/white {at}.png": make.encoded(make.glyph(at, (255, 255, 255)), "PNG") for at in range(20)}


@pytest.mark.parametrize("size", SIZES)
def test_preview_training_and_classification_see_the_same_pixels(home, files, framed, size):
    id, files = framed, files | white_drawings()
    dataset, found = load_dataset(id, home), contents(id, home)
    preparation = found.info.preparation
    assert (preparation.ground != "white", preparation.low is not None) == (True, True)
    rows, said = read_album(own_folder(home, id)).used, []
    asked = [prepare_picture(files[file], file, preparation) for file in rows.file]  # to be classified: the file itself
    expected = np.stack([fit_image(picture.square, size) for picture in asked])
    on_disk = map_pixels(dataset, size, home / "cache", 10**12, lambda done, total: said.append((done, total)))
    assert len(expected) == len(files)
    assert (batch(dataset, np.arange(len(files)), size) == expected).all()
    assert (np.stack([fit_image(picture, size) for picture in found.pictures]) == expected).all()
    assert (on_disk.pixels == expected).all()
    assert said[-1] == (len(files), len(files))


def test_sizes_and_names_of_the_originals_are_told(id, home, files):
    found = contents(id, home)
    sizes = {file: (w, h) for file, w, h in zip(found.files, found.widths, found.heights, strict=True)}
    assert set(sizes) == set(files)
    told = {file.partition("/")[2]: size for file, size in sizes.items()}
    assert told["turned.jpg"] == (300, 400)  # upright
    assert (told["large.jpg"], told["one.png"], told["digit.png"]) == ((3000, 2000), (1, 1), (28, 28))


def test_places_are_chosen_by_class_split_and_whether_they_are_taken_out(tmp_path):
    albums = Albums(tmp_path)
    record = take(albums, tree(apple=10, pear=10))
    record = albums.change(record.id, lambda album: dropped(album, [0, 1], True), by=ANNA)
    found = contents(record.id, tmp_path)
    marks = found.is_dropped
    assert len(found.places()) == 18
    assert set(found.places(is_dropped=True)) == set(np.flatnonzero(marks)) != set()
    for name in ("apple", "pear"):
        parts = [found.places(name, split) for split in range(3)]
        assert sorted(np.concatenate(parts)) == sorted(found.places(name))
        assert set(found.names[found.places(name)]) == {name}


def test_a_class_that_is_left_out_is_in_no_count_and_on_no_strip(tmp_path):
    albums = Albums(tmp_path)
    record = take(albums, tree(apple=10, pear=10, plum=10))
    record = albums.change(record.id, lambda album: with_classes(album, {}, ["pear"]), by=ANNA)
    assert contents(record.id, tmp_path).info.classes == ("apple", "plum")
    assert len(class_counts(record.id, tmp_path)) == 2
    assert sum(class_counts(record.id, tmp_path)) == known_train(tmp_path, record.id)
    assert [label for label, _ in thumbnails(record.id, tmp_path, 2)] == [0, 0, 1, 1]


def known_train(home: Path, id: str) -> int:
    return len(load_dataset(id, home).train)


@pytest.mark.parametrize("id", [id for id, info in DATASETS.items() if info.origin == "bundled"])
def test_those_of_the_catalogue_are_looked_at_in_the_same_way(tmp_path, id):
    found, dataset = contents(id, tmp_path), load_dataset(id, tmp_path)
    assert found.names.tolist() == [found.info.classes[label] for label in dataset.labels]
    assert [found.places(split=split).tolist() for split in range(3)] == [
        dataset.train.tolist(),
        dataset.validation.tolist(),
        dataset.test.tolist(),
    ]
    for at in (0, len(dataset.labels) // 2, len(dataset.labels) - 1):
        assert (found.pictures[at] == dataset.pixels[at]).all()
    assert class_counts(id, tmp_path) == np.bincount(dataset.labels[dataset.train]).tolist()


def test_a_set_that_was_not_downloaded_shows_nothing(tmp_path):
    assert contents("cifar10", tmp_path) is None
    assert thumbnails("cifar10", tmp_path) == []
    assert class_counts("cifar10", tmp_path) == []


@pytest.mark.parametrize("id", ["own-" + "0" * 20, "own-../../etc", "nothing"])
def test_an_unknown_one_is_said(tmp_path, id):
    with pytest.raises(UnknownIdError):
        contents(id, tmp_path)
    assert not (is_own(id) and id != "own-" + "0" * 20)


def test_a_list_of_pictures_that_is_gone_is_said(tmp_path):
    record = take(Albums(tmp_path), tree(apple=5, pear=5))
    (own_folder(tmp_path, record.id) / "pictures.parquet").unlink()
    with pytest.raises(UnavailableError):
        contents(record.id, tmp_path)


@pytest.mark.parametrize(("id", "per_class"), [("groceries", None), ("groceries", 5), ("cifar10-small", 20)])
def test_a_run_and_who_looks_at_its_data_mean_the_same_pictures(id, per_class, tmp_path):
    data = load_dataset(id, tmp_path)
    train, validation, test = split_places(contents(id, tmp_path), per_class, 3)
    np.testing.assert_array_equal(train, select_per_class(data.labels, data.train, per_class, 3))
    np.testing.assert_array_equal(validation, data.validation)
    np.testing.assert_array_equal(test, data.test)
