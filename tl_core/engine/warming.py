"""Makes a worker ready before the first student clicks: the likely network is built, its features are computed once."""

from collections.abc import Iterator

import numpy as np

from tl_core.datasets.catalog import dataset_info
from tl_core.engine.environment import n_threads
from tl_core.models.build import build
from tl_core.spec import RunSpec
from tl_core.training.extraction import Extractor


def warm_up(spec: RunSpec) -> Iterator[None]:
    """Builds the network of a spec and computes the features of one empty batch, then forgets both.

    Only what that leaves behind is wanted: modules that are loaded, weights in the file cache, kernels that are chosen.

    Args:
        spec: What the first run will probably be.

    Yields:
        None where it makes way for others.

    Raises:
        UnavailableError: The weights are neither here nor to be fetched.

    Thread: worker.
    """
    network = build(spec, len(dataset_info(spec.dataset).classes))
    yield None
    if network.prefix is None:
        return
    extractor = Extractor([network.prefix], is_exact=spec.arithmetic == "exact", n_threads=n_threads())
    images = np.zeros((extractor.batch, spec.image_size, spec.image_size, 3), np.uint8)
    for _ in extractor.run(iter([images])):
        yield None
