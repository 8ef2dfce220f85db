"""All ways to understand a tree of files, the best first."""

from collections.abc import Iterable

from tl_core.ingest.readings.choose import rank
from tl_core.ingest.readings.reading import Readings
from tl_core.ingest.readings.tree import tree_readings


def read_layout(files: Iterable[str], folders: Iterable[str] = ()) -> Readings:
    """Reads classes and splits off the paths of a tree.

    Args:
        files: Relative paths with "/" between their parts.
        folders: Folders that are there, also empty ones.
    """
    return rank(tree_readings(files, folders))
