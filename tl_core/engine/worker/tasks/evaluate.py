"""Scores a finished run on a whole split: the pictures that it learned from, chose by, or was judged on."""

from collections.abc import Generator, Mapping

import numpy as np

from tl_core.datasets.arrays import Dataset, batch, select_per_class
from tl_core.engine.worker.kept import Kept
from tl_core.engine.worker.requests import Progress
from tl_core.errors import StoreError
from tl_core.evaluation.scores import score
from tl_core.faults import with_fault
from tl_core.spec import RunSpec
from tl_core.training.trainer import in_full_batches

BATCH = 32


def run(kept: Kept, *, subject: str, spec: Mapping, split: str) -> Generator[Progress | None, None, dict]:
    """Scores a run on one split.

    Args:
        kept: What the worker keeps.
        subject: The run's id.
        spec: Its spec in plain form.
        split: "train", "validation" or "test"; of the training pictures those that the run was trained on, unchanged.

    Yields:
        Pictures done, after each batch.

    Returns:
        As `evaluation.scores.score`.

    Raises:
        StoreError: "file_damaged" when the run left no weights; "answer_not_finite".
        UnknownIdError: Its data are gone.
    """
    made = RunSpec.from_dict(spec)
    model, size = kept.models.trained(subject)
    dataset = with_fault(kept.warm.dataset(made.dataset, kept.home), made)
    yield None
    train = select_per_class(dataset.labels, dataset.train, made.per_class, made.seed)
    chosen = train if split == "train" else getattr(dataset, split)
    logits = yield from logits_of(model, dataset, chosen, size)
    return score(logits, dataset.labels[chosen], dataset.labels[train], has_loss=made.has_probabilities)


def logits_of(
    model, dataset: Dataset, chosen: np.ndarray, size: int, n_before: int = 0, n_after: int = 0
) -> Generator[Progress, None, np.ndarray]:
    """Computes what a network says of pictures.

    Args:
        model: uint8 (N, S, S, 3) → logits.
        dataset: Where the pictures are.
        chosen: int (n,), their numbers.
        size: S.
        n_before: Pictures that were done before these, for the progress.
        n_after: Pictures that come after these.

    Yields:
        Pictures done, after each batch.

    Returns:
        float (n, classes).

    Raises:
        StoreError: "answer_not_finite".
    """
    parts, total = [], n_before + len(chosen) + n_after
    for numbers in in_full_batches(chosen, BATCH):  # of one size: another one would be compiled anew
        parts.append(np.asarray(model.predict_on_batch(batch(dataset, numbers, size))))
        if not np.isfinite(parts[-1]).all():
            raise StoreError("answer_not_finite")
        yield Progress(n_before + min(len(parts) * BATCH, len(chosen)), total)
    return np.concatenate(parts)[: len(chosen)]
