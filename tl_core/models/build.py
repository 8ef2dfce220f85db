"""From a spec to a network cut in two: frozen prefix, trainable suffix, and the whole."""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np

from tl_core.errors import SpecError
from tl_core.models.batchnorm import with_fast_batchnorm
from tl_core.models.cuts import Block, Segment, find_blocks, find_segments
from tl_core.models.heads import add_head, restart_head
from tl_core.models.initial import set_start
from tl_core.models.networks import network
from tl_core.spec import RunSpec


@dataclass(frozen=True)
class Backbone:
    """A backbone with its initial weights.

    Attributes:
        model: uint8 pictures (N, S, S, 3) → its last tensor.
        blocks: Its blocks, from the input.
    """

    model: keras.Model
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Network:
    """A network cut at the cut point. The models share their layers.

    Attributes:
        full: uint8 pictures (N, S, S, 3) → logits (N, classes).
        blocks: The backbone's blocks before the head, from the input.
        n_frozen: How many of them are frozen before the cut: the frozen prefix.
        prefix: uint8 pictures → the tensor to cache; None when nothing is frozen, or what is frozen is not fixed.
        suffix: That tensor → logits; `full` itself without a prefix.
        cached_shape: Shape of the tensor to cache for one picture; None without a prefix.
        is_phase: Whether this is cut for one phase only: `full` has layers before the cut that are not frozen, so
            only `suffix` may be trained.
        compiled: What was compiled to train `suffix`, by what it depends on beside the network; filled by training.
        further: Numbers, from 1, of the blocks behind the cut that are frozen as well.
    """

    full: keras.Model
    blocks: tuple[Block, ...]
    n_frozen: int
    prefix: keras.Model | None
    suffix: keras.Model
    cached_shape: tuple[int, ...] | None
    is_phase: bool = False
    compiled: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    further: frozenset[int] = frozenset()

    def is_frozen(self, at: int) -> bool:
        """Says whether a block is frozen, before the cut or behind it; blocks are counted from 0 here."""
        return at < self.n_frozen or at + 1 in self.further

    @property
    def frozen_blocks(self) -> tuple[Block, ...]:
        return tuple(block for at, block in enumerate(self.blocks) if self.is_frozen(at))

    @property
    def frozen_params(self) -> int:
        """Numbers in the frozen blocks, moving statistics included; none of a block that is frozen in name only."""
        return sum(block.n_params for block in self.frozen_blocks if not block.is_trainable)

    @property
    def trainable_params(self) -> int:
        """Numbers that are not frozen: those of the trainable blocks, all of their BatchNorm included, and the head."""
        return self.full.count_params() - self.frozen_params

    def head_phase(self) -> "Network":
        """Returns the same network cut behind its last block, to train the head alone on fixed features."""
        return replace(self.cut_at(len(self.blocks)), is_phase=True)

    def cut_at(self, n_frozen: int) -> "Network":
        """Returns the same network cut behind so many blocks, one at least; what is trained stays as it was."""
        return _cut(self.full, self.blocks, n_frozen)

    def restart_head(self, spec: RunSpec) -> None:
        """Puts back the initial weights of the head, as `build` draws them with the seed of `spec`."""
        restart_head(self.head_layers, spec)

    @property
    def head_layers(self) -> tuple[keras.Layer, ...]:
        return tuple(layer for layer in self.full.layers if layer.name.startswith("head_"))


def make_backbone(
    spec: RunSpec,
    *,
    source: keras.Model | None = None,
    on_progress: Callable[[int, int | None], None] | None = None,
) -> Backbone:
    """Makes the backbone of a spec, with its initial weights.

    Args:
        spec: Which backbone, how it starts, for pictures of which size.
        source: The trained network of the run that it starts from, where it names one.
        on_progress: Called with (bytes done, bytes in all or None) while weights are downloaded.

    Raises:
        UnavailableError: Pretrained weights are neither here nor to be fetched.
        StoreError: "source_gone": it names a source, and there is none.

    Random:
        What starts at random draws from children of `spec.seed`, layer by layer; the global seed is not touched.
    """
    outside = random.getstate()  # Keras draws default seeds from it, for weights that are overwritten here
    model = network(spec.backbone, spec.image_size, fault=spec.fault)
    random.setstate(outside)
    blocks = tuple(find_blocks(model))
    set_start(model, blocks, spec, source=source, on_progress=on_progress)
    if spec.arithmetic == "fast":
        with_fast_batchnorm(model)
    return Backbone(model, blocks)


def build(spec: RunSpec, n_classes: int, *, backbone: Backbone | None = None) -> Network:
    """Builds the network of a spec, with its initial weights.

    Args:
        spec: What to build.
        n_classes: Classes to tell apart.
        backbone: From `make_backbone`; made here if it is not given. Blocks of it are frozen.

    Raises:
        SpecError: "spec_range" when blocks are frozen that are not there, or the head stands behind more.
        UnavailableError: Pretrained weights are neither here nor to be fetched.

    Random:
        The weights of the head draw from children of `spec.seed`; the backbone's as in `make_backbone`.
    """
    backbone = backbone or make_backbone(spec)
    model, blocks = backbone.model, backbone.blocks[: spec.head_at]
    if (spec.head_at or 0) > len(blocks):
        raise SpecError("spec_range", field="head_at", received=spec.head_at, low=1, high=len(blocks))
    if spec.n_frozen > len(blocks):
        raise SpecError("spec_range", field="n_frozen", received=spec.n_frozen, low=0, high=len(blocks))
    if (last := max(spec.further_frozen, default=0)) > len(blocks):
        raise SpecError("spec_range", field="frozen_blocks", received=last, low=1, high=len(blocks))
    freeze(block for at, block in enumerate(blocks) if spec.is_frozen(at) and spec.fault != "never-frozen")
    set_batchnorm(blocks, spec)
    features = model.outputs[0] if spec.head_at is None else blocks[-1].tensor
    full = keras.Model(model.inputs[0], add_head(features, spec, n_classes), name=spec.backbone)
    if spec.n_frozen == 0 or spec.batchnorm == "updating" or spec.fault == "never-frozen":
        return Network(full, blocks, spec.n_frozen, None, full, None, further=spec.further_frozen)
    return replace(_cut(full, blocks, spec.n_frozen), further=spec.further_frozen)


def _cut(full: keras.Model, blocks: tuple[Block, ...], n_frozen: int) -> Network:
    tensor = cached_tensor(full, blocks[:n_frozen])
    prefix = keras.Model(full.inputs[0], tensor, name="frozen_prefix")
    prefix.compile(jit_compile=False)  # XLA on convolutions is catastrophic on a CPU  # pyright: ignore[reportArgumentType]
    suffix = keras.Model(tensor, full.outputs[0], name="trainable_suffix")
    return Network(full, blocks, n_frozen, prefix, suffix, tuple(tensor.shape[1:]))


def freeze(blocks: Iterable[Block]) -> None:
    """Freezes blocks: no weight moves, BatchNorm uses its stored statistics, nothing is dropped at random."""
    for block in blocks:
        for layer in block.layers:
            layer.trainable = False
            if isinstance(layer, keras.layers.Dropout):
                layer.rate = 0.0


def set_batchnorm(blocks: tuple[Block, ...], spec: RunSpec) -> None:
    """Sets what BatchNorm does as `RunSpec.batchnorm` says; a layer that is not trainable uses its stored statistics.

    For the trap of "updating", the frozen blocks' layers keep their scales and offsets and stay trainable as layers:
    Keras then computes with the statistics of each batch and moves the stored ones, although nothing else moves.
    """
    for index, layer in ((index, layer) for index, block in enumerate(blocks) for layer in block.layers):
        if not isinstance(layer, keras.layers.BatchNormalization):
            continue
        if spec.is_frozen(index) and spec.batchnorm == "updating":
            layer.trainable = True
            for variable in layer.trainable_variables:
                variable.trainable = False
        elif not spec.is_frozen(index) and spec.batchnorm == "frozen":
            layer.trainable = False
        if spec.batchnorm_momentum is not None:
            layer.momentum = spec.batchnorm_momentum


def cached_tensor(full: keras.Model, frozen: tuple[Block, ...]) -> keras.KerasTensor:
    """Returns the smallest tensor between the last frozen and the first trainable weights.

    Behind the last frozen block, operations without weights and without chance (pooling, flattening) may run before the
    cache too: after average pooling a picture is 1,280 numbers instead of 32,000.
    """
    segments = find_segments(full)
    last = next(index for index, segment in enumerate(segments) if segment.tensor is frozen[-1].tensor)
    candidates = [segments[last]]
    for segment in segments[last + 1 :]:
        if segment.has_weights or _is_random(segment):
            break
        candidates.append(segment)
    return min(reversed(candidates), key=lambda segment: n_floats(segment.tensor)).tensor


def _is_random(segment: Segment) -> bool:
    return any(isinstance(operation, keras.layers.Dropout) for operation in segment.operations)


def n_floats(tensor: keras.KerasTensor) -> int:
    """Returns how many numbers a tensor holds for one picture."""
    return int(np.prod(tensor.shape[1:]))
