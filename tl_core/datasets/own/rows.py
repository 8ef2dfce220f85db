"""The rows of an album: one for each picture."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True, eq=False)
class Rows:
    """The pictures of an album, column by column.

    Attributes:
        file: str (N,), the name that each was brought under.
        sha: str (N,), SHA-256 of the kept pixels, 64 hexadecimal digits: the identity.
        name: str (N,), the class.
        split: int8 (N,), 0 train, 1 validation, 2 test.
        twin: int64 (N,), equal for pictures that show the same: never in two splits.
        lookalike: int64 (N,), equal for pictures that look alike, whatever their classes.
        group: str (N,), equal for pictures of one person, film or the like: never in two splits; "" for none.
        is_dropped: bool (N,), taken out by hand; kept, so that it can be put back.
        width: int32 (N,), of the original, upright, in px.
        height: int32 (N,), likewise.
        side: int32 (N,), of the kept square, in px.
        pack: int32 (N,), in which pack it lies.
        offset: int64 (N,), where it begins there, in bytes.
        length: int32 (N,), how long it is, in bytes.
    """

    file: np.ndarray
    sha: np.ndarray
    name: np.ndarray
    split: np.ndarray
    twin: np.ndarray
    lookalike: np.ndarray
    group: np.ndarray
    is_dropped: np.ndarray
    width: np.ndarray
    height: np.ndarray
    side: np.ndarray
    pack: np.ndarray
    offset: np.ndarray
    length: np.ndarray

    def __len__(self) -> int:
        return len(self.sha)

    def taken(self, at: np.ndarray) -> "Rows":
        """Returns some rows: int (n,) or bool (N,)."""
        return Rows(**{field.name: getattr(self, field.name)[at] for field in fields(self)})

    def in_order(self) -> "Rows":
        """Returns the rows by class, identity and file: an order that does not depend on how they came."""
        return self.taken(np.lexsort((self.file, self.sha, self.name)))

    @classmethod
    def of(cls, columns: dict[str, Sequence]) -> "Rows":
        """Returns rows from lists, each column in its type; what older albums do not have is filled in."""
        columns = {"lookalike": columns["twin"], "group": [""] * len(columns["sha"])} | columns
        return cls(**{name: np.asarray(columns[name], dtype) for name, dtype in COLUMN_TYPES.items()})

    @classmethod
    def joined(cls, parts: Sequence["Rows"]) -> "Rows":
        """Returns the rows of several, one after the other."""
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in COLUMN_TYPES})


COLUMN_TYPES = {
    **dict.fromkeys(("file", "sha", "name", "group"), object),
    "split": np.int8,
    "twin": np.int64,
    "lookalike": np.int64,
    "is_dropped": bool,
    **dict.fromkeys(("width", "height", "side", "pack"), np.int32),
    "offset": np.int64,
    "length": np.int32,
}
