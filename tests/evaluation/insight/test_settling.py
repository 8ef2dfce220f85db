"""t-SNE that is watched against t-SNE that is not."""

import numpy as np
import pytest

from tl_core.evaluation.insight.settling import N_ITERATIONS, Settling, perplexity_of

ROWS = (np.repeat(np.eye(5, 20), 24, axis=0) + np.random.default_rng(0).normal(scale=0.2, size=(120, 20))).astype("f4")


@pytest.fixture(scope="module")
def settled() -> Settling:
    settling = Settling(ROWS)
    for _ in settling.steps():
        pass
    return settling


def test_the_last_picture_is_that_of_scikit_learn_to_the_last_bit(settled):
    from sklearn.manifold import TSNE

    tsne = TSNE(2, perplexity=perplexity_of(len(ROWS)), init="pca", random_state=0)
    assert np.array_equal(settled.points, tsne.fit_transform(ROWS))
    assert settled.divergence == pytest.approx(tsne.kl_divergence_, rel=1e-3)
    assert settled.iteration == tsne.n_iter_ + 1 <= N_ITERATIONS


def test_it_begins_with_the_principal_axes_and_moves_with_every_step(settled):
    settling = Settling(ROWS)
    start = settling.points.copy()
    centred = ROWS - ROWS.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:2]
    by_hand = centred @ axes.T
    for axis in (0, 1):
        assert abs(np.corrcoef(start[:, axis], by_hand[:, axis])[0, 1]) == pytest.approx(1, abs=1e-3)
    steps = settling.steps()
    next(steps)
    assert settling.iteration == 1
    assert not np.array_equal(settling.points, start)


def test_few_pictures_have_a_small_perplexity():
    assert perplexity_of(1000) == 30
    assert perplexity_of(13) == 4
    few = Settling(ROWS[:5])
    next(few.steps())
    assert np.isfinite(few.points).all()
