"""What a run was trained on, told from its record alone."""

from pathlib import Path

import pytest

from tests.ingest.pictures import take, tree
from tests.store.memory_store import MemoryStore
from tl_core.datasets.catalog import DATASETS, dataset_info
from tl_core.datasets.images.preparation import PLAIN, Preparation
from tl_core.datasets.known import known_dataset
from tl_core.errors import UnknownIdError
from tl_core.store.access import Visitor
from tl_core.store.albums import Albums
from tl_core.store.records import RunRecord
from tl_core.store.run_dataset import dataset_facts, run_classes, run_data, run_preparation

ANNA = Visitor("anna")


def run_on(dataset: str, **environment: object) -> RunRecord:
    with MemoryStore() as store:
        return store.create_run({"dataset": dataset}, role="run", name="run", environment=environment, owner="anna")


@pytest.fixture
def albums(tmp_path) -> Albums:
    return Albums(tmp_path, lambda id: False)


@pytest.mark.parametrize("id", list(DATASETS))
def test_a_record_keeps_nothing_of_the_catalogues_and_finds_it_there(tmp_path, id):
    assert dataset_facts(dataset_info(id)) == {}
    assert run_data(run_on(id), tmp_path) == dataset_info(id)
    assert run_classes(run_on(id), tmp_path) == dataset_info(id).classes


def test_a_record_knows_its_classes_when_the_pictures_are_gone(albums):
    record = take(albums, tree(苹果=5, pear=5), can_flip=False)
    info = known_dataset(record.id, albums.home)
    run = run_on(record.id, **dataset_facts(info))
    albums.delete(record.id, by=ANNA)
    with pytest.raises(UnknownIdError):
        known_dataset(record.id, albums.home)
    found = run_data(run, albums.home)
    assert (found.id, found.classes, found.origin) == (record.id, ("pear", "苹果"), "own")
    kept = ("n_train", "n_validation", "n_test", "image_size", "channels", "can_flip")
    assert all(getattr(found, name) == getattr(info, name) for name in kept)
    assert run_classes(run, albums.home) == ("pear", "苹果")


def test_a_record_that_keeps_nothing_asks_the_data_folder(albums):
    record = take(albums, tree(apple=5, pear=5))
    assert run_data(run_on(record.id), albums.home) == known_dataset(record.id, albums.home)


@pytest.mark.parametrize("kept", [None, [], "x", {}, {"classes": ["a"]}])
def test_what_was_kept_in_another_form_is_left_aside(tmp_path, kept):
    with pytest.raises(UnknownIdError):
        run_data(run_on("own-" + "0" * 20, data=kept), tmp_path)


def test_nobody_changes_the_catalogue_by_a_record(tmp_path):
    kept = {"classes": ["x"], "n_train": 1, "n_validation": 1, "n_test": 1, "image_size": 1}
    run = run_on("groceries", data=kept | {"channels": 1, "can_flip": True})
    assert run_data(run, tmp_path) == dataset_info("groceries")


def test_a_network_that_was_trained_elsewhere_says_its_own_classes(tmp_path):
    assert run_classes(run_on("own-" + "0" * 20, classes=["a", "b"]), tmp_path) == ("a", "b")


def test_an_id_that_leads_elsewhere_leads_nowhere(tmp_path):
    (tmp_path / "about.json").write_text("{}")
    for id in ("own-../../about.json", "../x", ""):
        with pytest.raises(UnknownIdError):
            run_data(run_on(id), Path(tmp_path))


def test_a_record_knows_how_its_pictures_were_made_ready_when_they_are_gone(albums):
    record = take(albums, tree(apple=5, pear=5), framing="fit")
    run = run_on(record.id, **dataset_facts(known_dataset(record.id, albums.home)))
    albums.delete(record.id, by=ANNA)
    assert run_preparation(run, albums.home) == Preparation("fit")


def test_records_that_do_not_say_how_have_the_usual_way(albums):
    record = take(albums, tree(apple=5, pear=5))
    facts = dataset_facts(known_dataset(record.id, albums.home))
    assert "preparation" not in facts["data"]
    for run in (run_on(record.id, **facts), run_on(record.id), run_on("own-" + "0" * 20), run_on("mnist-small")):
        assert run_preparation(run, albums.home) == PLAIN
    elsewhere = run_on("elsewhere", imported={}, classes=["a", "b"])
    assert run_preparation(elsewhere, albums.home) == PLAIN
