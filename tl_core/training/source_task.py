"""The task of the run that another one started from, looked at while that one trains: forgetting, as a curve."""

from collections.abc import Callable

import keras
import numpy as np

from tl_core.datasets.arrays import Dataset, batch, fingerprint
from tl_core.models.build import Network
from tl_core.spec import RunSpec
from tl_core.training.events import Computation, Phase
from tl_core.training.feature_cache import FeatureCache, prefix_key
from tl_core.training.trainer import StopRequested

BATCH = 32


class SourceTask:
    """The source's network with its own head, whose backbone follows the one that is trained.

    What is frozen is computed once for its validation pictures. Where all blocks are, so is their accuracy.

    Args:
        network: The source's, trained.
        image_size: Side of its pictures, in px.
        dataset: What it was trained on.
        spec: Of the run that trains.
        cache: Where features are kept.
        machine: Device and number of threads, which decide the features' last bits.
        should_stop: Asked after every batch.

    Thread: worker.

    References: McCloskey & Cohen 1989, "Catastrophic Interference in Connectionist Networks"; Li & Hoiem 2016,
        "Learning without Forgetting" (the old task's accuracy with its own head).
    """

    def __init__(
        self,
        network: Network,
        image_size: int,
        dataset: Dataset,
        spec: RunSpec,
        cache: FeatureCache,
        machine: str,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self._size, self._dataset, self._cache, self._should_stop = image_size, dataset, cache, should_stop
        n_fixed = 0 if spec.batchnorm == "updating" else min(spec.n_frozen, len(network.blocks))
        self._moving = [layer for block in network.blocks[n_fixed : spec.head_at] for layer in block.layers]
        self._is_constant = not self._moving
        cut = network.cut_at(n_fixed) if n_fixed else network
        self._prefix, self._model = (cut.prefix, cut.suffix) if n_fixed else (None, network.full)
        self._model.compile(jit_compile=False)  # pyright: ignore[reportArgumentType]
        self._machine = machine
        self._inputs: np.ndarray | None = None
        self._last: float | None = None

    def accuracy(self, current: keras.Model) -> Computation[float]:
        """Returns the accuracy on the source's validation pictures, a fraction.

        Args:
            current: The network that is trained, with the weights that it has now.

        Yields:
            `Phase("source")`, and `Phase("features")` the first time.

        Raises:
            StopRequested: `should_stop` said so.
            StoreError: "disk_full".
        """
        if self._last is not None and self._is_constant:
            return self._last
        for layer in self._moving:
            layer.set_weights(current.get_layer(layer.name).get_weights())
        chosen = self._dataset.validation
        if self._prefix is not None and self._inputs is None:
            key = prefix_key(self._prefix, fingerprint(self._dataset.info), self._size, self._machine)
            self._inputs = yield from self._cache.features(self._prefix, key, self._pictures, chosen)
        n_right = 0
        for start in range(0, len(chosen), BATCH):
            rows = np.resize(np.arange(start, min(start + BATCH, len(chosen))), BATCH)  # one shape, compiled once
            inputs = self._pictures(chosen[rows]) if self._inputs is None else self._inputs[rows]
            n_new = min(BATCH, len(chosen) - start)
            said = np.asarray(self._model.predict_on_batch(inputs))[:n_new].argmax(axis=1)
            n_right += int(np.sum(said == self._dataset.labels[chosen[rows[:n_new]]]))
            yield Phase("source", start + n_new, len(chosen))
            if self._should_stop():
                raise StopRequested
        self._last = n_right / len(chosen)
        return self._last

    def _pictures(self, numbers: np.ndarray) -> np.ndarray:
        return batch(self._dataset, numbers, self._size)
