"""Traps in settings: which are found, that usual settings have none, and that the button mends each."""

from dataclasses import replace
from itertools import product

import pytest

from tl_core.datasets.catalog import DATASETS, dataset_info
from tl_core.errors import SpecError
from tl_core.evaluation.scores import wilson_interval
from tl_core.lessons.linter import traps
from tl_core.models.catalog import IMAGE_SIZES, backbone_info, backbones
from tl_core.phrases import LANGUAGES, fields, keys
from tl_core.planning.plan import baseline_of, plan_run
from tl_core.planning.rates import OFFERED_RATES
from tl_core.spec import CHOICES, RunSpec

# every control of the lab and where it can stand; numbers from end to end of what is usual
NOTCHES = {
    **{name: choices for name, choices in CHOICES.items() if name != "fault"},
    "n_frozen": tuple(range(20)),
    "frozen_blocks": ("2", "4-6"),
    "n_pretrained": tuple(range(1, 19)),
    "head_at": tuple(range(1, 19)),
    "image_size": IMAGE_SIZES,
    "per_class": (1, 2, 5, 10, 20, 50, 100, 200, 500),
    "phases": (1, 2),
    "epochs": (1, 2, 3, 5, 8, 10, 20, 50, 100, 500),
    "head_epochs": (1, 2, 5, 10, 50),
    "batch_size": (2, 4, 8, 16, 32, 64, 128, 256, 512),
    "learning_rate": OFFERED_RATES,
    "head_learning_rate": OFFERED_RATES,
    "momentum": (0.0, 0.5, 0.9, 0.99, 0.999),
    "nesterov": (False, True),
    "hidden": (1, 16, 64, 256, 1024, 4096),
    "dropout": (0.0, 0.3, 0.5, 0.9),
    "patience": (0, 1, 3, 10),
    "seed": (0, 1, 2, 3),
    "svm_c": (1e-4, 1e-3, 1.0),
    "logistic_c": (0.1, 1.0, 10.0),
    "decay": (0.0, 1e-6, 0.1),
    "decay_factor": (0.1, 0.5, 1.0),
    "decay_epochs": (1, 2, 5),
    "block_rate_factor": (1.0, 1.2, 2.6),
    "unfreeze_every": (0, 1, 3),
    "batchnorm_momentum": (None, 0.9, 0.99, 0.999),
    "n_views": (1, 4, 20),
    "use_cache": (False, True),
}
WAITS_FOR_NOTHING = {"dataset", "backbone", "source", "threads", "fault"}
SMALL = {"dataset": "cifar10-small", "per_class": 50, "image_size": 64}


def codes(options: dict, n_per_class: tuple[int, ...] = ()) -> list[str]:
    spec = plan_run(options)
    return [trap.code for trap in traps(spec, dataset_info(spec.dataset), n_per_class)]


def test_the_table_has_every_control():
    assert set(NOTCHES) == set(RunSpec.rules()) - WAITS_FOR_NOTHING


@pytest.mark.parametrize("backbone", backbones())
def test_one_move_from_the_defaults_is_a_trap_only_where_counts_say_so(backbone):
    found = set()
    for dataset, (name, notches) in product(DATASETS, NOTCHES.items()):
        for value in notches:
            try:
                said = codes({"dataset": dataset, "backbone": backbone, name: value})
            except SpecError:
                continue
            found |= {(name, value, code) for code in said}
    info = backbone_info(backbone)
    one_place = {("image_size", side, "tiny_pictures") for side, sides in info.sides.items() if sides[-1] == 1}
    measured = {("batchnorm", "updating", "statistics")} if info.has_batchnorm else set()
    assert found <= {("head", "flatten-dense", "large_head"), *one_place, *measured}
    assert {value for name, value, _ in found if name == "image_size"} <= {32}


@pytest.mark.parametrize("backbone", backbones())
@pytest.mark.parametrize("dataset", DATASETS)
def test_the_defaults_at_every_cut_and_their_baselines_with_enough_epochs_have_no_trap(dataset, backbone):
    info = dataset_info(dataset)
    for n_frozen in range(backbone_info(backbone).n_blocks + 1):
        spec = plan_run({"dataset": dataset, "backbone": backbone, "n_frozen": n_frozen, "epochs": 30})
        assert traps(spec, info) == traps(baseline_of(spec), info) == ()
        assert traps(plan_run({"dataset": dataset, "backbone": backbone, "n_frozen": n_frozen}), info) == ()


TRAPPED = {
    "statistics": {"batchnorm": "updating"},
    "rate_high": {**SMALL, "n_frozen": 12, "learning_rate": 1e-3},
    "random_head": {**SMALL, "n_frozen": 12, "phases": 1, "learning_rate": 1e-5},
    "momentum": {**SMALL, "weights": "random", "n_frozen": 0, "batchnorm_momentum": 0.999, "epochs": 30},
    "scratch_short": {**SMALL, "weights": "random", "n_frozen": 0},
    "tiny_pictures": {"image_size": 32},
    "large_head": {"head": "flatten-dense"},
}


@pytest.mark.parametrize("code", TRAPPED)
def test_each_trap_is_found_alone_and_its_button_mends_it(code):
    spec = plan_run(TRAPPED[code])
    info = dataset_info(spec.dataset)
    (trap,) = traps(spec, info)
    assert trap.code == code
    mended = trap.mended(spec)
    assert traps(mended, info) == ()
    changed = {name for name, value in mended.to_dict().items() if value != getattr(spec, name)}
    assert changed
    assert changed <= set(trap.changes)


def test_the_source_of_the_weights_stays_when_a_trap_is_mended():
    spec = plan_run({**TRAPPED["rate_high"], "source": "some-run"})
    (trap,) = traps(spec, dataset_info(spec.dataset))
    assert trap.mended(spec).source == "some-run"


@pytest.mark.parametrize(
    "options",
    [
        {"n_frozen": 12, "learning_rate": 5e-4},
        {"n_frozen": 17, "learning_rate": 1e-3},  # two blocks: measured, and no harm
        {"n_frozen": 12, "learning_rate": 1e-3, "weights": "random"},
        {"n_frozen": 12, "learning_rate": 1e-3, "block_rate_factor": 2.6},
        {"n_frozen": 5, "learning_rate": 1e-3, "backbone": "squeezenet"},  # it gains there
        {"n_frozen": 12, "phases": 1},
        {"n_frozen": 12, "phases": 1, "learning_rate": 1e-5, "per_class": None, "epochs": 20},
        {"n_frozen": 12, "optimizer": "sgd", "learning_rate": 0.03},
    ],
)
def test_what_was_measured_to_do_no_harm_or_not_measured_is_no_trap(options):
    assert codes(SMALL | options) == []


def test_a_network_without_batchnorm_takes_harm_from_a_random_head_at_the_usual_rate():
    assert codes({**SMALL, "backbone": "squeezenet", "n_frozen": 5, "phases": 1}) == ["random_head"]


def test_the_width_that_is_said_of_few_validation_pictures_is_that_of_their_interval():
    spec = plan_run({"dataset": "chest-xray-small"})
    info = dataset_info(spec.dataset)
    assert traps(spec, info) == ()  # 60 pictures: nine points
    (trap,) = traps(spec, replace(info, n_validation=20))
    low, high = wilson_interval(17, 20)
    assert (trap.code, trap.values, trap.changes) == (
        "validation_small",
        {"n": 20, "points": round((high - low) / 2 * 100)},
        {},
    )


def test_uneven_classes_are_said_with_the_share_of_the_largest_unless_they_are_weighed_or_made_even():
    spec = plan_run({})
    info = dataset_info(spec.dataset)
    (trap,) = traps(spec, info, (80, 15, 5))
    assert (trap.code, trap.values) == ("uneven", {"share": 0.8, "times": 16})
    assert trap.mended(spec).class_weight == "balanced"
    assert traps(trap.mended(spec), info, (80, 15, 5)) == traps(spec, info, (30, 15, 11)) == ()
    assert traps(plan_run({"per_class": 5}), info, (80, 15, 5)) == ()


def test_the_numbers_of_a_large_head_are_those_of_the_network():
    (trap,) = traps(plan_run({"head": "flatten-dense"}), dataset_info("groceries"))
    n_inputs = 5 * 5 * 1280
    assert trap.values["n"] == (n_inputs + 1) * 1024 + 1025 * 14
    assert trap.values["n_pooled"] == 1281 * 1024 + 1025 * 14


def test_what_is_left_of_the_first_statistics_is_the_power_of_the_momentum():
    (trap,) = traps(plan_run(TRAPPED["momentum"]), dataset_info("cifar10-small"))
    n_steps = 30 * 16  # 500 pictures, 32 a step
    assert trap.values == {"momentum": "0.999", "steps": n_steps, "left": round(0.999**n_steps * 100)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_trap_has_its_words(language):
    known = {*TRAPPED, "uneven", "validation_small"}
    words = {key.removeprefix("trap.") for key in keys(language) if key.startswith("trap.")} - {"why", "mend"}
    assert words == known | {f"{code}_about" for code in known}
    for code, options in TRAPPED.items():
        spec = plan_run(options)
        (trap,) = traps(spec, dataset_info(spec.dataset))
        assert fields(language, f"trap.{code}") | fields(language, f"trap.{code}_about") <= set(trap.values)
