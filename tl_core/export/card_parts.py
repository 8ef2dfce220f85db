"""What a model card is made of, before it has a form. All texts are plain: whoever gives them a form escapes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Paragraph:
    """A text of its own."""

    text: str


@dataclass(frozen=True)
class Points:
    """A list."""

    texts: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Rows of texts; the first cell of each names it. Without a head it is a list of facts."""

    rows: tuple[tuple[str, ...], ...]
    head: tuple[str, ...] = ()

    @classmethod
    def facts(cls, told: Mapping[str, str]) -> "Table":
        return cls(tuple(told.items()))


@dataclass(frozen=True)
class Curves:
    """Lines over epochs, each with its values, None where nothing was measured; a form without pictures leaves it out.

    Attributes:
        title: What is drawn.
        lines: Name → one value an epoch, from the first on.
        is_share: Whether the values are fractions in [0, 1].
    """

    title: str
    lines: Mapping[str, Sequence[float | None]]
    is_share: bool


Part = Paragraph | Points | Table | Curves


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Card:
    """A whole card."""

    title: str
    about: str
    sections: tuple[Section, ...]
