"""Networks that are set side by side: a backbone at a picture size, and the four depths at which each is probed."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from tl_core.disk.home import data_home
from tl_core.errors import InputError
from tl_core.models.catalog import backbone_info, backbones
from tl_core.models.weights import weights_source

DEPTHS = 4
LIGHT_SIZES = (64, 128)
HEAVY_SIZES: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {"vgg16": (64,), "resnet50": (64, 96), "inception_v3": (96,)}
)
"""In px: where a thousand pictures pass within half a minute on two cores; others pass at all of `LIGHT_SIZES`."""

CASES = tuple(
    f"{backbone}@{size}"
    for backbone in ("mobilenet_v2", "efficientnet_lite0", "squeezenet", "resnet50", "vgg16")
    for size in HEAVY_SIZES.get(backbone, LIGHT_SIZES)
)
"""The bundled backbones at their sizes, as `arm_of` calls them."""


def sizes_of(backbone: str) -> tuple[int, ...]:
    """Returns the picture sizes at which a backbone is tried, in px."""
    return HEAVY_SIZES.get(backbone, LIGHT_SIZES)


def available(home: Path | None = None) -> tuple[str, ...]:
    """Returns the backbones whose pretrained weights are here.

    Args:
        home: The data folder, where downloaded ones are; None: the usual one.
    """
    place = home or data_home()
    return tuple(name for name in backbones() if weights_source(name, place) != "download")


def probed_blocks(backbone: str) -> tuple[str, ...]:
    """Returns the blocks that a probe stands on: at a quarter, a half, three quarters of the depth, and the last."""
    blocks = backbone_info(backbone).blocks
    return tuple(blocks[round(part * len(blocks) / DEPTHS) - 1].name for part in range(1, DEPTHS + 1))


def depth_of(backbone: str, block: str) -> float:
    """Returns which share of a backbone's blocks lies before or in a block."""
    names = [one.name for one in backbone_info(backbone).blocks]
    return (names.index(block) + 1) / len(names)


def network_name(backbone: str, image_size: int) -> str:
    """Returns what charts and sentences call a network, in any language."""
    return f"{backbone_info(backbone).family} {image_size} px"


def arm_of(backbone: str, image_size: int) -> str:
    """Returns a network as links and arms have it: `resnet50@64`."""
    return f"{backbone}@{image_size}"


def network_of(arm: str) -> tuple[str, int]:
    """Returns backbone and picture size of an arm.

    Raises:
        InputError: "bad_network".
        UnknownIdError: "unknown_backbone".
    """
    backbone, _, size = arm.strip().partition("@")
    if not (size.isascii() and size.isdigit() and len(size) < 5):
        raise InputError("bad_network", received=arm[:60], example=arm_of("mobilenet_v2", 128))
    return backbone_info(backbone).id, int(size)
