"""Pictures that are no data of their own: masks beside what they belong to, and a copy of the tree inside itself."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tl_core.datasets.own.notes import Note
from tl_core.ingest.readings.files import Item
from tl_core.ingest.readings.words import (
    is_called_masks,
    is_called_pictures,
    letters,
    says_nothing,
    split_name,
    tokens,
    without_mask_words,
)

Folder = tuple[str, ...]

_MASK_ENDING = re.compile(
    r"[_\-. ](mask|masks|seg|segmentation|gt|groundtruth|label|labels|labelids|trimap)[_\- ]?\d*$"
)
_MIRRORED = 0.9
_FEW = 3  # so many pictures say nothing of their names; beside more folders than that no one is the mask of another
_ALIKE = 0.8
_N_TELLING = 5  # so many different beginnings of names are no mere numbering


class Aside(NamedTuple):
    """What is left of the pictures, and what was put aside.

    Attributes:
        items: Those that stay.
        out: Files that a note tells of.
        notes: That note.
        doubts: Why it may have been wrong to put them aside.
    """

    items: list[Item]
    out: list[str]
    notes: list[Note]
    doubts: list[Note]


def without_masks(items: Sequence[Item], *, is_guessing: bool = True) -> Aside:
    """Puts masks aside: folders called so beside their pictures, and files called `cat_mask.png` beside `cat.png`.

    With `is_guessing` also folders called so whose files are called as those beside them, which is doubted.
    """
    certain, guessed = _folders_of_masks(items)
    guessed = guessed if is_guessing else set()
    gone, kept = _told_apart(items, certain | guessed)
    stems = {(item.dirs, item.stem) for item in kept}
    doubles = {
        item.file
        for item in kept
        if (found := _MASK_ENDING.search(item.stem.casefold())) and (item.dirs, item.stem[: found.start()]) in stems
    }
    kept = [item for item in kept if item.file not in doubles]
    out = [item.file for item in gone] + sorted(doubles)
    called = sorted({"/".join(folder) for folder in certain | guessed} | ({"*_mask"} if doubles else set()))
    notes = [Note("masks_left_out", {"n": len(out), "folders": called})] if out else []
    names = sorted("/".join(folder) for folder in guessed)
    return Aside(kept, out, notes, [Note("doubt_masks", {"folders": names})] if names else [])


def _folders_of_masks(items: Sequence[Item]) -> tuple[set[Folder], set[Folder]]:
    """Returns the folders that are masks by name and place, and those that are by their files' names as well."""
    certain, guessed = set(), set()
    for parent, names in _children(items).items():
        called = {name for name in names if is_called_masks(name) and not is_called_pictures(name)}
        for name in called if names - called else ():
            core, folder = without_mask_words(name), (*parent, name)
            beside = names - called
            if any(is_called_pictures(one) or (core and tokens(one) == core) for one in beside):
                certain.add(folder)
            elif len(beside) <= _FEW and any(_mirrors(items, folder, (*parent, one)) for one in beside):
                guessed.add(folder)
    return certain, guessed


def _children(items: Iterable[Item]) -> dict[Folder, set[str]]:
    children: dict[Folder, set[str]] = defaultdict(set)
    for item in items:
        for depth, name in enumerate(item.dirs):
            children[item.dirs[:depth]].add(name)
    return children


def _told_apart(items: Iterable[Item], folders: set[Folder]) -> tuple[list[Item], list[Item]]:
    """Returns the pictures below these folders, and the others."""
    below, others = [], []
    for item in items:
        is_below = any(item.dirs[:depth] in folders for depth in range(1, len(item.dirs) + 1)) if folders else False
        (below if is_below else others).append(item)
    return below, others


def _stems(items: Iterable[Item], folder: Folder) -> set[tuple]:
    """Returns where the pictures below a folder lie in it, without their endings and what says that it is a mask."""
    n = len(folder)
    return {(item.dirs[n:], _MASK_ENDING.sub("", item.stem.casefold())) for item in items if item.dirs[:n] == folder}


def _mirrors(items: Sequence[Item], folder: Folder, beside: Folder) -> bool:
    stems = _stems(items, folder)
    is_telling = any(not says_nothing(stem) for _, stem in stems)
    return len(stems) >= _FEW and is_telling and len(stems & _stems(items, beside)) >= _MIRRORED * len(stems)


def mirrored_classes(items: Sequence[Item]) -> list[str]:
    """Returns outermost folders whose files are called alike, picture by picture: perhaps variants, perhaps masks.

    Names that only number the pictures of each folder are no sign.
    """
    names = sorted({item.dirs[0] for item in items if item.dirs})
    if len(names) < 2:
        return []
    stems: dict[str, set[tuple]] = {name: set() for name in names}
    for item in items:
        if item.dirs:
            stems[item.dirs[0]].add((item.dirs[1:], _MASK_ENDING.sub("", item.stem.casefold())))
    smallest = min(names, key=lambda name: len(stems[name]))
    telling = {letters(stem) for _, stem in stems[smallest] if not says_nothing(stem)}
    if len(telling) < _N_TELLING:
        return []
    alike = [name for name in names if len(stems[smallest] & stems[name]) >= _ALIKE * len(stems[smallest])]
    return alike if len(alike) > 1 else []


def without_copies(items: Sequence[Item]) -> Aside:
    """Puts a folder aside that holds once more, file by file, what lies beside it."""
    kept, out, called = list(items), [], []
    for folder in sorted(_folders(items), key=len):
        if any(folder[: len(one)] == one for one in called):
            continue
        inside, outside = _paths_below(kept, folder)
        if len(inside) > 1 and any(dirs for dirs, _ in inside) and inside <= outside:
            gone, kept = _told_apart(kept, {folder})
            out += [item.file for item in gone]
            called.append(folder)
    names = ["/".join(folder) for folder in called]
    return Aside(kept, out, [Note("copy_left_out", {"n": len(out), "folders": names})] if out else [], [])


def _folders(items: Iterable[Item]) -> set[Folder]:
    """Returns the folders whose own folders are called as those beside them; a split is no copy."""
    children = _children(items)
    return {
        (*parent, name)
        for parent, names in children.items()
        for name in names
        if children.get((*parent, name), {name}) <= names - {name} and not split_name(name)
    }


def _paths_below(items: Sequence[Item], folder: Folder) -> tuple[set[tuple], set[tuple]]:
    """Returns where the pictures of a folder lie in it, and where those beside it lie in the folder around both."""
    n, parent = len(folder), folder[:-1]
    inside = {(item.dirs[n:], item.name) for item in items if item.dirs[:n] == folder}
    outside = {
        (item.dirs[n - 1 :], item.name) for item in items if item.dirs[: n - 1] == parent and item.dirs[:n] != folder
    }
    return inside, outside
