"""Our side of the comparison: the trainer of the lab on cached features or on pictures, an epoch at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tl_core.bench.settings import BATCH
from tl_core.datasets.arrays import Dataset
from tl_core.engine.environment import n_threads
from tl_core.models.build import Network
from tl_core.spec import RunSpec
from tl_core.training.clock import Clock
from tl_core.training.events import Epoch, Event, Step
from tl_core.training.feature_cache import SMALL_BYTES, FeatureCache, FeatureSource
from tl_core.training.inputs import Inputs
from tl_core.training.sources import PictureSource, Source
from tl_core.training.trainer import Trainer

CACHE_BYTES = 10**10
SAMPLE = 2 * BATCH  # pictures whose features stand for all


@dataclass(frozen=True)
class EpochSeconds:
    """What an epoch took: its steps alone, and with its validation."""

    steps: float
    whole: float


class OurTraining:
    """The trainer of the lab, driven an epoch a call.

    Args:
        network: What `build` returned.
        source: Pictures, or features of them.
        dataset: The pictures' labels and splits.
        spec: Batch size, optimiser, arithmetic.

    Thread: worker.
    """

    def __init__(self, network: Network, source: Source, dataset: Dataset, spec: RunSpec) -> None:
        model = network.suffix if source.is_cached else network.full
        clock = Clock()
        trainer = Trainer(model, source, dataset.labels, dataset.train, dataset.validation, spec, clock)
        self._epochs = _timed(trainer, clock)

    def epoch(self) -> EpochSeconds:
        """Trains one epoch. The first one compiles, too."""
        return next(self._epochs)


def _timed(trainer: Trainer, clock: Clock) -> Iterator[EpochSeconds]:
    """Yields what each epoch took; while it waits for the next to be asked for, the clock stands."""
    clock.resume()
    began_s = steps_s = 0.0
    for event in trainer.run():
        if isinstance(event, Step):
            steps_s = event.elapsed_s - began_s
        elif isinstance(event, Epoch):
            clock.pause()
            yield EpochSeconds(steps_s, event.seconds)
            began_s = clock.elapsed_s
            clock.resume()


def picture_source(dataset: Dataset, spec: RunSpec) -> PictureSource:
    """Returns the source of a run in which all blocks are trained."""
    return PictureSource(dataset, spec.image_size, "none", spec.seed)


def prepare_source(network: Network, dataset: Dataset, spec: RunSpec, cache: FeatureCache) -> Source:
    """Returns the source of a run with frozen blocks; what the cache lacks is computed now."""
    inputs = Inputs(spec, network, dataset, dataset.train, cache, "bench")
    _, source = _drained(inputs.source())
    return source


def fast_cache(folder: Path) -> FeatureCache:
    """Returns an empty prefix cache as a worker uses it."""
    return FeatureCache(folder, CACHE_BYTES, is_exact=False, n_threads=n_threads())


def warm_up(cache: FeatureCache, network: Network, dataset: Dataset) -> None:
    """Has a cache fold and trace a prefix, which it remembers."""
    assert network.prefix is not None
    _drained(cache.features(network.prefix, "warm", np.asarray(dataset.pixels).__getitem__, dataset.train[:BATCH]))


def _drained(events: Iterator[Event]) -> Any:
    while True:
        try:
            next(events)
        except StopIteration as end:
            return end.value


def repeated_source(network: Network, dataset: Dataset, folder: Path) -> FeatureSource:
    """Returns a source of as many features as there are pictures, held as the prefix cache holds them.

    Those of a few pictures are computed and repeated: the speed of what follows does not depend on their values.
    """
    assert network.prefix is not None
    few = network.prefix.predict(dataset.pixels[:SAMPLE], batch_size=BATCH, verbose=0)
    parts = []
    for name, numbers in (("train", dataset.train), ("validation", dataset.validation)):
        features = np.lib.format.open_memmap(folder / f"{name}.npy", "w+", few.dtype, (len(numbers), *few.shape[1:]))
        features[:] = few[np.arange(len(numbers)) % len(few)]
        features.flush()
        parts.append((numbers, np.array(features) if features.nbytes <= SMALL_BYTES else features))
    return FeatureSource(tuple(parts))
