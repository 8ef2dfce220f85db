"""The pictures by which a written file is compared with its run."""

from pathlib import Path

import numpy as np

from tl_core.datasets.contents import contents, split_places
from tl_core.datasets.images.decode import fit_image
from tl_core.errors import TransferLabError

N_PICTURES = 50
STAND_IN = "groceries"
"""Bundled: for a run whose own pictures are not here. Numbers can be compared on any pictures."""


def check_pictures(dataset: str, side: int, home: Path) -> tuple[np.ndarray, str]:
    """Returns some pictures of a run's test split, evenly spread, decoding no others; fewer where it has fewer.

    Args:
        dataset: Id of the run's data set.
        side: Of the run's pictures, in px.
        home: The data folder.

    Returns:
        uint8 (n, side, side, 3), 0–255, RGB, at most 50; and the data set that they are from.
    """
    try:
        found = contents(dataset, home)
    except TransferLabError:  # deleted, damaged, or trained elsewhere
        found = None
    places = np.zeros(0, int) if found is None else split_places(found, None, 0)[2]
    if found is None or len(places) < 2:
        if dataset == STAND_IN:
            raise ValueError("the bundled data set has no test pictures")
        return check_pictures(STAND_IN, side, home)
    chosen = places[np.linspace(0, len(places) - 1, min(N_PICTURES, len(places))).astype(int)]
    return np.stack([fit_image(found.pictures[int(at)], side) for at in chosen]), found.info.id
