"""What moved, in this process: two small networks against their weights and outputs, computed anew."""

from dataclasses import replace

import numpy as np
import pytest

from tests.engine.worker.tasks.finished import finished
from tl_core.datasets.arrays import batch, load_dataset
from tl_core.errors import StoreError
from tl_core.spec import RunSpec

TUNED = RunSpec(backbone="squeezenet", image_size=64, n_frozen=7, epochs=1, per_class=2, seed=4)
SCRATCH = TUNED.with_changes(weights="random", n_frozen=0)
N = 24


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """What two runs leave: one moved its last two blocks and its head, the other all; a third has dead blocks."""
    from tl_core.models.build import build
    from tl_core.models.trained import save_trained

    place, random = tmp_path_factory.mktemp("home"), np.random.default_rng(0)
    for name, spec in (("tuned", TUNED), ("scratch", SCRATCH), ("dead", SCRATCH)):
        network = build(spec, 14)
        for one in network.suffix.trainable_variables:
            noise = random.normal(size=one.shape) * 0.02
            one.assign(one.numpy() + noise if name != "dead" else np.minimum(one.numpy(), 0.0) - 1.0)
        (place / "runs" / name).mkdir(parents=True)
        save_trained(place / "runs" / name, network.suffix, spec, 14)
    return place


def asked(home, *names: str, n: int = N) -> dict:
    from tl_core.engine.worker.kept import Kept
    from tl_core.engine.worker.tasks.moved import run

    specs = {"tuned": TUNED, "scratch": SCRATCH, "dead": SCRATCH}
    runs = [{"id": name, "spec": specs[name].to_dict()} for name in names]
    return finished(run(Kept.empty(home), runs=runs, parameters={"n": n}))


@pytest.fixture(scope="module")
def pair(home) -> dict:
    return asked(home, "tuned", "scratch")


def outputs(model_of, home, name: str | None, place: int) -> np.ndarray:
    """Returns what a block makes of the pictures, averaged by hand to at most 7 × 7."""
    import keras

    from tl_core.models.build import build
    from tl_core.models.trained import load_trained

    network = load_trained(home / "runs" / name)[0] if name else build(model_of, 14)
    data = load_dataset("groceries", home)
    chosen = data.test[np.arange(N) * len(data.test) // N]
    tensor = network.blocks[place].tensor if place < len(network.blocks) else network.full.outputs[0]
    maps = keras.Model(network.full.inputs[0], tensor).predict(batch(data, chosen, 64), verbose=0)
    if maps.ndim == 4 and maps.shape[1] > 7:
        side = -(-maps.shape[1] // 7)
        pad = -maps.shape[1] % side
        before = pad // 2
        edges = [
            range(max(0, at * side - before), min(maps.shape[1], (at + 1) * side - before))
            for at in range(-(-maps.shape[1] // side))
        ]
        maps = np.stack(
            [np.stack([maps[:, rows][:, :, columns].mean(axis=(1, 2)) for columns in edges], 1) for rows in edges], 1
        )
    return maps.reshape(N, -1).astype(np.float64)


def by_features(x: np.ndarray, y: np.ndarray) -> float:
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    cross, own = np.linalg.norm(y.T @ x), [np.linalg.norm(one.T @ one) for one in (x, y)]
    return cross**2 / (own[0] * own[1])


def test_frozen_blocks_are_exactly_as_they_were(pair):
    frozen = pair["blocks"][:7]
    assert [(row["frozen"], row["relative_change"], row["cka"]) for row in frozen] == [(True, 0.0, 1.0)] * 7
    assert [row["frozen"] for row in pair["blocks"][7:]] == [False] * 3
    assert pair["blocks"][-1]["block"] == "head"
    assert all(row["relative_change"] > 0 and row["cka"] < 1 for row in pair["blocks"][7:])


def test_the_change_of_weights_is_that_against_the_network_of_the_spec(pair, home):
    from tl_core.models.build import build
    from tl_core.models.trained import load_trained

    for rows, name, spec in (
        (pair["blocks"], "tuned", TUNED),
        (pair["others"][0]["blocks"], "scratch", SCRATCH),
    ):
        before, after = build(spec, 14), load_trained(home / "runs" / name)[0]
        layers = ([*(block.layers for block in one.blocks), one.head_layers] for one in (before, after))
        for row, *both in zip(rows, *layers, strict=True):
            was, now = (np.concatenate([w.ravel() for one in group for w in one.get_weights()]) for group in both)
            was, now = was.astype(np.float64), now.astype(np.float64)
            assert row["relative_change"] == pytest.approx(np.linalg.norm(now - was) / np.linalg.norm(was), rel=1e-6)


@pytest.mark.parametrize("place", [0, 7, pytest.param(9, marks=pytest.mark.full)])
def test_cka_is_that_of_the_blocks_outputs(pair, home, place):
    now = outputs(TUNED, home, "tuned", place), outputs(SCRATCH, home, "scratch", place)
    was = outputs(TUNED, home, None, place), outputs(SCRATCH, home, None, place)
    found = pair["blocks"][place]["cka"], pair["others"][0]["blocks"][place]["cka"]
    assert found == pytest.approx([by_features(*both) for both in zip(was, now, strict=True)], abs=2e-4)
    assert pair["others"][0]["blocks"][place]["cka_with_first"] == pytest.approx(by_features(*now), abs=2e-4)


def test_a_run_alone_is_told_what_it_is_told_beside_another(pair, home):
    alone = asked(home, "tuned")
    assert alone["others"] == []
    for mine, theirs in zip(alone["blocks"], pair["blocks"], strict=True):
        assert mine == theirs | {"cka": pytest.approx(theirs["cka"], abs=1e-5)}


def test_the_same_run_twice_is_like_itself_by_construction(home):
    (other,) = asked(home, "tuned", "tuned")["others"]
    assert [row["cka_with_first"] for row in other["blocks"]] == [1.0] * 10


def test_a_dead_block_cannot_be_told(home):
    rows = asked(home, "dead")["blocks"]
    assert [row["cka"] for row in rows[1:]] == [None] * 9
    assert all(row["relative_change"] > 0 for row in rows)


def test_networks_without_batchnorm_have_no_statistics(pair):
    assert all(row["mean_drift"] is row["variance_drift"] is None for row in pair["blocks"])


def test_wide_networks_take_several_passes_with_the_same_answer(pair, home, monkeypatch):
    from tl_core.engine.worker.tasks import moved

    monkeypatch.setattr(moved, "MOST_NUMBERS", 200_000)
    (other,) = asked(home, "tuned", "scratch")["others"]
    for mine, theirs in zip(other["blocks"], pair["others"][0]["blocks"], strict=True):
        assert mine["cka"] == pytest.approx(theirs["cka"], abs=1e-5)


def test_progress_counts_pictures_up_to_all_and_begins_with_what_the_weights_tell(home):
    from tl_core.engine.worker.kept import Kept
    from tl_core.engine.worker.tasks.moved import run

    said = [*run(Kept.empty(home), runs=[{"id": "tuned", "spec": TUNED.to_dict()}], parameters={"n": N})]
    steps = [one for one in said if one is not None]
    assert [step.total for step in steps] == [2 * N] * len(steps)
    assert (steps[0].done, steps[-1].done) == (0, 2 * N)
    assert sorted(step.done for step in steps) == [step.done for step in steps]
    assert steps[0].value["blocks"][-1]["relative_change"] > 0  # pyright: ignore[reportIndexIssue]


def test_runs_of_other_data_or_networks_are_not_laid_beside_each_other():
    from tl_core.engine.worker.tasks.moved import Compared

    one = Compared("a", TUNED, None, None, ([], []), ([], []), [], 0)  # pyright: ignore[reportArgumentType]
    assert one.is_like(replace(one, spec=SCRATCH))
    assert not one.is_like(replace(one, spec=TUNED.with_changes(dataset="mnist-small")))
    assert not one.is_like(replace(one, spec=TUNED.with_changes(backbone="mobilenet_v2")))


def test_a_run_without_weights_is_an_error(home):
    from tl_core.engine.worker.kept import Kept
    from tl_core.engine.worker.tasks.moved import run

    with pytest.raises(StoreError):
        finished(run(Kept.empty(home), runs=[{"id": "gone", "spec": TUNED.to_dict()}], parameters={"n": N}))
