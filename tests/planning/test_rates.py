import pytest

from tl_core.planning.rates import MOST_POINTS, planned_rates, rate_at, steps_per_epoch
from tl_core.spec import RunSpec

SPEC = RunSpec(learning_rate=0.1, epochs=4, batch_size=32)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {0: 0.1, 39: 0.1}),
        ({"schedule": "inverse-time", "decay": 0.5}, {0: 0.1, 1: 0.1 / 1.5, 2: 0.05, 18: 0.01}),
        ({"schedule": "cosine"}, {0: 0.1, 20: 0.05, 40: 0.0}),
        ({"schedule": "step", "decay_factor": 0.1}, {0: 0.1, 19: 0.1, 20: 0.01, 39: 0.01}),
        ({"schedule": "step", "decay_factor": 0.5, "decay_epochs": 1}, {9: 0.1, 10: 0.05, 20: 0.025, 30: 0.0125}),
    ],
    ids=["constant", "inverse-time", "cosine", "step", "step-each-epoch"],
)
def test_the_rate_is_what_one_works_out_by_hand(fields, expected):
    spec = SPEC.with_changes(**fields)
    assert {step: rate_at(spec, step, n_steps=10) for step in expected} == pytest.approx(expected)


def test_the_curve_goes_from_the_first_to_the_last_step_in_epochs():
    points = planned_rates(SPEC.with_changes(schedule="cosine", epochs=100), n_steps=10)
    assert len(points) == MOST_POINTS
    assert points[0] == (0.0, 0.1)
    assert points[-1][0] == pytest.approx(99.9)
    assert 0 < points[-1][1] < 1e-5
    assert len(planned_rates(SPEC, n_steps=3)) == 12


def test_an_epoch_has_a_step_for_what_does_not_fill_a_batch():
    assert [steps_per_epoch(n, SPEC.batch_size) for n in (2, 32, 33, 64)] == [1, 1, 2, 2]
