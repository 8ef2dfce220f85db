"""The layer map: the backbone as one strip of blocks, and the cut between what is frozen and what learns."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from tl_core.charts import theme

Role = Literal["frozen", "trainable", "head", "dropped"]
DROPPED = theme.translucent(theme.NEUTRAL, 0.3)
COLOURS = {"frozen": theme.FROZEN, "trainable": theme.TRAINABLE, "head": theme.HEAD, "dropped": DROPPED}
PATTERNS = {"frozen": "/", "trainable": "", "head": "|", "dropped": "x"}  # the roles do not rest on colour alone
GAP = 0.0015  # of the strip's width, between two blocks


@dataclass(frozen=True)
class Segment:
    """One block of the strip, or the head. `start` and `width` are fractions of the strip; a head has no `n_layers`."""

    name: str
    n_layers: int | None
    params: int
    role: Role
    start: float
    width: float


@dataclass(frozen=True)
class LayerMapInfo:
    """The strip from input to output: the head comes after the blocks that it uses, then those that are left out.

    `cut` is where the frozen prefix ends, as a fraction.
    """

    segments: tuple[Segment, ...]
    cut: float


def layer_map_info(
    blocks: Sequence[tuple[str, int, int]],
    head: tuple[str, int],
    n_frozen: int,
    head_at: int | None = None,
    further: Collection[int] = (),
) -> LayerMapInfo:
    """Returns what to draw of a backbone and its head.

    Args:
        blocks: Name, number of layers and number of parameters of each block, from the input on.
        head: Name and number of parameters of the head.
        n_frozen: So many blocks are frozen, 0 to all of them before the head.
        head_at: So many blocks stand before the head; None: all.
        further: Numbers, from 1, of blocks before the head that are frozen as well.

    Raises:
        ValueError: `n_frozen` is not between 0 and the number of blocks before the head.
    """
    n_used = len(blocks) if head_at is None else head_at
    if not 0 <= n_frozen <= n_used:
        raise ValueError(f"n_frozen is {n_frozen}, allowed are 0 to {n_used}")
    numbers = (n_frozen, n_used - n_frozen, 1, len(blocks) - n_used)
    roles: list[Role] = [role for role, number in zip(get_args(Role), numbers, strict=True) for _ in range(number)]
    for number in further:
        roles[number - 1] = "frozen"
    rows = [*blocks[:n_used], (head[0], None, head[1]), *blocks[n_used:]]
    widths = segment_widths([params for _, _, params in rows])
    starts = [math.fsum(widths[:at]) for at in range(len(rows) + 1)]
    segments = (
        Segment(name, n_layers, params, role, start, width)
        for (name, n_layers, params), role, start, width in zip(rows, roles, starts[:-1], widths, strict=True)
    )
    return LayerMapInfo(tuple(segments), starts[n_frozen])


def segment_widths(params: Sequence[int]) -> tuple[float, ...]:
    """Returns the widths of the segments, fractions that sum to 1.

    A width grows with the square root of the parameters: they span four orders of magnitude, and the first blocks would
    be hairlines. None is narrower than half of what it would be if all were equal, or than 1.5 % where that is less.
    """
    narrowest = min(0.015, 0.5 / len(params))
    roots = [math.sqrt(count) for count in params]
    total = math.fsum(roots) or 1.0
    free = 1.0 - narrowest * len(params)
    shares = [root / total for root in roots] if any(roots) else [1.0 / len(params)] * len(params)
    return tuple(narrowest + free * share for share in shares)
