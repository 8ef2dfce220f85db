"""How finished runs do on test pictures that were blurred, are noisy, grey, or of other colours."""

from collections.abc import Generator, Mapping, Sequence

import numpy as np

from tl_core.datasets.arrays import Dataset, batch
from tl_core.engine.worker.kept import Kept
from tl_core.engine.worker.requests import Progress
from tl_core.errors import InputError
from tl_core.evaluation.insight.feature_space import chosen_pictures
from tl_core.evaluation.shifts import CLEAN, SHIFTS, shifted
from tl_core.spec import RunSpec
from tl_core.training.trainer import in_full_batches

BATCH = 32
MOST = 500  # test pictures
KINDS = (CLEAN, *SHIFTS)


def run(kept: Kept, *, runs: Sequence[Mapping], parameters: Mapping) -> Generator[Progress, None, dict]:
    """Scores runs on the same test pictures as they are and shifted.

    Args:
        kept: What the worker keeps.
        runs: {"id", "spec"} each, all of one data set.
        parameters: None of them.

    Yields:
        Pictures done, after each batch.

    Returns:
        {"scores": [{"run", and for each of `KINDS` an accuracy}…], "n": the test pictures}.

    Raises:
        InputError: "insight_other_data": the runs are of different data sets.
        StoreError: "file_damaged" when a run left no weights.
    """
    specs = [RunSpec.from_dict(asked["spec"]) for asked in runs]
    if len({spec.dataset for spec in specs}) > 1:
        raise InputError("insight_other_data", received=sorted({spec.dataset for spec in specs}))
    dataset = kept.warm.dataset(specs[0].dataset, kept.home)
    chosen = dataset.test[chosen_pictures(dataset.labels[dataset.test], MOST, "shifted")]
    rows, n_each = [], len(chosen) * len(KINDS)
    for at, asked in enumerate(runs):
        model, size = kept.models.trained(asked["id"])
        row: dict[str, object] = {"run": asked["id"]}
        for place, kind in enumerate(KINDS):
            n_before = at * n_each + place * len(chosen)
            row[kind] = yield from _accuracy(model, dataset, chosen, size, kind, n_before, len(runs) * n_each)
        rows.append(row)
    return {"scores": rows, "n": len(chosen)}


def _accuracy(
    model, dataset: Dataset, chosen: np.ndarray, size: int, kind: str, n_before: int, total: int
) -> Generator[Progress, None, float]:
    parts = []
    for numbers in in_full_batches(chosen, BATCH):  # of one size: another one would be compiled anew
        pictures = shifted(batch(dataset, numbers, size), numbers, kind)
        parts.append(np.argmax(model.predict_on_batch(pictures), axis=1))
        yield Progress(n_before + min(len(parts) * BATCH, len(chosen)), total)
    said = np.concatenate(parts)[: len(chosen)]
    return float(np.mean(said == dataset.labels[chosen]))
