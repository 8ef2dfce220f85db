"""Every layer of a network as `model.summary()` shows it, told without Keras.

layers.json is read off the Keras graphs by `python -m assets.rebuild.blocks`. For each layer it says what its output's
side is made of, so that the shapes of any picture size follow; a test compares them with Keras' own.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tl_core.models.catalog import backbone_info
from tl_core.spec import RunSpec

LAYERS_FILE = Path(__file__).with_name("layers.json")


class LayerInfo(NamedTuple):
    """A layer of a backbone.

    Attributes:
        name: As Keras calls it in a fresh process.
        kind: The class of the layer.
        block: Number of its block, from 0.
        params: Numbers that it holds.
        trainable: How many of them training moves while the layer is trainable.
        channels: Of its output.
        parent: Place of the layer whose side decides its own; -1: the picture.
        rule: How: ("same", stride), ("valid", kernel, stride), ("pad", zeros in all), ("pad-half", kernel // 2: as
            much as a "same" convolution of stride 2 wants), or ("flat",) where there are no sides any more.
    """

    name: str
    kind: str
    block: int
    params: int
    trainable: int
    channels: int
    parent: int
    rule: Sequence


class LayerRow(NamedTuple):
    """A layer of a whole network: its name and class, the shape of its output, its numbers, how many of them learn."""

    name: str
    kind: str
    shape: tuple[int | None, ...]
    params: int
    trainable: int

    @property
    def learns(self) -> bool | None:
        """Whether training moves the layer; None for one without numbers."""
        return bool(self.trainable) if self.params else None


@dataclass(frozen=True)
class LayerTable:
    """The layers of a network in the order of execution."""

    rows: tuple[LayerRow, ...]

    @property
    def params(self) -> int:
        return sum(row.params for row in self.rows)

    @property
    def trainable(self) -> int:
        return sum(row.trainable for row in self.rows)


@cache
def layers_of(backbone: str) -> tuple[LayerInfo, ...]:
    """Returns the layers of a backbone of the catalogue, behind its preprocessing.

    Raises:
        UnknownIdError: "unknown_backbone".
    """
    rows = json.loads(LAYERS_FILE.read_text())[backbone_info(backbone).id]
    return tuple(LayerInfo(*row) for row in rows)


def last_layer(backbone: str, n_blocks: int) -> str:
    """Returns the name of the layer that a number of blocks, from the input on, end in."""
    return [layer.name for layer in layers_of(backbone) if layer.block < n_blocks][-1]


def layer_table(spec: RunSpec, n_classes: int) -> LayerTable:
    """Returns the layers of a run's network, as they are in its last phase.

    Args:
        spec: The run's spec.
        n_classes: Classes that the head tells apart.
    """
    side = spec.image_size
    given = [LayerRow(name, kind, (None, side, side, 3), 0, 0) for name, kind in _GIVEN]
    used = list(_used(spec))
    return LayerTable((*given, *used, *_head(spec, used[-1].shape, n_classes)))


_GIVEN = (("image", "InputLayer"), ("preprocess", "Preprocess"))


def _used(spec: RunSpec) -> Iterator[LayerRow]:
    sides: list[int] = []
    n_blocks = backbone_info(spec.backbone).n_used(spec.head_at)
    for layer in layers_of(spec.backbone):
        if layer.block < n_blocks:
            before = spec.image_size if layer.parent < 0 else sides[layer.parent]
            sides.append(_side(before, layer.rule))
            flat = layer.rule[0] == "flat"
            shape = (None, layer.channels) if flat else (None, sides[-1], sides[-1], layer.channels)
            yield LayerRow(layer.name, layer.kind, shape, layer.params, layer.trainable if _learns(layer, spec) else 0)


def _side(before: int, rule: Sequence) -> int:
    match tuple(rule):
        case ("same", stride):
            return -(-before // stride)
        case ("valid", kernel, stride):
            return (before - kernel) // stride + 1
        case ("pad", zeros):
            return before + zeros
        case ("pad-half", half):
            return before + 2 * half - (1 - before % 2)
    return 1


def _learns(layer: LayerInfo, spec: RunSpec) -> bool:
    if spec.is_frozen(layer.block):
        return False
    return not (layer.kind == "BatchNormalization" and spec.batchnorm == "frozen")


def _head(spec: RunSpec, features: tuple[int | None, ...], n_classes: int) -> Iterator[LayerRow]:
    side, channels = features[1] or 0, features[-1] or 0
    n = side * side * channels if spec.is_flattened else channels
    name, kind = ("flatten", "Flatten") if spec.is_flattened else ("pool", "GlobalAveragePooling2D")
    yield LayerRow(f"head_{name}", kind, (None, n), 0, 0)
    if spec.has_hidden_layer:
        yield _dense("head_hidden", n, spec.hidden)
        n = spec.hidden
    if spec.dropout and not spec.is_fitted:
        yield LayerRow("head_dropout", "Dropout", (None, n), 0, 0)
    yield _dense("head_logits", n, n_classes)


def _dense(name: str, n_inputs: int, units: int) -> LayerRow:
    n = (n_inputs + 1) * units
    return LayerRow(name, "Dense", (None, units), n, n)
