import pytest

from tl_core.planning.next_step import next_step
from tl_core.planning.plan import plan_run


@pytest.mark.parametrize(
    ("asked", "outcome", "code", "changes"),
    [
        ({}, "better", "less_frozen", {"n_frozen": 16}),
        ({"head": "svm"}, "better", "less_frozen", {"n_frozen": 16, "head": "linear"}),
        ({"head": "logistic"}, "better", "less_frozen", {"n_frozen": 16, "head": "linear"}),
        ({"freeze": 12}, "better", "fewer_pictures", {"per_class": 5}),
        ({"freeze": 12, "per_class": 5, "batch_size": 8}, "better", "backbone", {"backbone": "efficientnet_lite0"}),
        ({"freeze": 12}, "worse", "all_frozen", {"n_frozen": 19}),
        ({}, "worse", "backbone", {"backbone": "efficientnet_lite0"}),
        ({"per_class": 5, "batch_size": 8}, "within_noise", "all_pictures", {"per_class": None}),
        ({}, "within_noise", "seed", {"seed": 1}),
        ({"backbone": "squeezenet"}, "worse", "backbone", {"backbone": "mobilenet_v2"}),
    ],
)
def test_what_to_try_next_follows_from_what_was_shown(asked, outcome, code, changes):
    spec = plan_run(asked)
    step = next_step(spec, outcome)
    assert step.code == code
    assert changes.items() <= step.changes.items()
    after = step.spec(spec)
    assert {name: getattr(after, name) for name in changes} == changes
    assert after.dataset == spec.dataset


def test_the_next_run_is_trained_as_suits_its_own_cut():
    after = next_step(plan_run({}), "better").spec(plan_run({}))
    assert after == plan_run({"freeze": 16})


@pytest.mark.parametrize("asked", [{"dataset": "chest-xray-small", "freeze": 12}, {"seed": 2**31 - 1}])
@pytest.mark.parametrize("outcome", ["better", "worse", "within_noise"])
def test_whatever_comes_next_fits_together(asked, outcome):
    spec = plan_run(asked)
    after = next_step(spec, outcome).spec(spec)
    assert plan_run(after.to_dict()) == after


def test_a_run_from_random_numbers_asks_for_nothing():
    assert next_step(plan_run({"weights": "random", "freeze": "none"}), "better") is None
