"""Which training pictures excite each channel of a block most."""

import time
from collections.abc import Generator, Mapping, Sequence

import numpy as np

from tl_core.datasets.arrays import batch, select_per_class
from tl_core.engine.worker.kept import Kept
from tl_core.engine.worker.requests import Progress
from tl_core.evaluation.explain.explained import Cut
from tl_core.evaluation.insight.explanations import rounded
from tl_core.spec import RunSpec

MOST_PICTURES = 1500  # evenly spread over the training pictures
TOLD = 6  # pictures of each channel
FIRST_BATCH, LARGEST_BATCH = 4, 64
SHORT_S = 0.08  # a batch that takes less is followed by one twice as large


def run(kept: Kept, *, runs: Sequence[Mapping], parameters: Mapping) -> Generator[Progress, None, dict]:
    """Finds the pictures at which each channel of a block has its largest values.

    Args:
        kept: What the worker keeps.
        runs: One, {"id", "spec"}.
        parameters: Of `explanations.Channels`.

    Yields:
        Pictures done, after each batch.

    Returns:
        {"n": pictures looked at, "block", "channels": [{"channel", "peak": its largest value, "pictures": places
        among the run's training pictures, the strongest first}…]}, the strongest channel first.

    Raises:
        SpecError: "spec_choice": no such block.
        StoreError: "file_damaged" when the run left no weights.
        UnknownIdError: Its data are gone.

    References:
        Zeiler and Fergus 2014, "Visualizing and Understanding Convolutional Networks", section 4.
    """
    (asked,) = runs
    spec = RunSpec.from_dict(asked["spec"])
    explained, size = kept.models.explained(asked["id"])
    cut = explained.at(parameters["block"])
    dataset = kept.warm.dataset(spec.dataset, kept.home)
    train = select_per_class(dataset.labels, dataset.train, spec.per_class, spec.seed)
    places = np.unique(np.linspace(0, len(train) - 1, min(len(train), MOST_PICTURES)).round().astype(int))
    peaks = yield from _peaks(cut, lambda chosen: batch(dataset, train[places[chosen]], size), len(places))
    best = np.argsort(-peaks, axis=0, kind="stable")[:TOLD]  # (TOLD, C)
    highest = np.take_along_axis(peaks, best[:1], axis=0)[0]
    told = [
        {"channel": int(at), "peak": rounded(highest[at]), "pictures": places[best[:, at]].tolist()}
        for at in np.argsort(-highest, kind="stable")
    ]
    return {"n": len(places), "block": cut.block, "channels": told}


def _peaks(cut: Cut, pictures, n: int) -> Generator[Progress, None, np.ndarray]:
    """Returns float32 (n, C), in batches that grow as long as they are quick."""
    parts, done, size = [], 0, FIRST_BATCH
    while done < n:
        began_s = time.monotonic()
        parts.append(cut.peaks(pictures(np.arange(done, min(done + size, n)))))
        done = min(done + size, n)
        if time.monotonic() - began_s < SHORT_S:
            size = min(size * 2, LARGEST_BATCH)
        yield Progress(done, n)
    return np.concatenate(parts)
