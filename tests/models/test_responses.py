"""What a network's blocks hold and say: statistics that have drifted, and maps that are small enough."""

import keras
import numpy as np
import pytest

from tl_core.models.build import build
from tl_core.models.movement import relative_change, statistics_drift
from tl_core.models.responses import block_states, n_numbers, responses
from tl_core.spec import RunSpec


@pytest.fixture(scope="module")
def network():
    return build(RunSpec(backbone="mobilenet_v2", image_size=64, weights="random", n_frozen=3), 4)


def test_statistics_are_told_from_weights(network):
    before = block_states(network)
    norm = next(layer for layer in network.blocks[5].layers if isinstance(layer, keras.layers.BatchNormalization))
    assert norm.moving_mean is not None
    norm.moving_mean.assign(norm.moving_mean + 0.5)
    drifts = [statistics_drift(*both) for both in zip(before, block_states(network), strict=True)]
    changes = [relative_change(*both) for both in zip(before, block_states(network), strict=True)]
    assert changes == [0.0] * len(changes)
    assert drifts[-1] == (None, None)  # the head has none
    assert [at for at, (mean, _) in enumerate(drifts) if mean] == [5]
    n_all = len(before[5].means)
    shift = 0.5 / np.sqrt(1.0 + norm.epsilon)  # variances begin with 1
    assert drifts[5][0] == pytest.approx(shift * np.sqrt(norm.moving_mean.shape[0] / n_all), rel=1e-6)


def test_maps_are_averaged_to_at_most_seven_by_seven_and_logits_stay(network):
    places = range(len(network.blocks) + 1)
    model = responses(network, places)
    shapes = [tuple(tensor.shape[1:]) for tensor in model.outputs]
    assert max(shape[0] for shape in shapes[:-1]) == 7
    assert shapes[-1] == (4,)
    assert [int(np.prod(shape)) for shape in shapes] == [n_numbers(network, place) for place in places]
