"""Which reading comes first where folders and tables both have one, and whether a person must be asked."""

from tl_core.datasets.own.splits import UNKNOWN
from tl_core.ingest.containers.kinds import is_called_picture
from tl_core.ingest.labels.split_words import split_named
from tl_core.ingest.readings.reading import Reading, Readings
from tl_core.ingest.readings.words import is_called_masks, is_called_pictures


def with_tables(tree: Readings, told: list[Reading]) -> Readings:
    """Returns all readings, the best first: a table where the folders are no classes, and a question where both may be.

    Args:
        tree: What the names of the tree say.
        told: What its tables say, the likeliest first.
    """
    if not told:
        return tree
    is_clear = not told[0].doubts
    if not is_plausible(tree.all[0]):
        return Readings([*told, *tree.all], is_clear)
    if _agree(told[0], tree.all[0]):
        return Readings([*told, *tree.all], is_clear)
    return Readings([*tree.all, *told] if told[0].doubts else [*told, *tree.all], is_clear=False)


def is_plausible(reading: Reading) -> bool:
    """Says whether the folders of a reading look like classes: two have pictures, and no name of another thing."""
    if len(reading.classes) < 2:
        return False
    names = {one.name for one in reading.placed if is_called_picture(one.file)}
    names = {name for name in names if _may_be_class(name) and split_named(name) == UNKNOWN}
    return len(names) > 1


def class_folder(file: str) -> str | None:
    """Returns the innermost folder of a file that may be a class; None for none."""
    folders = [part for part in file.split("/")[:-1] if _may_be_class(part)]
    return folders[-1] if folders and split_named(folders[-1]) == UNKNOWN else None


def _may_be_class(name: str) -> bool:
    """Says whether a folder is called after something else than what is in it: its pictures, masks or data."""
    return not (is_called_pictures(name) or is_called_masks(name) or name.casefold() == "data")


def _agree(told: Reading, tree: Reading) -> bool:
    """Says whether a table says the same as the folders of the pictures that it speaks of."""
    names = {one.file: one.name for one in tree.placed if _may_be_class(one.name)}
    pairs = {(one.name, names[one.file]) for one in told.placed if one.file in names}
    return len(pairs) == len({name for name, _ in pairs}) == len({name for _, name in pairs}) > 1
