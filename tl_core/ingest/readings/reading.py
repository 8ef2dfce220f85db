"""A reading: one way to understand an imported tree. Which level of folders is a split, a class, or neither."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from tl_core.datasets.own.notes import Note
from tl_core.datasets.own.splits import SPLITS, UNKNOWN
from tl_core.errors import InputError


class Level(StrEnum):
    """What the folders of one level of a tree are."""

    AROUND = "around"  #: Around everything.
    SPLIT = "split"  #: Training, validation and test.
    CLASS = "class"  #: One folder a class.
    GROUP = "group"  #: What belongs together: a person, a film, a camera. Never divided between splits.
    IGNORED = "ignored"  #: Means nothing for the classes.


class Placed(NamedTuple):
    """A picture that has a class.

    Attributes:
        file: Its path in the tree.
        name: Its class.
        split: 0 train, 1 validation, 2 test, or `UNKNOWN`.
        group: Pictures of one group stay in one split; "" for none.
    """

    file: str
    name: str
    split: int = UNKNOWN
    group: str = ""


class LeftOut(NamedTuple):
    """A file that a reading does not use.

    Attributes:
        file: Its path in the tree.
        code: Why; a key of the copy's [error] table.
    """

    file: str
    code: str


@dataclass(frozen=True)
class Reading:
    """One way to understand a tree.

    Attributes:
        levels: What the folders of each level are, from outside to inside.
        labels: Where the classes stand: "folders", "names" (of the files), or the path of a table.
        column: Of that table, the column with the classes; of files' names, which part of them is; of variants of the
            same pictures, the folder that is taken; else "".
        placed: The pictures that have a class.
        left_out: The pictures that would be left out, each with its reason.
        unlabelled: Pictures without a label, set aside: something to classify, nothing to learn from.
        classes: All classes, also those without a picture, in order.
        notes: What had to be changed or guessed.
        why: Why one may read it so: a code of the copy's [reading] table.
        doubts: Why it may be wrong all the same.
        n_around: How many folders lie around the whole tree.
        passed_over: Files that a note tells of together: no pictures, masks, a copy, folders beside the splits.
        refusal: Why there are no classes, where that is known.
    """

    levels: tuple[Level, ...]
    labels: str
    placed: tuple[Placed, ...]
    left_out: tuple[LeftOut, ...]
    classes: tuple[str, ...]
    notes: tuple[Note, ...] = ()
    why: str = "folders"
    doubts: tuple[Note, ...] = ()
    unlabelled: tuple[str, ...] = ()
    column: str = ""
    n_around: int = 0
    passed_over: tuple[str, ...] = ()
    refusal: InputError | None = None

    def inside(self, file: str) -> str:
        """Returns a file's path without the folders around everything: the same, however the tree was brought."""
        return "/".join([part for part in file.split("/") if part][self.n_around :])

    def splits(self) -> list[str]:
        """Returns the names of the splits that it gives, in order."""
        return [SPLITS[split] for split in sorted({one.split for one in self.placed} - {UNKNOWN})]

    def counts(self) -> dict[str, int]:
        """Returns how many files each class would have."""
        counted = Counter(one.name for one in self.placed)
        return {name: counted[name] for name in self.classes}

    def examples(self, name: str, n: int = 3) -> list[str]:
        """Returns up to n files of a class, spread over it."""
        files = [one.file for one in self.placed if one.name == name]
        return [files[len(files) * at // n] for at in range(n)] if len(files) > n else files

    def to_dict(self) -> dict:
        """Returns what a person needs to choose, as plain data."""
        return {
            "levels": [level.value for level in self.levels],
            "labels": self.labels,
            "column": self.column,
            "classes": list(self.classes),
            "splits": self.splits(),
            "counts": self.counts(),
            "n_pictures": len(self.placed),
            "n_left_out": len(self.left_out) + len(self.passed_over),
            "n_unlabelled": len(self.unlabelled),
            "why": self.why,
            "doubts": [note.to_dict() for note in self.doubts],
        }


@dataclass(frozen=True)
class Readings:
    """All ways to understand a tree, the best first.

    Attributes:
        all: At least one.
        is_clear: Whether the first may be taken without a question.
    """

    all: Sequence[Reading]
    is_clear: bool = True
