import numpy as np
import pytest

from tl_core.models.build import build
from tl_core.spec import RunSpec
from tl_core.training.proof import block_hashes, compare


@pytest.fixture
def network():
    return build(RunSpec(backbone="squeezenet", weights="random", n_frozen=4, image_size=64), 3)


def change(layer) -> None:
    values = layer.get_weights()
    values[-1].flat[0] = np.nextafter(values[-1].flat[0], 1, dtype=values[-1].dtype)  # one number, one last bit
    layer.set_weights(values)


def test_there_is_a_hash_for_every_block_and_the_head(network):
    hashes = block_hashes(network)
    assert list(hashes) == [block.name for block in network.blocks] + ["head"]
    assert len(set(hashes.values())) == len(hashes)
    assert block_hashes(network) == hashes


def test_one_last_bit_is_enough_to_change_its_block_s_hash_and_no_other(network):
    before = block_hashes(network)
    change(network.full.get_layer("fire5_squeeze1x1"))
    after = block_hashes(network)
    assert {name for name in before if before[name] != after[name]} == {"fire5"}


def test_the_proof_holds_when_frozen_blocks_are_equal_and_the_others_differ(network):
    before = block_hashes(network)
    for block in network.blocks[4:]:
        change(next(layer for layer in block.layers if layer.weights))
    change(network.head_layers[-1])
    rows = compare(network, before, block_hashes(network))
    assert [row["frozen"] for row in rows] == [True] * 4 + [False] * 6
    assert [row["changed"] for row in rows] == [False] * 4 + [True] * 6
    assert all(row["as_expected"] for row in rows)


def test_of_two_phases_the_first_may_change_the_head_alone(network):
    before = block_hashes(network)
    change(network.head_layers[-1])
    after_head = block_hashes(network)
    assert all(row["as_expected"] for row in compare(network, before, after_head, after_head, still=range(9)))
    for block in network.blocks[4:]:
        change(next(layer for layer in block.layers if layer.weights))
    after = block_hashes(network)
    rows = compare(network, before, after, after_head)
    assert all(row["as_expected"] for row in rows)
    assert [row["block"] for row in rows if row["after_head"] != row["before"]] == ["head"]
    wrong = {row["block"]: row["as_expected"] for row in compare(network, before, after, after)}
    assert [name for name, is_expected in wrong.items() if not is_expected] == [b.name for b in network.blocks[4:]]


def test_the_proof_fails_for_a_frozen_block_that_moved_and_for_a_trainable_one_that_did_not(network):
    before = block_hashes(network)
    change(network.full.get_layer("fire2_squeeze1x1"))
    rows = {row["block"]: row for row in compare(network, before, block_hashes(network))}
    assert not rows["fire2"]["as_expected"]
    assert not rows["fire7"]["as_expected"]
    assert not rows["head"]["as_expected"]
    assert rows["stem"]["as_expected"]
