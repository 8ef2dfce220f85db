"""The table of layers against Keras' own graphs."""

import pytest

from tl_core.models.build import build
from tl_core.models.catalog import backbones
from tl_core.models.layer_table import LayerRow, last_layer, layer_table
from tl_core.spec import RunSpec

# every backbone once, with sides that are even and odd on the way, and each kind of head and of freezing
SPECS = [
    RunSpec(backbone="mobilenet_v2", weights="random", image_size=75, n_frozen=17, batchnorm="frozen"),
    RunSpec(backbone="efficientnet_lite0", weights="random", image_size=90, head="dense", hidden=7, dropout=0.5),
    RunSpec(backbone="squeezenet", weights="random", image_size=101, n_frozen=3, head="flatten-dense", hidden=5),
    RunSpec(backbone="vgg16", weights="random", image_size=50, n_frozen=2, head_at=4, head="flatten"),
    RunSpec(backbone="resnet50", weights="random", image_size=77, n_frozen=3, head_at=6),
    RunSpec(backbone="inception_v3", weights="random", image_size=139, n_frozen=12),
    RunSpec(backbone="efficientnet_b0", weights="random", image_size=111, n_frozen=4, head_at=9),
]


def told_by_keras(spec: RunSpec, n_classes: int) -> tuple[list[LayerRow], int]:
    """Returns what Keras knows of a network: its layers, and how many numbers learn."""
    model = build(spec, n_classes).full
    rows = []
    for layer in model.layers:
        n = sum(variable.value.shape.num_elements() for variable in layer.trainable_variables)
        rows.append(LayerRow(layer.name, type(layer).__name__, layer.output.shape, layer.count_params(), n))
    learning = sum(variable.value.shape.num_elements() for variable in model.trainable_variables)
    return [row._replace(kind=row.kind.removeprefix("Fast")) for row in rows], learning


def test_every_backbone_is_compared():
    assert {spec.backbone for spec in SPECS} == set(backbones())


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.backbone)
def test_the_table_has_keras_own_layers_shapes_and_numbers(spec):
    rows, learning = told_by_keras(spec, 5)
    table = layer_table(spec, 5)
    assert list(table.rows) == rows
    assert table.trainable == learning
    assert table.params == sum(row.params for row in rows)


@pytest.mark.parametrize("info", backbones().values(), ids=lambda info: info.id)
def test_blocks_end_where_the_table_of_blocks_says(info):
    table = layer_table(RunSpec(backbone=info.id), 3)
    for n, block in enumerate(info.blocks, 1):
        end = next(row for row in table.rows if row.name == last_layer(info.id, n))
        assert (end.shape[-1], end.shape[1]) == (block.channels, info.sides[160][n - 1])
