"""Tables joined with the pictures of the tree: which column names the files, what each row leads to, and its split."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from tl_core.datasets.own.splits import UNKNOWN
from tl_core.ingest.labels.file_index import FileIndex
from tl_core.ingest.labels.label_words import is_group, is_split
from tl_core.ingest.labels.split_words import split_named, split_of_path, without_splits
from tl_core.ingest.labels.table_files import Table

_LOOKED_AT = 300
_LEAST_SHARE = 0.3  # of the rows that lead to a picture, or of the pictures that a row leads to
_LEAST_DISTINCT = 0.2


@dataclass
class Joined:
    """Rows of one table, or of several with the same columns, and the pictures that they lead to.

    Attributes:
        paths: Of the tables.
        columns: All but the one with the files, by their names.
        files: What each row leads to; None for nothing.
        splits: Of each row, `UNKNOWN` where nothing tells it.
        groups: Of each row, "" for none.
        n_missing: Rows whose file is not there.
        n_unclear: Rows whose file may be one of several.
    """

    paths: list[str]
    columns: dict[str, list[str]]
    files: list[str | None]
    splits: list[int]
    groups: list[str]
    n_missing: int
    n_unclear: int

    @property
    def signature(self) -> tuple[str, ...]:
        """What tables of the same kind have in common."""
        return tuple(without_splits(name) for name in self.columns)

    def extend(self, other: "Joined") -> None:
        """Adds the rows of a table of the same kind."""
        self.paths += other.paths
        for mine, theirs in zip(self.columns.values(), other.columns.values(), strict=True):
            mine += theirs
        self.files += other.files
        self.splits += other.splits
        self.groups += other.groups
        self.n_missing += other.n_missing
        self.n_unclear += other.n_unclear


def joined_tables(tables: Iterable[Table], index: FileIndex) -> tuple[list[Joined], list[Table]]:
    """Returns the tables that speak of the pictures, those of the same kind together, and all others."""
    found: dict[tuple[str, ...], Joined] = {}
    others = []
    for table in tables:
        joined = _joined(table, index)
        if joined is None:
            others.append(table)
        elif joined.signature in found:
            found[joined.signature].extend(joined)
        else:
            found[joined.signature] = joined
    return list(found.values()), others


def _joined(table: Table, index: FileIndex) -> Joined | None:
    names, rows = _headed(table, index)
    split = split_named(PurePosixPath(table.path).stem)
    split = split if split != UNKNOWN else split_of_path(table.path)
    at = _file_column(table.path, rows, index, split)
    if at is None:
        return None
    columns = {name: [row[i] for row in rows] for i, name in enumerate(names) if i != at}
    told = next((name for name, values in columns.items() if _tells_splits(name, values)), None)
    splits = [_split(cell, told) for cell in columns[told]] if told is not None else [split] * len(rows)
    grouped = next((values for name, values in columns.items() if is_group(name) and len(set(values)) > 1), None)
    if told is not None:
        del columns[told]
    leads = [index.find(row[at], table.path, split).files for row, split in zip(rows, splits, strict=True)]
    files = [found[0] if len(found) == 1 else None for found in leads]
    n_missing, n_unclear = sum(not found for found in leads), sum(len(found) > 1 for found in leads)
    return Joined([table.path], columns, files, splits, grouped or [""] * len(rows), n_missing, n_unclear)


def _headed(table: Table, index: FileIndex) -> tuple[list[str], list[list[str]]]:
    """Returns the names of the columns, all different, and the rows below them."""
    first, rows = table.rows[0], table.rows
    names = table.names
    if names is None:
        leads = any(index.find(cell).files for cell in first if not cell.isdecimal())
        is_row = leads or all(cell.replace(".", "", 1).isdecimal() for cell in first) or len(rows) < 2
        names, rows = (None, rows) if is_row else (first, rows[1:])
    if names is None:
        return [f"{at + 1}" for at in range(len(first))], rows
    different: dict[str, None] = {}
    for at, name in enumerate(names):
        different[name if name and name not in different else f"{name or 'unnamed'} {at + 1}"] = None
    return list(different), rows


def _file_column(path: str, rows: list[list[str]], index: FileIndex, split: int) -> int | None:
    """Returns which column leads to the most pictures, and by the surest way; None for none."""
    best, most = None, (0.0, 0.0)
    looked = rows[:: max(1, len(rows) // _LOOKED_AT)]
    for at in range(len(rows[0])) if rows else ():
        cells = [row[at] for row in looked]
        leads = [index.find(cell, path, split) for cell in cells]
        found = [one for one in leads if len(one.files) == 1]
        if not found or len({one.files[0] for one in found}) < _LEAST_DISTINCT * len(found):
            continue
        share = len(found) / len(cells)
        if share < _LEAST_SHARE:
            everything = {one[0] for row in rows if len(one := index.find(row[at], path, split).files) == 1}
            share = len(everything) / len(index.files)
        merit = (round(share, 1), sum(one.strength for one in found) / len(found))
        if share >= _LEAST_SHARE and merit > most:
            best, most = at, merit
    return best


def _tells_splits(name: str, values: list[str]) -> bool:
    """Says whether a column tells splits: it is called so, or it has nothing but their words."""
    kinds = {value for value in values if value}
    if not kinds or len(kinds) > 6:
        return False
    is_marked = is_split(name) and "train" in name.casefold() and kinds <= {"0", "1", "True", "False"}
    return is_marked or all(split_named(kind) != UNKNOWN for kind in kinds)


def _split(cell: str, column: str) -> int:
    if "train" in column.casefold() and cell in ("0", "1", "True", "False"):
        return 0 if cell in ("1", "True") else 2
    return split_named(cell)
