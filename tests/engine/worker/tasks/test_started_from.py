"""Runs that start from another run's backbone: what they take over, what they remember of its task, what they keep."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from tl_core.datasets.arrays import batch, load_dataset
from tl_core.disk.files import SOURCE_FILE, share_file
from tl_core.engine.worker import warm_cache
from tl_core.engine.worker.tasks.train import TrainingTask
from tl_core.errors import UnknownIdError
from tl_core.models.trained import WEIGHTS_FILE, load_trained, load_untrained
from tl_core.spec import RunSpec
from tl_core.training.events import Ended, Epoch, Phase

A = RunSpec(dataset="mnist-small", backbone="squeezenet", image_size=32, per_class=3, batch_size=30, n_frozen=7)
A = A.with_changes(epochs=2, learning_rate=1e-3, seed=1)
B = A.with_changes(dataset="groceries", per_class=2, batch_size=28, source="a", seed=2)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A data folder in which run A has been trained, and deleted after B had its copy."""
    made = tmp_path_factory.mktemp("home")
    made.joinpath("runs", "a").mkdir(parents=True)
    train(made, A, "a")
    return made


def small(id, home, on_progress=None):
    data = load_dataset(id, home)
    return replace(data, validation=data.validation[:40], test=data.test[:20])


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(warm_cache, "load_dataset", small)


def train(home, spec, name, **more) -> list:
    return list(TrainingTask(spec, home, home / "runs" / name, **more).run())


def started(home, name, spec=B, source="a", **more):
    folder = home / "runs" / name
    folder.mkdir()
    share_file(home / "runs" / source / WEIGHTS_FILE, folder / SOURCE_FILE)
    events = train(home, spec, name, **more)
    (ended,) = [event for event in events if isinstance(event, Ended)]
    assert ended.state == "completed", ended.error
    return events, folder


def weights(blocks) -> list[np.ndarray]:
    return [array for block in blocks for layer in block.layers for array in layer.get_weights()]


def told(events) -> list[float | None]:
    return [event.source_accuracy for event in events if isinstance(event, Epoch)]


def test_the_backbone_is_the_sources_and_the_head_is_new(home):
    _, folder = started(home, "b")
    source, _ = load_trained(home / "runs" / "a")
    before = load_untrained(folder)[0]
    assert all(map(np.array_equal, weights(before.blocks), weights(source.blocks)))
    after, _ = load_trained(folder)
    assert all(map(np.array_equal, weights(after.blocks[:7]), weights(source.blocks[:7])))
    assert not all(map(np.array_equal, weights(after.blocks[7:]), weights(source.blocks[7:])))
    assert after.full.output_shape[-1] == 14


def test_the_own_task_of_the_source_is_looked_at_in_each_epoch(home):
    events, folder = started(home, "forgets", B.with_changes(learning_rate=0.02, epochs=3))
    curve = told(events)
    source, _ = load_trained(folder, SOURCE_FILE)
    data = small("mnist-small", home)
    model, _ = load_trained(folder)
    for layer in (layer for block in source.blocks for layer in block.layers):
        layer.set_weights(model.full.get_layer(layer.name).get_weights())
    assert len(curve) == 3
    assert None not in curve
    best = next(event for event in events if isinstance(event, Ended)).best_epoch
    said = source.full.predict(batch(data, data.validation, 32), verbose=0).argmax(axis=1)
    assert curve[best - 1] == pytest.approx(np.mean(said == data.labels[data.validation]))
    assert len({*curve}) > 1


def test_where_all_blocks_are_frozen_nothing_is_forgotten_and_it_is_looked_at_once(home):
    events, _ = started(home, "probe", B.with_changes(n_frozen=9, epochs=3))
    curve = told(events)
    assert len(curve) == 3
    assert len({*curve}) == 1
    looks = [event for event in events if isinstance(event, Phase) and event.name == "source"]
    assert [look.done for look in looks] == [32, 40]


def test_what_starts_at_random_has_nothing_to_forget(home):
    events, folder = started(home, "partly", B.with_changes(n_pretrained=4, n_frozen=4))
    assert told(events) == [None, None]
    source = load_trained(folder, SOURCE_FILE)[0]
    before = load_untrained(folder)[0]
    assert all(map(np.array_equal, weights(before.blocks[:4]), weights(source.blocks[:4])))
    assert not all(map(np.array_equal, weights(before.blocks[4:]), weights(source.blocks[4:])))


def test_a_run_whose_source_was_deleted_still_classifies_and_can_be_a_source_itself(home):
    _, folder = started(home, "keeps")
    shutil.copytree(home / "runs" / "a", home / "aside")
    shutil.rmtree(home / "runs" / "a")
    try:
        network, spec = load_trained(folder)
        pictures = np.zeros((2, 32, 32, 3), np.uint8)
        logits = network.full.predict(pictures, verbose=0)
        grown, _ = started(home, "grandchild", B.with_changes(source="keeps"), source="keeps")
        assert None not in told(grown)
        (folder / SOURCE_FILE).unlink()
        assert np.isfinite(logits).all()
        third = load_untrained(home / "runs" / "grandchild")[0]
        assert all(map(np.array_equal, weights(third.blocks), weights(network.blocks)))
        assert spec.source == "a"
    finally:
        shutil.copytree(home / "aside", home / "runs" / "a", dirs_exist_ok=True)


def test_without_its_source_a_run_fails_with_the_reason_and_without_the_sources_data_it_trains(home, monkeypatch):
    (home / "runs" / "lost").mkdir()
    *_, ended = train(home, B, "lost")
    assert (ended.state, ended.error["code"]) == ("failed", "source_gone")

    def gone(id, home, on_progress=None):
        if id == "mnist-small":
            raise UnknownIdError("unknown_dataset", received=id, allowed=[])
        return small(id, home)

    monkeypatch.setattr(warm_cache, "load_dataset", gone)
    events, _ = started(home, "alone")
    assert told(events) == [None, None]
