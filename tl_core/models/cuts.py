"""The one cut: where a network can be cut in two, and the blocks between the cuts.

A **cut tensor** is one through which every path from the input to the output passes, so that the network is exactly
`suffix(prefix(x))`. Between neighbouring cut tensors lies a segment; segments whose layers share a name stem form a
**block** that people know (a residual block, a VGG block). The freeze control moves in blocks.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import keras

_STEMS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(conv\d+_block\d+)",  # ResNet
        r"(block_?\d+[a-z]?)(?=_|$)",  # VGG, MobileNetV2, EfficientNet
        r"(expanded_conv)_",  # MobileNetV2's first block
        r"(fire\d+)(?=_|$)",  # SqueezeNet
        r"(conv\d+)_(?:pad|conv|bn|relu)",
        r"(stem)_",
        r"(top)_",
    )
)


@dataclass(frozen=True)
class Segment:
    """The operations between two neighbouring cut tensors, and the tensor they end in."""

    operations: tuple[keras.Operation, ...]
    tensor: keras.KerasTensor

    @property
    def has_weights(self) -> bool:
        return any(getattr(operation, "weights", None) for operation in self.operations)


@dataclass(frozen=True)
class Block:
    """A named group of segments; freezing moves from block to block."""

    name: str
    segments: tuple[Segment, ...]

    @property
    def tensor(self) -> keras.KerasTensor:
        """The block's output, through which every path passes."""
        return self.segments[-1].tensor

    @property
    def layers(self) -> tuple[keras.Layer, ...]:
        """The block's layers in the order of execution, without the input."""
        return tuple(
            operation
            for segment in self.segments
            for operation in segment.operations
            if isinstance(operation, keras.Layer) and not isinstance(operation, keras.layers.InputLayer)
        )

    @property
    def n_params(self) -> int:
        """Numbers that the block's layers hold, moving statistics included (as Keras' `count_params`)."""
        return sum(layer.count_params() for layer in self.layers)

    @property
    def is_trainable(self) -> bool:
        """Whether training could change anything in it, as its layers are set now."""
        return any(layer.trainable_weights for layer in self.layers)


def find_segments(model: keras.Model) -> list[Segment]:
    """Returns the segments of a functional model, from input to output, in one sweep.

    After an operation has run, its output is a cut tensor exactly if it is the only tensor already computed that some
    later operation still needs.
    """
    nodes = _nodes_in_order(model)
    last_use = _last_uses(nodes, model)
    live: dict[int, keras.KerasTensor] = {}
    segments, operations = [], []
    for position, node in enumerate(nodes):
        live.update((id(tensor), tensor) for tensor in node.output_tensors if last_use.get(id(tensor), -1) > position)
        for tensor in node.input_tensors:
            if last_use[id(tensor)] <= position:
                live.pop(id(tensor), None)
        operations.append(node.operation)
        if len(live) == 1:
            segments.append(Segment(tuple(operations), next(iter(live.values()))))
            operations = []
    return segments


def _nodes_in_order(model: keras.Model) -> list:
    by_depth = model._nodes_by_depth
    return [node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]]


def _last_uses(nodes: Sequence, model: keras.Model) -> dict[int, int]:
    last = {id(tensor): position for position, node in enumerate(nodes) for tensor in node.input_tensors}
    return last | {id(tensor): len(nodes) for tensor in model.outputs}


def find_blocks(model: keras.Model) -> list[Block]:
    """Returns the blocks of a functional backbone, from input to output.

    Segments without weights join the block before them (the first ones join the block after them), so every block holds
    weights and ends where the next begins.
    """
    groups: list[tuple[str | None, list[Segment]]] = []
    for segment in find_segments(model):
        stem = _stem(segment)
        if groups and _joins(groups[-1], segment, stem):
            name, members = groups[-1]
            groups[-1] = (name or stem, [*members, segment])
        else:
            groups.append((stem, [segment]))
    last = len(groups) - 1
    return [
        Block(name or _given_name(members, index, last), tuple(members)) for index, (name, members) in enumerate(groups)
    ]


def _joins(group: tuple[str | None, list[Segment]], segment: Segment, stem: str | None) -> bool:
    name, members = group
    if not any(member.has_weights for member in members):
        return True
    if stem is not None:
        return stem == name
    is_plain = len(segment.operations) == 1 and all(len(member.operations) == 1 for member in members)
    return not segment.has_weights or (name is None and is_plain)


def _stem(segment: Segment) -> str | None:
    found = [match[1] for operation in segment.operations for match in _matches(operation.name)]
    return max(found, key=found.count) if found else None


def _matches(name: str):
    return [match for pattern in _STEMS if (match := pattern.match(name))][:1]


def _given_name(members: Sequence[Segment], index: int, last: int) -> str:
    """Names a block whose layers share no stem: an end of the chain, or a branching block by its merging layer."""
    is_branching = len(members[-1].operations) > 1
    if index == 0:
        return "stem"
    return "top" if index == last and not is_branching else members[-1].operations[-1].name
