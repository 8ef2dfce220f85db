"""Importing pictures that have to be scaled, laid on a ground or filled up: nothing is lost without a word."""

import numpy as np
import pytest
from PIL import Image

from tests.datasets.images import hostile_images as make
from tests.ingest.pictures import Tree, encoded, pattern, take, tree
from tl_core.datasets.contents import contents
from tl_core.datasets.images.preparation import PLAIN, Preparation
from tl_core.datasets.images.prepared import prepare_picture
from tl_core.errors import InputError
from tl_core.evaluation.data_checks import findings
from tl_core.ingest.ingest import ingest
from tl_core.ingest.request import ImportRequest
from tl_core.ingest.sources import Sent
from tl_core.phrases import LANGUAGES, explain, said
from tl_core.store.albums import AlbumRecord, Albums


@pytest.fixture
def albums(tmp_path) -> Albums:
    return Albums(tmp_path / "home", lambda id: False)


def deep(number: int, bits: int, stated: int = 0) -> bytes:
    """Returns a picture of its own that uses so many of 16 bits, each its own part of the range."""
    levels = pattern(number, 40)[:, :, :1].astype(int) * (2**bits - 1) // 255
    return make.deep_png(levels.astype(np.uint16), stated)


def deep_tree(bits: int, stated: int = 0) -> Tree:
    files = {f"{name}/{at}.png": deep(at + 50 * ord(name), bits, stated) for name in "ab" for at in range(8)}
    whole = np.array([0, 2**bits - 1] * 800, np.uint16).reshape(40, 40, 1)
    return files | {"a/whole.png": make.deep_png(whole, stated)}


def noted(record: AlbumRecord) -> dict[str, dict]:
    for note in record.notes:
        assert all(said(note, language) for language in LANGUAGES)
    return {note["code"]: note["values"] for note in record.notes}


def pixels(albums: Albums, record: AlbumRecord) -> dict[str, np.ndarray]:
    found = contents(record.id, albums.home)
    return {file: found.pictures[at] for at, file in enumerate(found.files)}


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_deep_pictures_have_the_range_of_their_set_which_is_kept_and_told(albums, bits):
    files = deep_tree(bits)
    record = take(albums, files)
    preparation = Preparation(low=0, high=2**bits - 1)
    assert albums.album(record.id).preparation == albums.info(record.id).preparation == preparation
    assert noted(record)["deep_range"] == {"n": 17, "low": 0, "high": 2**bits - 1}
    for file, square in pixels(albums, record).items():
        assert np.array_equal(square, prepare_picture(files[file], file, preparation).square)


def test_pictures_of_every_depth_look_as_those_of_eight_bits(albums):
    shallow = pixels(albums, take(albums, deep_tree(8)))
    for bits in (10, 12, 14, 16):
        found = pixels(albums, take(albums, deep_tree(bits)))
        assert max(np.abs(found[file].astype(int) - shallow[file]).max() for file in shallow) <= 1


def test_a_range_that_files_state_is_followed_and_told(albums):
    record = take(albums, deep_tree(12, stated=12))
    assert (albums.album(record.id).preparation, noted(record)) == (PLAIN, {"deep_stated": {"n": 17}})
    same = pixels(albums, take(albums, deep_tree(12)))
    assert all(np.array_equal(one, same[file]) for file, one in pixels(albums, record).items())


def test_pictures_that_are_added_have_the_range_of_those_before(albums):
    record = take(albums, deep_tree(12))
    brighter = {"x.png": deep(7, 14), "y.png": deep(8, 11)}
    more = take(albums, brighter, into=record, class_name="a")
    assert albums.album(more.id).preparation == Preparation(low=0, high=4095)
    assert noted(more)["deep_clipped"] == {"n": 1, "low": 0, "high": 4095}
    added = pixels(albums, more)["y.png"]
    assert np.array_equal(added, prepare_picture(brighter["y.png"], "y", Preparation(low=0, high=4095)).square)


def test_the_first_deep_pictures_of_a_set_decide_its_range(albums):
    record = take(albums, tree(a=5, b=5))
    more = take(albums, {"x.png": deep(7, 12), "y.png": deep(8, 12)}, into=record, class_name="a")
    preparation = albums.album(more.id).preparation
    assert preparation.high is not None
    assert 3000 < preparation.high <= 4095


def glyphs(colour: tuple[int, int, int], kind: str = "RGBA", first: int = 0) -> Tree:
    drawn = {at: make.glyph(first + at, colour) for at in range(24)}
    if kind == "P":
        drawn = {at: one.quantize(4) for at, one in drawn.items()}
    return {f"{'ab'[at % 2]}/{first + at}.png": make.encoded(one, "PNG") for at, one in drawn.items()}


@pytest.mark.parametrize("kind", ["RGBA", "P"])
def test_white_drawings_stand_on_black_and_are_seen(albums, kind):
    record = take(albums, glyphs((255, 255, 255), kind))
    assert albums.album(record.id).preparation.ground == "black"
    assert noted(record)["on_black"] == {"n": 24}
    assert {(int(one.min()), int(one.max())) for one in pixels(albums, record).values()} == {(0, 255)}


def test_black_drawings_stand_on_white_as_ever(albums):
    record = take(albums, glyphs((0, 0, 0)))
    assert (albums.album(record.id).preparation, noted(record)) == (PLAIN, {})


def test_drawings_of_both_colours_stand_on_grey(albums):
    record = take(albums, glyphs((0, 0, 0)) | glyphs((255, 255, 255), first=30))
    assert noted(record)["on_grey"] == {"n": 48}


def test_drawings_that_are_added_to_a_set_and_cannot_be_seen_there_are_told(albums):
    record = take(albums, glyphs((0, 0, 0)))
    more = take(albums, glyphs((255, 255, 255), first=30), into=record, class_name="a")
    assert albums.album(more.id).preparation == PLAIN
    assert noted(more)["faint"]["n"] == 24


@pytest.mark.parametrize(
    "picture",
    [
        lambda at: encoded(np.zeros((10 + at, 30, 3), np.uint8)),  # masks, all black
        lambda at: encoded(np.full((20, 20, 3), 255, np.uint8)),
        lambda at: make.encoded(Image.new("RGBA", (20, 20), (at, 0, 0, 0)), "PNG"),  # all transparent
        lambda at: encoded(pattern(1)),  # one picture, again and again
    ],
)
def test_pictures_that_are_all_the_same_are_refused(albums, picture):
    files = {f"{'ab'[at % 2]}/{at}.png": picture(at) for at in range(8)}
    with pytest.raises(InputError) as caught:
        take(albums, files, source="masks.zip")
    assert (caught.value.code, caught.value.values) == ("import_all_same", {"source": "masks.zip", "n": 8})
    assert all("masks.zip" in explain(caught.value, language) for language in LANGUAGES)


def test_pictures_of_one_colour_each_are_taken_in(albums):
    files = {f"{'ab'[at % 2]}/{at}.png": encoded(np.full((20, 20, 3), 30 * at, np.uint8)) for at in range(8)}
    assert take(albums, files).n_skipped == 0


def strips() -> Tree:
    return {f"{name}/{at}.png": encoded(pattern(at + ord(name), 160, 20)) for name in "ab" for at in range(6)}


def test_what_the_centre_square_cuts_off_is_told_and_nothing_is_when_all_is_kept(albums):
    cropped, fitted = take(albums, strips()), take(albums, strips(), framing="fit")
    told = {note.code: note.values for one in (cropped, fitted) for note in findings(albums.album(one.id))}
    assert told["cut_off"] == {"share": 12, "n": 12, "total": 12}
    assert told["filled_up"] == {"n": 12, "total": 12}
    assert cropped.id != fitted.id
    assert albums.album(fitted.id).preparation == Preparation("fit")


def test_pictures_that_are_added_are_framed_like_those_before(albums):
    record = take(albums, strips(), framing="fit")
    more = take(albums, {"x.png": encoded(pattern(999, 160, 20))}, into=record, class_name="a")
    assert albums.album(more.id).preparation == Preparation("fit")
    assert pixels(albums, more)["x.png"].shape == (160, 160, 3)


def test_a_picture_that_is_looked_at_first_counts_when_it_is_taken_in(albums):
    files = deep_tree(12) | tree(100, c=5)
    steps = list(ingest(albums, Sent(list(files.items())), ImportRequest("x", "anna"), n_threads=2))
    done = [done for done, _ in steps]
    assert (done, steps[-1]) == (sorted(done), (22, 22))


def test_of_pictures_that_ask_for_no_decision_each_is_read_once(albums, monkeypatch):
    n_read, read = [], Sent.read
    monkeypatch.setattr(Sent, "read", lambda self, file: n_read.append(file) or read(self, file))
    opaque = {"a/opaque.png": make.encoded(Image.fromarray(pattern(3)).convert("RGBA"), "PNG")}
    take(albums, tree(10, a=5, b=5) | opaque | {"b/deep.png": deep(3, 12, stated=12)})
    assert len(n_read) == len(set(n_read)) == 12
    n_read.clear()
    take(albums, tree(20, a=5, b=5) | {"b/deep.png": deep(3, 12)})
    assert len(n_read) == 12
