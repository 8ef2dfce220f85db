"""What can be changed of an album: every edit takes one and returns another; the pictures stay where they are."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from tl_core.datasets.own.album import Album
from tl_core.datasets.own.class_names import clean_class_name
from tl_core.datasets.own.rows import Rows
from tl_core.datasets.own.splits import SPLITS, TEST, TRAIN, UNKNOWN, VALIDATION, assign_splits, together
from tl_core.errors import InputError


def relabelled(album: Album, places: Sequence[int], name: str) -> Album:
    """Returns the album with some pictures in another class; each keeps its split, or joins a near-duplicate there.

    Args:
        album: Before.
        places: Places of the pictures among `album.rows`.
        name: The class, new or known.

    Raises:
        InputError: "bad_class_name".
    """
    names = album.rows.name.copy()
    names[list(places)] = checked_class_name(name)
    return album.changed(_regrouped(replace(album.rows, name=names), album.rows))


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
    return album.changed(_regrouped(replace(album.rows, name=column), album.rows), excluded=left_out)


def _regrouped(rows: Rows, before: Rows) -> Rows:
    """Returns rows whose classes have changed with near-duplicates that are of one class now, each in one split.

    They go where those are that were in the class already.
    """
    moved = np.flatnonzero(rows.name != before.name)
    near = set(rows.lookalike[moved].tolist())
    twin, split = rows.twin.copy(), rows.split.copy()
    for number in near:
        members = np.flatnonzero(rows.lookalike == number)
        for name in set(rows.name[members].tolist()):
            of_class = members[rows.name[members] == name]
            if len(set(twin[of_class].tolist())) > 1:
                twin[np.isin(twin, twin[of_class])] = twin[of_class].min()
                whole = np.flatnonzero(twin == twin[of_class[0]])
                stay = np.setdiff1d(whole, moved)
                split[whole] = split[stay if len(stay) else whole].max()
    return replace(rows, twin=twin, split=split)


def split_again(album: Album, seed: int) -> Album:
    """Returns the album with its pictures drawn anew into train, validation and test.

    Those in use are drawn; one that is taken out stands beside its near-duplicates, or trains when it is put back.
    """
    rows, used = album.rows, album.is_used
    labels, group = _labels(rows), together(rows.twin, rows.group)
    splits = np.full(len(rows), UNKNOWN, np.int8)
    splits[used] = assign_splits(labels[used], rows.sha[used], group[used], splits[used], seed)
    splits = assign_splits(labels, rows.sha, group, splits, seed, complete=(VALIDATION, TEST))
    return album.changed(replace(rows, split=splits), seed=seed, given=frozenset())


def without_lacking(album: Album) -> Album:
    """Returns the album without the classes that one of its splits lacks; their pictures stay."""
    lacking = {name for _, classes in album.info.lacks for name in classes}
    return album.changed(excluded=album.excluded | lacking)


def filled(album: Album) -> Album:
    """Returns the album with pictures of each class that a split lacks moved into that split.

    Validation and test draw from the class's training pictures; a class that has none of these is drawn anew. What
    stays together moves together; other classes stay where they are.
    """
    rows, used = album.rows, np.flatnonzero(album.is_used)
    lacks = {split: set(dict(album.info.lacks).get(name, ())) for split, name in enumerate(SPLITS)}
    labels, group, splits = _labels(rows), together(rows.twin, rows.group), rows.split.copy()
    for name in sorted(set().union(*lacks.values())):
        of_class = used[rows.name[used] == name]
        is_anew = name in lacks[TRAIN]
        complete = [] if is_anew else [split for split in (VALIDATION, TEST) if name not in lacks[split]]
        splits[of_class[is_anew | (splits[of_class] == TRAIN)]] = UNKNOWN
        splits[used] = assign_splits(labels[used], rows.sha[used], group[used], splits[used], album.seed, complete)
    return album.changed(replace(rows, split=splits))


def without_groups(album: Album) -> Album:
    """Returns the album with its pictures drawn anew, each for itself, whatever belongs together."""
    return split_again(album.changed(replace(album.rows, group=np.full(len(album.rows), "", object))), album.seed)


def _labels(rows: Rows) -> np.ndarray:
    return np.unique(rows.name.astype(str), return_inverse=True)[1]


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
