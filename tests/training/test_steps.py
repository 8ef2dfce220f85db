"""Many steps in one call against Keras' own `train_on_batch`, and against the textbook's formulas in NumPy."""

from itertools import pairwise

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tl_core.models.heads import add_head
from tl_core.planning.rates import rate_at
from tl_core.spec import RunSpec
from tl_core.training import steps as room
from tl_core.training.compilation import compile_model
from tl_core.training.steps import CALL_S, GROWTH, CompiledSteps, Pace, PlainSteps, make_steps

BATCH, N_BATCHES, CLASSES = 8, 12, 3
RANDOM = np.random.default_rng(0)
MAPS = RANDOM.normal(size=(N_BATCHES, BATCH, 4, 4, 6))
LABELS = RANDOM.integers(0, CLASSES, (N_BATCHES, BATCH))
ADAM = {"optimizer": "adam", "learning_rate": 1e-3}
PLAIN_SGD = {"optimizer": "sgd", "learning_rate": 1e-2, "momentum": 0.0}
MOMENTUM = PLAIN_SGD | {"momentum": 0.9}
NESTEROV = MOMENTUM | {"nesterov": True}
EPOCHS = 4


@pytest.fixture
def precision(request):
    """Everything in float64 or float32."""
    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx(request.param)
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_floatx(before[0])
    keras.config.set_dtype_policy(before[1])


def head(**fields) -> keras.Model:
    """Returns a head on feature maps (4, 4, 6), ready to be trained; equal fields give equal weights."""
    spec = RunSpec(**{"hidden": 10, "seed": 3, **fields})
    maps = keras.Input((4, 4, 6))
    return ready(keras.Model(maps, add_head(maps, spec, CLASSES)), spec)


def convolutions(is_frozen: bool = False) -> keras.Model:
    start = keras.initializers.GlorotUniform(seed=1)
    maps = keras.Input((4, 4, 6))
    x = keras.layers.Conv2D(5, 3, kernel_initializer=start)(maps)
    norm = keras.layers.BatchNormalization(momentum=0.9, trainable=not is_frozen)
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.ReLU()(norm(x)))
    model = keras.Model(maps, keras.layers.Dense(CLASSES, kernel_initializer=start)(x))
    return ready(model, RunSpec(learning_rate=1e-2))


def ready(model: keras.Model, spec: RunSpec) -> keras.Model:
    compile_model(model, spec)
    return model


def state(model: keras.Model) -> list[np.ndarray]:
    """Returns all that a checkpoint keeps: weights, statistics, seeds, the optimiser's averages and counters."""
    return [variable.numpy() for variable in [*model.variables, *model.optimizer.variables]]


def train(steps, n_epochs: int = EPOCHS, dtype: str = "float32") -> tuple[np.ndarray, np.ndarray]:
    rows = [steps.train(MAPS.astype(dtype), LABELS) for _ in range(n_epochs)]
    losses, accuracies = zip(*rows, strict=True)
    return np.concatenate(losses), np.concatenate(accuracies)


def assert_close(found: list[np.ndarray], expected: list[np.ndarray], rtol: float) -> None:
    """Compares arrays by the size of the difference in each as a whole: single numbers near 0 have no digits."""
    for mine, theirs in zip(found, expected, strict=True):
        assert np.linalg.norm(mine - theirs) <= rtol * np.linalg.norm(theirs)


@pytest.mark.parametrize(("precision", "rtol"), [("float64", 1e-12), ("float32", 1e-6)], indirect=["precision"])
@pytest.mark.parametrize(
    "fields",
    [
        {"head": "linear", **ADAM},
        {"head": "dense", "dropout": 0.3, **ADAM},
        {"head": "flatten-dense", "dropout": 0.3, **MOMENTUM},
        {"head": "dense", **NESTEROV},
        {"head": "linear", **PLAIN_SGD},
        {"head": "linear", "schedule": "cosine", "epochs": EPOCHS * N_BATCHES, **ADAM},
    ],
    ids=["adam", "adam-dropout", "momentum-dropout", "nesterov", "sgd", "adam-cosine"],
)
def test_steps_in_one_call_equal_train_on_batch(fields, precision, rtol):
    model, plain = head(**fields), head(**fields)
    start = state(model)
    found = train(CompiledSteps(model, BATCH, is_exact=True), dtype=precision)
    expected = train(PlainSteps(plain), dtype=precision)
    assert_close(found, expected, rtol)
    assert_close(state(model), state(plain), rtol)
    assert int(model.optimizer.iterations) == EPOCHS * N_BATCHES
    assert not any(np.array_equal(before, after) for before, after in zip(start[:2], state(model), strict=False))


@pytest.mark.parametrize("is_frozen", [False, True])
@pytest.mark.parametrize("precision", ["float64"], indirect=True)
def test_convolutions_and_their_statistics_move_as_in_keras(precision, is_frozen):
    model, plain = convolutions(is_frozen), convolutions(is_frozen)
    statistics = [w for w in model.non_trainable_variables if "moving" in w.path]
    before = [w.numpy() for w in statistics]
    found = train(CompiledSteps(model, BATCH, is_exact=True), dtype=precision)
    assert_close(found, train(PlainSteps(plain), dtype=precision), 1e-12)
    assert_close(state(model), state(plain), 1e-12)
    moved = [not np.array_equal(old, w.numpy()) for old, w in zip(before, statistics, strict=True)]
    assert moved == [not is_frozen] * 2


def textbook(kernel, bias, inputs, labels, fields):
    """Returns the weights of a softmax regression after every batch, in float64, as the papers have it."""
    weights, spec = [kernel.astype(np.float64), bias.astype(np.float64)], RunSpec(**fields)
    mean, square = ([np.zeros_like(weight) for weight in weights] for _ in range(2))
    for t, (x, y) in enumerate(zip(inputs, labels, strict=True), start=1):
        exponents = np.exp(x @ weights[0] + weights[1])
        rate = rate_at(spec, t - 1, n_steps=1)
        error = (exponents / exponents.sum(axis=1, keepdims=True) - np.eye(CLASSES)[y]) / len(y)
        for i, gradient in enumerate([x.T @ error, error.sum(axis=0)]):
            if fields["optimizer"] == "adam":
                mean[i] = 0.9 * mean[i] + 0.1 * gradient
                square[i] = 0.999 * square[i] + 0.001 * gradient**2
                rate_t = rate * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
                weights[i] = weights[i] - rate_t * mean[i] / (np.sqrt(square[i]) + 1e-7)
                continue
            mean[i] = 0.9 * mean[i] - rate * gradient
            weights[i] = weights[i] + (0.9 * mean[i] - rate * gradient if fields.get("nesterov") else mean[i])
    return weights


def regression(fields) -> tuple[keras.Model, np.ndarray]:
    """Returns a linear classifier of 96 numbers, and the batches it sees."""
    inputs = keras.Input((96,))
    start = keras.initializers.GlorotUniform(seed=1)
    model = keras.Model(inputs, keras.layers.Dense(CLASSES, kernel_initializer=start)(inputs))
    return ready(model, RunSpec(**fields)), np.tile(MAPS.reshape(N_BATCHES, BATCH, 96), (EPOCHS, 1, 1))


def distance_from_textbook(fields, dtype: str, is_exact: bool) -> float:
    model, inputs = regression(fields)
    labels = np.tile(LABELS, (EPOCHS, 1))
    expected = textbook(*model.get_weights(), inputs.astype(dtype), labels, fields)
    CompiledSteps(model, BATCH, is_exact=is_exact).train(inputs.astype(dtype), labels)
    found = model.get_weights()
    assert found[0].dtype == dtype
    return max(np.linalg.norm(mine - book) / np.linalg.norm(book) for mine, book in zip(found, expected, strict=True))


@pytest.mark.parametrize("optimizer", [ADAM, MOMENTUM, NESTEROV], ids=["adam", "momentum", "nesterov"])
@pytest.mark.parametrize(("precision", "rtol"), [("float64", 1e-12), ("float32", 2e-6)], indirect=["precision"])
def test_the_quick_update_is_the_textbook_s(precision, rtol, optimizer, monkeypatch):
    monkeypatch.setattr(room, "FEW_NUMBERS", 0)
    assert distance_from_textbook(optimizer, precision, is_exact=False) < rtol


@pytest.mark.parametrize("optimizer", [ADAM, NESTEROV], ids=["adam", "nesterov"])
@pytest.mark.parametrize("precision", ["float32"], indirect=True)
def test_the_quick_update_follows_a_schedule(precision, optimizer, monkeypatch):
    monkeypatch.setattr(room, "FEW_NUMBERS", 0)
    decaying = {**optimizer, "schedule": "inverse-time", "decay": 0.05}
    assert distance_from_textbook(decaying, precision, is_exact=False) < 2e-6


@pytest.mark.parametrize("precision", ["float32"], indirect=True)
def test_the_quick_adam_lies_nearer_to_the_textbook_than_keras_own(precision, monkeypatch):
    monkeypatch.setattr(room, "FEW_NUMBERS", 0)
    quick, own = (distance_from_textbook(ADAM, precision, is_exact=exact) for exact in (False, True))
    assert quick < own


@pytest.mark.parametrize("is_small", [True, False])
def test_only_a_large_network_takes_the_quick_update(is_small, monkeypatch):
    if not is_small:
        monkeypatch.setattr(room, "FEW_NUMBERS", 0)
    default, exact = head(head="dense"), head(head="dense")
    train(CompiledSteps(default, BATCH))
    train(CompiledSteps(exact, BATCH, is_exact=True))
    equal = [np.array_equal(mine, theirs) for mine, theirs in zip(state(default), state(exact), strict=True)]
    assert all(equal) == is_small


@pytest.mark.parametrize("sizes", [[1] * 12, [5, 7], [1, 8, 3]])
def test_how_many_batches_go_into_a_call_changes_no_bit(sizes):
    whole, split = head(head="dense", dropout=0.4), head(head="dense", dropout=0.4)
    expected = CompiledSteps(whole, BATCH).train(MAPS.astype("float32"), LABELS)
    steps, ends = CompiledSteps(split, BATCH), np.cumsum(sizes)[:-1]
    parts = zip(np.split(MAPS.astype("float32"), ends), np.split(LABELS, ends), strict=True)
    found = [np.concatenate(column) for column in zip(*[steps.train(*part) for part in parts], strict=True)]
    for mine, theirs in zip([*found, *state(split)], [*expected, *state(whole)], strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_training_goes_on_from_restored_variables_to_the_last_bit():
    whole, resumed = head(head="dense", dropout=0.4), head(head="dense", dropout=0.4)
    steps = CompiledSteps(whole, BATCH)
    train(steps, 2)
    kept = state(whole)
    train(steps, 2)
    for variable, value in zip([*resumed.variables, *resumed.optimizer.variables], kept, strict=True):
        variable.assign(value)
    train(CompiledSteps(resumed, BATCH), 2)
    for mine, theirs in zip(state(resumed), state(whole), strict=True):
        np.testing.assert_array_equal(mine, theirs)


class Traced(keras.layers.Layer):
    """Notes each time that Python runs through it."""

    def __init__(self, seen: list, **options) -> None:
        super().__init__(**options)
        self.note = seen.append

    def call(self, inputs, training=None):
        self.note(training)
        return inputs


def test_each_function_is_traced_once_and_compiling_trains_nothing():
    seen: list = []
    inputs = keras.Input((4, 4, 6))
    model = keras.Model(inputs, keras.layers.Dense(CLASSES)(keras.layers.Flatten()(Traced(seen)(inputs))))
    steps = CompiledSteps(ready(model, RunSpec()), BATCH)
    seen.clear()
    before = state(model)
    steps.compile()
    assert seen == [True]
    for old, new in zip(before, state(model), strict=True):
        np.testing.assert_array_equal(old, new)
    for n in (1, 5, 12):
        steps.train(MAPS[:n].astype("float32"), LABELS[:n])
        steps.logits(MAPS[:n].astype("float32"))
    assert seen == [True, False]


def test_asking_moves_nothing_and_drops_nothing():
    model = head(head="dense", dropout=0.5)
    before = state(model)
    logits = CompiledSteps(model, BATCH).logits(MAPS.astype("float32"))
    for old, new in zip(before, state(model), strict=True):
        np.testing.assert_array_equal(old, new)
    weights = model.get_weights()
    hidden = np.maximum(MAPS.mean(axis=(2, 3)) @ weights[0] + weights[1], 0)
    np.testing.assert_allclose(logits, hidden @ weights[2] + weights[3], rtol=1e-4, atol=1e-5)


def test_an_answer_depends_neither_on_its_neighbours_nor_on_the_call():
    steps = CompiledSteps(convolutions(), BATCH)
    whole = steps.logits(MAPS.astype("float32"))
    others = MAPS.astype("float32").copy()
    others[:, BATCH // 2 :] = 7.0
    np.testing.assert_array_equal(steps.logits(others)[:, : BATCH // 2], whole[:, : BATCH // 2])
    np.testing.assert_array_equal(
        np.concatenate([steps.logits(others[i : i + 1]) for i in range(3)]), steps.logits(others[:3])
    )


def test_other_backends_take_keras_own_calls(monkeypatch):
    model = head()
    assert type(make_steps(model, BATCH)) is CompiledSteps
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    steps = make_steps(model, BATCH)
    assert type(steps) is PlainSteps
    steps.compile()
    np.testing.assert_array_equal(steps.logits(MAPS[:2]), [model.predict_on_batch(maps) for maps in MAPS[:2]])


@given(st.lists(st.tuples(st.integers(1, 99), st.floats(0, 1)), max_size=20), st.integers(1, 50))
def test_every_batch_is_in_one_call_whatever_was_measured(notes, most):
    pace, batches, found = Pace(most), np.arange(60).reshape(30, 2), []
    for chosen in pace.calls(batches):
        found.append(chosen)
        assert 1 <= len(chosen) <= most
        if notes:
            pace.note(*notes.pop())
    np.testing.assert_array_equal(np.concatenate(found), batches)


@pytest.mark.parametrize("step_s", [1e-4, 0.02, 0.5])
def test_calls_become_as_long_as_a_turn_may_be(step_s):
    pace, lengths = Pace(10**6), []
    for chosen in pace.calls(np.zeros((20_000, 2))):
        pace.note(len(chosen), len(chosen) * step_s)
        lengths.append(len(chosen))
    assert lengths[0] == 1
    assert max(lengths) == max(1, round(CALL_S / step_s))
    assert max(lengths) * step_s <= max(1.01 * CALL_S, step_s)
    assert all(after <= GROWTH * before for before, after in pairwise(lengths))
