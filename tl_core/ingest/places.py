"""Where each file of a tree goes, by the reading that is taken, before a single picture is read."""

from typing import NamedTuple

from tl_core.datasets.own.album import Album
from tl_core.datasets.own.edits import checked_class_name
from tl_core.datasets.own.notes import Note
from tl_core.datasets.own.splits import UNKNOWN
from tl_core.errors import InputError
from tl_core.ingest.containers.kinds import is_called_picture
from tl_core.ingest.readings.box_files import has_boxes
from tl_core.ingest.readings.ranking import has_class_folders, rank
from tl_core.ingest.readings.read import read_layout
from tl_core.ingest.readings.reading import Reading, Readings
from tl_core.ingest.readings.tables import labels_told, read_tables
from tl_core.ingest.request import ImportRequest, Taken
from tl_core.ingest.sources import MAX_FILES, Source, printable_path

MAX_PICTURES = 50_000
MAX_CLASSES = 1_000


class Place(NamedTuple):
    """Where a file goes: its class, its split (`UNKNOWN` for none), the name that is kept of it, and its group."""

    name: str
    split: int
    called: str
    group: str = ""


def place_files(source: Source, request: ImportRequest) -> tuple[dict[str, Place], list[Note], Taken]:
    """Returns where each file goes, what there is to say, and what is skipped already."""
    taken = Taken()
    taken.skipped += [
        {"file": printable_path(one.file), "code": one.code, "values": dict(one.values)} for one in source.unread
    ]
    if request.class_name is not None:
        name = checked_class_name(request.class_name)
        return {file: Place(name, UNKNOWN, printable_path(file)) for file in source.files}, [], taken
    reading = _chosen(readings_of(source), request)
    for one in reading.left_out:
        taken.leave_out(one.file, InputError(one.code, file=one.file))
    placed = {
        one.file: Place(one.name, one.split, printable_path(reading.inside(one.file)), one.group)
        for one in reading.placed
    }
    return placed, list(reading.notes), taken


def readings_of(source: Source) -> Readings:
    """Returns all ways to understand a tree of files, the best first.

    Raises:
        InputError: The only labels there are cannot be used: "import_boxes", "import_several_labels", "import_numbers".
    """
    tree, told = read_layout(source.files, source.folders), labels_told(source.files, read_tables(source))
    pictures = [file for file in source.files if is_called_picture(file)]
    if not told.readings and not has_class_folders(pictures):
        if has_boxes(source, pictures):
            raise InputError("import_boxes")
        if told.objection is not None:
            raise told.objection
    return rank(tree, told.readings)


def _chosen(readings: Readings, request: ImportRequest) -> Reading:
    """Returns the reading that is to be taken.

    Raises:
        InputError: "bad_layout": there are not so many. "import_unclear": nobody has chosen, and it would be a guess.
    """
    n = len(readings.all)
    if request.layout is None and not readings.is_clear:
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
