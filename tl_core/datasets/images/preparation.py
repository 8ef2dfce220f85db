"""How the pictures of one data set are made ready: decided once, kept with the set, followed wherever it leads.

A run that was trained on them, a preview of them and a picture that the run is asked about are prepared alike.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType

FRAMINGS = ("crop", "fit")
GROUNDS: Mapping[str, int] = MappingProxyType({"white": 255, "black": 0, "grey": 128})
"""What transparent pictures can be laid on, each with its level; the first that does is taken."""

LEVELS_16 = 2**16


@dataclass(frozen=True)
class Preparation:
    """What is decided for all pictures of a data set.

    Attributes:
        framing: "crop" cuts out the centre square, "fit" keeps the whole picture and fills it up to a square.
        ground: What transparent pictures are laid on, one of `GROUNDS`.
        low: The value of 16-bit pictures that becomes black, and what is below; None where the set has none of them,
            except such that state their range themselves.
        high: The value that becomes white, and what is above; None like `low`.
    """

    framing: str = "crop"
    ground: str = "white"
    low: int | None = None
    high: int | None = None

    def __post_init__(self) -> None:
        values = [value for value in (self.low, self.high) if value is not None]
        is_range = not values or (len(values) == 2 and all(type(value) is int for value in values))
        if self.framing not in FRAMINGS or self.ground not in GROUNDS or not is_range:
            raise ValueError(self.to_dict())
        if self.low is not None and self.high is not None and not 0 <= self.low <= self.high < LEVELS_16:
            raise ValueError(self.to_dict())

    def to_dict(self) -> dict:
        """Returns what differs from the usual, as plain data: nothing for most data sets."""
        return {name: value for name, value in asdict(self).items() if value != getattr(Preparation, name)}

    @classmethod
    def from_dict(cls, data: Mapping) -> "Preparation":
        """Returns what `to_dict` wrote.

        Raises:
            TypeError, ValueError: It did not.
        """
        return cls(**data)


PLAIN = Preparation()
"""What is usual."""
