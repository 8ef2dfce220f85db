"""What blocks do in the last phase of a training: from which epoch on each is trained, at which share of the rate."""

from collections.abc import Sequence

import keras

from tl_core.models.build import Network, set_batchnorm
from tl_core.spec import RunSpec
from tl_core.training.unfreezing import share_of_rate, waiting


class BlockPlan:
    """Holds blocks back until their epoch, and tells the share of the rate that each weight is trained at.

    Args:
        network: What is trained.
        spec: Says what is frozen, from when on, and how BatchNorm is treated.

    Thread: worker.
    """

    def __init__(self, network: Network, spec: RunSpec) -> None:
        self._network, self._spec, self._n_blocks = network, spec, len(network.blocks)

    def changes_at(self, epoch: int) -> bool:
        """Says whether more blocks are trained in an epoch than in the one before it; epochs count from 1."""
        return epoch > 1 and self._waiting(epoch) != self._waiting(epoch - 1)

    def begin(self, epoch: int) -> None:
        """Lets those blocks learn that do in an epoch; nothing is compiled."""
        if not self._spec.unfreeze_every:
            return
        held = self._waiting(epoch)
        for at, block in enumerate(self._network.blocks):
            for layer in () if self._network.is_frozen(at) else block.layers:
                layer.trainable = at not in held
        set_batchnorm(self._network.blocks, self._spec)

    def shares(self, variables: Sequence[keras.Variable]) -> tuple[float, ...] | None:
        """Returns the share of the rate for each of some weights; None: all have the whole rate."""
        if self._spec.block_rate_factor == 1.0:
            return None
        rated = enumerate(self._network.blocks)
        share = {
            id(one): share_of_rate(self._spec, at, self._n_blocks)
            for at, block in rated
            for layer in block.layers
            for one in layer.weights
        }
        return tuple(share.get(id(one), 1.0) for one in variables)

    def _waiting(self, epoch: int) -> frozenset[int]:
        return waiting(self._spec, self._n_blocks, epoch)
