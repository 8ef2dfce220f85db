"""The backbones to choose from: pure data that a page can show without loading Keras.

The numbers in blocks.json are read off the Keras graphs by `python -m assets.rebuild.blocks`; a test compares the two.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from tl_core.errors import UnknownIdError
from tl_core.spec import FLATTENED, RunSpec

IMAGE_SIZES = (32, 64, 96, 128, 160, 192, 224)  # px, what the pages offer
_WITHOUT_BATCHNORM = frozenset({"squeezenet", "vgg16"})
_BLOCKS_FILE = Path(__file__).with_name("blocks.json")

# id: (family, smallest picture in px, what a page starts with in px, paper); VGG16 starts where two cores can bear it
_FAMILIES = {
    "mobilenet_v2": ("MobileNetV2", 32, 160, "Sandler et al., MobileNetV2, CVPR 2018"),
    "efficientnet_lite0": ("EfficientNet-Lite0", 32, 160, "Tan & Le, EfficientNet, ICML 2019; Lite variant, Liu 2020"),
    "squeezenet": ("SqueezeNet 1.1", 32, 160, "Iandola et al., SqueezeNet, 2016"),
    "vgg16": ("VGG16", 32, 96, "Simonyan & Zisserman, ICLR 2015"),
    "resnet50": ("ResNet50", 32, 160, "He et al., CVPR 2016"),
    "inception_v3": ("InceptionV3", 75, 160, "Szegedy et al., CVPR 2016"),
    "efficientnet_b0": ("EfficientNetB0", 32, 160, "Tan & Le, EfficientNet, ICML 2019"),
}


@dataclass(frozen=True)
class BlockInfo:
    """One block of a backbone: its name, its layers with or without weights, their numbers, channels of its output."""

    name: str
    n_layers: int
    params: int
    channels: int


@dataclass(frozen=True)
class BackboneInfo:
    """What a learner sees of a backbone before it is loaded.

    Attributes:
        id: Id in specs and on the command line.
        family: Name in the literature.
        params: Numbers in the backbone without its classifier.
        image_size: Side of the pictures that a page starts with, in px.
        min_image_size: Smallest side that the network accepts, in px.
        blocks: The blocks from the input to the last feature map.
        sides: Picture side in px → side of each block's feature map, for the sizes that the pages offer.
        reference: The paper.
    """

    id: str
    family: str
    params: int
    image_size: int
    min_image_size: int
    blocks: tuple[BlockInfo, ...]
    sides: Mapping[int, tuple[int, ...]]
    reference: str

    @property
    def n_blocks(self) -> int:
        return len(self.blocks)

    @property
    def has_batchnorm(self) -> bool:
        return self.id not in _WITHOUT_BATCHNORM

    def n_used(self, head_at: int | None) -> int:
        """Returns how many blocks there are before the head: all, or those up to the one that it stands on."""
        return self.n_blocks if head_at is None else min(head_at, self.n_blocks)

    def used_params(self, head_at: int | None) -> int:
        """Returns the numbers that the blocks before the head hold."""
        return sum(block.params for block in self.blocks[: self.n_used(head_at)])

    def frozen_params(self, n_frozen: int, further: Collection[int] = ()) -> int:
        """Returns the numbers that the first `n_frozen` blocks hold, and those behind them with these numbers."""
        behind = (block.params for number, block in enumerate(self.blocks, start=1) if number in further)
        return sum(block.params for block in self.blocks[:n_frozen]) + sum(behind)

    def head_params(
        self, head: str, hidden: int, image_size: int, n_classes: int, head_at: int | None = None
    ) -> int | None:
        """Returns the numbers that a head holds; None for a picture size whose feature map is not in the table."""
        if head in FLATTENED and image_size not in self.sides:
            return None
        last = self.n_used(head_at) - 1
        n_inputs = self.blocks[last].channels * (self.sides[image_size][last] ** 2 if head in FLATTENED else 1)
        if not RunSpec(head=head).has_hidden_layer:
            return (n_inputs + 1) * n_classes
        return (n_inputs + 1) * hidden + (hidden + 1) * n_classes


@cache
def backbones() -> Mapping[str, BackboneInfo]:
    """Returns the catalogue, id → backbone, in the order in which the pages list it."""
    measured = json.loads(_BLOCKS_FILE.read_text())
    return MappingProxyType({id_: _info(id_, measured[id_]) for id_ in _FAMILIES})


def _info(id_: str, measured: dict) -> BackboneInfo:
    family, smallest, image_size, reference = _FAMILIES[id_]
    blocks = tuple(BlockInfo(*row) for row in measured["blocks"])
    sides = MappingProxyType({int(size): tuple(each) for size, each in measured["sides"].items()})
    params = sum(block.params for block in blocks)
    return BackboneInfo(id_, family, params, image_size, smallest, blocks, sides, reference)


def backbone_info(id_: str) -> BackboneInfo:
    """Returns one backbone of the catalogue.

    Raises:
        UnknownIdError: "unknown_backbone".
    """
    if id_ not in backbones():
        raise UnknownIdError("unknown_backbone", received=str(id_)[:60], allowed=list(backbones()))
    return backbones()[id_]
