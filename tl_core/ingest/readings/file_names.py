"""Classes that stand in the names of files: `cat.0.jpg`, `dog_12.png`, and names that hold several facts."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from tl_core.ingest.readings.files import Item
from tl_core.ingest.readings.words import says_nothing

_NUMBER_BEHIND = re.compile(r"(?:[\s_.\-#]*\(?\d+\)?)+$")
_NUMBER_BEFORE = re.compile(r"^\d+[\s_.\-]+")
_SEPARATORS = re.compile(r"[\s_.\-]+")
_NAMED = 0.95  # such a share of the files has to have a name
_REPEATED = 0.9  # such a share has to share it with another
_MOST_VALUES, _FEWEST_EACH = 1_000, 3


class Named(NamedTuple):
    """Classes by files' names.

    Attributes:
        of: Class of each file, by its path; files without a name are missing.
        is_unsure: Whether a name has several parts of which only one may be the class ("red_apple", "green_apple").
    """

    of: dict[str, str]
    is_unsure: bool


def classes_in_names(items: Sequence[Item]) -> Named | None:
    """Returns the classes that stand before (or behind) the numbers of flat files; None where none repeat enough."""
    for number in (_NUMBER_BEHIND, _NUMBER_BEFORE):
        of = {item.file: name for item in items if (name := _name(item, number))}
        counts = Counter(of.values())
        n_repeated = sum(n for n in counts.values() if n > 1)
        is_all = len(of) >= _NAMED * len(items) and n_repeated >= _REPEATED * len(of)
        if len(counts) > 1 and is_all and 2 * len(counts) <= len(of) and not any(map(says_nothing, counts)):
            return Named(of, _has_facts(list(counts)))
    return None


def _name(item: Item, number: re.Pattern[str]) -> str:
    """Returns a file's name without its number; "" where it has no number, or nothing else."""
    name = number.sub("", item.stem)
    return name.strip(" _.-") if name != item.stem and any(sign.isalpha() for sign in name) else ""


def _has_facts(names: Sequence[str]) -> bool:
    """Says whether two parts of the names vary by themselves, as the colour and the fruit in "red_apple"."""
    rows = [_SEPARATORS.split(name) for name in names]
    if len({len(row) for row in rows}) != 1:
        return False
    return sum(1 < len(set(column)) < len(names) for column in zip(*rows, strict=True)) > 1


def facts_in_names(items: Sequence[Item]) -> list[tuple[int, dict[str, str]]]:
    """Returns the parts of files' names that may be a class.

    Returns:
        For each part that has few enough values: which part, from 1, and its value for each file. Which one is the
        label cannot be known.
    """
    rows = {item.file: [part for part in _SEPARATORS.split(item.stem) if part] for item in items}
    if len(rows) < 4 or len({len(row) for row in rows.values()}) != 1:
        return []
    columns = list(zip(*rows.values(), strict=True))
    if len(columns) < 2 or any(_is_of_any_picture(value) for column in columns for value in column):
        return []
    return [
        (at, dict(zip(rows, column, strict=True)))
        for at, column in enumerate(columns, 1)
        if 1 < len(set(column)) <= min(_MOST_VALUES, len(rows) // _FEWEST_EACH)
    ]


def _is_of_any_picture(value: str) -> bool:
    return any(sign.isalpha() for sign in value) and says_nothing(value)
