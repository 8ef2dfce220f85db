"""The probe that is fitted to convergence against scikit-learn's own pipeline, on points instead of pictures."""

import keras
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_info

from tl_core.errors import TrainingError
from tl_core.evaluation.scores import softmax
from tl_core.spec import RunSpec
from tl_core.training import fitted
from tl_core.training.clock import Clock
from tl_core.training.events import Epoch
from tl_core.training.logistic import MOST_ITERATIONS, LogisticTrainer, fit_logistic, tolerance

N = 120
TRAIN, VALIDATION = np.arange(90), np.arange(90, N)
SPEC = RunSpec(head="logistic", batch_size=16, seed=3)


class Clouds:
    """A source of points: clouds far from 0 that overlap, of classes of uneven size, one direction without spread."""

    is_cached = True

    def __init__(self, n_classes: int, size: int = 6) -> None:
        random = np.random.default_rng(n_classes)
        self.labels = np.where(random.random(N) < 0.3, 0, np.arange(N) % n_classes)
        spread = np.geomspace(0.1, 100, size) * (np.arange(size) > 0)
        centres = random.normal(size=(n_classes, size))
        self.points = ((centres[self.labels] + random.normal(0, 0.9, (N, size))) * spread + 5).astype(np.float32)

    def eval_batch(self, indices: np.ndarray) -> np.ndarray:
        return self.points[indices]


def trainer(source: Clouds, **fields) -> LogisticTrainer:
    point = keras.Input((source.points.shape[1],))
    logits = keras.layers.Dense(int(source.labels.max()) + 1, name="head_logits")(point)
    model, spec = keras.Model(point, logits), SPEC.with_changes(**fields)
    return LogisticTrainer(model, source, source.labels, TRAIN, VALIDATION, spec, Clock())


def pipeline(source: Clouds, c: float = 1.0, class_weight: str | None = None):
    """Returns scikit-learn's own, fitted to the training points."""
    probe = LogisticRegression(C=c, class_weight=class_weight, tol=tolerance(c), max_iter=MOST_ITERATIONS)
    return make_pipeline(StandardScaler(), probe).fit(source.points[TRAIN].astype(np.float64), source.labels[TRAIN])


@pytest.mark.parametrize("n_classes", [2, 3, 5])
@pytest.mark.parametrize("class_weight", ["none", "balanced"])
@pytest.mark.parametrize("c", [0.01, 1.0, 100.0])
def test_the_probe_says_what_scikit_learn_would(n_classes, class_weight, c):
    source = Clouds(n_classes)
    one = trainer(source, class_weight=class_weight, logistic_c=c)
    list(one.run())
    found = softmax(one.model.predict(source.points, verbose=0))
    expected = pipeline(source, c, None if class_weight == "none" else class_weight)
    np.testing.assert_allclose(found, expected.predict_proba(source.points.astype(np.float64)), atol=2e-5)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-12)


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("c", [0.01, 1.0, 100.0])
def test_of_more_features_than_pictures_the_fit_is_the_same(n_classes, c):
    source = Clouds(n_classes, size=400)
    one = trainer(source, logistic_c=c)
    list(one.run())
    found = softmax(one.model.predict(source.points, verbose=0))
    expected = pipeline(source, c).predict_proba(source.points.astype(np.float64))
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_the_only_epoch_has_measured_losses_in_which_every_picture_counts_the_same():
    source = Clouds(3)
    (epoch,) = [event for event in trainer(source, class_weight="balanced").run() if isinstance(event, Epoch)]
    shares = pipeline(source, class_weight="balanced").predict_proba(source.points.astype(np.float64))
    assert epoch.train_loss == pytest.approx(log_loss(source.labels[TRAIN], shares[TRAIN]), abs=1e-5)
    assert epoch.val_loss == pytest.approx(log_loss(source.labels[VALIDATION], shares[VALIDATION]), abs=1e-5)
    right = shares.argmax(axis=1) == source.labels
    assert (epoch.train_accuracy, epoch.val_accuracy) == (right[TRAIN].mean(), right[VALIDATION].mean())
    assert (epoch.epoch, epoch.step, epoch.images, epoch.is_best) == (1, 1, len(TRAIN), True)


def test_nothing_of_the_fit_is_drawn_at_random():
    source = Clouds(3)
    first, again = trainer(source, seed=1), trainer(source, seed=2)
    list(first.run()), list(again.run())
    for mine, theirs in zip(first.model.get_weights(), again.model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert list(first.run()) == []  # as after a stop


def test_what_does_not_settle_is_an_error_with_its_c(monkeypatch):
    monkeypatch.setattr("tl_core.training.logistic.MOST_ITERATIONS", 2)
    source = Clouds(3)
    with pytest.raises(TrainingError) as caught:
        list(trainer(source, logistic_c=10.0).run())
    assert caught.value.to_dict() == {"code": "fit_not_settled", "values": {"head": "logistic", "c": 10.0}}


def test_a_fit_has_one_blas_thread_and_leaves_their_number_as_it_was(monkeypatch):
    def threads() -> list[int]:
        return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]

    def watched(*told):
        during.append(threads())
        return fit_logistic(*told)

    during: list[list[int]] = []
    monkeypatch.setattr("tl_core.training.logistic.fit_logistic", watched)
    fitted._libraries()
    before = threads()
    list(trainer(Clouds(3)).run())
    assert [set(one) for one in during] == [{1}]
    assert threads() == before
