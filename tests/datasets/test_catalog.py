import subprocess
import sys
from collections import Counter
from dataclasses import FrozenInstanceError

import pytest

from tl_core.datasets.catalog import DATASETS, class_slug, dataset_info
from tl_core.errors import UnknownIdError


def test_the_picker_lists_bundled_sets_before_those_to_download():
    assert list(DATASETS) == [
        "groceries",
        "groceries-coarse",
        "cifar10-small",
        "cifar10-a",
        "cifar10-b",
        "cifar10-a-shuffled",
        "mnist-small",
        "mnist-small-parity",
        "chest-xray-small",
        "cifar10",
        "mnist",
    ]
    assert all(id == info.id for id, info in DATASETS.items())


def test_the_coarse_groceries_are_five_apples_four_melons_three_pears_an_orange_and_a_satsuma():
    coarse, fine = dataset_info("groceries-coarse"), dataset_info("groceries")
    kinds = {name: coarse.classes[kind] for name, kind in zip(fine.classes, coarse.merge, strict=True)}
    assert Counter(kinds.values()) == {"Apple": 5, "Melon": 4, "Pear": 3, "Orange": 1, "Satsuma": 1}
    assert {name for name, kind in kinds.items() if kind == "Pear"} == {"Anjou", "Conference", "Kaiser"}
    assert {name for name, kind in kinds.items() if kind == "Melon"} == {
        "Cantaloupe",
        "Galia Melon",
        "Honeydew Melon",
        "Watermelon",
    }
    assert kinds["Orange"] == "Orange"
    assert kinds["Satsuma"] == "Satsuma"


def test_coarse_and_fine_groceries_share_one_file():
    coarse, fine = dataset_info("groceries-coarse"), dataset_info("groceries")
    assert coarse.file == fine.file
    assert (coarse.n_train, coarse.n_validation, coarse.n_test) == (fine.n_train, fine.n_validation, fine.n_test)


def test_an_unknown_id_names_what_is_allowed():
    with pytest.raises(UnknownIdError) as caught:
        dataset_info("imagenet")
    assert caught.value.code == "unknown_dataset"
    assert caught.value.values == {"received": "imagenet", "allowed": list(DATASETS)}


def test_the_catalogue_cannot_be_changed():
    with pytest.raises(TypeError):
        DATASETS["mine"] = DATASETS["mnist"]
    with pytest.raises(FrozenInstanceError):
        DATASETS["mnist"].n_train = 1


def test_digits_and_chests_are_never_mirrored():
    assert {id for id, info in DATASETS.items() if not info.can_flip} == {
        "mnist-small",
        "mnist-small-parity",
        "chest-xray-small",
        "mnist",
    }


def test_only_downloaded_sets_have_an_address_and_it_is_encrypted():
    for info in DATASETS.values():
        assert (info.url is not None) == (info.origin == "keras")
        assert info.url is None or info.url.startswith("https://")


def test_a_class_name_becomes_a_copy_key():
    assert class_slug("Granny Smith") == "granny-smith"
    assert class_slug("7") == "7"


def test_class_slugs_are_distinct_within_every_set():
    for info in DATASETS.values():
        assert len({class_slug(name) for name in info.classes}) == len(info.classes)


def test_the_catalogue_needs_no_heavy_library():
    code = (
        "import sys, tl_core.datasets.catalog; "
        "print({'keras', 'tensorflow', 'pandas', 'pyarrow', 'numpy', 'PIL'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
