"""Makes a worker ready before the first student clicks: the likely network is built, its features are computed once."""

from collections.abc import Iterator

import numpy as np

from tl_core.engine.environment import n_threads
from tl_core.engine.worker.kept import Kept
from tl_core.spec import RunSpec
from tl_core.training.extraction import Extractor


def run(kept: Kept, *, spec: dict) -> Iterator[None]:
    """Loads the pictures and the backbone of a spec into the warm cache, and computes the features of one empty batch.

    These are forgotten; modules that were loaded for it and kernels that were chosen stay.

    Args:
        kept: What the worker keeps.
        spec: What the first run will probably be, in plain form.

    Yields:
        None where it makes way for others.

    Raises:
        UnavailableError: The weights are neither here nor to be fetched.

    Thread: worker.
    """
    likely = RunSpec.from_dict(spec)
    dataset = kept.warm.dataset(likely.dataset, kept.home)
    yield None
    network = kept.warm.network(likely, len(dataset.info.classes))
    yield None
    if network.prefix is None:
        return
    extractor = Extractor([network.prefix], is_exact=likely.arithmetic == "exact", n_threads=n_threads())
    images = np.zeros((extractor.batch, likely.image_size, likely.image_size, 3), np.uint8)
    for _ in extractor.run(iter([images])):
        yield None
