"""What a proof has found: a figure beside what was promised."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One figure.

    Attributes:
        what: What was counted or measured.
        found: The figure, with its unit.
        required: What was promised.
        is_met: Whether the promise was kept.
    """

    what: str
    found: str
    required: str
    is_met: bool
