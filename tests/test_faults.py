"""What a fault does to data and plans, and that a run with one is never taken for another."""

from dataclasses import replace

import numpy as np
import pytest

from tl_core.datasets.arrays import Dataset
from tl_core.datasets.catalog import dataset_info
from tl_core.engine.runs import reuse
from tl_core.engine.runs.recorder import timing_key
from tl_core.faults import class_by_class, n_leaked, preprocessing, with_fault
from tl_core.models.preprocess import MODES
from tl_core.phrases import LANGUAGES, keys
from tl_core.planning.lab_link import LabLink
from tl_core.planning.plan import baseline_of, n_training_images, plan_run
from tl_core.spec import FAULTS, RunSpec

INFO = replace(dataset_info("cifar10-small"), classes=tuple("abcde"), n_train=20, n_validation=5, n_test=10)
SEEDS = range(5)


def made() -> Dataset:
    """Returns 35 pictures of five classes: 20 to train, 5 to validate, 10 to test."""
    places = np.arange(35)
    pixels = np.zeros((35, 2, 2, 3), np.uint8)
    return Dataset(INFO, pixels, places % 5, places[:20], places[20:25], places[25:])


@pytest.mark.parametrize("fault", ["none", *FAULTS])
def test_a_fault_leaves_alone_what_it_is_not_about(fault):
    before, found = made(), with_fault(made(), RunSpec(fault=fault))
    if fault != "class-order":
        np.testing.assert_array_equal(found.labels, before.labels)
    if fault != "test-in-training":
        np.testing.assert_array_equal(found.train, before.train)
    np.testing.assert_array_equal(found.test, before.test)
    np.testing.assert_array_equal(found.labels[:25], before.labels[:25])


@pytest.mark.parametrize("seed", SEEDS)
def test_in_another_order_of_the_classes_none_has_its_place_and_all_are_there(seed):
    before = made().labels[25:]
    found = with_fault(made(), RunSpec(fault="class-order", seed=seed)).labels[25:]
    number = dict(zip(before.tolist(), found.tolist(), strict=True))
    assert [number[one] for one in before] == found.tolist()
    assert sorted(number.values()) == list(range(5))
    assert not np.any(before == found)


@pytest.mark.parametrize("seed", SEEDS)
def test_half_of_the_test_pictures_are_trained_on_and_counted(seed):
    spec = RunSpec(fault="test-in-training", seed=seed)
    found = with_fault(made(), spec)
    assert set(found.train.tolist()) > set(range(20))
    assert np.isin(found.train, found.test).sum() == 5
    assert np.all(np.diff(found.train) > 0)
    assert n_training_images(spec, INFO) == len(found.train) == 25
    assert n_leaked(RunSpec(), 10) == 0


def test_class_by_class_each_picture_comes_once_and_no_class_comes_again():
    data = made()
    order = class_by_class(data.train, data.labels)
    assert sorted(order.tolist()) == data.train.tolist()
    assert np.all(np.diff(data.labels[order]) >= 0)


@pytest.mark.parametrize("usual", ["tf", "lite", "caffe", "squeezenet", "none"])
def test_every_fault_of_the_pixels_has_a_preprocessing_and_all_others_have_the_right_one(usual):
    found = {fault: preprocessing(usual, fault) for fault in ("none", *FAULTS)}
    assert set(found.values()) <= set(MODES)
    assert {fault for fault, mode in found.items() if mode != usual} <= {
        "raw-pixels",
        "unit-pixels",
        "rescaled-twice",
        "bgr-pixels",
    }


def test_runs_with_and_without_a_fault_are_never_equal_nor_do_they_tell_how_long_the_other_takes():
    specs = [plan_run({"fault": fault}) for fault in ("none", *FAULTS)]
    assert len({reuse.fingerprint(spec) for spec in specs}) == len(specs)
    assert len({timing_key(spec) for spec in specs}) == len(specs)


@pytest.mark.parametrize("fault", FAULTS)
def test_no_link_and_no_baseline_brings_a_fault_along(fault):
    spec = plan_run({"fault": fault})
    assert baseline_of(spec).fault == "none"
    assert LabLink(spec).spec.fault == "none"
    assert "fault" not in LabLink(spec).to_query()
    assert LabLink.from_query({"v": "2", "fault": fault})[0].spec.fault == "none"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fault_has_its_words(language):
    wanted = {f"choice.fault.{fault}" for fault in ("none", *FAULTS)}
    assert wanted == {key for key in keys(language) if key.startswith("choice.fault.")}
