"""The weight proof: which blocks a training really changed, by hashes of their weights before and after."""

import hashlib

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


def compare(network: Network, before: dict[str, str], after: dict[str, str]) -> list[dict]:
    """Returns one row a block: {"block", "frozen", "before", "after", "changed", "as_expected"}.

    A frozen block is as expected when its hashes are equal; a trainable one when they differ, or when it holds nothing
    that training could change.
    """
    frozen = {block.name for block in network.blocks[: network.n_frozen]}
    fixed = {block.name for block in network.blocks if not any(layer.trainable_weights for layer in block.layers)}
    rows = []
    for name in before:
        changed = before[name] != after[name]
        rows.append(
            {
                "block": name,
                "frozen": name in frozen,
                "before": before[name],
                "after": after[name],
                "changed": changed,
                "as_expected": changed != (name in frozen or name in fixed),
            }
        )
    return rows
