"""Reads blocks and layers off the Keras graphs: `python -m assets.rebuild.blocks` writes tl_core/models/blocks.json and
layers.json beside it.
"""

import json

import keras
import numpy as np

from tl_core.models.catalog import IMAGE_SIZES
from tl_core.models.cuts import find_blocks
from tl_core.models.networks import PREPROCESSING, network

MIN_SIZES = {"inception_v3": 75}
EVEN_SIDE = 160  # px: every map that is padded has an even side
PADS_BY_SIDE = ("mobilenet_v2", "efficientnet_b0")  # as much as the side of what is padded wants


def describe(backbone_id: str) -> dict:
    """Returns one backbone's row: {"blocks": [[name, layers, params, channels]], "sides": {size: [side of each]}}."""
    found = find_blocks(network(backbone_id, 160))
    blocks = [[block.name, len(block.layers), block.n_params, block.tensor.shape[-1]] for block in found]
    sizes = [size for size in IMAGE_SIZES if size >= MIN_SIZES.get(backbone_id, 32)]
    sides = {str(size): [block.tensor.shape[1] for block in find_blocks(network(backbone_id, size))] for size in sizes}
    return {"blocks": blocks, "sides": sides}


def layer_rows(backbone_id: str) -> list[list]:
    """Returns the layers of a backbone behind its preprocessing, each as `layer_table.LayerInfo` has it."""
    model = network(backbone_id, EVEN_SIDE)
    block_of = {layer.name: at for at, block in enumerate(find_blocks(model)) for layer in block.layers}
    names = [layer.name for layer in model.layers if layer.name not in ("image", "preprocess")]
    rows = []
    for name in names:
        layer = model.get_layer(name)
        read = [one._keras_history.operation.name for one in _inputs(layer)]
        parent = max(
            (names.index(one) for one in read if one in names), key=lambda at: _n_pixels(model, names[at]), default=-1
        )
        trainable = sum(variable.value.shape.num_elements() for variable in layer.trainable_variables)
        counted = layer.count_params(), trainable, layer.output.shape[-1]
        rows.append([name, type(layer).__name__, block_of[name], *counted, parent, _rule(layer, backbone_id)])
    return rows


def _inputs(layer: keras.Layer) -> list:
    return layer.input if isinstance(layer.input, list) else [layer.input]


def _n_pixels(model: keras.Model, name: str) -> int:
    """Returns how large a layer's map is: of two that are multiplied, the larger decides the side."""
    return int(np.prod(model.get_layer(name).output.shape[1:-1]))


def _rule(layer: keras.Layer, backbone_id: str) -> list:
    """Returns how the side of a layer's output follows from that of its input."""
    if isinstance(layer, keras.layers.ZeroPadding2D):
        zeros = sum(layer.padding[0])  # where it depends on the side, it is 1 less for an even one
        return ["pad-half", (zeros + 1) // 2] if backbone_id in PADS_BY_SIDE else ["pad", zeros]
    if len(layer.output.shape) == 2:
        return ["flat"]
    if isinstance(layer, keras.layers.Reshape):
        return ["one"]
    kernel = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    if kernel is None or layer.padding == "same":
        return ["same", 1 if kernel is None else layer.strides[0]]
    return ["valid", kernel[0], layer.strides[0]]  # every kernel without padding is square


def main() -> None:
    from tl_core.models.catalog import _BLOCKS_FILE
    from tl_core.models.layer_table import LAYERS_FILE

    for file, read in ((_BLOCKS_FILE, describe), (LAYERS_FILE, layer_rows)):
        rows = {}
        for backbone_id in PREPROCESSING:
            rows[backbone_id] = read(backbone_id)
            keras.backend.clear_session()
        lines = ",\n".join(f"{json.dumps(id_)}: {json.dumps(row)}" for id_, row in rows.items())
        file.write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
