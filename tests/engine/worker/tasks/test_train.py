from dataclasses import replace
from itertools import count, pairwise

import keras
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tl_core.datasets.arrays import Dataset, batch, load_dataset, select_per_class
from tl_core.disk import files
from tl_core.disk.files import latest_checkpoint, read_tensors
from tl_core.engine.worker import warm_cache
from tl_core.engine.worker.tasks.train import TrainingTask, cache_limit_bytes
from tl_core.errors import StoreError, UnavailableError
from tl_core.evaluation.insight.outputs import load_outputs
from tl_core.evaluation.scores import softmax, wilson_interval
from tl_core.models.trained import WEIGHTS_FILE, load_trained
from tl_core.phrases import explain
from tl_core.spec import RunSpec
from tl_core.training import compilation, logistic
from tl_core.training.events import Ended, Epoch, Phase, Recovered, Started, Step
from tl_core.training.proof import HEAD
from tl_core.training.sources import PictureSource
from tl_core.training.steps import CompiledSteps

SMALL = RunSpec(backbone="squeezenet", image_size=64, per_class=4, batch_size=28, epochs=2, seed=1, n_frozen=9)
SPECS = {
    "head only": SMALL.with_changes(head="dense", hidden=16, dropout=0.3, learning_rate=3e-3),
    "last two blocks": SMALL.with_changes(n_frozen=7, learning_rate=1e-4),
    "head first": SMALL.with_changes(n_frozen=7, phases=2, head_epochs=2, epochs=2, learning_rate=1e-4),
    "from scratch": SMALL.with_changes(weights="random", n_frozen=0, optimizer="sgd", learning_rate=0.01),
}


@pytest.fixture(scope="module")
def groceries(tmp_path_factory) -> Dataset:
    """The real photographs, with fewer to judge on."""
    data = load_dataset("groceries", tmp_path_factory.mktemp("home"))
    return replace(data, validation=data.validation[::7], test=data.test[::16])


@pytest.fixture(autouse=True)
def loaded(monkeypatch, groceries):
    """Photographs are decoded once for all tests."""
    monkeypatch.setattr(warm_cache, "load_dataset", lambda id, home, on_progress: groceries)


def task(home, spec=SMALL, name="run", **more) -> TrainingTask:
    folder = home / "runs" / name
    folder.mkdir(parents=True, exist_ok=True)
    return TrainingTask(spec, home, folder, **more)


def of(kind: type, events: list) -> list:
    return [event for event in events if isinstance(event, kind)]


def curve(events: list) -> list[tuple]:
    """Returns everything measured but seconds."""
    steps = [(e.step, e.train_loss, e.train_accuracy, e.images) for e in of(Step, events)]
    epochs = [
        (e.epoch, e.train_loss, e.train_accuracy, e.val_loss, e.val_accuracy, e.is_best, e.gradient_norms)
        for e in of(Epoch, events)
    ]
    return [*steps, *epochs, events[-1].state, events[-1].scores, events[-1].proof]


def weights(home, name="run") -> list[np.ndarray]:
    arrays, _ = read_tensors(home / "runs" / name / WEIGHTS_FILE)
    return [arrays[name] for name in sorted(arrays)]


def same(first: list[np.ndarray], second: list[np.ndarray]) -> bool:
    return all(np.array_equal(*pair) for pair in zip(first, second, strict=True))


@pytest.fixture(scope="module")
def alone(groceries, tmp_path_factory):
    """Each spec trained by itself: name → (events, weights, folder)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(warm_cache, "load_dataset", lambda id, home, on_progress: groceries)
        results = {}
        for name, spec in SPECS.items():
            home = tmp_path_factory.mktemp("alone")
            results[name] = list(task(home, spec).run()), weights(home), home / "runs" / "run"
        return results


@pytest.mark.slow
@pytest.mark.parametrize("name", SPECS)
def test_a_run_repeated_gives_the_same_curve_to_the_last_bit(alone, name, tmp_path):
    keras.utils.set_random_seed(99)
    events = list(task(tmp_path, SPECS[name]).run())
    assert events[-1].state == "completed"
    assert curve(events) == curve(alone[name][0])
    assert same(weights(tmp_path), alone[name][1])


@pytest.mark.slow
@pytest.mark.parametrize("name", SPECS)
def test_what_it_said_of_validation_and_test_pictures_is_kept_and_agrees_with_its_scores(alone, groceries, name):
    events, _, folder = alone[name]
    outputs = load_outputs(folder)
    ended = events[-1]
    assert np.array_equal(outputs.test.labels, groceries.labels[groceries.test])
    assert outputs.test.is_right.mean() == ended.scores["accuracy"]
    assert "".join(str(int(right)) for right in outputs.test.is_right) == ended.scores["right"]
    best = next(event for event in of(Epoch, events) if event.epoch == ended.best_epoch)
    assert np.array_equal(outputs.validation.labels, groceries.labels[groceries.validation])
    assert outputs.validation.is_right.mean() == best.val_accuracy
    assert outputs.trained.sum() == 56
    assert outputs.has_probabilities


@pytest.mark.slow
def test_a_run_that_goes_on_and_is_stopped_leaves_no_outputs_of_the_weights_before(tmp_path):
    list(task(tmp_path, SMALL).run())
    folder = tmp_path / "runs" / "run"
    assert load_outputs(folder) is not None
    seen = []
    longer = task(tmp_path, SMALL.with_changes(epochs=4), is_resumed=True, should_stop=lambda: bool(of(Epoch, seen)))
    for event in longer.run():
        seen.append(event)
    assert seen[-1].state == "stopped"
    assert load_outputs(folder) is None


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"schedule": "cosine"},
        pytest.param({"optimizer": "sgd", "nesterov": True}, marks=pytest.mark.full),
    ],
)
def test_a_run_that_takes_over_the_head_of_another_trains_as_one_alone_and_compiles_nothing(
    changes, tmp_path, monkeypatch
):
    spec, warm = SPECS["head only"].with_changes(epochs=1, **changes), warm_cache.WarmCache()
    made, make = [], compilation.make_steps
    monkeypatch.setattr(compilation, "make_steps", lambda *told, **more: made.append(told) or make(*told, **more))
    other = spec.with_changes(seed=5, learning_rate=0.1, epochs=2)
    list(task(tmp_path, other, "other", warm=warm).run())
    events = list(task(tmp_path, spec, warm=warm).run())
    assert len(made) == (2 if "schedule" in changes else 1)  # a schedule is compiled into the steps
    anew = list(task(tmp_path, spec, "alone").run())
    assert curve(events) == curve(anew)
    assert same(weights(tmp_path), weights(tmp_path, "alone"))


@pytest.mark.slow
def test_a_run_that_was_stopped_leaves_its_network_to_nobody(tmp_path):
    spec, warm, seen = SPECS["head only"], warm_cache.WarmCache(), []
    for event in task(tmp_path, spec, "other", warm=warm, should_stop=lambda: bool(of(Step, seen))).run():
        seen.append(event)
    assert seen[-1].state == "stopped"
    network = warm.network(spec, 14)
    assert not network.compiled


@pytest.mark.slow
def test_runs_that_take_turns_in_one_thread_train_as_each_alone(alone, tmp_path):
    running = {name: task(tmp_path, spec, name).run() for name, spec in SPECS.items()}
    seen = {name: [] for name in SPECS}
    while running:
        for name in list(running):
            event = next(running[name], None)
            if event is None:
                del running[name]
            else:
                seen[name].append(event)
    for name in SPECS:
        assert curve(seen[name]) == curve(alone[name][0]), name
        assert same(weights(tmp_path, name), alone[name][1]), name


@pytest.mark.slow
def test_a_run_tells_its_story_in_order(alone):
    events, _, _ = alone["head only"]
    phases = [event.name for event in of(Phase, events)]
    story = [name for at, name in enumerate(phases) if at == 0 or phases[at - 1] != name]
    assert story == ["data", "network", "features", "compiling", "validating", "testing", "saving"]
    (started,) = of(Started, events)
    assert (started.is_cached, started.n_train, started.n_steps) == (True, 56, 4)
    assert (started.n_validation, started.n_test) == (21, 42)
    assert started.frozen_params == 722_496
    assert started.trainable_params == (512 + 1) * 16 + (16 + 1) * 14
    assert [type(event) for event in events].count(Ended) == 1
    assert isinstance(events[-1], Ended)
    counted = [event for event in of(Phase, events) if event.name == "features"]
    assert [event.done for event in counted] == sorted(event.done for event in counted)
    assert counted[-1].done == counted[-1].total == 56 + 21 + 42


@pytest.mark.slow
@pytest.mark.parametrize("name", SPECS)
def test_after_the_last_epoch_the_test_is_counted_from_nothing_to_all_of_it_then_it_is_saved(alone, name):
    events, _, _ = alone[name]
    last = max(at for at, event in enumerate(events) if isinstance(event, Epoch))
    *counted, saving, ended = events[last + 1 :]
    assert {(event.name, event.total) for event in counted} == {("testing", 42)}
    done = [event.done for event in counted]
    assert (done[0], done[-1]) == (0, 42)
    assert done == sorted(set(done))
    assert (saving, type(ended)) == (Phase("saving"), Ended)
    before = max(at for at in range(last) if isinstance(events[at], Step))
    assert events[before + 1] == Phase("validating", 0, 21)


@pytest.mark.slow
@pytest.mark.parametrize("name", SPECS)
def test_the_proof_shows_frozen_blocks_equal_and_trained_ones_changed(alone, name):
    proof, n_frozen = alone[name][0][-1].proof, SPECS[name].n_frozen
    assert len(proof) == 9 + 1
    assert proof[-1]["block"] == HEAD
    for at, row in enumerate(proof):
        assert row["frozen"] == (at < n_frozen)
        assert row["changed"] == (row["before"] != row["after"]) == (at >= n_frozen)
        assert row["as_expected"]


@pytest.mark.slow
@pytest.mark.parametrize("name", SPECS)
def test_the_scores_are_those_of_the_weights_that_were_saved(alone, name, groceries):
    events, _, folder = alone[name]
    network, spec = load_trained(folder)
    assert spec == SPECS[name]
    images = PictureSource(groceries, 64, augment="none", seed=0).eval_batch(groceries.test)
    right = network.full.predict(images, verbose=0).argmax(axis=1) == groceries.labels[groceries.test]
    scores = events[-1].scores
    assert scores["n"] == len(right) == 42
    assert scores["accuracy"] == right.mean()
    assert scores["right"] == "".join(str(int(is_right)) for is_right in right)
    assert tuple(scores["interval"]) == wilson_interval(int(right.sum()), 42)


class Stopper:
    """Asks to stop once a run has done so many steps."""

    def __init__(self, after: int) -> None:
        self.after, self.n_steps = after, 0

    def __call__(self) -> bool:
        return self.n_steps >= self.after

    def watch(self, events) -> list:
        seen = []
        for event in events:
            seen.append(event)
            self.n_steps += isinstance(event, Step)
        return seen


HEAD_FIRST = SPECS["head first"]


@pytest.mark.slow
def test_the_head_is_trained_first_as_a_run_of_its_own_and_its_best_weights_start_the_blocks(alone, tmp_path):
    events, _, _ = alone["head first"]
    assert [(epoch.epoch, epoch.phase) for epoch in of(Epoch, events)] == [(1, 1), (2, 1), (3, 2), (4, 2)]
    first, second = events.index(Phase("head")), events.index(Phase("suffix"))
    assert [len(of(Step, part)) for part in (events[:first], events[first:second], events[second:])] == [0, 4, 4]
    head = list(task(tmp_path, HEAD_FIRST.head_phase(9)).run())
    assert curve(of(Step, events)[:4] + of(Epoch, events)[:2] + head[-1:]) == curve(head)
    proof = events[-1].proof
    assert [row["block"] for row in proof if row["after_head"] != row["before"]] == [HEAD]
    assert proof[-1]["after_head"] == head[-1].proof[-1]["after"]


@pytest.mark.slow
def test_both_phases_take_their_features_from_one_pass(alone):
    events, _, folder = alone["head first"]
    counted = [event for event in of(Phase, events) if event.name == "features"]
    assert [event.done for event in counted] == sorted(event.done for event in counted)
    assert counted[-1].done == counted[-1].total == 56 + 21 + 42
    assert [event.name for event in of(Phase, events)].count("cached") == 2
    assert len(list((folder.parents[1] / "cache").iterdir())) == 2 * 3


@pytest.mark.slow
@pytest.mark.parametrize(
    "n_steps", [3, pytest.param(5, marks=pytest.mark.full), 7]
)  # in the first phase's second epoch, and in both epochs of the second
def test_a_run_in_two_phases_is_resumed_as_if_it_had_never_ended(alone, tmp_path, n_steps):
    whole, final, _ = alone["head first"]
    stopper = Stopper(after=n_steps)
    before = stopper.watch(task(tmp_path, HEAD_FIRST, should_stop=stopper).run())
    assert before[-1].state == "stopped"
    assert all(row["as_expected"] for row in before[-1].proof)
    assert load_trained(tmp_path / "runs" / "run")[1] == HEAD_FIRST
    after = list(task(tmp_path, HEAD_FIRST, is_resumed=True).run())
    n_epochs = len(of(Epoch, before))
    assert [epoch.epoch for epoch in of(Epoch, after)] == list(range(n_epochs + 1, 5))
    assert curve(of(Epoch, before) + of(Epoch, after) + after[-1:]) == curve(of(Epoch, whole) + whole[-1:])
    assert same(weights(tmp_path), final)


IN_PARTS = HEAD_FIRST.with_changes(
    n_frozen=6, frozen_blocks="8", head_epochs=1, epochs=2, unfreeze_every=1, block_rate_factor=2.0, learning_rate=1e-3
)


@pytest.mark.slow
def test_blocks_that_are_unfrozen_one_by_one_are_proved_and_resumed_as_if_it_had_never_ended(tmp_path):
    whole = list(task(tmp_path, IN_PARTS, "whole").run())
    trained = [[norm is not None for norm in epoch.gradient_norms[6:9]] for epoch in of(Epoch, whole)]
    assert trained == [[False, False, False], [False, False, True], [True, False, True]]
    assert of(Started, whole)[0].is_cached
    proof = whole[-1].proof
    assert [at for at, row in enumerate(proof) if row["frozen"]] == [0, 1, 2, 3, 4, 5, 7]
    assert all(row["as_expected"] for row in proof)
    assert [row["relative_change"] for row in proof if row["frozen"]] == [0.0] * 7
    stopper = Stopper(after=5)  # in the epoch that begins with a second block
    before = stopper.watch(task(tmp_path, IN_PARTS, should_stop=stopper).run())
    assert len(of(Epoch, before)) == 2
    assert all(row["as_expected"] for row in before[-1].proof)
    after = list(task(tmp_path, IN_PARTS, is_resumed=True).run())
    assert curve(of(Epoch, before) + of(Epoch, after) + after[-1:]) == curve(of(Epoch, whole) + whole[-1:])
    assert same(weights(tmp_path), weights(tmp_path, "whole"))


@pytest.mark.slow
def test_where_the_blocks_only_spoil_it_the_head_s_best_weights_are_kept_and_the_proof_says_so(tmp_path):
    events = list(task(tmp_path, HEAD_FIRST.with_changes(learning_rate=0.01)).run())
    assert events[-1].best_epoch <= 2
    assert [row["block"] for row in events[-1].proof if row["changed"]] == [HEAD]
    assert all(row["as_expected"] for row in events[-1].proof)


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"use_cache": False}, marks=pytest.mark.full),
        {"augment": "light"},
        pytest.param({"augment": "light", "views": "fresh"}, marks=pytest.mark.full),
        {"n_frozen": 0},
    ],
)
def test_two_phases_also_train_what_is_not_cached(change, tmp_path):
    events = list(task(tmp_path, HEAD_FIRST.with_changes(**change)).run())
    assert events[-1].state == "completed"
    assert [epoch.phase for epoch in of(Epoch, events)] == [1, 1, 2, 2]
    assert all(row["as_expected"] for row in events[-1].proof)


DECAYING = {"schedule": "inverse-time", "decay": 0.2}  # whoever counts steps anew after a stop takes larger ones
RESUMED = SMALL.with_changes(epochs=4, head="dense", hidden=16, dropout=0.3, learning_rate=3e-3, **DECAYING)


@pytest.fixture(scope="module")
def uninterrupted(groceries, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(warm_cache, "load_dataset", lambda id, home, on_progress: groceries)
        home = tmp_path_factory.mktemp("uninterrupted")
        return list(task(home, RESUMED).run()), weights(home)


def test_a_run_that_is_stopped_keeps_the_best_weights_so_far(uninterrupted, tmp_path):
    stopper = Stopper(after=5)  # in the middle of the third epoch
    stopped = task(tmp_path, RESUMED, should_stop=stopper)
    events = stopper.watch(stopped.run())
    ended = events[-1]
    assert (ended.state, ended.scores, ended.error) == ("stopped", None, None)
    assert curve(events)[:5] == curve(uninterrupted[0])[:5]
    best = [epoch.epoch for epoch in of(Epoch, uninterrupted[0])[:2] if epoch.is_best][-1]
    assert ended.best_epoch == best
    number, arrays, _ = latest_checkpoint(stopped.folder)
    assert number == 2
    assert same(weights(tmp_path), [arrays[name] for name in sorted(arrays) if name.startswith("best/")])
    assert all(row["as_expected"] for row in ended.proof)


def test_a_run_that_is_resumed_continues_as_if_it_had_never_ended(uninterrupted, tmp_path):
    whole, final = uninterrupted
    stopper = Stopper(after=5)
    before = stopper.watch(task(tmp_path, RESUMED, should_stop=stopper).run())
    after = list(task(tmp_path, RESUMED, is_resumed=True).run())
    assert [epoch.epoch for epoch in of(Epoch, after)] == [3, 4]
    assert curve(of(Epoch, before) + of(Step, after) + of(Epoch, after) + after[-1:]) == curve(
        of(Step, whole)[4:] + of(Epoch, whole) + whole[-1:]
    )
    assert same(weights(tmp_path), final)
    assert of(Epoch, after)[0].elapsed_s > of(Epoch, before)[-1].elapsed_s


@pytest.mark.parametrize("n_recorded", [0, 1, 2])
def test_epochs_that_nobody_has_recorded_are_handed_over_by_the_checkpoint(uninterrupted, tmp_path, n_recorded):
    first = task(tmp_path, RESUMED)
    for event in first.run():  # a process that dies in the midst of the third epoch
        if isinstance(event, Epoch) and event.epoch == 1:
            for number in range(1, n_recorded):
                first.unrecorded.pop(number)
        if isinstance(event, Step) and event.step == 5:
            break
    after = list(task(tmp_path, RESUMED, is_resumed=True).run())
    (recovered,) = of(Recovered, after)
    expected = [epoch for epoch in of(Epoch, uninterrupted[0])[:2] if epoch.epoch >= max(1, n_recorded)]
    assert curve([*(Epoch(**row) for row in recovered.epochs), after[-1]]) == curve([*expected, after[-1]])
    assert [epoch.epoch for epoch in of(Epoch, after)] == [3, 4]


def test_a_finished_run_that_is_resumed_only_repeats_its_test(uninterrupted, tmp_path):
    list(task(tmp_path, RESUMED).run())
    again = list(task(tmp_path, RESUMED, is_resumed=True).run())
    assert of(Step, again) + of(Epoch, again) == []
    assert again[-1].scores == uninterrupted[0][-1].scores


@pytest.mark.parametrize("has_checkpoint", [True, False])
def test_a_finished_run_that_goes_on_ends_as_if_it_had_been_asked_for_from_the_start(
    uninterrupted, tmp_path, has_checkpoint
):
    whole, final = uninterrupted
    before = list(task(tmp_path, RESUMED.with_changes(epochs=2)).run())
    if not has_checkpoint:
        files.drop_checkpoints(tmp_path / "runs" / "run")
    after = list(task(tmp_path, RESUMED, is_resumed=True).run())
    assert [epoch.epoch for epoch in of(Epoch, after)] == ([3, 4] if has_checkpoint else [1, 2, 3, 4])
    first = of(Epoch, before) if has_checkpoint else []
    assert curve(first + of(Epoch, after) + after[-1:]) == curve(of(Epoch, whole) + whole[-1:])
    assert same(weights(tmp_path), final)


def test_an_svm_is_fitted_once_saved_as_a_layer_and_never_again(tmp_path):
    spec = SMALL.with_changes(head="svm", epochs=7)
    events = list(task(tmp_path, spec).run())
    (epoch,), ended = of(Epoch, events), events[-1]
    assert (epoch.epoch, epoch.train_loss, epoch.val_loss) == (1, None, None)
    assert (ended.state, ended.scores["loss"]) == ("completed", None)
    assert of(Step, events) == []
    assert [row["block"] for row in ended.proof if row["changed"]] == ["head"]
    assert all(row["as_expected"] for row in ended.proof)
    network, _ = load_trained(tmp_path / "runs" / "run")
    assert [layer.name for layer in network.head_layers] == ["head_pool", "head_logits"]
    again = list(task(tmp_path, spec, is_resumed=True).run())
    assert of(Epoch, again) == []
    assert again[-1].scores == ended.scores
    for change in ({"use_cache": False}, {"arithmetic": "exact"}):  # fed with pictures, or through Keras' own layers
        other = list(task(tmp_path, spec.with_changes(**change), name="other").run())
        assert other[-1].scores["accuracy"] == pytest.approx(ended.scores["accuracy"], abs=0.02)


def test_a_probe_is_fitted_once_to_the_same_numbers_and_its_losses_are_recorded(tmp_path, monkeypatch):
    spec = SMALL.with_changes(head="logistic", head_at=6, n_frozen=6, epochs=7)
    events = list(task(tmp_path, spec).run())
    (epoch,), ended = of(Epoch, events), events[-1]
    assert ended.state == "completed"
    assert 0 < epoch.train_loss < epoch.val_loss
    assert [row["block"] for row in ended.proof if row["changed"]] == ["head"]
    outputs = load_outputs(tmp_path / "runs" / "run")
    assert outputs.has_probabilities
    shares = softmax(outputs.test.logits)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    loss = log_loss(outputs.test.labels, shares, labels=range(14))
    assert ended.scores["loss"] == pytest.approx(loss)
    repeated = list(task(tmp_path, spec, name="again").run())
    assert (curve(repeated), repeated[-1].scores) == (curve(events), ended.scores)
    assert same(weights(tmp_path), weights(tmp_path, "again"))
    monkeypatch.setattr(logistic, "fit_logistic", None)
    resumed = list(task(tmp_path, spec, is_resumed=True).run())
    assert (of(Epoch, resumed), resumed[-1].scores) == ([], ended.scores)


def test_a_probe_says_what_scikit_learn_would_of_the_same_features(tmp_path, groceries):
    spec = SMALL.with_changes(head="logistic", arithmetic="exact", class_weight="balanced")
    list(task(tmp_path, spec).run())
    network, _ = load_trained(tmp_path / "runs" / "run")
    inner = keras.Model(network.full.inputs, network.full.get_layer("head_logits").input)
    train = select_per_class(groceries.labels, groceries.train, spec.per_class, spec.seed)
    known, asked = (
        inner.predict(batch(groceries, chosen, spec.image_size), verbose=0).astype(np.float64)
        for chosen in (train, groceries.test)
    )
    probe = LogisticRegression(class_weight="balanced", tol=logistic.tolerance(1.0), max_iter=1_000)
    pipeline = make_pipeline(StandardScaler(), probe).fit(known, groceries.labels[train])
    found = softmax(load_outputs(tmp_path / "runs" / "run").test.logits)
    np.testing.assert_allclose(found, pipeline.predict_proba(asked), atol=1e-4)


def test_a_run_resumed_without_a_checkpoint_starts_from_the_beginning(uninterrupted, tmp_path):
    events = list(task(tmp_path, RESUMED, is_resumed=True).run())
    assert curve(events) == curve(uninterrupted[0])


def test_a_damaged_checkpoint_gives_way_to_the_one_before(uninterrupted, tmp_path):
    stopper = Stopper(after=5)
    first = task(tmp_path, RESUMED, should_stop=stopper)
    stopper.watch(first.run())
    newest = max(first.folder.glob("checkpoint-*"))
    newest.write_bytes(newest.read_bytes()[:-50])
    after = list(task(tmp_path, RESUMED, is_resumed=True).run())
    assert [epoch.epoch for epoch in of(Epoch, after)] == [2, 3, 4]
    assert same(weights(tmp_path), uninterrupted[1])


def test_a_run_that_a_full_disk_has_ended_goes_on_exactly_when_there_is_room(uninterrupted, tmp_path, monkeypatch):
    n_written, write = count(1), files.write_atomic

    def refuse_the_third(path, data):
        if next(n_written) >= 3:
            raise StoreError("disk_full", needed_bytes=len(data), free_bytes=0)
        write(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(files, "write_atomic", refuse_the_third)
        ended = list(task(tmp_path, RESUMED).run())[-1]
    assert (ended.state, ended.error["code"]) == ("failed", "disk_full")
    after = list(task(tmp_path, RESUMED, is_resumed=True).run())
    assert [epoch.epoch for epoch in of(Epoch, after)] == [3, 4]
    assert same(weights(tmp_path), uninterrupted[1])


def test_a_run_stopped_in_its_first_epoch_has_nothing_to_keep(tmp_path):
    stopper = Stopper(after=1)
    stopped = task(tmp_path, should_stop=stopper)
    ended = stopper.watch(stopped.run())[-1]
    assert (ended.state, ended.best_epoch, ended.proof, ended.scores) == ("stopped", None, None, None)
    assert list(stopped.folder.iterdir()) == []


def test_a_run_stopped_while_features_are_computed_leaves_no_file(tmp_path):
    events = task(tmp_path, should_stop=lambda: True).run()
    assert list(events)[-1].state == "stopped"
    assert list((tmp_path / "cache").iterdir()) == []


def test_features_are_computed_once_for_all_runs_with_the_same_prefix(tmp_path, groceries):
    first = list(task(tmp_path, name="first").run())
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").iterdir()}
    changed = SMALL.with_changes(seed=1, learning_rate=1e-2, head="dense", hidden=8)
    second = list(task(tmp_path, changed, "second").run())
    assert "features" in {event.name for event in of(Phase, first)}
    assert "cached" not in {event.name for event in of(Phase, first)}
    assert "features" not in {event.name for event in of(Phase, second)}
    n_all = 56 + len(groceries.validation) + len(groceries.test)
    assert Phase("cached", n_all, n_all) in second
    assert set((tmp_path / "cache").iterdir()) == set(files)
    assert len(files) == 3


def test_a_cache_without_room_only_costs_time(tmp_path, monkeypatch):
    cached = list(task(tmp_path, name="cached").run())
    monkeypatch.setenv("TL_CACHE_GB", "0")
    plain = list(task(tmp_path, name="plain").run())
    assert [of(Started, events)[0].is_cached for events in (cached, plain)] == [True, False]
    for mine, yours in zip(of(Step, cached), of(Step, plain), strict=True):
        assert mine.train_loss == pytest.approx(yours.train_loss, rel=1e-4)
    assert cached[-1].proof[:9] == plain[-1].proof[:9]


@pytest.mark.parametrize(
    "change", [{"use_cache": False}, {"augment": "light", "views": "fresh"}, {"n_frozen": 0, "weights": "random"}]
)
def test_nothing_is_cached_where_it_is_not_wanted_or_would_be_wrong(change, tmp_path):
    events = task(tmp_path, SMALL.with_changes(**change)).run()
    started = next(event for event in events if isinstance(event, Started))
    events.close()
    assert not started.is_cached
    assert not (tmp_path / "cache").exists()


LIGHT = SMALL.with_changes(augment="light", epochs=3)


def test_a_rolling_cache_computes_every_picture_once_and_then_a_tenth_before_each_epoch(tmp_path):
    events = list(task(tmp_path, LIGHT).run())
    epochs = [position for position, event in enumerate(events) if isinstance(event, Epoch)]
    renewed = [
        {event.total for event in of(Phase, events[start:end]) if event.name == "views"}
        for start, end in pairwise(epochs)
    ]
    assert all(len(totals) == 1 and totals <= {5, 6} for totals in renewed)  # a tenth of 56
    assert "features" not in {event.name for event in of(Phase, events[epochs[0] :])}


@pytest.mark.parametrize("views", ["rolling", "fixed"])
def test_cached_views_train_as_the_same_views_do_without_a_cache(views, tmp_path):
    spec = LIGHT.with_changes(views=views, n_views=2, arithmetic="exact")
    cached = list(task(tmp_path, spec, "cached").run())
    plain = list(task(tmp_path, spec.with_changes(use_cache=False), "plain").run())
    assert [of(Started, events)[0].is_cached for events in (cached, plain)] == [True, False]
    for mine, yours in zip(of(Step, cached), of(Step, plain), strict=True):
        assert mine.train_loss == pytest.approx(yours.train_loss, rel=1e-5)


def test_views_that_are_always_new_train_behind_the_same_frozen_prefix(tmp_path):
    spec = LIGHT.with_changes(views="fresh")
    folded = list(task(tmp_path, spec, "folded").run())
    plain = list(task(tmp_path, spec.with_changes(arithmetic="exact"), "plain").run())
    for mine, yours in zip(of(Step, folded), of(Step, plain), strict=True):
        assert mine.train_loss == pytest.approx(yours.train_loss, rel=1e-4)


def test_a_rolling_cache_goes_on_exactly_after_a_stop(tmp_path):
    whole = list(task(tmp_path, LIGHT, "whole").run())
    stopper = Stopper(after=3)
    stopper.watch(task(tmp_path, LIGHT, "parted", should_stop=stopper).run())
    after = list(task(tmp_path, LIGHT, "parted", is_resumed=True).run())
    assert after[-1].scores == whole[-1].scores
    assert same(weights(tmp_path, "parted"), weights(tmp_path, "whole"))


@pytest.mark.slow
def test_unfrozen_blocks_with_dropout_and_ever_new_views_go_on_exactly_after_a_stop(tmp_path):
    spec = SPECS["last two blocks"].with_changes(epochs=3, augment="light", views="fresh", patience=2)
    spec = spec.with_changes(head="dense", hidden=16, dropout=0.3)
    whole = list(task(tmp_path, spec, "whole").run())
    stopper = Stopper(after=3)  # in the middle of the second epoch
    before = stopper.watch(task(tmp_path, spec, "parted", should_stop=stopper).run())
    after = list(task(tmp_path, spec, "parted", is_resumed=True).run())
    assert [epoch.epoch for epoch in of(Epoch, before)] == [1]
    assert curve(of(Epoch, before) + of(Epoch, after) + after[-1:]) == curve(of(Epoch, whole) + whole[-1:])
    assert same(weights(tmp_path, "parted"), weights(tmp_path, "whole"))


def with_losses(monkeypatch, *losses: float) -> None:
    """Lets the first steps report these losses."""
    original, waiting = CompiledSteps.train, list(losses)

    def train(self, inputs, labels):
        measured, accuracies = original(self, inputs, labels)
        return np.array([waiting.pop(0) if waiting else loss for loss in measured]), accuracies

    monkeypatch.setattr(CompiledSteps, "train", train)


def test_a_loss_that_is_not_a_number_fails_the_run_and_keeps_what_was_best_before(tmp_path, monkeypatch):
    with_losses(monkeypatch, 2.0, 1.9, 1.8, float("nan"))
    failed = task(tmp_path)
    ended = list(failed.run())[-1]
    assert ended.state == "failed"
    assert ended.error == {"code": "loss_not_finite", "values": {"epoch": 2, "learning_rate": SMALL.learning_rate}}
    assert (ended.best_epoch, ended.scores) == (1, None)
    _, arrays, _ = latest_checkpoint(failed.folder)
    assert same(weights(tmp_path), [arrays[name] for name in sorted(arrays) if name.startswith("best/")])
    assert "0.001" in explain(ended.error, "en")


def test_a_learning_rate_of_ten_is_found_out(tmp_path):
    spec = SMALL.with_changes(n_frozen=7, optimizer="sgd", learning_rate=10.0, epochs=20)
    ended = list(task(tmp_path, spec).run())[-1]
    assert ended.state == "failed"
    assert ended.error == {"code": "loss_not_finite", "values": {"epoch": 1, "learning_rate": 10.0}}


@pytest.mark.parametrize(
    ("error", "state", "code"),
    [
        (
            UnavailableError("weights_unavailable", backbone="inception_v3", reason="offline"),
            "failed",
            "weights_unavailable",
        ),
        (MemoryError("no room"), "failed", "out_of_memory"),
        (RuntimeError("something odd"), "failed", "training_failed"),
        (KeyboardInterrupt(), "stopped", None),
    ],
)
def test_whatever_happens_a_run_ends_with_a_state_and_a_reason(error, state, code, tmp_path, monkeypatch):
    def broken(*args, **named):
        raise error

    monkeypatch.setattr(warm_cache, "make_backbone", broken)
    events = list(task(tmp_path).run())
    assert [event.state for event in of(Ended, events)] == [state]
    assert isinstance(events[-1], Ended)
    if code is not None:
        assert events[-1].error["code"] == code
        assert explain(events[-1].error, "en")


def test_what_breaks_while_a_run_is_being_stopped_is_no_failure(tmp_path, monkeypatch):
    def broken(*args, **named):
        raise SystemError("a callback was interrupted")

    monkeypatch.setattr(warm_cache, "make_backbone", broken)
    assert list(task(tmp_path, should_stop=lambda: True).run())[-1].state == "stopped"


def test_a_stop_during_a_download_ends_the_run(tmp_path, monkeypatch):
    wanted, published = [False], []

    def slow(spec, *, on_progress):
        on_progress(1, 100)
        wanted[0] = True
        on_progress(2, 100)
        raise AssertionError("went on")

    monkeypatch.setattr(warm_cache, "make_backbone", slow)
    events = list(task(tmp_path, should_stop=lambda: wanted[0], publish=published.append).run())
    assert events[-1].state == "stopped"


def test_the_limit_of_the_cache_is_a_setting(monkeypatch):
    monkeypatch.delenv("TL_CACHE_GB", raising=False)
    assert cache_limit_bytes() == 4_000_000_000
    monkeypatch.setenv("TL_CACHE_GB", "0.5")
    assert cache_limit_bytes() == 500_000_000
