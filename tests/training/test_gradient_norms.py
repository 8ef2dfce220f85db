"""The norms of gradients: those of an independent tape, per block, and nothing else is another number for them."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tl_core.models.build import build
from tl_core.spec import RunSpec
from tl_core.training.compilation import compile_model
from tl_core.training.gradient_norms import GradientNorms
from tl_core.training.steps import CompiledSteps

SPEC = RunSpec(
    backbone="squeezenet", image_size=64, n_frozen=7, batch_size=4, optimizer="sgd", momentum=0.0, learning_rate=1e-2
)
N_BATCHES = 3
RANDOM = np.random.default_rng(0)


def network(**fields):
    spec = SPEC.with_changes(**fields)
    made = build(spec, 5)
    compile_model(made.suffix, spec)
    return made


def inputs(made) -> tuple[np.ndarray, np.ndarray]:
    shape = (N_BATCHES, SPEC.batch_size, *made.suffix.input_shape[1:])
    return RANDOM.normal(size=shape).astype(np.float32), RANDOM.integers(0, 5, shape[:2])


def test_the_norm_of_a_block_is_that_of_all_its_gradients_together():
    made = network()
    maps, labels = inputs(made)
    last = {"fire8": made.blocks[7].layers, "fire9": made.blocks[8].layers, "head": made.head_layers}
    loss_of: Any = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    expected = []
    for x, y in zip(maps, labels, strict=True):  # the textbook's step, by hand
        with tf.GradientTape(persistent=True) as tape:
            loss = loss_of(y, made.suffix(x, training=True))
        row = []
        for layers in last.values():
            variables = [one for layer in layers for one in layer.trainable_variables]
            gradients = [tape.gradient(loss, one.value).numpy().astype(np.float64).ravel() for one in variables]
            row.append(np.linalg.norm(np.concatenate(gradients)))
        expected.append(row)
        for one in made.suffix.trainable_variables:
            one.assign(one - SPEC.learning_rate * tape.gradient(loss, one.value))
    again = network()
    steps = CompiledSteps(again.suffix, SPEC.batch_size, squares_every=1)
    norms = GradientNorms(again, again.suffix.trainable_variables)
    for at in range(N_BATCHES):
        steps.train(maps[at : at + 1], labels[at : at + 1])
        norms.add(steps.squares)
    found = norms.close_epoch()
    assert found is not None
    assert found[:7] == [None] * 7
    assert found[7:] == pytest.approx(np.mean(expected, axis=0), rel=1e-4)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"arithmetic": "exact", "optimizer": "adam"}, marks=pytest.mark.full),
        {"optimizer": "adam"},
        pytest.param({"optimizer": "sgd", "momentum": 0.9}, marks=pytest.mark.full),
        {"n_frozen": 9, "head": "dense", "hidden": 16, "dropout": 0.3},
    ],
    ids=["exact", "adam", "momentum", "head"],
)
def test_measuring_them_changes_no_bit_of_the_weights(fields):
    results = []
    maps, labels = inputs(network(**fields))
    for every in (1, 2, 0):
        made, spec = network(**fields), SPEC.with_changes(**fields)
        steps = CompiledSteps(made.suffix, SPEC.batch_size, is_exact=spec.arithmetic == "exact", squares_every=every)
        losses, _ = steps.train(maps, labels)
        assert (steps.squares is None) == (every == 0)
        weights = [one.numpy() for one in [*made.suffix.variables, *made.suffix.optimizer.variables]]
        results.append([losses, *weights])
    assert all(len({array.tobytes() for array in same}) == 1 for same in zip(*results, strict=True))


def test_the_mean_does_not_depend_on_how_many_steps_came_in_one_call():
    made = network()
    variables = made.suffix.trainable_variables
    squares = RANDOM.random((50, len(variables))).astype(np.float32)
    means = []
    for size in (1, 7, 50):
        norms = GradientNorms(made, variables)
        for start in range(0, 50, size):
            norms.add(squares[start : start + size])
        means.append(norms.close_epoch())
        assert norms.close_epoch() is None  # the next epoch begins with nothing
    assert means[0] == means[1] == means[2]


def test_steps_that_cannot_tell_leave_nothing_to_say():
    made = network()
    norms = GradientNorms(made, made.suffix.trainable_variables)
    norms.add(None)
    assert norms.close_epoch() is None


def test_every_second_step_is_measured_as_if_all_were():
    maps, labels = inputs(network())
    measured = []
    for every in (1, 2):
        made = network()
        steps = CompiledSteps(made.suffix, SPEC.batch_size, squares_every=every)
        calls = [maps[:1], maps[1:]] if every == 2 else [maps]
        parts = []
        for part, said in zip(calls, np.split(labels, [1]) if every == 2 else [labels], strict=True):
            steps.train(part, said)
            parts.append(steps.squares)
        measured.append(np.concatenate(parts))
    assert np.all(measured[1][[0, 2]] == -1)
    assert np.array_equal(measured[1][1], measured[0][1])


@pytest.mark.parametrize(("n_steps", "every"), [(1, 1), (5, 1), (9, 1), (10, 2), (63, 12)])
def test_a_few_steps_of_each_epoch_are_measured(n_steps, every):
    assert GradientNorms.measured_every(n_steps) == every
    assert n_steps // every >= min(n_steps, 5)
