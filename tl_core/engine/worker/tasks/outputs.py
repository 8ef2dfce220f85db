"""What a finished run says of its validation and test pictures, for runs that did not keep it when they ended."""

from collections.abc import Generator, Mapping, Sequence

import numpy as np

from tl_core.datasets.arrays import select_per_class
from tl_core.engine.worker.kept import Kept
from tl_core.engine.worker.requests import Progress
from tl_core.engine.worker.tasks.evaluate import logits_of
from tl_core.evaluation.insight.outputs import KEPT_SPLITS, Outputs, SplitOutputs, save_outputs
from tl_core.faults import with_fault
from tl_core.spec import RunSpec


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
    dataset = with_fault(kept.warm.dataset(spec.dataset, kept.home), spec)
    train = select_per_class(dataset.labels, dataset.train, spec.per_class, spec.seed)
    n_left, n_done, said = sum(len(getattr(dataset, split)) for split in KEPT_SPLITS), 0, {}
    for split in KEPT_SPLITS:
        chosen = getattr(dataset, split)
        n_left -= len(chosen)
        logits = yield from logits_of(model, dataset, chosen, size, n_done, n_left)
        n_done += len(chosen)
        said[split] = SplitOutputs(logits, dataset.labels[chosen])
    trained = np.bincount(dataset.labels[train], minlength=len(dataset.info.classes))
    save_outputs(
        kept.home / "runs" / asked["id"], Outputs(**said, trained=trained, has_probabilities=spec.has_probabilities)
    )
    return {"n": n_done}
