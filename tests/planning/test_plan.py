import math

import numpy as np
import pytest

from tl_core.datasets.arrays import load_dataset, select_per_class
from tl_core.datasets.catalog import DATASETS, dataset_info
from tl_core.errors import SpecError, UnknownIdError
from tl_core.models.catalog import backbone_info, backbones
from tl_core.planning.blocks import resolve_freeze
from tl_core.planning.plan import (
    FINE_TUNING_RATES,
    HEAD_RATES,
    SCRATCH_RATES,
    baseline_of,
    decisive,
    is_head_only,
    n_training_images,
    plan_run,
    share_frozen,
)
from tl_core.spec import RunSpec

UNUSED = ("head_epochs", "head_learning_rate", "batchnorm_momentum")  # beside one phase or a frozen BatchNorm


def refused(kind=SpecError, **options):
    with pytest.raises(kind) as caught:
        plan_run(options)
    assert type(caught.value) is kind
    return caught.value.code, caught.value.values


def test_a_plan_without_wishes_is_a_linear_probe():
    spec = plan_run({})
    assert (spec.dataset, spec.backbone, spec.weights, spec.head) == (
        "groceries",
        "mobilenet_v2",
        "pretrained",
        "linear",
    )
    assert spec.n_frozen == backbone_info("mobilenet_v2").n_blocks
    assert spec.image_size == 160
    assert spec.learning_rate == HEAD_RATES["adam"]


def test_a_wish_that_is_none_counts_as_no_wish():
    assert plan_run({"freeze": None, "epochs": None, "learning_rate": None}) == plan_run({})


@pytest.mark.parametrize(
    ("freeze", "n_frozen"),
    [("all", 9), ("none", 0), (0, 0), ("0", 0), (3, 3), (" 3 ", 3), ("9", 9), ("stem", 1), ("fire2", 2), ("fire9", 9)],
)
def test_the_cut_point_is_named_by_number_or_by_the_last_frozen_block(freeze, n_frozen):
    assert plan_run({"backbone": "squeezenet", "freeze": freeze}).n_frozen == n_frozen


@pytest.mark.parametrize("backbone", backbones().values(), ids=lambda backbone: backbone.id)
def test_every_block_of_every_backbone_can_be_named(backbone):
    names = [block.name for block in backbone.blocks]
    assert [resolve_freeze(name, backbone, backbone.n_blocks) for name in names] == list(range(1, len(names) + 1))


@pytest.mark.parametrize("freeze", [-1, 10, "10", 10**30])
def test_freezing_beyond_the_blocks_is_refused_with_their_number(freeze):
    code, values = refused(backbone="squeezenet", freeze=freeze)
    assert code == "freeze_range"
    assert values == {"received": str(freeze)[:40], "backbone": "squeezenet", "high": 9}


@pytest.mark.parametrize("freeze", ["", "block_99", "ALL", "2.5", "half", "nan", "9" * 5000, True])
def test_an_unknown_cut_point_is_refused_with_the_names_that_exist(freeze):
    code, values = refused(backbone="squeezenet", freeze=freeze)
    assert code == "freeze_unknown"
    assert values["allowed"][:2] == ["stem", "fire2"]


def test_the_number_of_frozen_blocks_is_checked_however_it_is_given():
    assert refused(backbone="vgg16", n_frozen=6)[0] == "freeze_range"
    assert refused(backbone="vgg16", n_frozen="many")[0] == "spec_number"


def test_pictures_smaller_than_the_network_accepts_are_refused():
    code, values = refused(backbone="inception_v3", image_size=64)
    assert (code, values) == ("image_size_small", {"received": 64, "backbone": "inception_v3", "low": 75})
    assert plan_run({"backbone": "inception_v3", "image_size": 75}).image_size == 75


def test_a_batch_larger_than_the_training_set_is_refused():
    code, values = refused(dataset="mnist-small", per_class=4, batch_size=41)
    assert (code, values) == ("batch_too_large", {"received": 41, "high": 40})
    assert plan_run({"dataset": "mnist-small", "per_class": 4, "batch_size": 40}).batch_size == 40


@pytest.mark.parametrize(("per_class", "batch_size"), [(None, 32), (4, 32), (3, 30), (1, 10)])
def test_of_few_pictures_all_are_a_batch_where_nobody_says_otherwise(per_class, batch_size):
    assert plan_run({"dataset": "mnist-small", "per_class": per_class}).batch_size == batch_size


def test_unknown_ids_are_refused_with_those_that_exist():
    code, values = refused(UnknownIdError, backbone="alexnet")
    assert (code, values["received"], values["allowed"]) == ("unknown_backbone", "alexnet", list(backbones()))
    code, values = refused(UnknownIdError, dataset="imagenet")
    assert (code, values["received"], values["allowed"]) == ("unknown_dataset", "imagenet", list(DATASETS))


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"epochs": 0}, "spec_range"),
        ({"learning_rate": "nan"}, "spec_range"),
        ({"learning_rate": -1}, "spec_range"),
        ({"optimizer": "lion"}, "spec_choice"),
        ({"weights": "imagenet"}, "spec_choice"),
        ({"batch_size": 1}, "spec_range"),
        ({"colour": "red"}, "unknown_field"),
        ({"phases": 3}, "spec_range"),
        ({"batchnorm": "inference"}, "spec_choice"),
        *(({"freeze": cut, name: "slow"}, "spec_number") for cut in (12, "all") for name in UNUSED),
    ],
)
def test_a_bad_field_is_refused_as_in_a_spec(options, code):
    assert refused(**options)[0] == code


def test_rates_follow_what_is_trained_and_never_the_cut():
    for optimizer in ("adam", "sgd"):
        assert FINE_TUNING_RATES[optimizer] < SCRATCH_RATES[optimizer] < HEAD_RATES[optimizer]
        asked = {"backbone": "inception_v3", "optimizer": optimizer}
        partial = [plan_run(asked | {"freeze": cut}) for cut in range(5)]
        assert {spec.learning_rate for spec in partial} == {FINE_TUNING_RATES[optimizer]}
        assert {spec.head_learning_rate for spec in partial} == {HEAD_RATES[optimizer]}
        assert plan_run(asked | {"freeze": "all"}).learning_rate == HEAD_RATES[optimizer]
        assert plan_run(asked | {"freeze": "none", "weights": "random"}).learning_rate == SCRATCH_RATES[optimizer]
    assert plan_run({"learning_rate": "0.5"}).learning_rate == 0.5


def test_pretrained_blocks_are_trained_head_first_with_batchnorm_frozen_and_random_ones_all_at_once():
    tuned = plan_run({"freeze": 12})
    assert (tuned.phases, tuned.head_epochs, tuned.batchnorm) == (2, 5, "frozen")
    scratch = plan_run({"freeze": 0, "weights": "random"})
    assert (scratch.phases, scratch.batchnorm) == (1, "trained")
    at_once = plan_run({"freeze": 12, "phases": 1, "batchnorm": "trained", "batchnorm_momentum": 0.9})
    assert (at_once.phases, at_once.batchnorm, at_once.batchnorm_momentum) == (1, "trained", 0.9)
    trap = plan_run({"freeze": 12, "batchnorm": "updating"})
    assert (trap.phases, trap.batchnorm) == (1, "updating")


def test_where_only_the_head_is_trained_nothing_is_said_of_blocks():
    probe = plan_run({})
    for said in ({"phases": 2}, {"head_epochs": 9}, {"learning_rate": 0.1, "head_learning_rate": 2e-3}):
        assert plan_run(said) == probe
    assert plan_run({"batchnorm": "trained", "batchnorm_momentum": 0.9}) == probe
    assert plan_run({"learning_rate": 0.1}) == plan_run({"head_learning_rate": 0.1})
    assert plan_run({"freeze": 12}).head_phase(19) == probe.with_changes(head_learning_rate=2e-3)


@pytest.mark.parametrize(
    ("head_at", "n"), [(None, None), ("all", None), (19, None), ("top", None), (7, 7), ("7", 7), ("block_5", 7)]
)
def test_the_head_stands_behind_the_block_that_is_named_or_counted(head_at, n):
    assert plan_run({"head_at": head_at}).head_at == n


@pytest.mark.parametrize("head_at", [-1, 20, "block_99", "2.5", "none", True])
def test_a_head_behind_no_block_is_refused_with_the_names_that_exist(head_at):
    code, values = refused(head_at=head_at)
    assert (code, values["high"], values["allowed"][:2]) == ("head_at_unknown", 19, ["stem", "expanded_conv"])


@pytest.mark.parametrize(
    ("asked", "n"), [(None, None), ("all", None), (19, None), (7, 7), ("7", 7), ("block_5", 7), ("stem", 1)]
)
def test_the_blocks_that_start_pretrained_are_counted_or_named(asked, n):
    assert plan_run({"pretrained_blocks": asked}).n_pretrained == n
    assert plan_run({"n_pretrained": asked}).n_pretrained == n


@pytest.mark.parametrize("asked", [-1, 0, "0", 20, "block_99", "2.5", "none"])
def test_pretrained_blocks_that_there_are_not_are_refused_with_the_names_that_exist(asked):
    code, values = refused(pretrained_blocks=asked)
    assert (code, values["high"], values["allowed"][:2]) == ("pretrained_unknown", 19, ["stem", "expanded_conv"])


def test_a_network_with_random_blocks_is_trained_as_one_from_scratch():
    ways = {"random": {"weights": "random"}, "matched": {"weights": "matched"}, "partly": {"pretrained_blocks": 10}}
    specs = {name: plan_run({"freeze": 0} | way) for name, way in ways.items()}
    assert {name: spec.started_as for name, spec in specs.items()} == {name: name for name in ways}
    assert {(spec.phases, spec.learning_rate, spec.batchnorm) for spec in specs.values()} == {(1, 1e-3, "trained")}
    assert plan_run({"weights": "random", "pretrained_blocks": 10}).n_pretrained is None
    assert len({spec.start for spec in specs.values()} | {plan_run({}).start}) == 4
    assert plan_run({"seed": 1}).start == plan_run({"seed": 2}).start
    assert baseline_of(specs["partly"]).n_pretrained is None


def test_with_a_head_inside_the_network_all_blocks_are_those_before_it():
    probe = plan_run({"head_at": "block_5"})
    assert (probe.n_frozen, is_head_only(probe), share_frozen(probe)) == (7, True, 1.0)
    assert (probe.phases, probe.learning_rate) == (1, HEAD_RATES["adam"])
    tuned = plan_run({"head_at": 7, "freeze": "block_4"})
    assert (tuned.n_frozen, is_head_only(tuned), tuned.phases) == (6, False, 2)
    assert baseline_of(tuned).head_at == 7
    assert refused(head_at=7, freeze=8) == ("freeze_range", {"received": "8", "backbone": "mobilenet_v2", "high": 7})
    assert refused(head_at=7, freeze="block_6")[0] == "freeze_unknown"
    assert refused(head_at=7, n_frozen=8)[0] == "freeze_range"


def test_a_head_that_no_memory_holds_is_refused_with_its_size():
    asked = {"backbone": "vgg16", "head": "flatten-dense", "image_size": 224, "dataset": "groceries"}
    assert plan_run(asked).head == "flatten-dense"
    code, values = refused(**asked, head_at="block1")
    assert (code, values["params"]) == ("head_too_large", 112 * 112 * 64 * 1024 + 1024 + 1025 * 14)


PLANNED = [{}, {"freeze": 3}, {"freeze": 0, "weights": "random"}, {"freeze": 3, "phases": 1}, {"learning_rate": 0.1}]
PLANNED += [{"head_at": 7}, {"head_at": 7, "freeze": 3}]


@pytest.mark.parametrize("asked", PLANNED, ids=str)
def test_a_plan_planned_again_stays_what_it_is(asked):
    spec = plan_run(asked)
    assert plan_run(spec.to_dict()) == spec


def test_what_differs_between_two_runs_is_what_was_changed():
    def different(first: dict, second: dict) -> set[str]:
        values = [decisive(plan_run(asked)) for asked in (first, second)]
        both = values[0].keys() & values[1].keys()
        return {name for name in both if values[0][name] != values[1][name]}

    assert different({}, {"freeze": 12}) == {"n_frozen"}
    assert different({"freeze": 3}, {"freeze": 12}) == {"n_frozen"}
    assert different({}, {"learning_rate": 0.1}) == {"head_learning_rate"}
    assert "batchnorm" not in decisive(plan_run({"backbone": "squeezenet", "freeze": 3}))


def test_a_baseline_sees_as_many_pictures_as_its_run_and_is_trained_as_suits_a_random_start():
    spec = plan_run({"backbone": "vgg16", "freeze": 3, "seed": 7, "epochs": 4, "optimizer": "sgd", "head": "dense"})
    twin = baseline_of(spec)
    changed = {name: value for name, value in decisive(twin).items() if value != spec.to_dict()[name]}
    assert changed == {
        "weights": "random",
        "n_frozen": 0,
        "phases": 1,
        "epochs": 9,
        "learning_rate": SCRATCH_RATES["sgd"],
    }
    assert twin.batchnorm == "trained"
    assert baseline_of(plan_run({"epochs": 4})).epochs == 4
    assert baseline_of(twin) == twin


@pytest.mark.parametrize("freeze", [0, 3, "all"])
def test_the_baseline_has_the_schedule_of_the_run(freeze):
    spec = plan_run({"freeze": freeze, "schedule": "step", "decay_factor": 0.3, "decay_epochs": 1, "decay": 0.7})
    twin = decisive(baseline_of(spec))
    assert (twin["schedule"], twin["decay_factor"], twin["decay_epochs"]) == ("step", 0.3, 1)
    assert "decay" not in twin
    assert "schedule" in decisive(plan_run({"freeze": freeze}))


def test_an_svm_is_fitted_to_fixed_features_of_the_pictures_as_they_are():
    assert (
        decisive(plan_run({"head": "svm"}))
        .keys()
        .isdisjoint(
            {"epochs", "optimizer", "learning_rate", "head_learning_rate", "schedule", "dropout", "patience", "augment"}
        )
    )
    assert decisive(plan_run({"head": "svm", "epochs": 3})) == decisive(plan_run({"head": "svm", "epochs": 4}))
    assert decisive(plan_run({"head": "svm", "svm_c": 0.1}))["svm_c"] == 0.1
    assert plan_run({"head": "svm", "batchnorm": "updating"}).batchnorm == "frozen"
    assert refused(head="svm", freeze=3) == ("fit_not_frozen", {"received": 3, "high": 19})
    assert refused(head="svm", augment="light") == ("fit_augmented", {"received": "light"})


def test_a_probe_to_convergence_stands_behind_any_block_on_fixed_features():
    spec = plan_run({"head": "logistic", "head_at": 10, "freeze": "all"})
    assert (spec.n_frozen, spec.all_epochs, spec.is_fitted, spec.has_probabilities) == (10, 1, True, True)
    named = decisive(spec.with_changes(logistic_c=0.1))
    assert named["logistic_c"] == 0.1
    assert named.keys().isdisjoint({"svm_c", "epochs", "optimizer", "learning_rate", "dropout", "augment"})
    assert plan_run({"head": "logistic", "batchnorm": "updating"}).batchnorm == "frozen"
    assert refused(head="logistic", freeze=3) == ("fit_not_frozen", {"received": 3, "high": 19})
    assert refused(head="logistic", augment="light") == ("fit_augmented", {"received": "light"})


@pytest.mark.parametrize(("head", "c"), [("svm", "svm_c"), ("logistic", "logistic_c")])
def test_beside_a_fitted_head_a_softmax_head_is_trained_from_scratch(head, c):
    spec = plan_run({"head": head, c: 0.1, "epochs": 7})
    twin = baseline_of(spec)
    assert (spec.all_epochs, twin.all_epochs) == (1, 7)
    assert (twin.head, twin.weights, twin.n_frozen, twin.learning_rate) == (
        "linear",
        "random",
        0,
        SCRATCH_RATES["adam"],
    )
    assert getattr(twin, c) == getattr(RunSpec, c)
    assert baseline_of(twin) == twin


@pytest.mark.parametrize("per_class", [None, 2, 30, 10_000])
def test_the_number_of_training_images_is_never_less_than_what_a_run_uses(per_class, tmp_path_factory):
    data = load_dataset("groceries", tmp_path_factory.getbasetemp())
    used = len(select_per_class(data.labels, data.train, per_class, seed=0))
    expected = n_training_images(RunSpec(per_class=per_class), dataset_info("groceries"))
    assert used <= expected
    if per_class in (None, 2, 10_000):
        smallest = np.bincount(data.labels[data.train]).min()
        assert smallest >= 2
        assert used == expected
    assert math.isfinite(expected)


def test_a_record_of_a_network_that_there_is_no_more_can_still_be_read():
    assert decisive(RunSpec(backbone="gone", n_frozen=3))["n_frozen"] == 3


def test_the_head_of_a_network_with_large_features_takes_larger_steps():
    assert plan_run({"backbone": "vgg16"}).learning_rate == 5e-3
    assert plan_run({"backbone": "vgg16", "freeze": 3}).head_learning_rate == 5e-3
    assert plan_run({"backbone": "vgg16", "optimizer": "sgd"}).learning_rate == HEAD_RATES["sgd"]
    assert plan_run({"backbone": "vgg16", "learning_rate": 0.02}).learning_rate == 0.02


# ---- blocks frozen behind the cut ----


@pytest.mark.parametrize(
    ("asked", "n_frozen", "frozen_blocks"),
    [
        ({"freeze": 12, "freeze_also": "14,16-18"}, 12, "14,16-18"),
        ({"freeze": "block_10", "freeze_also": "block_12, block_14-block_16"}, 12, "14,16-18"),
        ({"freeze": 12, "freeze_also": "13,14,16"}, 14, "16"),
        ({"freeze": 12, "frozen_blocks": "3,12,16"}, 12, "16"),
        ({"freeze": "none", "freeze_also": "1-3"}, 3, ""),
        ({"freeze": "none", "freeze_also": "2"}, 0, "2"),
        ({"freeze": 12, "freeze_also": "13-19"}, 19, ""),
        ({"freeze": "all", "freeze_also": "19"}, 19, ""),
        ({"freeze": 12, "freeze_also": ""}, 12, ""),
    ],
)
def test_blocks_that_touch_the_frozen_prefix_belong_to_it(asked, n_frozen, frozen_blocks):
    spec = plan_run(asked)
    assert (spec.n_frozen, spec.frozen_blocks) == (n_frozen, frozen_blocks)
    assert plan_run(spec.to_dict()) == spec
    assert is_head_only(spec) == (n_frozen == 19)
    assert share_frozen(spec) == sum(spec.is_frozen(at) for at in range(19)) / 19
    assert baseline_of(spec).frozen_blocks == ""


@pytest.mark.parametrize("also", ["20", "0", "block_99", "5-3", "a\nb", "-3", "block_3-x"])
def test_what_is_no_block_cannot_be_frozen_behind_the_cut(also):
    code, values = refused(freeze=2, freeze_also=also)
    assert (code, values["high"], values["allowed"][:1]) == ("freeze_also_unknown", 19, ["stem"])


def test_no_block_is_frozen_that_the_head_leaves_out():
    assert refused(freeze=2, head_at=5, freeze_also="6")[0] == "freeze_also_unknown"
    assert refused(freeze=2, head_at=5, frozen_blocks="6") == (
        "spec_range",
        {"field": "frozen_blocks", "received": 6, "low": 1, "high": 5},
    )


# ---- rates and epochs of single blocks ----


def test_where_only_the_head_is_trained_blocks_have_no_rates_nor_epochs():
    spec = plan_run({"block_rate_factor": 2.6, "unfreeze_every": 2})
    assert spec == plan_run({})
    assert not {"block_rate_factor", "unfreeze_every"} & set(decisive(spec))
    spec = plan_run({"freeze": 12, "block_rate_factor": 2.6, "unfreeze_every": 2})
    assert (spec.block_rate_factor, spec.unfreeze_every) == (2.6, 2)
    twin = baseline_of(spec)
    assert (twin.block_rate_factor, twin.unfreeze_every) == (1.0, 0)


def test_a_single_trained_block_need_not_wait_for_itself():
    assert plan_run({"freeze": 18, "unfreeze_every": 2}) == plan_run({"freeze": 18})
    assert plan_run({"freeze": 16, "freeze_also": "18,19", "unfreeze_every": 2}).unfreeze_every == 0


def test_unfreezing_block_by_block_goes_with_a_constant_rate_alone():
    code, values = refused(freeze=12, unfreeze_every=2, schedule="cosine")
    assert (code, values) == ("unfreeze_schedule", {"received": "cosine", "unfreeze_every": 2})
