"""Classifies pictures: by a finished run, or by a backbone as it was pretrained."""

from collections.abc import Generator, Iterable

import numpy as np

from tl_core.datasets.images.decode import fit_image
from tl_core.engine.worker.kept import Kept
from tl_core.engine.worker.model_cache import ModelCache
from tl_core.errors import StoreError
from tl_core.evaluation.scores import softmax


def run(kept: Kept, *, subject: str, images: str) -> Generator[None, None, list]:
    """Classifies the pictures of a file.

    Args:
        kept: What the worker keeps.
        subject: As for `classify`.
        images: The file, as `uploads.write_arrays` leaves it.

    Returns:
        As `classify`, as lists.
    """
    with np.load(images, allow_pickle=False) as file:
        arrays = [file[name] for name in sorted(file.files)]
    return (yield from classify(kept.models, subject, arrays)).tolist()


def classify(models: ModelCache, subject: str, images: Iterable[np.ndarray]) -> Generator[None, None, np.ndarray]:
    """Classifies pictures.

    Args:
        models: Where networks come from.
        subject: A run's id, or "backbone:<id>" for an untouched backbone and its 1,000 ImageNet classes.
        images: uint8 (H, W, 3) each, of any size, as `decode_image` returns them.

    Yields:
        None after each picture.

    Returns:
        float (n, classes), probabilities.

    Raises:
        StoreError: "answer_not_finite": weights from elsewhere may be numbers that lead to none.
    """
    is_backbone = subject.startswith("backbone:")
    model, size = models.untouched(subject.partition(":")[2]) if is_backbone else models.trained(subject)
    rows = []
    for image in images:
        fitted = fit_image(image, size)
        # two copies: a batch of one takes another path through the kernels, with other last digits
        output = np.asarray(model.predict_on_batch(np.stack([fitted, fitted])))[:1]
        if not np.isfinite(output).all():
            raise StoreError("answer_not_finite")
        rows.append(output if is_backbone else softmax(output))
        yield None
    return np.concatenate(rows)
