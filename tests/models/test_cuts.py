from functools import cache

import keras
import numpy as np
import pytest

from tl_core.models.cuts import find_blocks, find_segments
from tl_core.models.networks import PREPROCESSING, network

N_BLOCKS = {
    "mobilenet_v2": 19,
    "efficientnet_lite0": 18,
    "squeezenet": 9,
    "vgg16": 5,
    "resnet50": 17,
    "inception_v3": 12,
    "efficientnet_b0": 18,
}
FAMILIES = [*PREPROCESSING, "Xception", "DenseNet121"]


@cache
def graph(name: str) -> keras.Model:
    """Returns a family's graph, built once for all tests, which only read it."""
    if name in PREPROCESSING:
        return network(name, 96)
    return getattr(keras.applications, name)(include_top=False, weights=None, input_shape=(96, 96, 3))


def tensors_that_all_paths_need(model: keras.Model) -> list[int]:
    """The oracle: takes one tensor away at a time and asks whether the input still reaches the output."""
    nodes = [node for depth in sorted(model._nodes_by_depth, reverse=True) for node in model._nodes_by_depth[depth]]
    return [id(tensor) for node in nodes for tensor in node.output_tensors if not _is_reached(model, nodes, tensor)]


def _is_reached(model: keras.Model, nodes: list, removed: keras.KerasTensor) -> bool:
    reached = {id(tensor) for tensor in model.inputs} - {id(removed)}
    for node in nodes:
        if any(id(tensor) in reached for tensor in node.input_tensors):
            reached |= {id(tensor) for tensor in node.output_tensors} - {id(removed)}
    return any(id(tensor) in reached for tensor in model.outputs)


def small(build_middle) -> keras.Model:
    image = keras.Input((8, 8, 3))
    return keras.Model(image, build_middle(keras.layers.Conv2D(4, 3, padding="same", name="first")(image)))


@pytest.mark.parametrize("name", FAMILIES)
def test_the_cut_tensors_are_those_that_every_path_needs(name):
    model = graph(name)
    found = [id(segment.tensor) for segment in find_segments(model)]
    expected = tensors_that_all_paths_need(model)
    assert len(found) == len(expected)
    assert set(found) == set(expected)


@pytest.mark.parametrize("name", FAMILIES)
def test_every_operation_lies_in_exactly_one_segment(name):
    operations = [operation for segment in find_segments(graph(name)) for operation in segment.operations]
    assert len(operations) == len(set(map(id, operations)))
    assert set(map(id, operations)) == set(map(id, graph(name).operations))


@pytest.mark.parametrize(("name", "count"), N_BLOCKS.items())
def test_the_blocks_are_those_that_people_count(name, count):
    blocks = find_blocks(graph(name))
    assert len(blocks) == count
    assert len({block.name for block in blocks}) == count


@pytest.mark.parametrize("name", FAMILIES)
def test_the_blocks_hold_every_number_of_the_network_once(name):
    blocks = find_blocks(graph(name))
    assert sum(block.n_params for block in blocks) == graph(name).count_params()
    assert all(block.n_params > 0 for block in blocks)
    layers = [layer for block in blocks for layer in block.layers]
    assert len(layers) == len(graph(name).layers) - 1  # without the input
    assert blocks[-1].tensor is graph(name).outputs[0]


def test_resnet_blocks_end_where_their_sum_has_been_rectified():
    names = {block.name: block.tensor for block in find_blocks(graph("resnet50"))}
    assert list(names)[:3] == ["conv1", "conv2_block1", "conv2_block2"]
    for name in list(names)[1:]:
        assert names[name] is graph("resnet50").get_layer(f"{name}_out").output


def test_vgg_blocks_end_in_their_pooling():
    for number, block in enumerate(find_blocks(graph("vgg16")), start=1):
        assert block.name == f"block{number}"
        assert block.tensor is graph("vgg16").get_layer(f"block{number}_pool").output


@pytest.mark.parametrize("name", ["squeezenet", "mobilenet_v2"])
def test_a_suffix_after_its_prefix_is_the_network_at_every_block(name):
    model = graph(name)
    images = np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3), np.uint8)
    whole = np.asarray(model(images))
    tensors = [block.tensor for block in find_blocks(model)]
    values = keras.Model(model.inputs[0], tensors)(images)
    for tensor, value in zip(tensors[:-1], values[:-1], strict=True):
        np.testing.assert_array_equal(keras.Model(tensor, model.outputs[0])(value), whole)


def test_a_shortcut_across_everything_leaves_no_cut_inside():
    model = small(lambda x: keras.layers.Add()([keras.layers.Conv2D(4, 1)(keras.layers.ReLU()(x)), x]))
    first = model.get_layer("first").output
    assert [segment.tensor for segment in find_segments(model)][1] is first
    assert len(find_segments(model)) == 3  # the input, the first convolution, the sum


def test_an_operation_that_takes_one_tensor_twice_is_a_cut():
    model = small(lambda x: keras.layers.Add(name="double")([x, x]))
    assert find_segments(model)[-1].operations[-1].name == "double"
    assert len(find_segments(model)) == 3


def test_an_output_that_is_also_used_inside_is_no_cut_for_the_rest():
    image = keras.Input((8, 8, 3))
    middle = keras.layers.Conv2D(4, 1)(image)
    model = keras.Model(image, [middle, keras.layers.ReLU()(middle)])
    assert len(find_segments(model)) == 2  # the input and the middle; the end is two tensors
