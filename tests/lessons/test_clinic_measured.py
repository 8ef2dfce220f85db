"""What the cases of the clinic claim, on real runs with fixed seeds, and what the cards say that Keras does."""

from collections.abc import Callable
from contextlib import closing

import numpy as np
import pytest

from tl_core.engine.environment import environment
from tl_core.engine.inline import train_here
from tl_core.evaluation.comparison import compare_runs
from tl_core.lessons.clinic import CASES, FRUIT, MENDED, SICK
from tl_core.lessons.measures import Result
from tl_core.planning.plan import HEAD_RATES, plan_run
from tl_core.spec import RunSpec
from tl_core.store.records import RunState
from tl_core.store.sqlite.store import SqliteStore

pytestmark = pytest.mark.slow
GUESSING = 1 / 14
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.full) for seed in (1, 2))]
HEAVY_SEEDS = [pytest.param(seed, marks=pytest.mark.full) for seed in range(3)]  # the presets hold the same promise
Train = Callable[[RunSpec], Result]


@pytest.fixture(scope="module")
def train(tmp_path_factory):
    """Trains a spec; each once, all sharing one prefix cache."""
    home, known = tmp_path_factory.mktemp("clinic"), {}
    with closing(SqliteStore(home)) as store:

        def trained(spec: RunSpec) -> Result:
            if spec not in known:
                record = store.create_run(spec.to_dict(), role="run", name="case", environment=environment())
                train_here(store, home, record.id, spec, on_event=lambda event: None)
                known[spec] = Result(store.get(record.id), store.epochs(record.id))
                assert known[spec].record.state is RunState.COMPLETED, known[spec].record.error
            return known[spec]

        yield trained


def both(train: Train, id: str, seed: int) -> tuple[Result, Result]:
    """Returns the sick and the mended run of a case, which tests as the case says, by its interval."""
    sick, mended = (train(CASES[id].spec(which).with_changes(seed=seed)) for which in (SICK, MENDED))
    compared = compare_runs(mended.record, sick.record)
    assert compared.outcome == CASES[id].outcome
    return sick, mended


def gain(pair: tuple[Result, Result]) -> float:
    return pair[1].record.test_accuracy - pair[0].record.test_accuracy


def changed(result: Result) -> int:
    return sum(row["changed"] for row in result.record.proof if row["block"] != "head")


def validation(result: Result) -> list[float]:
    return [epoch.val_accuracy for epoch in result.epochs]


@pytest.mark.parametrize("seed", SEEDS)
def test_of_pixels_scaled_twice_nothing_is_learned_not_even_by_heart(train, seed):
    sick, _ = pair = both(train, "dim", seed)
    assert max(epoch.train_accuracy for epoch in sick.epochs) <= 3 * GUESSING
    assert sick.record.test_accuracy <= 3 * GUESSING
    assert gain(pair) >= 0.3


@pytest.mark.parametrize("seed", SEEDS)
def test_where_the_test_numbers_its_classes_anew_a_good_network_gets_hardly_a_picture_right(train, seed):
    sick, mended = pair = both(train, "two-worlds", seed)
    assert validation(sick) == validation(mended)
    assert sick.record.test_accuracy <= 0.2
    answers = np.array(sick.record.scores["confusion"]).argmax(axis=1)
    assert np.sum(answers == np.arange(14)) <= 3
    assert gain(pair) >= 0.35


@pytest.mark.parametrize("seed", SEEDS)
def test_with_half_of_the_test_in_training_the_test_is_as_good_as_the_validation(train, seed):
    sick, mended = pair = both(train, "too-good", seed)
    assert abs(max(validation(sick)) - sick.record.test_accuracy) <= 0.1
    assert max(validation(mended)) - mended.record.test_accuracy >= 0.15
    assert sick.epochs[0].images - mended.epochs[0].images >= 300
    assert gain(pair) <= -0.15


@pytest.mark.parametrize("seed", SEEDS)
def test_where_logits_are_taken_for_probabilities_the_loss_begins_far_above_guessing_and_stays_high(train, seed):
    sick, mended = pair = both(train, "stubborn-loss", seed)
    assert sick.epochs[0].train_loss >= 1.5 * np.log(14)
    assert sick.epochs[-1].train_loss >= 5 * mended.epochs[-1].train_loss
    assert min(np.array(sick.record.scores["confusion"]).sum(axis=0)) == 0  # a class that it never answers
    assert sick.epochs[-1].train_accuracy <= 0.5
    assert gain(pair) >= 0.2


@pytest.mark.parametrize("seed", SEEDS)
def test_of_pictures_class_by_class_each_is_wrong_when_its_class_begins(train, seed):
    sick, mended = pair = both(train, "short-memory", seed)
    assert sick.epochs[0].train_accuracy <= 0.05 < sick.epochs[0].val_accuracy
    assert all(epoch.train_accuracy < epoch.val_accuracy for epoch in sick.epochs[:3])
    assert mended.epochs[0].train_accuracy >= 0.3
    assert gain(pair) >= 0.02


@pytest.mark.parametrize("seed", HEAVY_SEEDS)
def test_a_typing_mistake_freezes_nothing_and_the_hashes_say_so(train, seed):
    sick, mended = pair = both(train, "said-frozen", seed)
    assert (changed(sick), changed(mended)) == (19, 0)
    assert sick.record.trainable_params > 100 * mended.record.trainable_params
    assert max(*validation(sick), sick.record.test_accuracy) <= 0.4
    assert sick.epochs[-1].train_accuracy - sick.epochs[-1].val_accuracy >= 0.3
    assert gain(pair) >= 0.2


@pytest.mark.parametrize("seed", HEAVY_SEEDS)
def test_what_is_unfrozen_without_compile_does_not_change(train, seed):
    sick, mended = pair = both(train, "no-effect", seed)
    assert (changed(sick), changed(mended)) == (0, 8)
    assert gain(pair) >= 0.02


@pytest.mark.parametrize("seed", HEAVY_SEEDS)
def test_at_ten_times_the_rate_all_is_lost_as_soon_as_the_blocks_join_in(train, seed):
    sick, mended = pair = both(train, "collapse", seed)
    assert max(validation(sick)[6:]) <= 0.15 < 0.4 < min(validation(mended)[4:])
    assert sick.record.best_epoch <= 5
    assert gain(pair) >= 0.03


@pytest.mark.parametrize("seed", HEAVY_SEEDS)
def test_statistics_that_go_on_counting_change_every_frozen_block_and_cost_accuracy(train, seed):
    sick, mended = pair = both(train, "restless", seed)
    assert (changed(sick), changed(mended)) == (19, 0)
    assert sick.record.trainable_params == mended.record.trainable_params
    assert sick.epochs[-1].train_accuracy - sick.epochs[-1].val_accuracy >= 0.3
    assert max(*validation(sick), sick.record.test_accuracy) <= 0.35
    assert gain(pair) >= 0.2


@pytest.mark.parametrize("seed", SEEDS)
def test_exchanged_colours_leave_a_healthy_curve_and_a_worse_test(train, seed):
    sick, _ = pair = both(train, "off-colour", seed)
    assert sick.epochs[-1].train_accuracy >= 0.85
    assert max(validation(sick)) >= 0.55
    assert gain(pair) >= 0.04


# ---- cards ----


@pytest.mark.parametrize("seed", SEEDS)
def test_a_head_at_100_times_its_rate_classifies_about_as_well_and_only_its_loss_tells(train, seed):
    usual = train(plan_run({**FRUIT, "seed": seed}))
    fast = train(plan_run({**FRUIT, "seed": seed, "head_learning_rate": 100 * HEAD_RATES["adam"]}))
    assert abs(fast.record.test_accuracy - usual.record.test_accuracy) <= 0.1
    assert fast.record.scores["loss"] >= 5 * usual.record.scores["loss"]


def small_model(*, with_softmax: bool = False):
    """Returns two layers with the same weights each time."""
    import keras

    inputs = keras.Input((4,))
    first = keras.layers.Dense(5, activation="relu", kernel_initializer=keras.initializers.GlorotUniform(1), name="one")
    second = keras.layers.Dense(3, kernel_initializer=keras.initializers.GlorotUniform(2), name="two")
    outputs = second(first(inputs))
    return keras.Model(inputs, keras.layers.Softmax()(outputs) if with_softmax else outputs)


def fitted(model) -> list[np.ndarray]:
    x, y = np.random.default_rng(0).normal(size=(12, 4)).astype("float32"), np.arange(12) % 3
    model.fit(x, y, batch_size=12, epochs=3, verbose=0)
    return model.get_weights()


def test_softmax_and_from_logits_together_train_as_either_alone_with_a_warning():
    import keras

    found = []
    for with_softmax in (False, True):
        model = small_model(with_softmax=with_softmax)
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        if with_softmax:
            with pytest.warns(UserWarning, match="from_logits=True"):
                found.append(fitted(model))
        else:
            found.append(fitted(model))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("is_fitted", [False, True])
def test_freezing_after_compile_works_until_the_first_fit_and_then_no_more(is_fitted):
    import keras

    model = small_model()
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    if is_fitted:
        fitted(model)
    before = model.get_layer("one").get_weights()[0]
    model.get_layer("one").trainable = False
    fitted(model)
    assert np.array_equal(before, model.get_layer("one").get_weights()[0]) == (not is_fitted)
