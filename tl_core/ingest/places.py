"""Where each file of a tree goes, by the reading that is taken, before a single picture is read."""

import re
from typing import NamedTuple

from tl_core.datasets.own.album import Album
from tl_core.datasets.own.edits import checked_class_name
from tl_core.datasets.own.notes import Note
from tl_core.datasets.own.splits import UNKNOWN
from tl_core.errors import InputError
from tl_core.ingest.containers.kinds import is_called_picture
from tl_core.ingest.labels.box_files import has_boxes
from tl_core.ingest.labels.ranking import with_tables
from tl_core.ingest.labels.tables import labels_told, read_tables
from tl_core.ingest.readings.read import read_layout
from tl_core.ingest.readings.reading import Level, Placed, Reading, Readings
from tl_core.ingest.request import ImportRequest, Taken
from tl_core.ingest.sources import printable_path
from tl_core.ingest.trees import MAX_FILES, Source

MAX_PICTURES = 50_000
MAX_CLASSES = 1_000
GROUPS = ("none", "folders", "names")
_NUMBER = re.compile(r"[\s_.-]*\(?\d+\)?$")  # of a frame


class Place(NamedTuple):
    """Where a file goes: its class, its split (`UNKNOWN` for none), the name that is kept of it, and its group."""

    name: str
    split: int
    called: str
    group: str = ""


def place_files(
    source: Source, request: ImportRequest, readings: Readings | None = None
) -> tuple[dict[str, Place], list[Note], Taken]:
    """Returns where each file goes, what there is to say, and what is skipped already.

    Args:
        source: The files.
        request: What is wanted.
        readings: The ways to understand them, where somebody has looked already.
    """
    taken = Taken()
    taken.skipped += [
        {"file": printable_path(one.file), "code": one.code, "values": dict(one.values)} for one in source.unread
    ]
    if request.class_name is not None:
        name = checked_class_name(request.class_name)
        return {file: Place(name, UNKNOWN, printable_path(file)) for file in source.files}, [], taken
    reading = chosen_reading(readings or _with_groups(readings_of(source), request), request)
    if reading.refusal:
        raise reading.refusal
    for one in reading.left_out:
        taken.leave_out(one.file, InputError(one.code, file=one.file))
    placed = {
        one.file: Place(one.name, one.split, printable_path(reading.inside(one.file)), _group(one, reading, request))
        for one in reading.placed
    }
    return placed, list(reading.notes), taken


def _group(one: Placed, reading: Reading, request: ImportRequest) -> str:
    """Returns what a picture belongs to: the same text for all that stay in one split, "" for nothing.

    One folder or name in two classes is one group: the person or film is the same.
    """
    if request.groups not in GROUPS:
        return one.group
    *folders, file = [part for part in one.file.split("/") if part]
    if request.groups == "names":
        return _NUMBER.sub("", file.rpartition(".")[0] or file)
    n_above = reading.levels.index(Level.CLASS) + 1 if Level.CLASS in reading.levels else reading.n_around
    return "/".join(folders[n_above : n_above + 1]) if request.groups == "folders" else ""


def readings_of(source: Source) -> Readings:
    """Returns all ways to understand a tree of files, the best first.

    Raises:
        InputError: The only labels there are cannot be used: "import_boxes", "import_several_labels", "import_numbers".
    """
    tree, told = read_layout(source.files, source.folders), labels_told(source.files, read_tables(source))
    if not told.readings and len(tree.all[0].classes) < 2:
        pictures = [file for file in source.files if is_called_picture(file)]
        if tree.all[0].refusal is None and has_boxes(source, pictures):
            raise InputError("import_boxes")
        if told.objection is not None:
            raise told.objection
    return with_tables(tree, told.readings)


def readings_for(source: Source, request: ImportRequest) -> Readings | None:
    """Returns all ways to understand what somebody wants to be taken in; None where they have named its only class."""
    return _with_groups(readings_of(source), request) if request.class_name is None else None


def _with_groups(readings: Readings, request: ImportRequest) -> Readings:
    """Returns the readings for somebody who said that folders below the classes are groups: if that fits one reading,
    it is clear, and the others come after it."""
    if request.groups != "folders":
        return readings
    fitting = [one for one in readings.all if _has_folders_below(one)]
    others = [one for one in readings.all if one not in fitting]
    return Readings([*fitting, *others], readings.is_clear or len(fitting) == 1)


def _has_folders_below(reading: Reading) -> bool:
    """Says whether there are folders below those of the classes."""
    if Level.CLASS not in reading.levels:
        return False
    n_above = reading.levels.index(Level.CLASS) + 1
    return any(sum(map(bool, one.file.split("/"))) - 1 > n_above for one in reading.placed)


def is_open(readings: Readings | None, request: ImportRequest) -> bool:
    """Says whether taking the first reading would be a guess, and nobody has chosen one."""
    return readings is not None and request.layout is None and not readings.is_clear


def chosen_reading(readings: Readings, request: ImportRequest) -> Reading:
    """Returns the reading that is to be taken.

    Raises:
        InputError: "bad_layout": there are not so many. "import_unclear": nobody has chosen, and it would be a guess.
    """
    n = len(readings.all)
    if is_open(readings, request):
        raise InputError("import_unclear", source=request.source, n=n)
    if request.layout is not None and not 0 <= request.layout <= n:
        raise InputError("bad_layout", received=request.layout, n=n)
    return readings.all[max(request.layout or 1, 1) - 1]


def check_places(placed: dict[str, Place], request: ImportRequest, before: Album | None) -> None:
    """Refuses at once what could never be trained on."""
    names = {place.name for place in placed.values()} | set(before.rows.name if before else ())
    n_files = len(placed) + (len(before.rows) if before else 0)
    if not placed:
        raise InputError("import_no_classes", source=request.source)
    if n_files > min(MAX_PICTURES, MAX_FILES):
        raise InputError("import_too_many", received=n_files, allowed=MAX_PICTURES)
    if len(names) > MAX_CLASSES:
        raise InputError("import_too_many_classes", received=len(names), allowed=MAX_CLASSES)
    if len(names) == 1 and request.class_name is None and before is None:
        raise InputError("import_one_class", source=request.source, name=min(names))
