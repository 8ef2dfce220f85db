"""Keras' schedules against the formulas of `planning.rates`."""

import keras
import pytest

from tl_core.planning.rates import rate_at
from tl_core.spec import RunSpec
from tl_core.training.optimizers import make_optimizer
from tl_core.training.schedules import learning_rate

SPEC = RunSpec(learning_rate=0.1, epochs=4)
SCHEDULES = {
    "inverse-time": {"decay": 0.3},
    "cosine": {},
    "step": {"decay_factor": 0.2, "decay_epochs": 3},
}


@pytest.mark.parametrize("kind", SCHEDULES)
def test_keras_takes_the_steps_that_the_page_draws(kind):
    spec = SPEC.with_changes(schedule=kind, **SCHEDULES[kind])
    schedule = learning_rate(spec, n_steps=5)
    found = [float(schedule(step)) for step in range(20)]
    assert found == pytest.approx([rate_at(spec, step, n_steps=5) for step in range(20)], rel=1e-5, abs=1e-8)
    assert len(set(found)) > 1


def test_without_a_schedule_the_rate_is_a_number():
    assert learning_rate(SPEC, n_steps=5) == 0.1


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("kind", SCHEDULES)
def test_an_optimiser_follows_its_steps(kind, optimizer):
    spec = SPEC.with_changes(schedule=kind, optimizer=optimizer, **SCHEDULES[kind])
    made = make_optimizer(spec, n_steps=2)
    variable = keras.Variable([1.0])
    made.build([variable])
    found = []
    for _ in range(8):
        found.append(float(made.learning_rate))
        made.apply([keras.ops.ones(1)], [variable])
    assert found == pytest.approx([rate_at(spec, step, n_steps=2) for step in range(8)], rel=1e-5, abs=1e-8)


def test_the_head_that_is_trained_first_keeps_one_rate():
    spec = SPEC.with_changes(phases=2, schedule="cosine", head_learning_rate=0.02)
    assert learning_rate(spec.head_phase(9), n_steps=5) == 0.02
