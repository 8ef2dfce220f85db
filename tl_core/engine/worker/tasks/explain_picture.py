"""Where in somebody's own picture a network finds what it says."""

from collections.abc import Generator, Mapping

import numpy as np

from tl_core.datasets.images.decode import fit_image
from tl_core.engine.worker.kept import Kept
from tl_core.engine.worker.tasks.explain import explain_one


def run(kept: Kept, *, subject: str, images: str, parameters: Mapping) -> Generator[None, None, dict]:
    """Explains what one network says of the only picture of a file.

    Args:
        kept: What the worker keeps.
        subject: A run's id, or "backbone:<id>" for an untouched backbone.
        images: The file, as `uploads.write_arrays` leaves it.
        parameters: Of `explanations.Explain`; its `image` decides nothing.

    Returns:
        As `told`.

    Raises:
        SpecError, InputError, StoreError: As `explain`.
    """
    with np.load(images, allow_pickle=False) as file:
        (picture,) = (file[name] for name in file.files)
    explained, size = kept.models.explained(subject)
    return (yield from explain_one(explained, fit_image(picture, size), parameters))
