"""One seed, many named children.

Every random choice of a run (which images, their order, initial weights, dropout, augmentation) draws from a generator
of its own, seeded by the run's seed and the choice's name. Two runs that share a process cannot disturb each other.
"""

import hashlib

import numpy as np


def child_seed(seed: int, name: str) -> int:
    """Returns the seed of one named choice.

    Args:
        seed: The run's seed.
        name: The choice, such as "order/3" for the order of the images in epoch 3.

    Returns:
        An integer in [0, 2**31), the range that every library accepts.
    """
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def generator(seed: int, name: str) -> np.random.Generator:
    """Returns NumPy's generator for one named choice of a run."""
    return np.random.default_rng(child_seed(seed, name))
