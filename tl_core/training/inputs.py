"""What a run is fed: pictures, or what the frozen prefix computed of them. Decided once, from spec and network."""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property, partial

import keras
import numpy as np

from tl_core.datasets.arrays import Dataset, fingerprint
from tl_core.models.build import Network
from tl_core.models.fold import folded
from tl_core.spec import RunSpec
from tl_core.training.augment import view_key
from tl_core.training.events import Computation, Phase, Result
from tl_core.training.feature_cache import FeatureCache, FeatureSource, prefix_key
from tl_core.training.sources import PictureSource, PrefixSource, Source, ViewFeatures, ViewSource, counted
from tl_core.training.views import cached_views, make_schedule


@dataclass(frozen=True, eq=False)
class Inputs:
    """Chooses how a run is fed.

    Attributes:
        spec: The run's spec.
        network: Its network, cut in two.
        dataset: Its pictures.
        train: int (n,), ascending: numbers of the training pictures.
        cache: Where features are kept.
        machine: Device and number of threads, which decide the features' last bits.

    Thread: worker.
    """

    spec: RunSpec
    network: Network
    dataset: Dataset
    train: np.ndarray
    cache: FeatureCache
    machine: str

    @property
    def is_cached(self) -> bool:
        """Whether training reads features from the cache: something is frozen, views repeat, the cache has room."""
        is_fresh = self.spec.augment != "none" and self.spec.views == "fresh"
        return self._is_allowed and not is_fresh and self._has_room(len(self.train) * cached_views(self.spec))

    @property
    def _is_allowed(self) -> bool:
        return self.network.prefix is not None and self.spec.use_cache

    @property
    def _prefix(self) -> keras.Model:
        assert self.network.prefix is not None  # `_is_allowed`
        return self.network.prefix

    def _has_room(self, n_train: float) -> bool:
        n_pictures = round(n_train) + len(self.dataset.validation) + len(self.dataset.test)
        return self.cache.is_worth_it(n_pictures, self._prefix.output_shape[1:])

    def source(self) -> Computation[tuple[keras.Model, Source]]:
        """Makes the source ready; what the cache lacks is computed.

        Yields:
            `Phase("features")` while features are computed, `Phase("cached")` once when all came from disk.

        Returns:
            (model to train, source of its inputs).
        """
        pictures = self._pictures()
        if self.is_cached:
            return self.network.suffix, (yield from self._announced(self._cached(pictures)))
        is_exact, prefix = self.spec.arithmetic == "exact", self.network.prefix
        if prefix is None or ((is_exact or not self.spec.use_cache) and not self.network.is_phase):
            return self.network.full, pictures
        # every epoch computes the prefix anew: outside the step it can be folded
        plain = (yield from self._plain(pictures)) if self._is_allowed and self._has_room(0) else None
        return self.network.suffix, PrefixSource(
            (prefix if is_exact else folded(prefix)).predict_on_batch, pictures, plain
        )

    def fill_with(self, other: "Inputs") -> Computation[None]:
        """Computes in one pass what two cuts of a network need of the pictures as they are, where both are cached.

        Args:
            other: What another phase of the run is fed: the same but for the cut.

        Yields:
            `Phase("features")` while anything is computed.
        """
        if self.is_cached and other.is_cached:
            yield from fill([self, other])

    def _pictures(self) -> PictureSource:
        """Returns the pictures; where nothing is frozen there is no cache to spare, and every epoch shows new views."""
        schedule = make_schedule(self.spec, self.train) if self.network.prefix is not None else None
        return PictureSource(self.dataset, self.spec.image_size, self.spec.augment, self.spec.seed, schedule)

    def _announced(self, events: Computation[Result]) -> Computation[Result]:
        """Passes on what is computed; says so when nothing had to be."""
        n_events = 0
        with closing(events):
            while True:
                try:
                    event = next(events)
                except StopIteration as end:
                    if n_events == 0:
                        n_all = len(self.train) + len(self.dataset.validation) + len(self.dataset.test)
                        yield Phase("cached", n_all, n_all)
                    return end.value
                n_events += 1
                yield event

    def _cached(self, pictures: PictureSource) -> Computation[Source]:
        if not pictures.is_augmented:
            return (yield from self._plain(pictures, self.train))
        schedule, plain = make_schedule(self.spec, self.train), (yield from self._plain(pictures))
        source = ViewSource(schedule, self._views(pictures), plain)
        yield from source.prepare(1)
        return source

    def _plain(self, pictures: PictureSource, *more: np.ndarray) -> Computation[FeatureSource]:
        """Returns the features of the pictures as they are: those of validation and test, and more if asked for."""
        wanted = (*more, self.dataset.validation, self.dataset.test)
        n_all, parts = sum(map(len, wanted)), []
        for chosen in wanted:
            events = self.cache.features(self._prefix, self._key, pictures.eval_batch, chosen)
            n_before = sum(len(numbers) for numbers, _ in parts)
            parts.append((chosen, (yield from counted(events, "features", n_before, n_all))))
        return FeatureSource(tuple(parts))

    def _views(self, pictures: PictureSource) -> ViewFeatures:
        """Returns what computes one view of some training pictures."""

        def features(view: int, numbers: np.ndarray) -> Generator[Phase, None, np.ndarray]:
            can_flip = self.dataset.info.can_flip
            key = view_key(self._key, view=view, seed=self.spec.seed, can_flip=can_flip, kind=self.spec.augment)
            shown = partial(pictures.view_batch, views=view)
            return self.cache.features(self._prefix, key, shown, numbers)

        return features

    @cached_property
    def _key(self) -> str:
        return prefix_key(self._prefix, fingerprint(self.dataset.info), self.spec.image_size, self.machine)


def fill(cuts: Sequence[Inputs]) -> Computation[None]:
    """Computes in one pass what several cuts of one network need of the pictures as they are, where they are cached.

    Args:
        cuts: What runs are fed that share the layers of the network, the pictures and the cache; cuts that together
            would fill more than half of the cache are left to their runs.

    Yields:
        `Phase("features")` while anything is computed.
    """
    found = {one._key: one for one in cuts if one.is_cached}
    if not found:
        return
    first, prefixes = next(iter(found.values())), [one._prefix for one in found.values()]
    plain = [one.train for one in cuts if one.is_cached and not one._pictures().is_augmented]
    wanted = [np.unique(np.concatenate(plain))] if plain else []
    wanted += [first.dataset.validation, first.dataset.test]
    n_before, n_all, pictures = 0, sum(map(len, wanted)), first._pictures()
    n_fitting = first.cache.n_fitting(n_all, [prefix.output_shape[1:] for prefix in prefixes])
    for chosen in wanted:
        events = first.cache.fill(prefixes[:n_fitting], list(found)[:n_fitting], pictures.eval_batch, chosen)
        yield from counted(events, "features", n_before, n_all)
        n_before += len(chosen)
