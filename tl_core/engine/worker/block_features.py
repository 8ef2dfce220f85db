"""The features of pictures at a block of a run's network, as it came and as it was trained; kept on disk."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Literal

import keras
import numpy as np

from tl_core.datasets.arrays import Dataset, batch, fingerprint
from tl_core.datasets.catalog import DatasetInfo
from tl_core.engine.environment import n_threads
from tl_core.engine.worker.device import device_name
from tl_core.engine.worker.kept import Kept
from tl_core.engine.worker.requests import Progress
from tl_core.engine.worker.tasks.train import cache_limit_bytes
from tl_core.errors import SpecError, StoreError
from tl_core.models.pooled import pooled
from tl_core.spec import RunSpec
from tl_core.training.feature_cache import FeatureCache, prefix_key

When = Literal["before", "after", "both"]
Pictures = Callable[[np.ndarray], np.ndarray]


@dataclass
class Counted:
    """How many pictures several passes have taken, of how many.

    Attributes:
        total: Pictures of all passes.
        done: Those of the passes that are over.
    """

    total: int
    done: int = 0


def is_same(spec: RunSpec, block: int | None, n_blocks: int) -> bool:
    """Says whether training left everything up to a block as it came, so that its features are the same."""
    return spec.n_frozen >= (block or n_blocks) and spec.batchnorm != "updating"


def check_block(block: int | None, n_blocks: int) -> None:
    """Refuses a block that a network has not.

    Raises:
        SpecError: "spec_range".
    """
    if block is not None and block > n_blocks:
        raise SpecError("spec_range", field="block", received=block, low=1, high=n_blocks)


def network_of(kept: Kept, run_id: str, spec: RunSpec, n_classes: int, block: int | None, when: When) -> keras.Model:
    """Returns the network from pictures to features.

    Args:
        kept: What the worker keeps.
        run_id: The run.
        spec: Its spec.
        n_classes: Classes that it tells apart.
        block: As `FeatureChoice.block`.
        when: "before": as it came, pretrained or drawn at random; else as it was trained.

    Raises:
        StoreError: "file_damaged" when the run left no weights.
        SpecError: "spec_range": it has fewer blocks.
    """
    if when == "before":
        network = kept.warm.network(spec, n_classes, folder=kept.home / "runs" / run_id)
    else:
        loaded = kept.models.loaded(run_id)
        if block is None:
            return loaded.pooled
        network = loaded.network
    check_block(block, len(network.blocks))
    return pooled(network, block)


def pictures_of(dataset: Dataset, size: int) -> Pictures:
    """Returns what gives the pictures of a data set, at one size."""
    return lambda numbers: batch(dataset, numbers, size)


def features(
    kept: Kept,
    model: keras.Model,
    spec: RunSpec,
    info: DatasetInfo,
    pictures: Pictures,
    chosen: np.ndarray,
    counted: Counted,
) -> Generator[Progress, None, np.ndarray]:
    """Returns the features of pictures; what was computed before, in a training too, comes from disk.

    Args:
        kept: What the worker keeps.
        model: From `network_of`.
        spec: The run's spec.
        info: The data set that the pictures are of.
        pictures: Gives them.
        chosen: int (n,), ascending: their numbers.
        counted: Takes in the pictures.

    Yields:
        Pictures done.

    Returns:
        float32 (n, C).

    Raises:
        StoreError: "answer_not_finite"; "disk_full".
    """
    cache = FeatureCache(
        kept.home / "cache", cache_limit_bytes(), is_exact=spec.arithmetic == "exact", n_threads=n_threads()
    )
    machine = f"{device_name()}, {n_threads()} threads"  # as trainings call it
    key = prefix_key(model, fingerprint(info), spec.image_size, machine)
    computed = cache.features(model, key, pictures, chosen)
    while True:
        try:
            phase = next(computed)
        except StopIteration as end:
            found = np.asarray(end.value, np.float32)
            break
        yield Progress(counted.done + phase.done, counted.total)
    counted.done += len(chosen)
    if not np.isfinite(found).all():
        raise StoreError("answer_not_finite")
    return found
