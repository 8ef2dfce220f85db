"""Which blocks a person means by number or name: where the cut is, what is frozen behind it, where the head stands."""

from tl_core.errors import SpecError
from tl_core.fields import joined
from tl_core.models.catalog import BackboneInfo


def resolve_freeze(freeze: object, backbone: BackboneInfo, n_used: int) -> int:
    """Returns how many blocks are frozen.

    Args:
        freeze: A number from the input side, a block's name (frozen up to and with it), "all" or "none".
        backbone: Whose blocks.
        n_used: How many of them there are before the head.

    Raises:
        SpecError: "freeze_unknown" for an unknown name, "freeze_range" beyond the blocks.
    """
    text, names = str(freeze).strip(), [block.name for block in backbone.blocks[:n_used]]
    if text in ("all", "none"):
        return n_used if text == "all" else 0
    number = _block_number(text, names)
    if number is None:
        raise SpecError("freeze_unknown", received=text[:40], backbone=backbone.id, high=n_used, allowed=names)
    if not 0 <= number <= n_used:
        raise SpecError("freeze_range", received=text[:40], backbone=backbone.id, high=n_used)
    return number


def resolve_freeze_also(also: object, backbone: BackboneInfo, n_used: int) -> str:
    """Returns which blocks are frozen behind the prefix, as `RunSpec.frozen_blocks` has them.

    Args:
        also: Numbers from the input side or names of blocks, and from one to another of them, between commas.
        backbone: Whose blocks.
        n_used: How many of them there are before the head.

    Raises:
        SpecError: "freeze_also_unknown" for what is no block before the head.
    """
    names, found = [block.name for block in backbone.blocks[:n_used]], []
    for part in (part.strip() for part in str(also).split(",") if part.strip()):
        first, _, last = (part, "", part) if part in names else part.partition("-")
        ends = [_block_number(end.strip(), names) or 0 for end in (first, last or first)]
        if not 1 <= ends[0] <= ends[1] <= n_used:
            raise SpecError("freeze_also_unknown", received=part[:40], backbone=backbone.id, high=n_used, allowed=names)
        found += range(ends[0], ends[1] + 1)
    return joined(found)


def resolve_head_at(head_at: object, backbone: BackboneInfo) -> int | None:
    """Returns behind how many blocks the head stands; None for all of them.

    Args:
        head_at: A number from the input side, a block's name (the head stands behind it), "all" or None.
        backbone: Whose blocks.

    Raises:
        SpecError: "head_at_unknown" for what is no block of this backbone.
    """
    number, text, names = first_blocks(head_at, backbone)
    if number is None:
        raise SpecError("head_at_unknown", received=text, backbone=backbone.id, high=len(names), allowed=names)
    return number if number < len(names) else None


def first_blocks(asked: object, backbone: BackboneInfo) -> tuple[int | None, str, list[str]]:
    """Returns how many blocks a number, a name or "all" counts, None for no such; what was asked; all names."""
    text, names = str("all" if asked in (None, "") else asked).strip(), [block.name for block in backbone.blocks]
    number = len(names) if text == "all" else _block_number(text, names)
    return number if number is not None and 1 <= number <= len(names) else None, text[:40], names


def _block_number(text: str, names: list[str]) -> int | None:
    """Returns what a number or a block's name counts; None for neither."""
    if text in names:
        return names.index(text) + 1
    try:
        return int(text)
    except ValueError:
        return None
