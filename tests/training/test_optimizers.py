"""One optimiser whose steps are scaled, against one for each block with a rate of its own, as plain Keras has it."""

import keras
import numpy as np
import pytest

from tl_core.spec import RunSpec
from tl_core.training.optimizers import make_optimizer
from tl_core.training.steps import _quick_update

SHARES = (0.25, 1.0, 0.01)
WAYS = {
    "adam": {"optimizer": "adam"},
    "momentum": {"optimizer": "sgd", "momentum": 0.9},
    "nesterov": {"optimizer": "sgd", "momentum": 0.9, "nesterov": True},
    "plain": {"optimizer": "sgd", "momentum": 0.0},
}
RANDOM = np.random.default_rng(0)
START = [RANDOM.normal(size=(4, 3)) for _ in SHARES]
GRADIENTS = [[RANDOM.normal(size=(4, 3)) for _ in SHARES] for _ in range(6)]


def variables(dtype: str) -> list[keras.Variable]:
    return [keras.Variable(one, dtype=dtype) for one in START]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("dtype", "atol", "is_quick"), [("float64", 1e-15, False), ("float32", 2e-6, True)])
def test_scaled_steps_are_those_of_an_optimiser_for_each_block(way, dtype, atol, is_quick):
    spec = RunSpec(learning_rate=0.05, **WAYS[way])
    mine, theirs = variables(dtype), variables(dtype)
    scaled = make_optimizer(spec, shares=SHARES)
    scaled.build(mine)
    each = [make_optimizer(spec.with_changes(learning_rate=0.05 * share)) for share in SHARES]
    before = keras.config.floatx()
    keras.config.set_floatx(dtype)
    try:
        for row in GRADIENTS:
            gradients = [keras.ops.convert_to_tensor(one, dtype=dtype) for one in row]
            if is_quick:
                _quick_update(scaled)(scaled, gradients, mine)
            else:
                scaled.apply(gradients, mine)
            for optimizer, gradient, variable in zip(each, gradients, theirs, strict=True):
                optimizer.apply([gradient], [variable])
    finally:
        keras.config.set_floatx(before)
    for one, other, start in zip(mine, theirs, START, strict=True):
        assert np.abs(other.numpy() - start).max() > 1e-5
        assert np.allclose(one.numpy(), other.numpy(), rtol=0, atol=atol)


def test_equal_rates_need_no_optimiser_of_ours():
    assert type(make_optimizer(RunSpec())) is keras.optimizers.Adam
    assert type(make_optimizer(RunSpec(optimizer="sgd"))) is keras.optimizers.SGD
