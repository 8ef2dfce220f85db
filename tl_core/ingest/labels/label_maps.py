"""Numbers for classes, and the files that tell their names: a JSON mapping, or a list of names."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from tl_core.ingest.labels.table_files import Table

_CALLED = re.compile("label|class|name|map|categor|类别|标签")

_COUNTED = re.compile(r"(.*[^\W\d_].*?)[ _.-]+\d+\.\w+")


class LabelMap(NamedTuple):
    """What a file says that numbers mean.

    Attributes:
        path: Of the file; "" where the names of the pictures say it.
        names: Number as a text → name.
    """

    path: str
    names: dict[str, str]


def label_maps(tables: Iterable[Table]) -> list[LabelMap]:
    """Returns what could be the names of numbered classes, from small tables of one or two columns."""
    found = []
    for table in tables:
        rows = table.rows
        if not 2 <= len(rows) <= 1_001:
            continue
        if len(rows[0]) == 1:
            names = [row[0] for row in rows]
            maps = [
                {str(at): name for at, name in enumerate(names)},
                {str(at): name for at, name in enumerate(names, 1)},
            ]
        elif len(rows[0]) == 2:
            rows = [row for row in rows if row[0].isdecimal() != row[1].isdecimal()]
            maps = [{(a if a.isdecimal() else b): (b if a.isdecimal() else a) for a, b in rows}]
        else:
            continue
        found += [LabelMap(table.path, one) for one in maps if len(set(one.values())) == len(one) > 1]
    return found


def named(labels: Iterable[str], maps: Iterable[LabelMap]) -> LabelMap | None:
    """Returns the map that has a name for every label, all of them numbers, and hardly more; None for none."""
    numbers = set(labels)
    if not numbers or not all(label.isdecimal() for label in numbers):
        return None
    wanted = {str(int(label)) for label in numbers}
    fitting = [one for one in maps if wanted <= set(one.names)]
    exact = [one for one in fitting if wanted == set(one.names)]
    called = [one for one in fitting if _CALLED.search(one.path.casefold())]
    return next(iter([one for one in exact if one in called] or called or exact), None)


def names_of_files(found: Mapping[str, Collection[str]]) -> LabelMap | None:
    """Returns the names of numbered classes off the pictures, `beagle_12.jpg`, where each class has one of its own.

    Args:
        found: File → its labels.
    """
    pairs = set()
    for file, labels in found.items():
        match = _COUNTED.fullmatch(file.rpartition("/")[2])
        if match is None or len(labels) != 1 or not (label := next(iter(labels))).isdecimal():
            return None
        pairs.add((str(int(label)), match[1]))
    names = dict(pairs)
    return LabelMap("", names) if 1 < len(pairs) == len(names) == len(set(names.values())) else None
