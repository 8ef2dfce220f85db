"""The weight proof: which blocks a training really changed, by hashes of their weights before and after."""

import hashlib
from collections.abc import Collection, Mapping

import keras

from tl_core.models.build import Network

HEAD = "head"


def block_hashes(network: Network) -> dict[str, str]:
    """Returns a SHA-256 for every block's weights, moving statistics included, and for the head's.

    Returns:
        Block name → 16 hexadecimal digits, from the input to the head.
    """
    groups = {block.name: block.layers for block in network.blocks} | {HEAD: network.head_layers}
    return {name: _hash(layers) for name, layers in groups.items()}


def _hash(layers: tuple[keras.Layer, ...]) -> str:
    digest = hashlib.sha256()
    for layer in layers:
        for array in layer.get_weights():
            digest.update(str(array.shape).encode() + array.tobytes())
    return digest.hexdigest()[:16]


def compare(
    network: Network,
    before: Mapping[str, str],
    after: Mapping[str, str],
    after_head: Mapping[str, str] | None = None,
    *,
    still: Collection[int] = (),
    faint: Collection[int] = (),
) -> list[dict]:
    """Returns one row a block: {"block", "frozen", "before", "after", "changed", "as_expected"}.

    A frozen block is as expected when its hashes are equal; a trainable one when they differ, or when it holds nothing
    that training could change. A row of a run in two phases has "after_head" as well, and is as expected only if the
    first phase changed nothing but the head.

    Args:
        network: What was trained.
        before: Hashes before the training.
        after: Those of the weights that are kept.
        after_head: Those after the first of two phases, if there were two.
        still: Blocks, counted from 0, that the weights that are kept were reached without training, frozen or not.
        faint: Blocks, counted from 0, whose steps are so small that rounding may swallow them: they may have changed.
    """
    frozen = {block.name for block in network.frozen_blocks}
    fixed = {block.name for block in network.blocks if not block.is_trainable}
    fixed |= {block.name for at, block in enumerate(network.blocks) if at in still}
    either = {block.name for at, block in enumerate(network.blocks) if at in faint} - frozen - fixed
    rows = []
    for name in before:
        changed = before[name] != after[name]
        row = {"block": name, "frozen": name in frozen, "before": before[name], "after": after[name]}
        row |= {"changed": changed, "as_expected": name in either or changed != (name in frozen or name in fixed)}
        if after_head is not None:
            row["after_head"] = after_head[name]
            row["as_expected"] &= (after_head[name] != before[name]) == (name == HEAD)
        rows.append(row)
    return rows
