"""Feature spaces and the score of what is unlike anything seen, in this process."""

from collections.abc import Generator
from itertools import pairwise

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tests.engine.worker.tasks.finished import finished
from tl_core.datasets.arrays import batch, load_dataset
from tl_core.datasets.contents import contents
from tl_core.datasets.images.decode import decode_image, fit_image
from tl_core.engine.imports import uploads
from tl_core.engine.worker.requests import Progress
from tl_core.errors import InputError, SpecError
from tl_core.evaluation.insight.outputs import Outputs, SplitOutputs, load_outputs, save_outputs
from tl_core.paths import ASSETS
from tl_core.spec import RunSpec

FROZEN = RunSpec(backbone="squeezenet", image_size=64, n_frozen=9, per_class=2)
TUNED = FROZEN.with_changes(n_frozen=7)
SCRATCH = FROZEN.with_changes(n_frozen=0, weights="random", seed=3)
SPECS = {"frozen": FROZEN, "tuned": TUNED, "scratch": SCRATCH}
CHOICE = {"block": None, "n": 100, "k": 5}


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """Three runs as they leave them, their networks, and the pictures; of what was not frozen, every weight moved."""
    from tl_core.models.build import build
    from tl_core.models.trained import save_trained

    home, networks, random = tmp_path_factory.mktemp("home"), {}, np.random.default_rng(0)
    data = load_dataset("groceries", home)
    for name, spec in SPECS.items():
        networks[name] = network = build(spec, 14)
        for variable in network.suffix.trainable_variables:
            variable.assign(variable.numpy() * random.uniform(0.5, 1.5, variable.shape))
        (home / "runs" / name).mkdir(parents=True)
        save_trained(home / "runs" / name, network.suffix, spec, 14)
        right = data.labels[data.test]
        said = SplitOutputs(np.eye(14, dtype=np.float32)[np.where(right == 3, 0, right)], right)
        none = SplitOutputs(np.zeros((0, 14), np.float32), np.zeros(0, int))
        save_outputs(home / "runs" / name, Outputs(none, said, np.ones(14, int)))
    return home, networks, data


@pytest.fixture(scope="module")
def kept(left):
    from tl_core.engine.worker.kept import Kept

    return Kept.empty(left[0])


def task(kept, part: str, *names: str, **parameters: object) -> Generator:
    from importlib import import_module

    runs = [{"id": name, "spec": SPECS[name].to_dict()} for name in names]
    return import_module(f"tl_core.engine.worker.tasks.{part}").run(kept, runs=runs, parameters=parameters)


def pooled_by_hand(network, images: np.ndarray, block: int) -> np.ndarray:
    """Returns the averages over the map behind a block, of length 1, by Keras' own layers."""
    import keras

    model = keras.Model(network.full.inputs[0], network.blocks[block - 1].tensor)
    maps = model.predict(images, batch_size=50, verbose=0)
    means = maps.mean(axis=(1, 2))
    return means / np.linalg.norm(means, axis=1, keepdims=True)


def purity_by_hand(rows: np.ndarray, labels: np.ndarray, k: int) -> float:
    likeness = rows @ rows.T
    np.fill_diagonal(likeness, -1)
    nearest = np.argsort(-likeness, axis=1)[:, :k]
    return float((labels[nearest] == labels[:, None]).mean())


@pytest.mark.slow
@pytest.mark.parametrize("block", [None, 4])
def test_each_network_stands_there_as_it_came_and_as_it_was_trained_but_not_twice(left, kept, block):
    _, networks, data = left
    answer = finished(task(kept, "features", "frozen", "tuned", "scratch", **{**CHOICE, "block": block}))
    kinds = [(space["runs"], space["when"], space["weights"]) for space in answer["spaces"]]
    start = ([0, 1], "before", "pretrained"), ([1], "after", "pretrained")
    unmoved = (([0, 1], "both", "pretrained"),)
    assert kinds == [*(start if block is None else unmoved), ([2], "before", "random"), ([2], "after", "random")]
    chosen = data.test[answer["images"]]
    labels = data.labels[chosen]
    assert answer["labels"] == labels.tolist()
    assert len(chosen) == answer["n"] == 100
    images = batch(data, chosen, 64)
    for space in answer["spaces"]:
        if space["when"] == "before" and space["weights"] == "random":
            continue  # the fixture's own network has moved on
        name = "frozen" if 0 in space["runs"] else ("frozen", "tuned", "scratch")[space["runs"][0]]
        rows = pooled_by_hand(networks[name], images, block or 9)
        assert space["purity"] == pytest.approx(purity_by_hand(rows, labels, 5), abs=0.011)
        assert space["n_channels"] == rows.shape[1]
        assert space["low"] <= space["purity"] <= space["high"]


@pytest.mark.slow
def test_right_and_wrong_are_what_each_run_said_of_the_same_pictures(left, kept):
    answer = finished(task(kept, "features", "tuned", **CHOICE))
    assert answer["right"] == [[int(label != 3) for label in answer["labels"]]]


@pytest.mark.slow
def test_a_second_look_computes_nothing_anew(left, kept):
    finished(task(kept, "features", "tuned", **CHOICE))
    told = [event for event in task(kept, "features", "tuned", **{**CHOICE, "k": 7}) if event is not None]
    assert told == []


@pytest.mark.slow
def test_outputs_that_an_older_run_did_not_keep_are_computed(left, kept):
    from tl_core.evaluation.insight.outputs import forget_outputs

    folder = left[0] / "runs" / "frozen"
    before = load_outputs(folder)
    forget_outputs(folder)
    answer = finished(task(kept, "features", "frozen", **CHOICE))
    said = load_outputs(folder)
    assert answer["right"][0] == said.test.is_right[answer["images"]].astype(int).tolist()
    save_outputs(folder, before)


@pytest.mark.slow
def test_tsne_is_seen_from_its_start_on_and_says_how_far_it_is(left, kept):
    events = []
    running = task(kept, "tsne", "tuned", "scratch", **CHOICE)
    while True:
        try:
            events.append(next(running))
        except StopIteration as end:
            answer = end.value
            break
    steps = [event for event in events if isinstance(event, Progress) and event.total == 4 * 1000]
    shown = [event.value for event in steps if event.value is not None]
    assert [space["iteration"] for space in shown[0]["spaces"]] == [0, 0, 0, 0]
    assert len(shown) >= 20
    assert all(before.done <= after.done for before, after in pairwise(steps))
    assert [space["purity"] for space in shown[0]["spaces"]] == [space["purity"] for space in answer["spaces"]]
    assert shown[0]["spaces"][1]["points"] != answer["spaces"][1]["points"]
    last = [space["divergence"] for space in answer["spaces"]]
    early = next(value for value in shown if value["spaces"][0]["iteration"] >= 300)["spaces"]
    assert all(now <= then["divergence"] for now, then in zip(last, early, strict=True))


@pytest.mark.slow
def test_runs_of_different_data_and_blocks_that_are_not_there_are_refused(left, kept, monkeypatch):
    with pytest.raises(SpecError) as caught:
        finished(task(kept, "features", "frozen", **{**CHOICE, "block": 10}))
    assert caught.value.code == "spec_range"
    monkeypatch.setitem(SPECS, "scratch", SCRATCH.with_changes(dataset="cifar10-small"))
    with pytest.raises(InputError) as refused:
        finished(task(kept, "features", "frozen", "scratch", **CHOICE))
    assert refused.value.code == "insight_other_data"


def cosine_to_kth(rows: np.ndarray, known: np.ndarray, k: int) -> np.ndarray:
    return np.sort(1 - rows @ known.T, axis=1)[:, k - 1]


@pytest.mark.slow
def test_the_score_is_set_on_validation_and_checked_on_test_and_on_other_pictures(left, kept):
    home, networks, data = left
    answer = finished(task(kept, "novelty", "frozen", k=3, share=0.1))
    train = np.sort(np.concatenate([_two_of(data, label) for label in range(14)]))
    assert answer["n_train"] == len(train)

    def rows(images: np.ndarray) -> np.ndarray:
        return pooled_by_hand(networks["frozen"], images, 9)

    known = rows(batch(data, train, 64))
    validation = cosine_to_kth(rows(batch(data, data.validation, 64)), known, 3)
    assert answer["validation"] == pytest.approx(np.sort(validation), abs=2e-5)
    n = len(validation)
    assert answer["threshold"] == pytest.approx(np.sort(validation)[int(np.ceil((n + 1) * 0.9)) - 1], abs=2e-5)
    assert answer["low"] < answer["error_rate"] < answer["high"]
    assert {one["dataset"] for one in answer["foreign"]} == {"cifar10-small", "mnist-small", "chest-xray-small"}
    digits = contents("mnist-small", home)
    shown = [digits.pictures[at] for at in digits.places(split=2)[:150]]
    far = cosine_to_kth(rows(np.stack([fit_image(one, 64) for one in shown])), known, 3)
    near = cosine_to_kth(rows(batch(data, data.test[:200], 64)), known, 3)
    told = next(one["auroc"] for one in answer["foreign"] if one["dataset"] == "mnist-small")
    assert told == pytest.approx(roc_auc_score([1] * len(far) + [0] * len(near), [*far, *near]), abs=0.03)
    assert answer["can_tell"] == all(one["low"] >= 0.9 for one in answer["foreign"])
    assert answer["near_low"] <= answer["near"] <= answer["near_high"] < 1


def _two_of(data, label: int) -> np.ndarray:
    from tl_core.datasets.arrays import select_per_class

    chosen = select_per_class(data.labels, data.train, 2, 0)
    return chosen[data.labels[chosen] == label]


@pytest.mark.slow
def test_a_picture_is_as_far_as_its_features_are_and_a_training_picture_is_not_far(left, kept):
    from tl_core.engine.worker.tasks.unlike import run

    home, networks, data = left
    train = np.sort(np.concatenate([_two_of(data, label) for label in range(14)]))
    cat = decode_image((ASSETS / "samples" / "cat_1.jpg").read_bytes(), "cat_1.jpg")
    path = uploads.write_arrays(home, [cat, data.pixels[train[4]]])
    told = finished(run(kept, subject="frozen", spec=FROZEN.to_dict(), images=str(path), k=1))
    known = pooled_by_hand(networks["frozen"], batch(data, train, 64), 9)
    by_hand = cosine_to_kth(pooled_by_hand(networks["frozen"], fit_image(cat, 64)[None], 9), known, 1)
    assert told == [pytest.approx(by_hand[0], abs=1e-4), pytest.approx(0, abs=1e-4)]
