"""How strongly each block is pulled: the norm of its gradient, which every step has computed anyway."""

from collections.abc import Sequence

import keras
import numpy as np

from tl_core.models.build import Network

MEASURED_STEPS = 5  # of an epoch, or a few more: reading every gradient would cost a small head 4 % of its time


class GradientNorms:
    """Averages the norm ‖∂loss/∂w‖₂ of each block's gradient over some steps of an epoch, evenly spread.

    Args:
        network: What is trained; says which weights belong to which block.
        variables: As for `follow`.

    Thread: worker.
    """

    def __init__(self, network: Network, variables: Sequence[keras.Variable]) -> None:
        layers = [*(block.layers for block in network.blocks), network.head_layers]
        group = {id(one): at for at, members in enumerate(layers) for layer in members for one in layer.weights}
        self._group_of = group
        self.follow(variables)
        self._n_groups, self._sum, self._n_steps = len(layers), np.zeros(len(layers)), 0

    def follow(self, variables: Sequence[keras.Variable]) -> None:
        """Takes note of the weights that a step changes from now on, in the order of the step's gradients."""
        self._groups = np.array([self._group_of[id(one)] for one in variables], int)

    @staticmethod
    def measured_every(n_steps: int) -> int:
        """Returns that every so many-th step is measured, of an epoch that has so many."""
        return max(1, n_steps // MEASURED_STEPS)

    def add(self, squares: np.ndarray | None) -> None:
        """Takes in some steps.

        Args:
            squares: As `Steps.squares`.
        """
        if squares is None:
            return
        for row in squares[squares[:, 0] >= 0].astype(np.float64):
            # step by step: how many came in a call must not decide the last digit
            self._sum += np.sqrt(np.bincount(self._groups, row, self._n_groups))
            self._n_steps += 1

    def close_epoch(self) -> list[float | None] | None:
        """Returns a number for each block from the input on, then for the head, and begins the next epoch.

        None stands for a block that has no gradient: it is frozen. None in all where no step could tell.
        """
        means, n_steps = self._sum / max(self._n_steps, 1), self._n_steps
        self._sum, self._n_steps = np.zeros(self._n_groups), 0
        is_moved = np.isin(np.arange(self._n_groups), self._groups)
        return (
            [float(mean) if moves else None for mean, moves in zip(means, is_moved, strict=True)] if n_steps else None
        )
