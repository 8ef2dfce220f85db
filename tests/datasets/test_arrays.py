import hashlib
import io
import tarfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tl_core.datasets import arrays, keras_sets
from tl_core.datasets.arrays import Dataset, batch, fingerprint, load_dataset, select_per_class
from tl_core.datasets.catalog import dataset_info
from tl_core.datasets.contents import thumbnails
from tl_core.errors import UnavailableError, UnknownIdError

LABELS = np.repeat([0, 1, 2], [30, 5, 12])


def toy(pixels) -> Dataset:
    nothing = np.array([], np.int64)
    return Dataset(dataset_info("mnist"), pixels, np.zeros(len(pixels), np.int64), nothing, nothing, nothing)


def cifar10_archive(path, n_per_file=10):
    """Writes a small archive in the official format: picture number n of class n % 10 is filled with n."""
    with tarfile.open(path, "w:gz") as archive:
        for number, file in enumerate((*keras_sets.CIFAR10_TRAIN, *keras_sets.CIFAR10_TEST)):
            records = np.arange(number * n_per_file, (number + 1) * n_per_file, dtype=np.uint8)
            data = b"".join(bytes([n % 10]) + bytes([n]) * 1024 + bytes([n + 1]) * 2048 for n in records)
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{file}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def mnist_file(path, n_train=40, n_test=10):
    images = np.arange(n_train + n_test, dtype=np.uint8)[:, None, None] * np.ones((1, 28, 28), np.uint8)
    labels = (np.arange(n_train + n_test) % 2).astype(np.uint8)
    parts = {"x_train": images[:n_train], "y_train": labels[:n_train]}
    np.savez(path, **parts, x_test=images[n_train:], y_test=labels[n_train:])
    return path


@pytest.fixture
def home(tmp_path):
    (tmp_path / "datasets").mkdir()
    return tmp_path


@pytest.fixture
def offline(monkeypatch):
    def refuse(url, path, **options):
        raise UnavailableError("download_failed", host="example.org", file=path.name, reason="no internet")

    monkeypatch.setattr(keras_sets, "download", refuse)


@given(per_class=st.integers(0, 40), seed=st.integers(0, 2**31))
def test_the_choice_for_k_is_among_the_choice_for_one_more(per_class, seed):
    indices = np.arange(len(LABELS))
    fewer = select_per_class(LABELS, indices, per_class, seed)
    assert set(fewer) <= set(select_per_class(LABELS, indices, per_class + 1, seed))


def test_a_choice_has_k_of_each_class_or_all_that_there_are():
    chosen = select_per_class(LABELS, np.arange(len(LABELS)), 10, seed=3)
    assert np.bincount(LABELS[chosen]).tolist() == [10, 5, 10]
    assert (np.diff(chosen) > 0).all()


def test_the_same_seed_chooses_the_same_pictures_whatever_their_order():
    indices = np.arange(len(LABELS))
    first = select_per_class(LABELS, indices, 4, seed=3)
    assert np.array_equal(first, select_per_class(LABELS, indices[::-1], 4, seed=3))
    assert not np.array_equal(first, select_per_class(LABELS, indices, 4, seed=4))


def test_a_choice_stays_within_the_positions_offered():
    offered = np.arange(0, len(LABELS), 2)
    assert set(select_per_class(LABELS, offered, 3, seed=0)) <= set(offered)


def test_no_limit_takes_everything_and_nothing_gives_nothing():
    assert select_per_class(LABELS, np.array([5, 1, 40]), None, seed=0).tolist() == [1, 5, 40]
    assert select_per_class(LABELS, np.array([], np.int64), 3, seed=0).tolist() == []


def test_a_batch_at_native_size_is_the_pictures_themselves():
    pixels = np.random.default_rng(0).integers(0, 256, (6, 28, 28, 3), np.uint8)
    assert np.array_equal(batch(toy(pixels), np.array([4, 1]), 28), pixels[[4, 1]])


def test_a_batch_of_pictures_of_different_sizes_has_one_size():
    pixels = [np.full((40, 60, 3), 7, np.uint8), np.full((28, 28, 3), 200, np.uint8)]
    images = batch(toy(pixels), np.array([0, 1]), 32)
    assert images.shape == (2, 32, 32, 3)
    assert images.dtype == np.uint8
    assert (images[0] == 7).all()
    assert (images[1] == 200).all()


def test_an_empty_batch_keeps_its_shape():
    assert batch(toy([]), np.array([], np.int64), 32).shape == (0, 32, 32, 3)


def test_loading_reports_every_picture(home):
    seen = []
    load_dataset("chest-xray-small", home, on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(done, 600) for done in range(1, 601)]


def test_an_unknown_data_set_is_refused(home):
    with pytest.raises(UnknownIdError):
        load_dataset("flowers", home)


def test_a_damaged_bundled_file_is_named(home, tmp_path, monkeypatch):
    (tmp_path / "groceries.parquet").write_bytes(b"PAR1 not really")
    monkeypatch.setattr(arrays, "FOLDER", tmp_path)
    with pytest.raises(UnavailableError) as caught:
        load_dataset("groceries", home)
    assert caught.value.to_dict() == {
        "code": "dataset_damaged",
        "values": {"dataset": "groceries", "file": "groceries.parquet"},
    }


def test_the_fingerprint_is_the_hash_of_the_file():
    expected = hashlib.sha256((arrays.FOLDER / "mnist-small.parquet").read_bytes()).hexdigest()
    assert fingerprint(dataset_info("mnist-small")) == f"sha256:{expected}"
    assert fingerprint(dataset_info("cifar10")) == "md5:c32a1d4ab5d03f1284b67883e8d87530"


@pytest.mark.parametrize("id", ["groceries", "groceries-coarse", "mnist-small"])
def test_thumbnails_show_each_class_in_order(id, home):
    info = dataset_info(id)
    strip = thumbnails(id, home, n_per_class=2)
    assert [label for label, _ in strip] == [label for label in range(len(info.classes)) for _ in range(2)]
    assert {image.shape for _, image in strip} == {(info.image_size, info.image_size, 3)}


def test_thumbnails_are_training_pictures_of_their_class(home):
    dataset = load_dataset("mnist-small", home)
    train = {dataset.pixels[at].tobytes(): dataset.labels[at] for at in dataset.train}
    assert all(train[image.tobytes()] == label for label, image in thumbnails("mnist-small", home, seed=5))


def test_a_full_set_has_no_thumbnails_until_it_is_downloaded(home):
    assert thumbnails("mnist", home) == []
    mnist_file(home / "datasets" / "mnist.npz")
    assert len(thumbnails("mnist", home)) == 10


def test_bundled_sets_are_available_and_others_once_downloaded(home):
    assert keras_sets.is_available("groceries", home)
    assert not keras_sets.is_available("cifar10", home)
    cifar10_archive(home / "datasets" / "cifar-10-binary.tar.gz")
    assert keras_sets.is_available("cifar10", home)


def test_cifar10_records_become_rgb_pictures(home):
    train, test = keras_sets.read_cifar10(cifar10_archive(home / "small.tar.gz"))
    assert train[0].shape == (50, 32, 32, 3)
    assert test[0].shape == (10, 32, 32, 3)
    assert train[1].tolist() == [n % 10 for n in range(50)]
    assert train[0][23, 5, 9].tolist() == [23, 24, 24]
    assert test[0][0, 31, 0].tolist() == [50, 51, 51]


def test_cifar10_rows_stay_rows(tmp_path):
    plane = np.arange(1024) % 251
    record = bytes([3]) + bytes(np.tile(plane, 3).astype(np.uint8))
    content = {"cifar-10-batches-bin/test_batch.bin": record}
    pixels, labels = keras_sets._cifar10_part(content, keras_sets.CIFAR10_TEST)
    assert pixels[0, 2, 7].tolist() == [71, 71, 71]  # row 2, column 7 is byte 2 · 32 + 7 of each plane
    assert labels.tolist() == [3]


def test_a_downloaded_set_loads_with_a_tenth_of_each_class_for_validation(home, offline):
    mnist_file(home / "datasets" / "mnist.npz")
    dataset = load_dataset("mnist", home)
    assert dataset.pixels.shape == (50, 28, 28, 3)
    assert np.bincount(dataset.labels[dataset.validation]).tolist() == [2, 2]
    assert sorted([*dataset.train, *dataset.validation]) == list(range(40))
    assert dataset.test.tolist() == list(range(40, 50))
    assert (dataset.pixels[33] == 33).all()


def test_validation_of_the_real_mnist_class_sizes_matches_the_catalogue():
    sizes = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]  # official training part, digits 0 to 9
    validation = keras_sets.tenth_of_each_class(np.repeat(np.arange(10), sizes))
    info = dataset_info("mnist")
    assert len(validation) == info.n_validation
    assert sum(sizes) - len(validation) == info.n_train


def test_the_first_use_downloads_with_the_published_hash(home, monkeypatch):
    asked = {}

    def pretend(url, path, **options):
        asked.update(options, url=url)
        cifar10_archive(path)

    monkeypatch.setattr(keras_sets, "download", pretend)
    dataset = load_dataset("cifar10", home)
    assert len(dataset.labels) == 60
    assert asked["url"] == "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
    assert asked["md5"] == "c32a1d4ab5d03f1284b67883e8d87530"


def test_a_failed_download_says_which_data_set_is_missing(home, offline):
    with pytest.raises(UnavailableError) as caught:
        load_dataset("mnist", home)
    assert caught.value.to_dict() == {
        "code": "dataset_unavailable",
        "values": {"dataset": "mnist", "reason": "no internet"},
    }


@pytest.mark.parametrize("id", ["mnist", "cifar10"])
@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04 cut off", b"\x1f\x8b\x08 cut off"])
def test_a_damaged_download_is_named(id, content, home):
    info = dataset_info(id)
    (home / "datasets" / info.file).write_bytes(content)
    with pytest.raises(UnavailableError) as caught:
        load_dataset(id, home)
    assert caught.value.code == "dataset_damaged"


def test_an_archive_cut_in_the_middle_is_damaged(home):
    path = cifar10_archive(home / "datasets" / "cifar-10-binary.tar.gz")
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(UnavailableError, match="dataset_damaged"):
        load_dataset("cifar10", home)


def test_an_npz_that_holds_pickled_objects_is_refused(home):
    objects = np.array([{"run": "me"}], dtype=object)
    np.savez(home / "datasets" / "mnist.npz", x_train=objects, y_train=objects, x_test=objects, y_test=objects)
    with pytest.raises(UnavailableError, match="dataset_damaged"):
        load_dataset("mnist", home)
