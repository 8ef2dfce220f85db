import math
from collections import Counter
from collections.abc import Iterator
from itertools import count, groupby

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tl_core.errors import TrainingError
from tl_core.evaluation.scores import log_loss
from tl_core.planning.rates import steps_per_epoch
from tl_core.spec import RunSpec
from tl_core.training import compilation
from tl_core.training.clock import Clock
from tl_core.training.events import Epoch, Event, Phase, Step
from tl_core.training.optimizers import make_optimizer
from tl_core.training.steps import Pace, PlainSteps
from tl_core.training.trainer import StopRequested, Trainer, batches

CENTRES = np.array([[2.0, 0, 0, 0], [0, 2, 0, 0], [0, 0, 2, 0]])
LABELS = np.arange(45) % 3
POINTS = (CENTRES[LABELS] + np.random.default_rng(0).normal(0, 1.5, (45, 4))).astype(np.float32)
TRAIN, VALIDATION = np.arange(30), np.arange(30, 45)


class Points:
    """A source of points, which notes what it was asked for."""

    def __init__(self, is_cached: bool = True) -> None:
        self.is_cached = is_cached
        self.trained: list[tuple[int, list[int]]] = []

    def prepare(self, epoch: int) -> Iterator[Event]:
        yield Phase("features", epoch)

    def train_batch(self, indices: np.ndarray, epoch: int) -> np.ndarray:
        self.trained.append((epoch, indices.tolist()))
        return POINTS[indices]

    def eval_batch(self, indices: np.ndarray) -> np.ndarray:
        return POINTS[indices]


def classifier(dropout: float = 0.0) -> keras.Model:
    point = keras.Input((4,))
    x = keras.layers.Dropout(dropout, seed=1)(point)
    start = keras.initializers.GlorotUniform(seed=1)
    return keras.Model(point, keras.layers.Dense(3, kernel_initializer=start)(x))


def trainer(labels=LABELS, model=None, source=None, should_stop=lambda: False, **fields) -> Trainer:
    spec = RunSpec(**{"epochs": 3, "batch_size": 8, "optimizer": "sgd", "learning_rate": 0.05, "seed": 1, **fields})
    return Trainer(model or classifier(), source or Points(), labels, TRAIN, VALIDATION, spec, Clock(), should_stop)


def of(kind: type, events: list) -> list:
    return [event for event in events if isinstance(event, kind)]


@given(
    n=st.integers(1, 200),
    batch_size=st.integers(2, 64),
    seed=st.integers(0, 2**31 - 1),
    epoch=st.integers(1, 500),
)
def test_all_batches_have_one_size_and_every_picture_is_seen(n, batch_size, seed, epoch):
    indices = np.arange(n) * 3 + 1
    found = batches(indices, batch_size, seed, epoch)
    assert len(found) == steps_per_epoch(n, batch_size) == math.ceil(n / batch_size)
    assert {len(batch) for batch in found} == {batch_size}
    counts = Counter(found.ravel().tolist())
    assert set(counts) == set(indices.tolist())
    if n >= batch_size:
        assert max(counts.values()) <= 2
        assert sum(counts.values()) - n < batch_size  # only what fills up the last batch is seen twice
    np.testing.assert_array_equal(found, batches(indices, batch_size, seed, epoch))


def test_the_order_changes_with_every_epoch_and_seed():
    orders = [batches(TRAIN, 10, seed, epoch).ravel().tolist() for seed in (0, 1) for epoch in (1, 2, 3)]
    assert len(set(map(tuple, orders))) == 6


def test_an_epoch_is_its_preparation_then_its_steps_then_the_validation():
    events = list(trainer(epochs=2).run())
    assert events[0] == Phase("compiling")
    kinds = [event.name if isinstance(event, Phase) else type(event) for event in events[1:]]
    assert [kind for kind, _ in groupby(kinds)] == ["features", Step, "validating", Epoch] * 2
    assert [event for event in events if event == Phase("features", 2)] == [Phase("features", 2)]
    assert [event.step for event in of(Step, events)] == list(range(1, 9))
    assert [event.images for event in of(Step, events)] == list(range(8, 65, 8))
    assert [(event.epoch, event.step, event.images) for event in of(Epoch, events)] == [(1, 4, 32), (2, 8, 64)]


def test_a_step_reports_its_batch_before_the_update_and_then_follows_the_gradient():
    one = trainer(epochs=1)
    kernel, bias = (variable.numpy() for variable in one.model.trainable_variables)
    first, second = of(Step, list(one.run()))[:2]
    chosen, following = batches(TRAIN, 8, 1, 1)[:2]

    logits = POINTS[chosen] @ kernel + bias
    assert first.train_loss == pytest.approx(log_loss(logits, LABELS[chosen]), rel=1e-4)
    assert first.train_accuracy == pytest.approx(np.mean(logits.argmax(axis=1) == LABELS[chosen]))

    error = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True) - np.eye(3)[LABELS[chosen]]
    kernel, bias = kernel - 0.05 * POINTS[chosen].T @ error / 8, bias - 0.05 * error.mean(axis=0)
    logits = POINTS[following] @ kernel + bias
    assert second.train_loss == pytest.approx(log_loss(logits, LABELS[following]), rel=1e-4)


def test_an_epoch_reports_the_mean_of_its_steps_and_the_validation_of_its_weights():
    one = trainer(epochs=1)
    events = list(one.run())
    (epoch,) = of(Epoch, events)
    assert epoch.train_loss == pytest.approx(np.mean([step.train_loss for step in of(Step, events)]))
    assert epoch.train_accuracy == pytest.approx(np.mean([step.train_accuracy for step in of(Step, events)]))
    logits = one.model.predict(POINTS[VALIDATION], verbose=0)
    assert epoch.val_loss == pytest.approx(log_loss(logits, LABELS[VALIDATION]), rel=1e-5)
    assert epoch.val_accuracy == np.mean(logits.argmax(axis=1) == LABELS[VALIDATION])


def test_training_learns():
    epochs = of(Epoch, list(trainer(epochs=20).run()))
    assert epochs[-1].train_loss < 0.5 * epochs[0].train_loss
    assert epochs[-1].val_accuracy > 0.7


def test_the_source_is_asked_for_each_epoch_s_own_views():
    source = Points()
    list(trainer(source=source, epochs=2).run())
    for epoch in (1, 2):
        asked = [index for asked_for, indices in source.trained if asked_for == epoch for index in indices]
        assert asked == batches(TRAIN, 8, 1, epoch).ravel().tolist()


def test_a_cache_is_asked_for_several_batches_and_what_computes_anew_for_one():
    cached, anew = Points(), Points(is_cached=False)
    for source in (cached, anew):
        list(trainer(source=source, epochs=2).run())
    assert [len(indices) for _, indices in anew.trained] == [8] * 8
    assert max(len(indices) for _, indices in cached.trained) == 32


def test_a_request_to_stop_is_heard_while_an_epoch_is_prepared():
    source = Points()
    with pytest.raises(StopRequested):
        list(trainer(source=source, should_stop=lambda: True).run())
    assert source.trained == []


class Ticking(Clock):
    """A stopwatch on which a second passes whenever one looks."""

    elapsed_s = property(lambda self: next(self.seconds))

    def __init__(self) -> None:
        self.seconds = count(1.0)


def test_steps_of_one_call_come_one_after_the_other_on_the_clock():
    one = trainer(epochs=2)
    one.clock = Ticking()
    one.pace.n_batches = 4
    times = [event.elapsed_s for event in of(Step, list(one.run()))]
    assert np.diff(times[:4]) == pytest.approx([0.25] * 3)  # a call lasts a second here, and takes four steps
    assert times == sorted(set(times))


@pytest.mark.parametrize("n_batches", [1, 3, 100])
def test_the_curve_does_not_depend_on_how_many_steps_a_call_takes(n_batches, monkeypatch):
    expected = curve(trainer(model=classifier(0.3)).run())
    monkeypatch.setattr(Pace, "note", lambda *what: None)
    one = trainer(model=classifier(0.3))
    one.pace.n_batches = one.eval_pace.n_batches = n_batches
    assert curve(one.run()) == expected


def test_without_compiled_steps_the_curve_is_the_same(monkeypatch):
    expected = curve(trainer(model=classifier(0.3)).run())
    monkeypatch.setattr(compilation, "make_steps", lambda model, *rest, **options: PlainSteps(model))
    np.testing.assert_allclose(curve(trainer(model=classifier(0.3)).run()), expected, rtol=1e-6)


def worse_and_worse() -> np.ndarray:
    """Returns labels that are wrong wherever validation looks: the more is learned, the worse it gets."""
    labels = LABELS.copy()
    labels[VALIDATION] = (labels[VALIDATION] + 1) % 3
    return labels


def test_the_best_weights_come_back():
    one = trainer(worse_and_worse(), epochs=5)
    epochs = of(Epoch, list(one.run()))
    best = [epoch for epoch in epochs if epoch.is_best][-1]
    assert best.epoch < 5
    assert one.progress.best_epoch == best.epoch
    last = [variable.numpy() for variable in one.model.variables]
    one.restore_best()
    assert not np.array_equal(one.model.variables[0].numpy(), last[0])
    logits = one.model.predict(POINTS[VALIDATION], verbose=0)
    assert log_loss(logits, worse_and_worse()[VALIDATION]) == pytest.approx(best.val_loss, rel=1e-5)


def test_without_an_epoch_there_is_nothing_to_put_back():
    one = trainer()
    before = one.model.variables[0].numpy()
    one.restore_best()
    np.testing.assert_array_equal(one.model.variables[0].numpy(), before)


@pytest.mark.parametrize("patience", [1, 2])
def test_patience_ends_a_training_that_gets_no_better(patience):
    one = trainer(worse_and_worse(), epochs=50, patience=patience)
    epochs = of(Epoch, list(one.run()))
    assert len(epochs) == one.progress.best_epoch + patience
    assert len(epochs) < 50


def test_without_patience_every_epoch_is_trained():
    assert len(of(Epoch, list(trainer(worse_and_worse(), epochs=12).run()))) == 12


def test_a_request_to_stop_is_heard_after_every_step():
    n_asked = 0

    def should_stop():
        nonlocal n_asked
        n_asked += 1
        return n_asked == 4  # once while the epoch is prepared

    stopped = trainer(should_stop=should_stop)
    with pytest.raises(StopRequested):
        list(stopped.run())
    assert stopped.progress.step == 3


def test_a_loss_that_is_not_a_number_ends_the_training_and_says_where():
    model = classifier()
    one = trainer(model=model, learning_rate=0.01)
    events = one.run()
    while one.progress.epoch < 1:
        next(events)
    model.variables[0].assign(np.full((4, 3), np.nan))
    with pytest.raises(TrainingError) as caught:
        list(events)
    assert caught.value.code == "loss_not_finite"
    assert caught.value.values == {"epoch": 2, "learning_rate": 0.01}
    assert one.progress.best_epoch == 1
    assert all(np.isfinite(array).all() for array in one.best_weights)


def test_weights_that_the_last_step_of_an_epoch_broke_are_never_the_best():
    model = classifier()
    one = trainer(model=model)
    events = one.run()
    while one.progress.step < 4:
        next(events)
    model.variables[0].assign(np.full((4, 3), np.nan))  # as an exploding update would
    with pytest.raises(TrainingError):
        list(events)
    assert one.progress.best_epoch is None
    assert one.best_weights is None


def test_predictions_come_in_order_and_are_not_those_of_the_fill():
    one = trainer(batch_size=8)
    asked = np.array([44, 3, 17, 0, 1, 2, 3, 4, 5, 6])
    events = one.predict(asked, "testing")
    assert [next(events) for _ in range(3)] == [Phase("testing", done, 10) for done in (0, 8, 10)]
    with pytest.raises(StopIteration) as end:
        next(events)
    np.testing.assert_allclose(end.value.value, one.model.predict(POINTS[asked], verbose=0), rtol=1e-5, atol=1e-6)


def test_what_is_classified_is_announced_before_the_first_call(monkeypatch):
    """The first call compiles: on a slow machine the page would stand still at the last step."""
    asked = []

    class Steps(PlainSteps):
        def logits(self, inputs):
            asked.append(len(inputs))
            return super().logits(inputs)

    monkeypatch.setattr(compilation, "make_steps", lambda model, batch_size, **options: Steps(model))
    one = trainer(epochs=2, source=Points(is_cached=False))
    told = []  # what is announced, and how many calls there were before
    for events in (one.run(), one.predict(VALIDATION, "testing")):
        told += [(event.name, event.done, len(asked)) for event in events if isinstance(event, Phase)]
    of_each = [("validating", 0), ("validating", 2), ("testing", 4)]
    expected = [(name, done, n + calls) for name, n in of_each for calls, done in enumerate((0, 8, 15))]
    assert [row for row in told if row[0] in ("validating", "testing")] == expected
    assert asked == [1] * 6


def test_a_stop_is_heard_before_the_first_picture_is_classified():
    events = trainer(should_stop=lambda: True).predict(VALIDATION, "testing")
    assert next(events) == Phase("testing", 0, 15)
    with pytest.raises(StopRequested):
        next(events)


def curve(events) -> list[tuple]:
    return [(event.train_loss, event.train_accuracy) for event in events if isinstance(event, Step | Epoch)]


def test_trainings_in_one_thread_do_not_disturb_each_other():
    alone = curve(trainer(model=classifier(0.3)).run())
    first, second = trainer(model=classifier(0.3)).run(), trainer(model=classifier(0.3), seed=2).run()
    seen = []
    for event in first:
        seen.append(event)
        next(second, None)
        np.random.random()
        keras.random.normal((2,))
    assert curve(seen) == alone


@pytest.mark.parametrize(
    ("fields", "kind", "expected"),
    [
        ({"optimizer": "adam"}, keras.optimizers.Adam, {"learning_rate": 0.25}),
        ({"optimizer": "sgd", "momentum": 0.5}, keras.optimizers.SGD, {"momentum": 0.5, "nesterov": False}),
        ({"optimizer": "sgd", "nesterov": True}, keras.optimizers.SGD, {"momentum": 0.9, "nesterov": True}),
    ],
)
def test_the_optimiser_is_the_one_of_the_spec(fields, kind, expected):
    optimizer = make_optimizer(RunSpec(learning_rate=0.25, **fields))
    assert type(optimizer) is kind
    config = optimizer.get_config()
    assert {name: config[name] for name in expected} == pytest.approx(expected)
    assert config["learning_rate"] == 0.25
