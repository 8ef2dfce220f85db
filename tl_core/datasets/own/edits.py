"""What can be changed of an album: every edit takes one and returns another; the pictures stay where they are."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from tl_core.datasets.own.album import Album
from tl_core.datasets.own.class_names import clean_class_name
from tl_core.datasets.own.splits import TEST, UNKNOWN, VALIDATION, assign_splits
from tl_core.errors import InputError


def relabelled(album: Album, places: Sequence[int], name: str) -> Album:
    """Returns the album with some pictures in another class; each keeps its split.

    Args:
        album: Before.
        places: Places of the pictures among `album.rows`.
        name: The class, new or known.

    Raises:
        InputError: "bad_class_name".
    """
    names = album.rows.name.copy()
    names[list(places)] = checked_class_name(name)
    return album.changed(replace(album.rows, name=names))


def dropped(album: Album, places: Sequence[int], is_dropped: bool) -> Album:
    """Returns the album with some pictures taken out, or put back."""
    marks = album.rows.is_dropped.copy()
    marks[list(places)] = is_dropped
    return album.changed(replace(album.rows, is_dropped=marks))


def with_classes(album: Album, names: Mapping[str, str], excluded: Collection[str]) -> Album:
    """Returns the album with its classes renamed, merged (two get one name), or left out.

    Args:
        album: Before.
        names: Old name → new name; a class that is not named keeps its own.
        excluded: Classes to leave out, by their old names.

    Raises:
        InputError: "bad_class_name".
    """
    renamed = {old: checked_class_name(new) for old, new in names.items()}
    column = np.array([renamed.get(name, name) for name in album.rows.name], object)
    kept = {renamed.get(name, name) for name in set(album.rows.name) - set(excluded)}
    left_out = frozenset(renamed.get(name, name) for name in excluded) - kept
    return album.changed(replace(album.rows, name=column), excluded=left_out)


def split_again(album: Album, seed: int) -> Album:
    """Returns the album with its pictures drawn anew into train, validation and test.

    Those in use are drawn; one that is taken out stands beside its near-duplicates, or trains when it is put back.
    """
    rows, used = album.rows, album.is_used
    labels = np.unique(rows.name.astype(str), return_inverse=True)[1]
    splits = np.full(len(rows), UNKNOWN, np.int8)
    splits[used] = assign_splits(labels[used], rows.sha[used], rows.twin[used], splits[used], seed)
    splits = assign_splits(labels, rows.sha, rows.twin, splits, seed, complete=(VALIDATION, TEST))
    return album.changed(replace(rows, split=splits), seed=seed)


def one_of_each(album: Album) -> Album:
    """Returns the album with only the first picture of each group of near-duplicates in one class; the others go."""
    seen: set[tuple[int, str]] = set()
    places = []
    for at in np.flatnonzero(album.is_used):
        key = int(album.rows.twin[at]), album.rows.name[at]
        if key in seen:
            places.append(at)
        seen.add(key)
    return dropped(album, places, True) if places else album


def flipping(album: Album, can_flip: bool) -> Album:
    """Returns the album with another answer to whether a mirrored picture still shows its class."""
    return album.changed(can_flip=can_flip)


def checked_class_name(name: str) -> str:
    """Returns a typed name as the name of a class.

    Raises:
        InputError: "bad_class_name": nothing of it can be seen.
    """
    clean = clean_class_name(name)
    if clean == "?" and name.strip() != "?":
        raise InputError("bad_class_name")
    return clean
