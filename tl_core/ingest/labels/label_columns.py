"""Which columns of a table could be the label, the likeliest first, and why one is none."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tl_core.ingest.labels.label_words import (
    is_amount,
    is_box,
    is_group,
    is_measure,
    is_split,
    label_score,
)

ONE_HOT = "="  # the column of a label that stands in the names of several
MAX_CLASSES = 1_000
_FEW_NUMBERS = 20
_SEVERAL = re.compile(r"[^|]+\|[^|]+")


@dataclass(frozen=True)
class LabelColumn:
    """A column that could be the label.

    Attributes:
        name: Of the column; `ONE_HOT` where each class has one.
        values: One for each row, "" for none.
        score: How much it looks like a label.
    """

    name: str
    values: list[str]
    score: int


@dataclass(frozen=True)
class Columns:
    """What the columns of a table could be.

    Attributes:
        labels: The likeliest first.
        objection: Why there is none: "import_several_labels", "import_numbers" or "import_boxes"; "" for no reason.
        column: The column that is meant by that.
    """

    labels: list[LabelColumn]
    objection: str = ""
    column: str = ""


def label_columns(columns: dict[str, list[str]], files: Sequence[str | None], folders: set[str]) -> Columns:
    """Returns which columns could be the label.

    Args:
        columns: All but the one with the files, by their names.
        files: What each row leads to; None for nothing.
        folders: The names of all folders: a column of these is a label.
    """
    is_used = [file is not None for file in files]
    has_boxes = sum(is_box(name) for name in columns) >= 4 or any("bbox" in name.casefold() for name in columns)
    if has_boxes and max(Counter(file for file in files if file is not None).values(), default=0) > 1:
        return Columns([], "import_boxes")
    hot = _one_hot(columns, is_used)
    if hot is not None:
        return hot
    found, amounts, several = [], "", ""
    for name, values in columns.items():
        used = [value for value, is_in in zip(values, is_used, strict=True) if is_in and value]
        kinds = set(used)
        if is_group(name) or is_split(name) or is_box(name) or not 2 <= len(kinds) <= MAX_CLASSES:
            continue
        score = label_score(name) + (4 if kinds <= folders else 0)
        if is_measure(name) and not score:
            continue
        if sum(bool(_SEVERAL.fullmatch(value)) for value in used) > len(used) / 20:
            several = several or name
        elif _is_amount(kinds, len(used), score) or (is_amount(name) and all(map(_is_number, kinds))):
            amounts = amounts or name
        elif len(kinds) < len(used) and (score or 2 * len(kinds) <= len(used)):
            found.append(LabelColumn(name, values, score))
    labels = sorted(_distinct(found, is_used), key=lambda one: -one.score)
    if labels or not (amounts or several):
        return Columns(labels)
    return Columns([], "import_several_labels" if several else "import_numbers", several or amounts)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_amount(kinds: set[str], n: int, score: int) -> bool:
    """Says whether a column holds amounts: many different numbers, not those from 0 or 1 on that a label would have."""
    if not all(map(_is_number, kinds)):
        return False
    numbers = sorted(float(kind) for kind in kinds)
    is_counted = numbers == list(range(int(numbers[0]), int(numbers[0]) + len(numbers))) and numbers[0] in (0, 1)
    if is_counted and score >= 2:
        return False
    return len(kinds) > _FEW_NUMBERS / 2 and (
        any(one != round(one) for one in numbers) or len(kinds) > max(_FEW_NUMBERS, n / 10)
    )


def _one_hot(columns: dict[str, list[str]], is_used: list[bool]) -> Columns | None:
    """Returns the label that stands in several columns of 0 and 1; None where there are no such columns."""
    marks = {}
    for name, values in columns.items():
        used = [value for value, is_in in zip(values, is_used, strict=True) if is_in]
        numbers = {_mark(value) for value in used}
        if numbers <= {0, 1} and numbers and not (is_split(name) or is_box(name)) and label_score(name) < 2:
            marks[name] = [_mark(value) == 1 for value in values]
    if len(marks) < 2:
        return None
    names, rows = list(marks), list(zip(*marks.values(), strict=True))
    n_ones = Counter(sum(row) for row, is_in in zip(rows, is_used, strict=True) if is_in)
    n = sum(n_ones.values())
    if n and n_ones[1] >= 0.99 * n and n_ones[0] + n_ones[1] == n:
        labels = [names[row.index(True)] if sum(row) == 1 else "" for row in rows]
        return Columns([LabelColumn(ONE_HOT, labels, 2)])
    is_several = len(marks) > 2 and sum(n_ones[k] for k in n_ones if k > 1) > n / 20
    others = [name for name in columns if name not in marks and label_score(name) >= 2]
    return Columns([], "import_several_labels", names[0]) if is_several and not others else None


def _mark(value: str) -> int:
    """Returns 0 or 1 for a mark, -1 written for 0 as well; 2 for anything else."""
    return {"0": 0, "0.0": 0, "-1": 0, "false": 0, "1": 1, "1.0": 1, "true": 1}.get(value.casefold(), 2)


def _distinct(found: list[LabelColumn], is_used: list[bool]) -> list[LabelColumn]:
    """Returns the columns without those that say the same in other words; texts go before numbers."""
    kept: list[LabelColumn] = []
    for one in sorted(found, key=lambda one: (all(map(_is_number, set(one.values) - {""})), -one.score)):
        used = [value for value, is_in in zip(one.values, is_used, strict=True) if is_in]
        same = next((other for other in kept if _says_the_same(used, other, is_used)), None)
        if same is None:
            kept.append(one)
        elif one.score > same.score:
            kept[kept.index(same)] = LabelColumn(same.name, same.values, one.score)
    return kept


def _says_the_same(used: list[str], other: LabelColumn, is_used: list[bool]) -> bool:
    others = [value for value, is_in in zip(other.values, is_used, strict=True) if is_in]
    return len(set(zip(used, others, strict=True))) == len(set(used)) == len(set(others))
