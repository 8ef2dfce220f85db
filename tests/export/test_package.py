"""What lies beside a program: the pictures as the run saw them, their order, and only what is everybody's to have."""

import csv
import zipfile
from pathlib import Path

import numpy as np
import pytest
from specs import HEAD_ONLY

from tests.ingest.pictures import take, tree
from tl_core.datasets.arrays import load_dataset, select_per_class
from tl_core.datasets.images.decode import decode_image, fit_image
from tl_core.errors import UnavailableError
from tl_core.export import package, script
from tl_core.export.formats import FORMATS, Source
from tl_core.export.package import may_go_along
from tl_core.export.pictures import pictures_of
from tl_core.planning.plan import plan_run
from tl_core.seeds import generator
from tl_core.spec import RunSpec
from tl_core.store.albums import AlbumRecord, Albums
from tl_core.store.records import RunState, Visibility
from tl_core.store.sqlite.store import SqliteStore

PRIVATE, LINK, CLASS = Visibility
SPLITS = ("train", "validation", "test")


def finished(home: Path, spec: RunSpec, visibility: Visibility = PRIVATE, owner: str = "anna") -> Source:
    """Returns a run that has ended, without having been trained."""
    with SqliteStore(home) as store:
        record = store.create_run(spec.to_dict(), role="run", name="a run", environment={}, owner=owner)
        record = store.finish_run(record.id, RunState.STOPPED)
        store._edit(record.id, visibility=visibility)
        return Source(store.get(record.id), store.run_folder(record.id), home)


def written(source: Source, **options: object) -> zipfile.ZipFile:
    target = source.home / "program.zip"
    assert script.write(source, target, **options).path == target
    return zipfile.ZipFile(target)


def rows(archive: zipfile.ZipFile) -> list[dict]:
    return list(csv.DictReader(archive.read("pictures.csv").decode().splitlines()))


@pytest.fixture
def album(tmp_path) -> AlbumRecord:
    """Somebody's own pictures, one class of which has a name that no folder can have."""
    return take(Albums(tmp_path), tree(**{"apple": 12, "pear: green": 12}), "anna", visibility=PRIVATE)


def own(album: AlbumRecord, home: Path) -> RunSpec:
    return plan_run({"dataset": album.id, "image_size": 64, "epochs": 3, "batch_size": 8}, home)


@pytest.mark.parametrize("dataset", ["groceries-coarse", "cifar10-small", "mnist-small", "chest-xray-small"])
def test_the_pictures_classes_and_splits_of_a_run_are_beside_its_program(tmp_path, dataset):
    spec = HEAD_ONLY.with_changes(dataset=dataset, per_class=3)
    archive, data = written(finished(tmp_path, spec)), load_dataset(dataset, tmp_path)
    train = select_per_class(data.labels, data.train, 3, spec.seed)
    numbers = np.sort(np.concatenate([train, data.validation, data.test]))
    table, classes = rows(archive), archive.read("classes.txt").decode().split("\n")
    assert tuple(classes) == data.info.classes
    assert [classes.index(row["class"]) for row in table] == data.labels[numbers].tolist()
    for split, members in zip(SPLITS, (train, data.validation, data.test), strict=True):
        assert [numbers[at] for at, row in enumerate(table) if row["split"] == split] == members.tolist()
    for at in range(0, len(numbers), 97):
        shown = decode_image(archive.read(table[at]["file"]), "picture")
        assert np.array_equal(fit_image(shown, 64), fit_image(data.pixels[numbers[at]], 64))


def test_the_order_of_each_epoch_is_that_of_the_run_and_fills_the_last_batch(tmp_path):
    spec = HEAD_ONLY.with_changes(batch_size=8, seed=3)
    pictures = pictures_of(spec, tmp_path)
    order, train = pictures.order(spec), np.flatnonzero(pictures.splits == 0)
    assert len(train) == 30
    assert order.shape == (spec.epochs, 32)
    for epoch, shown in enumerate(order, 1):
        first = generator(3, f"order/{epoch}").permutation(pictures.numbers[train])
        assert pictures.numbers[shown].tolist() == [*first, *first[:2]]


def test_a_small_network_brings_its_own_definition_and_weights(tmp_path):
    archive = written(finished(tmp_path, plan_run({"backbone": "squeezenet", "per_class": 2})))
    names = set(archive.namelist())
    assert {"train.py", "squeezenet.py", "squeezenet.npz", "README.txt", "summary.txt", "requirements.txt"} <= names
    with archive.open("squeezenet.npz") as file, np.load(file, allow_pickle=False) as arrays:
        assert arrays["conv1/kernel"].shape == (3, 3, 3, 64)
        assert not [name for name in arrays.files if name.startswith("predictions")]
    assert "MIT" in archive.read("README.txt").decode()


def test_from_scratch_no_weights_are_brought(tmp_path):
    archive = written(finished(tmp_path, HEAD_ONLY.with_changes(weights="random")))
    assert not [name for name in archive.namelist() if name.endswith(".npz")]


def test_ones_own_pictures_go_along_as_they_are_kept(tmp_path, album):
    archive = written(finished(tmp_path, own(album, tmp_path)))
    data = load_dataset(album.id, tmp_path)
    table = rows(archive)
    assert len(table) == len(data.labels) == 24
    for row, pixels in zip(table, data.pixels, strict=True):
        assert row["file"].endswith(".webp")
        assert ":" not in row["file"]
        assert np.array_equal(decode_image(archive.read(row["file"]), "picture"), pixels)
    assert {row["class"] for row in table} == {"apple", "pear: green"}


def test_pictures_that_are_not_shared_stay_behind_and_the_list_says_where_they_belong(tmp_path, album):
    archive = written(finished(tmp_path, own(album, tmp_path), CLASS))
    assert not [name for name in archive.namelist() if name.startswith("pictures/")]
    assert len(rows(archive)) == 24
    assert "does not share them" in archive.read("train.py").decode().replace("\n", " ")


@pytest.mark.parametrize("of_run", list(Visibility))
@pytest.mark.parametrize("of_album", list(Visibility))
def test_an_albums_pictures_go_along_only_where_all_who_see_the_run_may_see_them(tmp_path, album, of_run, of_album):
    Albums(tmp_path).put(AlbumRecord(**{**vars(album), "visibility": of_album}))
    source, places = finished(tmp_path, own(album, tmp_path), of_run), [PRIVATE, LINK, CLASS]
    assert may_go_along(source.record, tmp_path) == (places.index(of_album) >= places.index(of_run))
    assert not may_go_along(finished(tmp_path, own(album, tmp_path), PRIVATE, owner="ben").record, tmp_path)


def test_without_its_weights_nothing_is_written(tmp_path, monkeypatch):
    source = finished(tmp_path, HEAD_ONLY)
    monkeypatch.setattr(package, "WEIGHTS_FOLDER", tmp_path / "none")
    with pytest.raises(UnavailableError, match="weights_unavailable"):
        written(source)
    assert not (tmp_path / "program.zip").exists()


@pytest.mark.parametrize("kind", ["script", "notebook"])
def test_the_table_of_formats_writes_it_too_and_twice_the_same(tmp_path, kind):
    source = finished(tmp_path, HEAD_ONLY)
    files = [tmp_path / f"{at}.zip" for at in range(2)]
    assert [FORMATS[kind].write(source, file).format for file in files] == [kind, kind]
    assert files[0].read_bytes() == files[1].read_bytes()
