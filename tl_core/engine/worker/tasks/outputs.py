"""What a finished run says of its validation and test pictures, for runs that did not keep it when they ended."""

from collections.abc import Generator, Mapping, Sequence

import numpy as np

from tl_core.datasets.arrays import batch, select_per_class
from tl_core.engine.worker.kept import Kept
from tl_core.engine.worker.requests import Progress
from tl_core.errors import StoreError
from tl_core.evaluation.insight.outputs import KEPT_SPLITS, Outputs, SplitOutputs, save_outputs
from tl_core.spec import RunSpec
from tl_core.training.trainer import in_full_batches

BATCH = 32


def run(kept: Kept, *, runs: Sequence[Mapping], parameters: Mapping) -> Generator[Progress, None, dict]:
    """Computes and keeps a run's outputs.

    Args:
        kept: What the worker keeps.
        runs: One, {"id", "spec"}.
        parameters: None of them.

    Yields:
        Pictures done, after each batch.

    Returns:
        {"n"}, the pictures.

    Raises:
        StoreError: "file_damaged" when the run left no weights; "answer_not_finite"; a refusal of the disk.
        UnknownIdError: Its data are gone.
    """
    (asked,) = runs
    spec = RunSpec.from_dict(asked["spec"])
    model, size = kept.models.trained(asked["id"])
    dataset = kept.warm.dataset(spec.dataset, kept.home)
    train = select_per_class(dataset.labels, dataset.train, spec.per_class, spec.seed)
    total, done = len(dataset.validation) + len(dataset.test), 0
    said = {}
    for split in KEPT_SPLITS:
        chosen, parts = getattr(dataset, split), []
        for numbers in in_full_batches(chosen, BATCH):
            parts.append(np.asarray(model.predict_on_batch(batch(dataset, numbers, size))))
            if not np.isfinite(parts[-1]).all():
                raise StoreError("answer_not_finite")
            done += len(numbers)
            yield Progress(min(done, total), total)
        said[split] = SplitOutputs(np.concatenate(parts)[: len(chosen)], dataset.labels[chosen])
    trained = np.bincount(dataset.labels[train], minlength=len(dataset.info.classes))
    save_outputs(
        kept.home / "runs" / asked["id"], Outputs(**said, trained=trained, has_probabilities=not spec.is_fitted)
    )
    return {"n": total}
