"""What the check of a program says: where, what, and how bad it is."""

from dataclasses import dataclass, field
from typing import Literal

Level = Literal["error", "trap", "old"]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a program.

    Attributes:
        line: Where it stands, counted from 1, in the text that was checked.
        code: Its words are copy, `code_check.finding.<code>`: what it means, and the mend as code.
        level: "error": Keras 3 stops there; "trap": it goes on, and the numbers are not what they seem; "old": what
            Keras 3 has no longer, or takes no notice of.
        values: What the words name.
        others: Further lines that belong to it, such as the `fit` before which something is missing.
    """

    line: int
    code: str
    level: Level
    values: dict[str, object] = field(default_factory=dict, hash=False)
    others: tuple[int, ...] = ()


@dataclass(frozen=True)
class Report:
    """What a check found.

    Attributes:
        text: The program as it was read: of a notebook, the code of its cells one after the other.
        findings: By line.
        is_keras: Whether the program uses Keras at all.
    """

    text: str
    findings: tuple[Finding, ...]
    is_keras: bool

    def line(self, number: int) -> str:
        """Returns a line of the program, without the space around it."""
        lines = self.text.splitlines()
        return lines[number - 1].strip() if 0 < number <= len(lines) else ""
