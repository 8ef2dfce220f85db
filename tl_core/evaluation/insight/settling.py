"""t-SNE that can be watched: scikit-learn's own, step by step, with what is taken from it without its promise.

`sklearn.manifold.TSNE` prepares everything (neighbours, perplexity, start, learning rate) and has the gradient; only
the loop of its gradient descent is written out here, because scikit-learn's cannot be looked into. The last picture is
that of `TSNE.fit_transform` to the last bit, which a test holds.

References:
    van der Maaten and Hinton, Visualizing Data using t-SNE, JMLR 2008; van der Maaten, Barnes-Hut-SNE, 2014.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

N_ITERATIONS = 1_000
PERPLEXITY = 30.0
_N_EXAGGERATED = 250
_EXAGGERATION = 12.0
_CHECKED_EVERY = 50
_PATIENCE = 300  # iterations without a better picture
_LEAST_GRADIENT = 1e-7
_LEAST_GAIN = 0.01
MOST_THREADS = 2  # more wait for each other at every step, for long where trainings use the cores


def perplexity_of(n: int) -> float:
    """Returns the usual perplexity, or a third of the pictures where they are few."""
    return min(PERPLEXITY, max(1.0, (n - 1) / 3))


@dataclass
class Settling:
    """A t-SNE picture on its way.

    Attributes:
        rows: Features, float (N, C).
        iteration: Iterations so far.
        points: float32 (N, 2), the picture so far.
        divergence: The Kullback-Leibler divergence when it was last computed.
    """

    rows: np.ndarray
    iteration: int = 0
    points: np.ndarray = field(init=False)
    divergence: float = float("nan")

    def __post_init__(self) -> None:
        self._prepared = _prepared(self.rows)
        self.points = self._prepared.start

    def steps(self) -> Iterator[None]:
        """Settles; yields after every iteration. The picture is `points`.

        Thread: any, one at a time.
        """
        likeness = self._prepared.likeness
        likeness *= _EXAGGERATION
        yield from self._descend(_N_EXAGGERATED, 0.5, _N_EXAGGERATED)
        likeness /= _EXAGGERATION
        yield from self._descend(N_ITERATIONS, 0.8, _PATIENCE)

    def _descend(self, end: int, momentum: float, patience: int) -> Iterator[None]:
        """Gradient descent with momentum and a gain for each number, as `_gradient_descent` of scikit-learn."""
        position = self.points.copy().ravel()
        update, gains = np.zeros_like(position), np.ones_like(position)
        best, best_at = np.inf, self.iteration
        for at in range(self.iteration, end):
            is_checked = (at + 1) % _CHECKED_EVERY == 0
            error, gradient = self._prepared.gradient(position, is_checked or at == end - 1)
            turns = update * gradient < 0.0
            gains[turns] += 0.2
            gains[~turns] *= 0.8
            np.clip(gains, _LEAST_GAIN, np.inf, out=gains)
            gradient *= gains
            update = momentum * update - self._prepared.learning_rate * gradient
            position += update
            self.points, self.iteration = position.reshape(-1, 2), at + 1
            yield
            if not is_checked:
                continue
            self.divergence = float(error)
            if error < best:
                best, best_at = error, at
            elif at - best_at > patience:
                return
            if np.linalg.norm(gradient) <= _LEAST_GRADIENT:
                return


@dataclass
class _Prepared:
    """What a t-SNE begins with.

    Attributes:
        likeness: How alike pictures are, a sparse matrix (N, N).
        freedom: Degrees of freedom.
        start: float32 (N, 2).
        learning_rate: As scikit-learn chose it; a float64 of NumPy makes the updates float64, as there.
    """

    likeness: Any
    freedom: int
    start: np.ndarray
    learning_rate: np.float64

    def gradient(self, position: np.ndarray, with_error: bool) -> tuple[float, np.ndarray]:
        """Returns (divergence, gradient) of a picture."""
        from sklearn.manifold._t_sne import _kl_divergence_bh

        return _kl_divergence_bh(
            position,
            self.likeness,
            self.freedom,
            len(self.start),
            2,
            angle=0.5,
            compute_error=with_error,
            num_threads=min(MOST_THREADS, os.cpu_count() or 1),
        )


def _prepared(rows: np.ndarray) -> _Prepared:
    from sklearn.manifold import TSNE

    class Stopped(TSNE):
        """Ends where the gradient descent would begin."""

        def _tsne(self, P, degrees_of_freedom, n_samples, X_embedded, neighbors=None, skip_num_points=0):
            self.begun = P, degrees_of_freedom, X_embedded
            self.kl_divergence_, self.n_iter_ = np.nan, 0
            return X_embedded

    stopped = Stopped(2, perplexity=perplexity_of(len(rows)), init="pca", random_state=0)
    stopped.fit(rows)
    likeness, freedom, start = stopped.begun
    return _Prepared(likeness, freedom, start, np.float64(stopped.learning_rate_))
