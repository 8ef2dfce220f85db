"""The files in assets/datasets keep what the catalogue and the list of sources say."""

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tl_core.datasets.arrays import FOLDER, load_dataset
from tl_core.datasets.catalog import DATASETS, dataset_info

BUNDLED = [id for id, info in DATASETS.items() if info.origin == "bundled"]
FILES = [id for id in BUNDLED if dataset_info(id).merge is None]
PER_CLASS = {"cifar10-small": (300, 50, 150), "mnist-small": (180, 30, 90), "chest-xray-small": (180, 30, 90)}
MAGIC = {"groceries": b"\xff\xd8\xff", "chest-xray-small": b"\xff\xd8\xff"}


@pytest.fixture(scope="module", params=FILES)
def table(request):
    """Returns the id and the rows of one file as {column: list}."""
    return request.param, pq.read_table(FOLDER / dataset_info(request.param).file).to_pydict()


@pytest.fixture(scope="module", params=FILES)
def dataset(request, tmp_path_factory):
    return load_dataset(request.param, tmp_path_factory.getbasetemp())


def test_every_file_has_the_counts_of_the_catalogue(table):
    id, rows = table
    info = dataset_info(id)
    expected = {"train": info.n_train, "validation": info.n_validation, "test": info.n_test}
    assert Counter(rows["split"]) == expected


def test_every_class_is_in_every_split(table):
    id, rows = table
    counts = Counter(zip(rows["split"], rows["label"], strict=True))
    n_classes = len(dataset_info(id).classes)
    assert set(rows["label"]) == set(range(n_classes))
    for label in range(n_classes):
        found = tuple(counts[split, label] for split in ("train", "validation", "test"))
        assert found == PER_CLASS.get(id, found)
        assert min(found) > 0


def test_groceries_give_a_fifth_of_each_class_of_the_training_pool_to_validation():
    rows = pq.read_table(FOLDER / "groceries.parquet", columns=["label", "split"]).to_pydict()
    counts = Counter(zip(rows["split"], rows["label"], strict=True))
    for label in range(14):
        pool = counts["train", label] + counts["validation", label]
        assert abs(counts["validation", label] - pool / 5) <= 0.5
    assert len(rows["label"]) == 1393
    assert sum(count for (split, _), count in counts.items() if split != "test") == 732


def test_every_row_has_the_hash_of_its_picture_file(table):
    _, rows = table
    assert rows["sha256"] == [hashlib.sha256(image).hexdigest() for image in rows["image"]]


def test_no_picture_is_stored_twice(table):
    _, rows = table
    assert len(set(rows["sha256"])) == len(rows["sha256"])


def test_no_two_pictures_have_the_same_pixels(dataset):
    assert len({hashlib.sha256(picture).digest() for picture in dataset.pixels}) == len(dataset.pixels)


def test_every_picture_is_a_jpeg_or_a_png(table):
    id, rows = table
    assert all(image.startswith(MAGIC.get(id, b"\x89PNG\r\n")) for image in rows["image"])


def test_every_picture_decodes_at_the_native_size(dataset):
    info = dataset.info
    n = info.n_train + info.n_validation + info.n_test
    assert dataset.pixels.shape == (n, info.image_size, info.image_size, 3)
    assert dataset.pixels.dtype == np.uint8
    flat = dataset.pixels.reshape(n, -1)
    assert (flat.max(axis=1) > flat.min(axis=1)).all()


def test_grey_sets_have_three_equal_channels_and_coloured_ones_do_not(dataset):
    equal = all((dataset.pixels[..., 0] == dataset.pixels[..., channel]).all() for channel in (1, 2))
    assert equal == (dataset.info.channels == 1)


def test_every_picture_belongs_to_exactly_one_split(dataset):
    together = np.concatenate([dataset.train, dataset.validation, dataset.test])
    assert np.array_equal(np.sort(together), np.arange(len(dataset.labels)))


def test_all_assets_stay_below_140_megabytes():
    assets = [path for path in FOLDER.parent.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in assets) <= 140e6
    assert sum(path.stat().st_size for path in FOLDER.glob("*.parquet")) <= 32e6


def test_the_list_of_sources_names_every_file_with_its_hash():
    sources = (FOLDER.parent / "SOURCES-datasets.md").read_text(encoding="utf-8")
    files = sorted(FOLDER.glob("*.parquet"))
    assert [file.name for file in files] == sorted(dataset_info(id).file for id in FILES)
    for file in files:
        assert file.name in sources
        assert hashlib.sha256(Path(file).read_bytes()).hexdigest() in sources


def test_coarse_labels_are_the_fine_ones_merged_by_name(tmp_path_factory):
    home = tmp_path_factory.getbasetemp()
    kind = {"Golden Delicious": "Apple", "Kaiser": "Pear", "Watermelon": "Melon", "Satsuma": "Satsuma"}
    fine, coarse = load_dataset("groceries", home), load_dataset("groceries-coarse", home)
    for name, expected in kind.items():
        members = fine.labels == fine.info.classes.index(name)
        assert set(coarse.labels[members]) == {coarse.info.classes.index(expected)}
    assert np.array_equal(fine.pixels, coarse.pixels)
