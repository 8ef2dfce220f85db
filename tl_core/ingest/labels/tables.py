"""Readings of a tree whose labels or splits stand in a table beside the pictures."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tl_core.datasets.own.class_names import class_names
from tl_core.datasets.own.notes import Note
from tl_core.datasets.own.splits import SPLITS, TEST, UNKNOWN
from tl_core.errors import InputError
from tl_core.ingest.labels.file_index import FileIndex
from tl_core.ingest.labels.joined_tables import Joined, joined_tables
from tl_core.ingest.labels.label_columns import ONE_HOT, LabelColumn, label_columns
from tl_core.ingest.labels.label_maps import LabelMap, label_maps, named, names_of_files
from tl_core.ingest.labels.ranking import class_folder
from tl_core.ingest.labels.split_words import split_of_path
from tl_core.ingest.labels.table_files import Table, parse_table
from tl_core.ingest.readings.reading import LeftOut, Level, Placed, Reading
from tl_core.ingest.trees import Source

MAX_TABLES = 60
MAX_BYTES = 100_000_000
_MAX_ALIKE = 40  # in one folder; more are notes on one picture each
_MAX_READINGS = 5
_ENDINGS = (".csv", ".tsv", ".txt", ".lst", ".json", ".jsonl", ".ndjson")
_NO_LABELS = re.compile(r"sample.?submission|requirements.*\.txt$|readme|licen[cs]e|\.dist-info", re.IGNORECASE)


class Told(NamedTuple):
    """What the tables of a tree tell.

    Attributes:
        readings: The likeliest first.
        objection: Why the labels in a table cannot be used; None where nothing is odd.
    """

    readings: list[Reading]
    objection: InputError | None


def read_tables(source: Source) -> list[Table]:
    """Returns all tables of a tree that may tell labels. What is none, or too large, is passed over."""
    found = [file for file in source.files if file.lower().endswith(_ENDINGS) and not _NO_LABELS.search(file)]
    alike = Counter(_kind(file) for file in found)
    found = [file for file in found if alike[_kind(file)] <= _MAX_ALIKE]
    tables, n_bytes = [], 0
    for file in sorted(found, key=lambda file: (file.count("/"), file))[:MAX_TABLES]:
        try:
            data = source.read(file)
        except InputError:
            continue
        n_bytes += len(data)
        if n_bytes > MAX_BYTES:
            break
        table = parse_table(file, data)
        if table is not None and table.rows:
            tables.append(table)
    return tables


def table_readings(files: Iterable[str], tables: Sequence[Table]) -> list[Reading]:
    """Returns the ways in which tables label the pictures of a tree, the likeliest first."""
    return labels_told(files, tables).readings


def labels_told(files: Iterable[str], tables: Sequence[Table]) -> Told:
    """Returns what tables tell of the pictures of a tree.

    Args:
        files: All files of the tree.
        tables: Those in it, of `read_tables`.
    """
    index = FileIndex(files)
    joined, others = joined_tables(tables, index) if index.files else ([], [])
    folders = {folder for file in index.files for folder in file.split("/")[:-1]}
    maps, lists = label_maps(others), _listed_splits(joined)
    readings: list[Reading] = []
    objection = None
    for one in joined:
        columns = label_columns(one.columns, one.files, folders)
        if columns.objection == "import_boxes":
            objection = objection or InputError("import_boxes")
        elif columns.objection == "import_several_labels":
            objection = objection or InputError("import_several_labels", file=one.paths[0])
        elif columns.objection:
            objection = objection or InputError("import_numbers", file=one.paths[0], column=columns.column)
        readings += _labelled(one, columns.labels[:_MAX_READINGS], index, maps, lists)
    readings = [reading for reading in readings if len(reading.classes) > 1]
    if not readings and lists and (listed := _by_folders(joined, index, lists)):
        readings = [listed]
    readings.sort(key=lambda reading: (len(reading.doubts), -len(reading.placed)))
    return Told(readings[:_MAX_READINGS], objection)


def _kind(file: str) -> tuple[str, str]:
    return file.rpartition("/")[0], file.rpartition(".")[2].lower()


def _listed_splits(joined: Iterable[Joined]) -> dict[str, int]:
    """Returns the splits that tables and lists give."""
    return {
        file: split
        for one in joined
        for file, split in zip(one.files, one.splits, strict=True)
        if file is not None and split != UNKNOWN
    }


def _labelled(
    one: Joined, labels: list[LabelColumn], index: FileIndex, maps: list[LabelMap], lists: dict[str, int]
) -> list[Reading]:
    """Returns a reading for each column that could be the label; where one is hardly likelier, all are doubtful."""
    best = [label for label in labels if label.score == labels[0].score]
    readings = []
    for label in labels:
        doubts: tuple[Note, ...] = ()
        if len(best) > 1 and label in best:
            doubts = (Note("label_column_unclear", {"columns": [other.name for other in best]}),)
        elif label not in best:
            doubts = (Note("label_column_other", {"column": labels[0].name}),)
        readings.append(_reading(one, label, index, maps, lists, doubts))
    return readings


def _reading(
    one: Joined,
    label: LabelColumn,
    index: FileIndex,
    maps: list[LabelMap],
    lists: dict[str, int],
    doubts: tuple[Note, ...],
) -> Reading:
    found: dict[str, set[str]] = {}
    groups = {file: group for file, group in zip(one.files, one.groups, strict=True) if file is not None}
    for file, value in zip(one.files, label.values, strict=True):
        if file is not None and value:
            found.setdefault(file, set()).add(value)
    numbers = named({value for values in found.values() for value in values}, maps) or names_of_files(found)
    labels = {
        file: numbers.names[str(int(value))] if numbers else value
        for file, values in found.items()
        if len(values) == 1
        for value in values
    }
    labels |= _of_folders(index, found, set(labels.values()))
    names, changes = class_names(sorted(set(labels.values())))
    placed = [
        Placed(file, names[name], lists.get(file, split_of_path(file)), groups.get(file, ""))
        for file, name in labels.items()
    ]
    left_out, unlabelled = _without_label(index, found, labels)
    notes = _told(one, label, numbers, left_out)
    n_bad = sum(left.code == "member_unlabelled" for left in left_out)
    doubts += (Note("table_partial", {"n": n_bad}),) if n_bad > len(placed) else ()
    return Reading(
        levels=_levels(index),
        labels=one.paths[0],
        column="" if label.name == ONE_HOT else label.name,
        placed=tuple(sorted(_with_splits(placed, notes))),
        left_out=tuple(left_out),
        classes=tuple(sorted(set(names.values()))),
        notes=(*notes, *changes),
        why="table",
        doubts=doubts,
        unlabelled=tuple(unlabelled),
        n_around=_n_around(index),
    )


def _of_folders(index: FileIndex, found: dict[str, set[str]], labels: set[str]) -> dict[str, str]:
    """Returns labels for pictures without a row that lie in folders called as the table's labels: a flat validation
    folder has a table where the training pictures have folders."""
    in_folders = {
        file: name
        for file in index.files
        if file not in found and (name := next((part for part in file.split("/")[:-1] if part in labels), None))
    }
    return in_folders if len(set(in_folders.values())) > 1 else {}


def _without_label(
    index: FileIndex, found: dict[str, set[str]], labels: dict[str, str]
) -> tuple[list[LeftOut], list[str]]:
    """Returns the pictures that have no label: those among labelled ones are left out, a folder of others set aside."""
    folders = {file.rpartition("/")[0] for file in labels}
    left_out, unlabelled = [], []
    for file in index.files:
        if file in labels:
            continue
        if file in found:
            left_out.append(LeftOut(file, "member_several_labels"))
        elif file.rpartition("/")[0] in folders and split_of_path(file) != TEST:
            left_out.append(LeftOut(file, "member_unlabelled"))
        else:
            unlabelled.append(file)
    return left_out, unlabelled


def _told(one: Joined, label: LabelColumn, numbers: LabelMap | None, left_out: list[LeftOut]) -> list[Note]:
    tables = sorted({path.rpartition("/")[2] for path in one.paths})
    is_called = label.name not in (ONE_HOT, *map(str, range(1, 100)))
    notes = [Note("labels_in_column", {"files": tables, "column": label.name})] if is_called else []
    notes += [] if is_called else [Note("labels_in_table", {"files": tables})]
    notes += [Note("labels_named", {"file": numbers.path.rpartition("/")[2]})] if numbers and numbers.path else []
    notes += [Note("rows_without_file", {"n": one.n_missing})] if one.n_missing else []
    notes += [Note("rows_unclear", {"n": one.n_unclear})] if one.n_unclear else []
    return notes + ([Note("files_without_label", {"n": len(left_out)})] if left_out else [])


def _with_splits(placed: list[Placed], notes: list[Note]) -> list[Placed]:
    """Returns the pictures with their splits, if there are several of them; one alone says nothing."""
    given = sorted({one.split for one in placed} - {UNKNOWN})
    if len(given) < 2:
        return [one._replace(split=UNKNOWN) for one in placed]
    notes.append(Note("splits_kept", {"splits": [SPLITS[split] for split in given]}))
    return placed


def _by_folders(joined: Iterable[Joined], index: FileIndex, lists: dict[str, int]) -> Reading | None:
    """Returns the reading in which folders tell the class and lists the split; None where they tell no two of each."""
    classes = {file: name for file in index.files if (name := class_folder(file)) is not None}
    placed = [Placed(file, name, lists.get(file, UNKNOWN)) for file, name in classes.items()]
    names, changes = class_names(sorted({one.name for one in placed}))
    notes: list[Note] = []
    placed = _with_splits([one._replace(name=names[one.name]) for one in placed], notes)
    if len(set(names.values())) < 2 or not notes:
        return None
    left_out = tuple(LeftOut(file, "member_homeless") for file in index.files if file not in classes)
    paths = [path for one in joined for path in one.paths]
    return Reading(
        levels=_levels(index),
        labels=paths[0],
        placed=tuple(sorted(placed)),
        left_out=left_out,
        classes=tuple(sorted(set(names.values()))),
        notes=(
            Note("splits_in_lists", {"files": sorted({path.rpartition("/")[2] for path in paths})}),
            *notes,
            *changes,
        ),
        why="lists",
        n_around=_n_around(index),
    )


def _n_around(index: FileIndex) -> int:
    """Returns how many folders lie around all pictures."""
    folders = [file.split("/")[:-1] for file in index.files]
    n = 0
    for names in zip(*folders, strict=False):
        if len(set(names)) > 1:
            break
        n += 1
    return n


def _levels(index: FileIndex) -> tuple[Level, ...]:
    n_around, deepest = _n_around(index), max((file.count("/") for file in index.files), default=0)
    return (Level.AROUND,) * n_around + (Level.IGNORED,) * (deepest - n_around)
