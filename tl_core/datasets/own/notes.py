"""What a person should know of an import or a data set, as codes and values; the words are in the copy."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Note:
    """Something about an import that a person should know. `code` is a key of the copy's [note] table."""

    code: str
    values: dict = field(default_factory=dict)

    def to_dict(self) -> dict:
        """Returns the note as plain data."""
        return {"code": self.code, "values": dict(self.values)}
