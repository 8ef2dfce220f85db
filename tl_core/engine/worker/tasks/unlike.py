"""How far pictures are from all that a run was trained on."""

from collections.abc import Generator

import numpy as np

from tl_core.datasets.images.decode import fit_image
from tl_core.engine.worker.block_features import Counted, features, pictures_of
from tl_core.engine.worker.kept import Kept
from tl_core.engine.worker.requests import Progress
from tl_core.engine.worker.tasks.novelty import known_pictures
from tl_core.evaluation.insight.feature_space import directions
from tl_core.evaluation.insight.unlike import distances
from tl_core.models.pooled import features_of
from tl_core.spec import RunSpec


def run(kept: Kept, *, subject: str, spec: dict, images: str, k: int) -> Generator[Progress | None, None, list]:
    """Measures the pictures of a file.

    Args:
        kept: What the worker keeps.
        subject: The run's id.
        spec: Its spec.
        images: The file, as `uploads.write_arrays` leaves it.
        k: As in `NoveltyChoice`.

    Yields:
        Training pictures done, where their features are not on disk any more; None after each picture.

    Returns:
        The distance of each picture.

    Raises:
        StoreError: "file_damaged" when the run left no weights; "answer_not_finite".
    """
    made = RunSpec.from_dict(spec)
    dataset = kept.warm.dataset(made.dataset, kept.home)
    chosen = known_pictures(dataset, made)
    loaded = kept.models.loaded(subject)
    counted, shown = Counted(len(chosen)), pictures_of(dataset, made.image_size)
    known = yield from features(kept, loaded.pooled, made, dataset.info, shown, chosen, counted)
    with np.load(images, allow_pickle=False) as file:
        arrays = [file[name] for name in sorted(file.files)]
    rows = []
    for image in arrays:
        rows.append(features_of(loaded.pooled, fit_image(image, made.image_size)))
        yield None
    return distances(directions(np.stack(rows)), directions(known), k).tolist()
