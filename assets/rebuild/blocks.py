"""Reads the blocks off the Keras graphs: `python -m assets.rebuild.blocks` writes tl_core/models/blocks.json."""

import json

import keras

from tl_core.models.catalog import IMAGE_SIZES
from tl_core.models.cuts import find_blocks
from tl_core.models.networks import PREPROCESSING, network

MIN_SIZES = {"inception_v3": 75}


def describe(backbone_id: str) -> dict:
    """Returns one backbone's row: {"blocks": [[name, layers, params, channels]], "sides": {size: [side of each]}}."""
    found = find_blocks(network(backbone_id, 160))
    blocks = [[block.name, len(block.layers), block.n_params, block.tensor.shape[-1]] for block in found]
    sizes = [size for size in IMAGE_SIZES if size >= MIN_SIZES.get(backbone_id, 32)]
    sides = {str(size): [block.tensor.shape[1] for block in find_blocks(network(backbone_id, size))] for size in sizes}
    return {"blocks": blocks, "sides": sides}


def main() -> None:
    from tl_core.models.catalog import _BLOCKS_FILE

    rows = {}
    for backbone_id in PREPROCESSING:
        rows[backbone_id] = describe(backbone_id)
        keras.backend.clear_session()
    lines = ",\n".join(f"{json.dumps(id_)}: {json.dumps(row)}" for id_, row in rows.items())
    _BLOCKS_FILE.write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
