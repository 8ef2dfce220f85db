"""The weighted loss against numbers worked out by hand, and against Keras' own `class_weight`."""

import keras
import numpy as np
import pytest

from tl_core.evaluation.scores import log_loss
from tl_core.spec import RunSpec
from tl_core.training.compilation import compile_model
from tl_core.training.losses import WeightedCrossentropy, class_weights
from tl_core.training.steps import CompiledSteps, PlainSteps

LABELS = np.array([0, 0, 0, 1, 2, 2, 0, 1])
INPUTS = np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32)


def test_every_class_counts_the_same_and_a_picture_one_on_average():
    weights = class_weights(LABELS, 3)
    np.testing.assert_allclose(weights, [8 / (3 * 4), 8 / (3 * 2), 8 / (3 * 2)])
    np.testing.assert_allclose(np.bincount(LABELS) * weights, 8 / 3)
    assert np.mean(weights[LABELS]) == pytest.approx(1)


def test_a_class_without_training_pictures_counts_nothing():
    np.testing.assert_allclose(class_weights(np.array([0, 2]), 3), [1 / 1.5, 0, 1 / 1.5])


def test_equal_classes_leave_the_loss_as_it_is():
    logits, labels = np.random.default_rng(1).normal(size=(6, 3)), np.array([0, 1, 2, 2, 1, 0])
    loss = WeightedCrossentropy(class_weights(labels, 3))(labels, logits.astype(np.float32))
    assert float(loss) == pytest.approx(log_loss(logits, labels), rel=1e-6)


def test_each_picture_counts_as_its_class_says():
    logits, weights = np.random.default_rng(1).normal(size=(8, 3)).astype(np.float32), np.array([0.5, 2.0, 3.0])
    each = [log_loss(logits[[at]], LABELS[[at]]) for at in range(8)]
    loss = WeightedCrossentropy(weights)(LABELS, logits)
    assert float(loss) == pytest.approx(np.mean(weights[LABELS] * each), rel=1e-6)


@pytest.mark.parametrize("steps", [CompiledSteps, PlainSteps])
def test_training_equals_keras_own_class_weight(steps):
    spec, weights = RunSpec(optimizer="sgd", momentum=0.0, learning_rate=0.1), class_weights(LABELS, 3)
    ours, plain = network(), network()
    compile_model(ours, spec, weights)
    compile_model(plain, spec)
    kind = steps(ours, 8) if steps is CompiledSteps else steps(ours)
    for _ in range(5):
        kind.train(INPUTS[np.newaxis], LABELS[np.newaxis])
        plain.train_on_batch(INPUTS, LABELS, class_weight=dict(enumerate(weights)))
    for one, other in zip(ours.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def network() -> keras.Model:
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, kernel_initializer=keras.initializers.Ones())])
