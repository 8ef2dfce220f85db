"""Which blocks the last phase trains in which epoch, and at which share of its rate; told without Keras.

References: Howard & Ruder 2018, "Universal Language Model Fine-tuning for Text Classification" (ULMFiT), sections 3.2
    (discriminative fine-tuning, with a factor of 2.6) and 3.3 (gradual unfreezing, from the last layer on).
"""

from tl_core.spec import RunSpec

ULMFIT_FACTOR = 2.6


def first_epochs(spec: RunSpec, n_blocks: int) -> list[int | None]:
    """Returns for each block the first epoch of the last phase that trains it, counted from 1; None: it is frozen.

    Args:
        spec: What is frozen, and `unfreeze_every`; such an epoch may lie behind the last.
        n_blocks: Blocks before the head.
    """
    trained = [at for at in reversed(range(n_blocks)) if not spec.is_frozen(at)]
    first = {at: 1 + place * spec.unfreeze_every for place, at in enumerate(trained)}
    return [first.get(at) for at in range(n_blocks)]


def waiting(spec: RunSpec, n_blocks: int, epoch: int) -> frozenset[int]:
    """Returns the blocks, counted from 0, that will be trained but are still frozen in an epoch of the last phase."""
    return frozenset(at for at, first in enumerate(first_epochs(spec, n_blocks)) if first and first > epoch)


def share_of_rate(spec: RunSpec, at: int, n_blocks: int) -> float:
    """Returns what the rate of the last phase is multiplied by in a block, counted from 0: less, the farther from the
    head, which itself has the whole rate.
    """
    return spec.block_rate_factor ** (at - n_blocks)
