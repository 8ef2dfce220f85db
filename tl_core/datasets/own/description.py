"""What is in a data set, as one sentence: its classes by their names, its splits, and how many pictures there are."""

from collections.abc import Sequence

from tl_core.datasets.own.album import Album
from tl_core.datasets.own.notes import Note
from tl_core.datasets.own.splits import SPLITS

MOST_CLASSES = 1_000  # whose names a sentence may choose from


def describe(album: Album) -> Note:
    """Returns what is in an album as it is now."""
    info = album.info
    n_pictures = (info.n_train, info.n_validation, info.n_test)
    splits = [split for split, n in zip(SPLITS, n_pictures, strict=True) if n]
    return describe_classes(info.classes, splits, sum(n_pictures))


def describe_classes(classes: Sequence[str], splits: Sequence[str], n_pictures: int) -> Note:
    """Returns what classes in which splits there are.

    Args:
        classes: All of them.
        splits: Those that are given, by the names of `SPLITS`; none where they are still to be drawn.
        n_pictures: In all of them.
    """
    names = list(classes) if len(classes) <= MOST_CLASSES else [*classes[:7], "…"]
    values = {"n": len(classes), "classes": names, "splits": list(splits), "n_pictures": n_pictures}
    return Note("content" if splits else "content_unsplit", values)
