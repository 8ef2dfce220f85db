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


def known(answer_s: float | None) -> list[float]:
    """Returns what `pages.measures.visitor.Visitor.ask` has measured, if anything."""
    return [] if answer_s is None else [answer_s]


def p95(values: list[float]) -> float:
    """Returns the value that 95 in 100 stay below; infinity where nothing was measured."""
    return sorted(values)[int(len(values) * 0.95)] if values else float("inf")


def answers(answers_s: list[float], cpu_s: float, most_s: float) -> list[Finding]:
    """Returns how long pages that look on wait for an answer, and what that costs the server.

    Args:
        answers_s: Seconds that each took.
        cpu_s: What the server has computed meanwhile, in seconds.
        most_s: What was promised of the 95th percentile.
    """
    found_s, each_s = p95(answers_s), cpu_s / max(1, len(answers_s))
    what, required = f"answer of a page that looks on, p95 of {len(answers_s)}", f"≤ {most_s * 1000:.0f} ms"
    return [
        Finding(what, f"{found_s * 1000:.0f} ms", required, found_s <= most_s, is_speed=True),
        Finding("computing of the server for each answer", f"{each_s * 1000:.1f} ms", "measured only", True),
    ]
