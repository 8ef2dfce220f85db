"""What a proof has found: a figure beside what was promised."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One figure.

    Attributes:
        what: What was counted or measured.
        found: The figure, with its unit.
        required: What was promised.
        is_met: Whether the promise was kept.
        is_speed: Whether it says how fast the machine is: judged at full size only, never by the tests.
    """

    what: str
    found: str
    required: str
    is_met: bool
    is_speed: bool = False


def unmet(findings: Iterable[Finding]) -> list[Finding]:
    """Returns the promises that were broken, whatever the speed of the machine."""
    return [finding for finding in findings if not (finding.is_met or finding.is_speed)]
