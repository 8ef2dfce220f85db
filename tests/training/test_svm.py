"""The fitted head against scikit-learn's own classifier for several classes, on points instead of pictures."""

import keras
import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from tl_core.errors import TrainingError
from tl_core.spec import RunSpec
from tl_core.training.clock import Clock
from tl_core.training.events import Epoch, Phase
from tl_core.training.svm import SvmTrainer, fit_machine
from tl_core.training.trainer import StopRequested

N, SIZE = 120, 6
RANDOM = np.random.default_rng(0)
SPEC = RunSpec(head="svm", svm_c=0.1, batch_size=16, seed=3)


class Points:
    """A source of points: three clouds, far from 0 and of very different spread in each direction."""

    is_cached = True

    def __init__(self, n_classes: int) -> None:
        self.labels = np.arange(N) % n_classes
        centres = RANDOM.normal(size=(n_classes, SIZE))
        spread = np.array([1, 10, 100, 0.1, 1, 0])
        self.points = ((centres[self.labels] + RANDOM.normal(0, 0.9, (N, SIZE))) * spread + 5).astype(np.float32)

    def eval_batch(self, indices: np.ndarray) -> np.ndarray:
        return self.points[indices]


TRAIN, VALIDATION = np.arange(90), np.arange(90, N)


def trainer(source: Points, should_stop=lambda: False, **fields) -> SvmTrainer:
    point = keras.Input((SIZE,))
    logits = keras.layers.Dense(int(source.labels.max()) + 1, name="head_logits")(point)
    model, spec = keras.Model(point, logits), SPEC.with_changes(**fields)
    return SvmTrainer(model, source, source.labels, TRAIN, VALIDATION, spec, Clock(), should_stop)


def oracle(source: Points, **options) -> np.ndarray:
    """Returns scikit-learn's decision values of all points, one column a class."""
    options = {"C": 0.1, "tol": 1e-6, "max_iter": 20_000, "random_state": 0} | options
    machine = make_pipeline(StandardScaler(), LinearSVC(**options))
    values = machine.fit(source.points[TRAIN].astype(np.float64), source.labels[TRAIN])
    values = values.decision_function(source.points.astype(np.float64))
    return values if values.ndim == 2 else np.stack([-values, values], axis=1)


@pytest.mark.parametrize("n_classes", [2, 3, 5])
@pytest.mark.parametrize("balanced", [False, True])
def test_the_head_answers_what_scikit_learn_would_decide(n_classes, balanced):
    source = Points(n_classes)
    source.labels[: N // 3] = 0  # classes of uneven size
    one = trainer(source, class_weight="balanced" if balanced else "none")
    list(one.run())
    found = one.model.predict(source.points, verbose=0)
    expected = oracle(source, class_weight="balanced" if balanced else None)
    np.testing.assert_allclose(found, expected, atol=0.01)


def test_the_only_epoch_has_measured_accuracies_and_no_losses():
    source = Points(3)
    one = trainer(source)
    events = list(one.run())
    (epoch,) = [event for event in events if isinstance(event, Epoch)]
    right = oracle(source).argmax(axis=1) == source.labels
    assert (epoch.train_loss, epoch.val_loss, epoch.is_best, epoch.images) == (None, None, True, len(TRAIN))
    assert epoch.train_accuracy == pytest.approx(right[TRAIN].mean(), abs=0.02)
    assert epoch.val_accuracy == pytest.approx(right[VALIDATION].mean(), abs=0.04)
    fitting = {event.done for event in events if isinstance(event, Phase) and event.name == "fitting"}
    assert fitting == {0, 1, 2}
    assert one.best_weights is not None
    assert list(one.run()) == []  # as after a stop


def test_one_seed_gives_the_same_weights_to_the_last_bit():
    source = Points(3)
    first, again = trainer(source), trainer(source)
    list(first.run()), list(again.run())
    for mine, theirs in zip(first.model.get_weights(), again.model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_features_before_an_inner_network_are_those_that_its_last_layer_is_fed():
    source = Points(3)
    point = keras.Input((1, SIZE))
    logits = keras.layers.Dense(3, name="head_logits")(keras.layers.Flatten()(point))
    inner = trainer(source)
    source_3d = Points(3)
    source_3d.labels, source_3d.points = source.labels, source.points[:, None]
    outer = SvmTrainer(keras.Model(point, logits), source_3d, source.labels, TRAIN, VALIDATION, SPEC, Clock())
    list(inner.run()), list(outer.run())
    for mine, theirs in zip(inner.model.get_weights(), outer.model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_stop_is_heard_between_two_classes():
    wanted = [False]
    one = trainer(Points(3), should_stop=lambda: wanted[0])
    events = one.run()
    while not (isinstance(event := next(events), Phase) and event.name == "fitting"):
        pass
    wanted[0] = True
    with pytest.raises(StopRequested):
        next(events)


def test_what_does_not_settle_is_an_error_with_its_c(monkeypatch):
    monkeypatch.setattr("tl_core.training.svm.MOST_ROUNDS", 1)
    features = RANDOM.normal(size=(50, 4))
    with pytest.raises(TrainingError) as caught:
        fit_machine(features, RANDOM.random(50) < 0.5, (1.0, 1.0), 100.0, 0)
    assert caught.value.to_dict() == {"code": "fit_not_settled", "values": {"head": "svm", "c": 100.0}}
