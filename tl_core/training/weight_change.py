"""How far training has moved the weights of each block, measured while it trains: what the page draws under the map."""

import time
from collections.abc import Callable

import keras
import numpy as np

from tl_core.models.build import Network

MOST_NUMBERS = 65_536  # of one variable that are looked at; of larger ones every k-th
LEAST_S = 0.4  # between two measurements
MOST_SHARE = 0.02  # of the time of training
Groups = list[list[np.ndarray]]


class WeightChange:
    """Measures the relative change ‖w − w₀‖ / ‖w₀‖ of each block's weights, frozen ones too, since this was made.

    Where no weight of a block has moved, its BatchNorm statistics are what is measured: a block whose statistics follow
    the new pictures is not what it was, however frozen its weights are.

    Args:
        network: What is trained, before it is.
        clock: Monotonic seconds.

    Thread: worker.
    """

    def __init__(self, network: Network, clock: Callable[[], float] = time.monotonic) -> None:
        layers = [*(block.layers for block in network.blocks), network.head_layers]
        self._variables = [[one for layer in group for one in layer.weights] for group in layers]
        self._clock = clock
        self._next_s = clock()
        self._before = [[_looked_at(one) for one in group] for group in self._variables]

    @property
    def is_due(self) -> bool:
        """Whether it is time to measure: measuring must take no part of the training's time that anybody notices."""
        return self._clock() >= self._next_s

    def measure(self) -> list[float]:
        """Returns one number a block, from the input on, then the head's; 0.0 is exactly as it was."""
        began_s = self._clock()
        changes = [_change(*group) for group in zip(self._variables, self._before, strict=True)]
        ended_s = self._clock()
        self._next_s = ended_s + max(LEAST_S, (ended_s - began_s) / MOST_SHARE)
        return changes


def _looked_at(variable: keras.Variable) -> np.ndarray:
    """Returns at most `MOST_NUMBERS` numbers of a variable, evenly spread, as a copy."""
    numbers = variable.numpy().ravel()
    return numbers[:: -(-numbers.size // MOST_NUMBERS) or 1].astype(np.float64)


def _change(variables: list[keras.Variable], before: list[np.ndarray]) -> float:
    moved = {True: 0.0, False: 0.0}  # of statistics, of weights: squares
    size = {True: 0.0, False: 0.0}
    for variable, was in zip(variables, before, strict=True):
        is_statistic = variable.name.startswith("moving_")
        moved[is_statistic] += float(np.sum((_looked_at(variable) - was) ** 2))
        size[is_statistic] += float(np.sum(was**2))
    is_statistic = moved[False] == 0.0
    return float(np.sqrt(moved[is_statistic] / max(size[is_statistic], np.finfo(float).tiny)))
