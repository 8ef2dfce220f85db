"""One's own sweep: what was typed becomes levels, and what follows from a varied setting follows."""

import pytest

from tl_core.errors import InputError, SpecError
from tl_core.experiments.own import VARIED, choices_of, from_text, levels_of, own_sweep, to_text
from tl_core.models.catalog import backbone_info
from tl_core.planning.plan import plan_run

NETWORK = "mobilenet_v2"
N_BLOCKS = backbone_info(NETWORK).n_blocks


@pytest.mark.parametrize(
    ("field", "text", "levels"),
    [
        ("per_class", "1, 2,5", (1, 2, 5)),
        ("per_class", "5，10、all;5", (5, 10, "all")),
        ("learning_rate", "1e-3 0.001 0.01", (0.001, 0.01)),
        ("n_frozen", "0, stem, all", (0, 1, N_BLOCKS)),
        ("head_at", "stem all", (1, N_BLOCKS)),
        ("head", "linear, svm", ("linear", "svm")),
    ],
)
def test_values_are_read_however_they_were_typed(field, text, levels):
    assert levels_of(field, text, NETWORK) == levels


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("per_class", " , ", "sweep_values_missing"),
        ("per_class", "0", "spec_range"),
        ("epochs", "2.5", "spec_number"),
        ("epochs", "many", "spec_number"),
        ("head", "round", "spec_choice"),
        ("n_frozen", "attic", "freeze_unknown"),
        ("head_at", "0", "head_at_unknown"),
    ],
)
def test_what_is_no_value_says_what_is_one(field, text, code):
    with pytest.raises((InputError, SpecError)) as caught:
        levels_of(field, text, NETWORK)
    assert caught.value.code == code


def test_a_sweep_varies_what_it_names_and_keeps_the_rest():
    spec = plan_run({"dataset": "cifar10-small", "epochs": 7, "learning_rate": 0.004, "dropout": 0.2})
    trials = own_sweep(spec, {"per_class": (1, 5)}, (0, 1)).trials()
    assert [(trial.spec.per_class, trial.spec.seed) for trial in trials] == [(1, 0), (5, 0), (1, 1), (5, 1)]
    assert [trial.spec.batch_size for trial in trials[:2]] == [10, 32]
    same = {"epochs": 7, "learning_rate": 0.004, "dropout": 0.2, "dataset": "cifar10-small"}
    assert all(getattr(trial.spec, name) == value for trial in trials for name, value in same.items())


def test_the_rate_is_varied_also_where_only_the_head_is_trained():
    trials = own_sweep(plan_run({}), {"learning_rate": (0.001, 0.01)}, (0,)).trials()
    assert [trial.spec.learning_rate for trial in trials] == [0.001, 0.01]


def test_rates_follow_from_the_optimiser_and_from_the_cut():
    spec = plan_run({"learning_rate": 0.004})
    by_optimizer = own_sweep(spec, {"optimizer": ("adam", "sgd")}, (0,)).trials()
    assert [trial.spec for trial in by_optimizer] == [plan_run({"optimizer": name}) for name in ("adam", "sgd")]
    by_cut = own_sweep(spec, {"n_frozen": (5, N_BLOCKS)}, (0,)).trials()
    assert [trial.spec for trial in by_cut] == [plan_run({"n_frozen": n}) for n in (5, N_BLOCKS)]


def test_a_head_inside_stands_on_blocks_that_are_all_frozen():
    trials = own_sweep(plan_run({}), {"head_at": (5, N_BLOCKS)}, (0,)).trials()
    assert [(trial.spec.head_at, trial.spec.n_frozen) for trial in trials] == [(5, 5), (None, N_BLOCKS)]


def test_what_was_chosen_for_blocks_that_are_trained_stays_at_every_cut():
    spec = plan_run({"n_frozen": 10, "learning_rate": 5e-5, "head_epochs": 3})
    trials = own_sweep(spec, {"n_frozen": (5, 10)}, (0,)).trials()
    assert [(trial.spec.learning_rate, trial.spec.head_epochs) for trial in trials] == [(5e-5, 3)] * 2


@pytest.mark.parametrize("field", VARIED)
def test_every_setting_that_may_vary_makes_trials_that_can_be_run(field):
    text = ",".join(choices_of(field)[:2]) if choices_of(field) else {"image_size": "64,96"}.get(field, "3,5")
    trials = own_sweep(plan_run({}), {field: levels_of(field, text, NETWORK)}, (0,)).trials()
    assert len({trial.spec for trial in trials}) == 2


def test_a_link_brings_back_what_is_varied_and_what_cannot_be_used_is_left_out():
    factors = {"per_class": (1, "all"), "learning_rate": (0.0003, 0.012345678)}
    assert from_text(to_text(factors), NETWORK) == factors
    assert from_text("per_class:1,x;seed:1;epochs:3;head:linear;augment:none", NETWORK) == {
        "epochs": (3,),
        "head": ("linear",),
    }
    assert from_text("::;<script>", NETWORK) == {}
