from statistics import fmean

import pytest

from tl_core.models.initial import SCRATCH_BATCHNORM_MOMENTUM
from tl_core.planning.expectations import (
    BACKBONES,
    COLUMNS,
    LARGE,
    SCRATCH,
    SEEDS,
    SIZES,
    TABLE,
    WAYS,
    Trial,
    cuts,
    is_whole,
    measured,
    read,
    trials,
    written,
)
from tl_core.planning.plan import baseline_of, plan_run, scratch_rate

ROW = {"test_accuracy": 0.7, "validation_accuracy": 0.75, "best_epoch": 7, "seconds": 12.5}


def test_the_cuts_go_from_all_blocks_to_none_and_the_first_notch_is_always_among_them():
    assert cuts("mobilenet_v2") == [19, 18, 16, 12, 6, 0]
    assert cuts("squeezenet") == [9, 8, 6, 3, 0]


def test_a_trial_is_what_a_student_gets_with_the_defaults_at_its_size():
    trial = Trial("default", "cifar10-small", "mobilenet_v2", 12, 1)
    asked = {"dataset": "cifar10-small", "freeze": 12, "seed": 1, "image_size": 96, "per_class": 100}
    assert trial.spec() == plan_run(asked)
    spoiled = Trial("at-once", "groceries", "mobilenet_v2", 12, 0).spec()
    assert (spoiled.phases, spoiled.batchnorm, spoiled.image_size) == (1, "trained", 160)


def test_a_large_network_is_measured_in_pictures_no_larger_than_the_lab_starts_with_and_at_the_first_cuts():
    few = list(trials(datasets=("groceries",), backbones=("vgg16", "resnet50"), seeds=(0,), n_cuts=2))
    assert [(trial.backbone, trial.n_frozen) for trial in few] == [
        ("vgg16", 5),
        ("vgg16", 4),
        ("resnet50", 17),
        ("resnet50", 16),
    ]
    assert [trial.spec().image_size for trial in few] == [96, 96, 160, 160]


@pytest.mark.parametrize("backbone", LARGE)
def test_of_a_large_network_a_page_tells_what_was_measured_and_no_cut_beside(backbone):
    for dataset in SIZES:
        found = set(measured("default", dataset, backbone))
        assert found <= set(cuts(backbone))
        assert is_whole(dataset, backbone) == (found == set(cuts(backbone)))
    assert is_whole("groceries", "mobilenet_v2")


def test_every_trial_comes_once_and_one_seed_is_complete_before_the_next():
    every = list(trials(ways=tuple(WAYS)))
    assert len(set(every)) == len(every)
    assert [trial.seed for trial in every] == sorted(trial.seed for trial in every)
    assert {trial.dataset for trial in every} == set(SIZES)
    assert not [trial for trial in every if trial.way == "at-once" and trial.n_frozen == cuts(trial.backbone)[0]]


def test_a_table_survives_its_file_and_its_order_is_always_the_same(tmp_path):
    table = {trial: ROW for trial in trials(datasets=("mnist-small",))}
    path = tmp_path / "table.csv"
    path.write_text(written(table))
    assert read(path) == table
    assert written(dict(reversed(table.items()))) == path.read_text()
    assert path.read_text().splitlines()[0] == ",".join(COLUMNS)
    assert read(tmp_path / "none.csv") == {}


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("dataset", SIZES)
def test_no_cut_of_the_committed_table_is_worse_than_all_frozen_by_more_than_noise(dataset, backbone):
    """What the defaults are chosen for: a student who moves the slider one way or the other is not misled."""
    means = {n_frozen: fmean(values) for n_frozen, values in measured("default", dataset, backbone).items()}
    all_frozen, *others = cuts(backbone)
    assert set(means) == {all_frozen, *others}
    assert {len(values) for values in measured("default", dataset, backbone).values()} == {len(SEEDS)}
    assert min(means.values()) >= means[all_frozen] - 0.03
    if dataset == "cifar10-small":
        assert max(means[n_frozen] for n_frozen in others if n_frozen) >= means[all_frozen] + 0.02


@pytest.mark.parametrize("backbone", BACKBONES)
def test_the_baseline_is_trained_as_did_best_on_validation_pictures_of_what_was_tried(backbone):
    tried = {trial: row for trial, row in read(TABLE).items() if trial.way in SCRATCH and trial.backbone == backbone}
    assert len(tried) == len(list(trials(tuple(SCRATCH), ("groceries",), (backbone,), (0,))))
    best = max(tried, key=lambda trial: tried[trial]["validation_accuracy"]).spec()
    assert best.learning_rate == scratch_rate(backbone, "adam")
    assert best.batchnorm_momentum == SCRATCH_BATCHNORM_MOMENTUM
    assert best.with_changes(batchnorm_momentum=None) == baseline_of(best)
