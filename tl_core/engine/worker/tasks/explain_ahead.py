"""Makes ready what explains networks that are being looked at: the first map of each would wait for it otherwise."""

from collections.abc import Iterator, Sequence

import numpy as np

from tl_core.engine.worker.kept import Kept


def run(kept: Kept, *, subjects: Sequence[str]) -> Iterator[None]:
    """Builds networks at their last blocks, and traces a black picture.

    Args:
        kept: What the worker keeps.
        subjects: Ids of runs, or "backbone:<id>".

    Yields:
        None after each network.

    Raises:
        StoreError, UnavailableError: As `ModelCache.explained`.
    """
    for subject in subjects:
        explained, size = kept.models.explained(subject)
        explained.at().trace(np.zeros((size, size, 3), np.uint8))
        yield None
