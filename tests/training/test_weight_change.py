import numpy as np
import pytest

from tl_core.models.build import build
from tl_core.spec import RunSpec
from tl_core.training.weight_change import LEAST_S, MOST_NUMBERS, WeightChange


@pytest.fixture
def network():
    return build(RunSpec(backbone="squeezenet", weights="random", n_frozen=4, image_size=64), 3)


def scale(layer, factor: float) -> None:
    layer.set_weights([factor * array for array in layer.get_weights()])


def test_what_was_not_touched_has_moved_by_exactly_nothing(network):
    assert WeightChange(network).measure() == [0.0] * (len(network.blocks) + 1)


def test_the_change_is_relative_to_what_the_weights_of_a_block_were(network):
    change = WeightChange(network)
    for layer in network.blocks[6].layers:
        scale(layer, 1.25)
    for layer in network.head_layers:
        scale(layer, 0.5)
    moved = change.measure()
    assert moved[6] == pytest.approx(0.25, rel=1e-5)
    assert moved[-1] == pytest.approx(0.5, rel=1e-5)
    assert [one for at, one in enumerate(moved) if at not in (6, len(moved) - 1)] == [0.0] * (len(moved) - 2)


def test_statistics_count_where_no_weight_has_moved():
    network = build(RunSpec(backbone="mobilenet_v2", weights="random", n_frozen=3, image_size=96), 3)
    change = WeightChange(network)
    norm = next(layer for layer in network.blocks[1].layers if layer.name.endswith("BN"))
    norm.moving_variance.assign(2 * norm.moving_variance)
    moved = change.measure()
    assert moved[1] > 0
    assert sum(moved) == moved[1]
    kernel = next(
        layer for layer in network.blocks[1].layers if layer.name.endswith("expand") or "depthwise" in layer.name
    )
    scale(kernel, 1 + 1e-6)
    assert 0 < change.measure()[1] < 1e-5  # from now on the weights are what is measured


def test_of_a_large_variable_a_part_is_looked_at(network):
    change = WeightChange(network)
    looked_at = [numbers.size for group in change._before for numbers in group]
    assert (
        max(looked_at) <= MOST_NUMBERS < max(variable.value.shape.num_elements() for variable in network.full.variables)
    )


def test_it_is_due_at_once_then_after_a_while_and_never_takes_more_than_a_fiftieth_of_the_time(network):
    now = iter(np.arange(0.0, 1000.0, 1.0).tolist())
    change = WeightChange(network, clock=lambda: next(now))  # a second passes with each look at the clock
    assert change.is_due
    change.measure()  # it took a second
    waited = 0
    while not change.is_due:
        waited += 1
    assert waited == pytest.approx(50, abs=2)
    assert waited > LEAST_S
