"""The trials of a sweep find their features on disk: one pass at all cuts, and no picture twice."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from tl_core.datasets.arrays import Dataset, load_dataset
from tl_core.disk.files import read_tensors
from tl_core.engine.worker import warm_cache
from tl_core.engine.worker.kept import Kept
from tl_core.engine.worker.requests import Progress
from tl_core.engine.worker.tasks import fill
from tl_core.engine.worker.tasks.train import TrainingTask
from tl_core.models.trained import WEIGHTS_FILE
from tl_core.spec import RunSpec
from tl_core.training.events import Phase
from tl_core.training.feature_cache import FeatureCache

SMALL = RunSpec(backbone="squeezenet", image_size=64, per_class=4, batch_size=28, epochs=1, n_frozen=9)
CUTS = tuple(SMALL.with_changes(n_frozen=at, head_at=at) for at in (2, 5, 8))


@pytest.fixture(scope="module")
def groceries(tmp_path_factory) -> Dataset:
    """The real photographs, with fewer to judge on."""
    data = load_dataset("groceries", tmp_path_factory.mktemp("home"))
    return replace(data, validation=data.validation[::7], test=data.test[::16])


@pytest.fixture
def kept(monkeypatch, groceries, tmp_path) -> Kept:
    monkeypatch.setattr(warm_cache, "load_dataset", lambda id, home, on_progress: groceries)
    return Kept.empty(tmp_path)


@pytest.fixture
def computed(monkeypatch) -> Counter:
    """Counts how often each picture is sent through a frozen prefix."""
    n_times, before = Counter(), FeatureCache._compute

    def counting(self, prefixes, paths, pictures, chosen):
        n_times.update(chosen.tolist())
        return before(self, prefixes, paths, pictures, chosen)

    monkeypatch.setattr(FeatureCache, "_compute", counting)
    return n_times


def filled(kept: Kept, specs) -> list[Progress]:
    return [step for step in fill.run(kept, specs=[spec.to_dict() for spec in specs]) if step is not None]


def phases(kept: Kept, spec: RunSpec, name: str = "run") -> list[str]:
    """Trains a run; returns what it does before its first epoch, but for data and network."""
    folder = kept.home / "runs" / name
    folder.mkdir(parents=True, exist_ok=True)
    events = list(TrainingTask(spec, kept.home, folder, warm=kept.warm).run())
    assert events[-1].state == "completed", events[-1].error
    return [event.name for event in events if isinstance(event, Phase) and event.name in ("features", "cached")]


@pytest.mark.slow
def test_after_one_pass_a_trial_at_every_cut_finds_its_features_and_no_picture_is_computed_twice(kept, computed):
    specs = [spec.with_changes(seed=seed) for seed in (0, 1) for spec in CUTS]
    steps = filled(kept, specs)
    n_all = steps[-1].total
    assert steps[-1].done == n_all == len(computed)
    for at, spec in enumerate(specs):
        assert phases(kept, spec, f"run {at}") == ["cached"]
    assert set(computed.values()) == {1}
    assert filled(kept, specs[2:]) == []  # a sweep that goes on


@pytest.mark.slow
@pytest.mark.parametrize("backbone", ["squeezenet", "mobilenet_v2"])
def test_a_trial_ends_with_the_bits_of_a_run_that_computes_its_features_alone(kept, tmp_path, backbone):
    cuts = [spec.with_changes(backbone=backbone) for spec in CUTS]
    filled(kept, cuts)
    phases(kept, cuts[1], "after")
    other = Kept.empty(tmp_path / "other")
    assert set(phases(other, cuts[1], "alone")) == {"features"}
    first, second = (
        read_tensors(home / "runs" / name / WEIGHTS_FILE)[0]
        for home, name in ((kept.home, "after"), (other.home, "alone"))
    )
    assert all(np.array_equal(first[name], second[name]) for name in first.keys() | second.keys())


@pytest.mark.slow
def test_random_networks_of_two_seeds_are_two_passes(kept, computed):
    specs = [spec.with_changes(weights="random", seed=seed, per_class=None) for seed in (0, 1) for spec in CUTS[:2]]
    assert filled(kept, specs)
    assert set(computed.values()) == {2}
    for at, spec in enumerate(specs):
        assert phases(kept, spec, f"run {at}") == ["cached"]
    assert set(computed.values()) == {2}


def test_cuts_that_would_push_each_other_out_of_the_cache_are_left_to_their_runs():
    shapes = [(10, 10, 3), (5, 5, 3), (1, 1, 3)]
    sizes = [100 * int(np.prod(shape)) * 4 for shape in shapes]
    for n in range(4):
        cache = FeatureCache(None, 2 * sum(sizes[:n]))
        assert cache.n_fitting(100, shapes) == n


@pytest.mark.slow
def test_a_pass_that_nobody_waits_for_any_more_leaves_no_file(kept):
    steps = fill.run(kept, specs=[spec.to_dict() for spec in CUTS])
    next(step for step in steps if step is not None)
    steps.close()
    assert list((kept.home / "cache").glob(".*.tmp")) == []


@pytest.mark.slow
def test_views_of_augmented_trials_are_left_to_them(kept, computed, groceries):
    specs = [spec.with_changes(augment="light") for spec in CUTS[:2]]
    filled(kept, specs)
    assert set(computed) == {*groceries.validation.tolist(), *groceries.test.tolist()}
