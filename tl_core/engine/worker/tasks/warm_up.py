"""Makes a worker ready before the first student clicks: the likely network is built, its features are computed once."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tl_core.engine.environment import n_threads
from tl_core.engine.worker.warm_cache import Shelf
from tl_core.spec import RunSpec
from tl_core.training.extraction import Extractor


def warm_up(spec: RunSpec, home: Path, shelf: Shelf) -> Iterator[None]:
    """Puts the pictures and the backbone of a spec on the shelf, and computes the features of one empty batch.

    These are forgotten; modules that were loaded for it and kernels that were chosen stay.

    Args:
        spec: What the first run will probably be.
        home: The data folder.
        shelf: What the worker keeps.

    Yields:
        None where it makes way for others.

    Raises:
        UnavailableError: The weights are neither here nor to be fetched.

    Thread: worker.
    """
    dataset = shelf.dataset(spec.dataset, home)
    yield None
    network = shelf.network(spec, len(dataset.info.classes))
    yield None
    if network.prefix is None:
        return
    extractor = Extractor([network.prefix], is_exact=spec.arithmetic == "exact", n_threads=n_threads())
    images = np.zeros((extractor.batch, spec.image_size, spec.image_size, 3), np.uint8)
    for _ in extractor.run(iter([images])):
        yield None
