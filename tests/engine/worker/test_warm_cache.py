"""What a worker keeps between runs changes no result: only what cannot change is kept."""

import numpy as np
import pytest

from tl_core.datasets.arrays import Dataset
from tl_core.engine.worker import warm_cache as module
from tl_core.engine.worker.warm_cache import WarmCache
from tl_core.models.build import build
from tl_core.spec import RunSpec
from tl_core.training.proof import block_hashes

FROZEN = RunSpec(backbone="squeezenet", image_size=64, n_frozen=9)


@pytest.fixture
def loaded(monkeypatch) -> list[str]:
    """The ids of the data sets that were loaded."""
    ids: list[str] = []

    def load(id, home, *, on_progress=None) -> Dataset:
        ids.append(id)
        return Dataset(None, np.zeros((0, 2, 2, 3), np.uint8), *(np.zeros(0, np.int64) for _ in range(4)))

    monkeypatch.setattr(module, "load_dataset", load)
    return ids


def test_a_data_set_is_loaded_once_in_a_row(loaded, tmp_path):
    cache = WarmCache()
    first = cache.dataset("a", tmp_path)
    assert cache.dataset("a", tmp_path) is first
    cache.dataset("b", tmp_path)
    assert cache.dataset("a", tmp_path) is not first
    assert loaded == ["a", "b", "a"]


def test_a_data_set_that_could_not_be_loaded_is_tried_again(monkeypatch, tmp_path):
    cache = WarmCache()
    monkeypatch.setattr(module, "load_dataset", lambda *told, **more: 1 / 0)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            cache.dataset("a", tmp_path)


def test_runs_that_freeze_everything_share_a_backbone_and_have_heads_of_their_own():
    cache = WarmCache()
    first, second = (cache.network(FROZEN.with_changes(seed=seed), 3) for seed in (0, 1))
    assert first.blocks is second.blocks
    assert not {id(layer) for layer in first.head_layers} & {id(layer) for layer in second.head_layers}


def test_a_backbone_that_is_frozen_in_name_only_is_shared_with_nobody():
    cache, sick = WarmCache(), FROZEN.with_changes(fault="never-frozen")
    first, second = cache.network(sick, 3), cache.network(sick, 3)
    assert first.blocks is not second.blocks
    assert (first.prefix, first.frozen_params) == (None, 0)
    assert all(block.is_trainable for block in first.blocks)
    assert not any(block.is_trainable for block in cache.network(FROZEN, 3).blocks)


def test_a_head_that_was_given_back_is_taken_over_by_one_run_with_the_weights_of_one_built_anew():
    cache, spec = WarmCache(), FROZEN.with_changes(head="dense", hidden=8, dropout=0.5)
    first = cache.network(spec, 3)
    for variable in first.suffix.variables:
        variable.assign(np.ones(variable.shape, variable.dtype))
    assert not cache.has_taken_back()
    cache.give_back(spec, first)
    assert [cache.has_taken_back(), cache.has_taken_back()] == [True, False]
    wanted = spec.with_changes(seed=7, epochs=9, learning_rate=0.5)
    second, third = (cache.network(wanted, 3) for _ in range(2))
    assert second is first
    assert third is not first
    anew = build(wanted, 3).suffix.variables
    assert all(np.array_equal(one, other) for one, other in zip(second.suffix.variables, anew, strict=True))


@pytest.mark.parametrize(
    "changes",
    [{"head": "dense"}, {"batch_size": 8}, {"optimizer": "sgd"}, {"head_at": 5, "n_frozen": 5}, {"dropout": 0.1}],
)
def test_a_run_that_differs_in_more_than_it_is_trained_with_gets_a_network_of_its_own(changes):
    cache = WarmCache()
    first = cache.network(FROZEN, 3)
    cache.give_back(FROZEN, first)
    assert cache.network(FROZEN.with_changes(**changes), 3) is not first


def test_heads_of_another_backbone_large_ones_and_more_than_a_sweep_needs_are_not_kept(monkeypatch):
    cache, large = WarmCache(), FROZEN.with_changes(head="flatten-dense", hidden=4096)
    first, heavy = cache.network(FROZEN, 3), cache.network(large, 3)
    cache.give_back(large, heavy)
    assert cache.network(large, 3) is not heavy
    cache.give_back(FROZEN, first)
    cache.network(FROZEN.with_changes(image_size=96), 3)
    cache.give_back(FROZEN, first)
    assert cache.network(FROZEN, 3) is not first
    monkeypatch.setattr(module, "MOST_NETWORKS", 1)
    second, other = cache.network(FROZEN, 3), FROZEN.with_changes(batch_size=8)
    cache.give_back(FROZEN, second)
    cache.give_back(other, cache.network(other, 3))
    assert cache.network(FROZEN, 3) is not second


def test_a_network_from_the_warm_cache_has_the_weights_of_one_built_anew():
    cache, spec = WarmCache(), FROZEN.with_changes(seed=7, head="dense", hidden=8)
    cache.network(FROZEN, 5)
    assert block_hashes(cache.network(spec, 3)) == block_hashes(build(spec, 3))


@pytest.mark.parametrize(
    "changes",
    [{"n_frozen": 8}, {"n_frozen": 0}, {"weights": "random"}, {"image_size": 96}, {"arithmetic": "exact"}],
)
def test_a_backbone_that_may_change_or_is_another_is_built_anew(changes):
    cache = WarmCache()
    first = cache.network(FROZEN, 3)
    other = cache.network(FROZEN.with_changes(**changes), 3)
    assert not {id(layer) for block in first.blocks for layer in block.layers} & {
        id(layer) for block in other.blocks for layer in block.layers
    }
    assert all(not layer.trainable for block in first.blocks for layer in block.layers)
