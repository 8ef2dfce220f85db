import json
from dataclasses import FrozenInstanceError

import pytest

from assets.rebuild.blocks import describe
from tl_core.errors import UnknownIdError
from tl_core.models.build import build
from tl_core.models.catalog import IMAGE_SIZES, backbone_info, backbones
from tl_core.models.networks import PREPROCESSING, network
from tl_core.spec import RunSpec

LARGE = ("resnet50", "inception_v3", "efficientnet_b0", "efficientnet_lite0")  # networks of which six are built


def test_the_catalogue_and_the_networks_know_the_same_backbones():
    assert list(backbones()) == list(PREPROCESSING)


@pytest.mark.slow
@pytest.mark.parametrize(
    "backbone_id",
    [pytest.param(id_, marks=pytest.mark.full) if id_ in LARGE else id_ for id_ in PREPROCESSING],
)
def test_the_table_of_blocks_says_what_the_graphs_say(backbone_id):
    info, graph = backbone_info(backbone_id), json.loads(json.dumps(describe(backbone_id)))
    assert [[block.name, block.n_layers, block.params, block.channels] for block in info.blocks] == graph["blocks"]
    assert {str(size): list(sides) for size, sides in info.sides.items()} == graph["sides"]


@pytest.mark.parametrize("info", backbones().values(), ids=lambda info: info.id)
def test_the_smallest_picture_that_the_table_allows_is_accepted(info):
    _, side, _, channels = network(info.id, info.min_image_size).output_shape
    assert side >= 1
    assert channels == info.blocks[-1].channels
    assert info.min_image_size <= info.image_size in IMAGE_SIZES


def test_inception_refuses_pictures_below_its_smallest():
    with pytest.raises(ValueError, match="75"):
        network("inception_v3", backbone_info("inception_v3").min_image_size - 1)


@pytest.mark.parametrize("head", ["linear", "dense", "flatten", "flatten-dense"])
@pytest.mark.parametrize("backbone_id", ["squeezenet", "mobilenet_v2"])
def test_the_numbers_of_a_head_are_those_of_the_network_that_is_built(backbone_id, head):
    info = backbone_info(backbone_id)
    spec = RunSpec(backbone=backbone_id, weights="random", head=head, hidden=17, image_size=96, n_frozen=3)
    built = build(spec, 5)
    assert sum(layer.count_params() for layer in built.head_layers) == info.head_params(head, 17, 96, 5)
    assert built.frozen_params == info.frozen_params(3)
    assert built.full.count_params() == info.params + info.head_params(head, 17, 96, 5)


@pytest.mark.parametrize("head", ["linear", "flatten", "flatten-dense"])
@pytest.mark.parametrize("backbone_id", ["squeezenet", "mobilenet_v2"])
@pytest.mark.parametrize("head_at", [3, 6])
def test_so_are_those_of_a_head_inside_the_network(backbone_id, head, head_at):
    info = backbone_info(backbone_id)
    told = {"weights": "random", "head": head, "hidden": 7, "image_size": 64, "n_frozen": 3, "head_at": head_at}
    built = build(RunSpec(backbone=backbone_id, **told), 5)
    expected = info.head_params(head, 7, 64, 5, head_at)
    assert sum(layer.count_params() for layer in built.head_layers) == expected
    assert [block.name for block in built.blocks] == [block.name for block in info.blocks[:head_at]]
    assert built.full.count_params() == info.used_params(head_at) + expected


def test_a_head_on_a_picture_size_that_was_not_measured_has_no_number():
    info = backbone_info("vgg16")
    assert info.head_params("flatten-dense", 10, 100, 5) is None
    assert info.head_params("linear", 10, 100, 5) == 513 * 5


def test_an_unknown_backbone_is_refused_with_those_that_exist():
    with pytest.raises(UnknownIdError) as caught:
        backbone_info("x" * 1000)
    assert caught.value.code == "unknown_backbone"
    assert caught.value.values == {"received": "x" * 60, "allowed": list(PREPROCESSING)}


def test_the_catalogue_cannot_be_changed():
    with pytest.raises(TypeError):
        backbones()["mine"] = backbone_info("vgg16")
    with pytest.raises(FrozenInstanceError):
        backbone_info("vgg16").params = 1
    with pytest.raises(TypeError):
        backbone_info("vgg16").sides[1] = (1,)
