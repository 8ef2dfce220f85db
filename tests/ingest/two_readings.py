"""A tree that can be understood in two ways, whatever `read_layout` makes of it: `morning/cup/1.png`."""

from tests.ingest.pictures import Tree, picture
from tl_core.datasets.own.notes import Note
from tl_core.ingest.readings.reading import LeftOut, Level, Placed, Reading, Readings
from tl_core.ingest.sources import Source

TIMES, THINGS = ("evening", "morning"), ("cup", "pen")
LOOSE = "notes.png"


def twice(n: int = 4) -> Tree:
    """Returns n pictures of each thing at each time, and a file that belongs to no folder."""
    folders = [f"{time}/{thing}" for time in TIMES for thing in THINGS]
    files = {f"{folder}/{at}.png": picture(100 * place + at) for place, folder in enumerate(folders) for at in range(n)}
    return {**files, LOOSE: picture(999)}


def two_readings(source: Source) -> Readings:
    """Returns both: the inner folders are the classes, or the outer ones; which of them, nobody can know."""
    inner = _reading(source, (Level.GROUP, Level.CLASS), -2)
    outer = _reading(source, (Level.CLASS, Level.IGNORED), -3, (Note("classes_alike", {"classes": ["x", "X"]}),))
    return Readings([inner, outer], is_clear=False)


def _reading(source: Source, levels: tuple[Level, ...], at: int, doubts: tuple[Note, ...] = ()) -> Reading:
    inside = [(file, file.split("/")) for file in source.files]
    placed = tuple(Placed(file, parts[at]) for file, parts in inside if len(parts) > 2)
    left_out = tuple(LeftOut(file, "member_homeless") for file, parts in inside if len(parts) <= 2)
    classes = tuple(sorted({one.name for one in placed}))
    return Reading(levels, "folders", placed, left_out, classes, doubts=doubts)
