"""The pass over the pictures: a frozen prefix, folded and compiled, that several threads compute side by side."""

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cached_property
from queue import SimpleQueue

import keras
import numpy as np

from tl_core.models.fold import folded

BATCH = 32
BATCH_PIXELS = 16 * 160 * 160  # of one folded pass: more takes memory and no less time
MOST_THREADS = 2  # that compute one pass; more wait for the same cores
PATIENCE_S = 0.1  # then anyone who waits for a batch says so
Forward = Callable[[np.ndarray], list[np.ndarray]]  # pictures → the features at each cut


class Extractor:
    """A frozen prefix that computes batches of one size, which decides the last bits of what it computes.

    Batches are computed side by side, each by a function of its own: oneDNN's kernels of one traced function are not
    for two calls at once. With outputs at several cuts two in three such passes of MobileNetV2 ended the process.

    Args:
        prefixes: Frozen prefixes that share their layers, most often one.
        is_exact: Compute with Keras' own layers, one batch after the other, in the thread that asks.
        n_threads: How many threads the backend computes with.

    Attributes:
        batch: Pictures in a batch.

    Thread: worker.
    """

    def __init__(self, prefixes: Sequence[keras.Model], *, is_exact: bool, n_threads: int) -> None:
        self.prefixes, self.is_exact = prefixes, is_exact
        is_parallel = not is_exact and keras.backend.backend() == "tensorflow"
        self.n_parallel = min(n_threads, MOST_THREADS) if is_parallel else 0
        self.batch = BATCH if is_exact else _batch_size(prefixes[0].input_shape[1])
        self._n_made, self._free = 0, SimpleQueue[Forward]()

    def ends_in(self, prefixes: Sequence[keras.Model]) -> bool:
        """Says whether this computes what these prefixes do."""
        return [id(prefix) for prefix in self.prefixes] == [id(prefix) for prefix in prefixes]

    @cached_property
    def model(self) -> keras.Model:
        """The network that is computed, with an output for each cut."""
        joined = self.prefixes[0]
        if len(self.prefixes) > 1:
            joined = keras.Model(joined.inputs[0], _outputs(self.prefixes))
            joined.compile(jit_compile=False)  # pyright: ignore[reportArgumentType]
        return joined if self.is_exact else folded(joined)

    def run(self, batches: Iterator[np.ndarray]) -> Generator[list[np.ndarray] | None, None, None]:
        """Yields the features of each batch in order, and None now and then while one is awaited.

        The next pictures are fetched while others are computed. Once closed, what is being computed is forgotten.

        Args:
            batches: uint8 (`batch`, S, S, 3) each.
        """
        model = self.model
        yield None  # folding and tracing take half a second each
        if not self.n_parallel:
            yield from map(_plain(model), batches)
            return
        if not self._n_made:
            self._make()
        pool, pending = ThreadPoolExecutor(self.n_parallel), deque()
        try:
            for images in batches:
                pending.append(pool.submit(self._compute, images))
                if len(pending) > 1 and self._n_made < self.n_parallel:
                    self._make()  # while the first one computes
                if len(pending) > self.n_parallel:  # one lies ready: no thread waits for pictures
                    yield from _awaited(pending.popleft())
            while pending:
                yield from _awaited(pending.popleft())
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _make(self) -> None:
        self._n_made += 1
        self._free.put(_compiled(self.model, self.batch))

    def _compute(self, images: np.ndarray) -> list[np.ndarray]:
        forward = self._free.get()
        try:
            return forward(images)
        finally:
            self._free.put(forward)


def _outputs(prefixes: Sequence[keras.Model]) -> list[keras.KerasTensor]:
    """Returns the last tensors of prefixes, in one graph: what ends each (pooling, say) under a name of its own."""
    known = [{layer.name: layer for layer in prefix.layers} for prefix in prefixes]
    names = {name for one in known for name in one}
    shared = {name for name in names if len({id(one[name]) for one in known if name in one}) == 1}
    outputs = []
    for at, prefix in enumerate(prefixes):
        tensor, ends = prefix.outputs[0], list[keras.Operation]()
        while (operation := tensor._keras_history.operation).name not in shared:
            ends.append(operation)
            tensor = operation.input
        for end in reversed(ends):
            tensor = type(end).from_config({**end.get_config(), "name": f"{end.name}_{at}"})(tensor)
        outputs.append(tensor)
    return outputs


def _batch_size(side: int) -> int:
    """Returns how many pictures a folded pass takes at once: many small ones, few large ones."""
    return next((size for size in (32, 16) if size * side * side <= BATCH_PIXELS), 8)


def _compiled(model: keras.Model, batch: int) -> Forward:
    """Traces a network here and now: what follows calls no Keras and may run in any thread."""
    import tensorflow as tf

    signature = [tf.TensorSpec((batch, *model.input_shape[1:]), model.inputs[0].dtype)]
    call = tf.function(lambda images: keras.tree.flatten(model(images, training=False)), signature, jit_compile=False)
    call.get_concrete_function()
    return lambda images: [features.numpy() for features in call(images)]


def _plain(model: keras.Model) -> Forward:
    return lambda images: keras.tree.flatten(model.predict_on_batch(images))


def _awaited(future: Future) -> Iterator[list[np.ndarray] | None]:
    while not wait([future], PATIENCE_S).done:
        yield None
    yield future.result()
