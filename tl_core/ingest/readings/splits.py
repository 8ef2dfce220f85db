"""Folders of splits in a tree, at any level, and what each split holds: classes, or pictures without a label."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from tl_core.datasets.own.notes import Note
from tl_core.datasets.own.splits import TRAIN, UNKNOWN
from tl_core.ingest.readings.files import Item
from tl_core.ingest.readings.words import (
    classes_and_splits,
    is_called_beside,
    is_called_pictures,
    is_called_unlabelled,
    split_name,
    splits_among,
)

_DEEPEST = 4
_COVERED = 0.9


@dataclass
class Parted:
    """The pictures of a tree by its splits.

    Attributes:
        items: Those in splits, the level of the splits taken off; `UNKNOWN` where only one split has labels.
        level: Which level of folders the splits are.
        beside: Pictures in folders beside the splits, which are left out.
        unlabelled: Pictures of splits that have no classes.
        doubts: Why the splits may be none.
        is_flat: Whether the pictures to train on lie in no folder of a class.
    """

    items: list[Item]
    level: int
    beside: list[Item] = field(default_factory=list)
    unlabelled: list[Item] = field(default_factory=list)
    doubts: list[Note] = field(default_factory=list)
    is_flat: bool = False


def part_splits(items: Sequence[Item]) -> Parted | None:
    """Finds the level of the splits; None where there is none."""
    for level in range(_DEEPEST):
        inside = [item for item in items if len(item.dirs) > level]
        if len(inside) < _COVERED * len(items) or not inside:
            return None
        names = {item.dirs[level] for item in inside}
        if level == 0 and (pairs := classes_and_splits(names)):
            return Parted([_replaced(item, *pairs[item.dirs[0]]) for item in inside], 0)
        splits = splits_among(names)
        found = set(splits.values())
        if TRAIN in found and len(found) > 1 and (level == 0 or len(splits) == len(names)):
            return _parted(inside, splits, level)
        if level == 0 and 0 < len(splits) < len(names):
            parted = _train_beside_others(inside, splits) if found == {TRAIN} else _test_beside_classes(inside, splits)
            if parted:
                return parted
    return None


def _replaced(item: Item, name: str, split: int) -> Item:
    return item._replace(dirs=(name, *item.dirs[1:]), split=split)


def _parted(items: Sequence[Item], splits: dict[str, int], level: int) -> Parted:
    parted = Parted([], level)
    for item in items:
        split = splits.get(item.dirs[level])
        if split is None:
            parted.beside.append(item)
        else:
            dirs = item.dirs[:level] + item.dirs[level + 1 :]
            parted.items.append(item._replace(dirs=dirs, split=split))
    if level == 0:
        _unwrap(parted)
    train = [item for item in parted.items if item.split == TRAIN]
    parted.is_flat = sum(not item.dirs for item in train) * 2 > len(train)
    if not parted.is_flat:
        if level == 0:
            _set_unlabelled_aside(parted, {item.dirs[0] for item in train if item.dirs})
        keep_splits(parted)
        _doubt_what_lies_beside(parted)
    return parted


def _train_beside_others(items: Sequence[Item], splits: dict[str, int]) -> Parted | None:
    """Reads a training folder without another split: its classes are all, unless it is a class itself."""
    parted = _parted(items, splits, 0)
    if parted.is_flat or len({item.dirs[0] for item in parted.items if item.dirs}) < 2:
        return None
    if not all(is_called_beside(item.dirs[0]) for item in parted.beside):
        parted.doubts.append(Note("doubt_beside", {"folders": sorted({item.dirs[0] for item in parted.beside})}))
    return parted


def _test_beside_classes(items: Sequence[Item], splits: dict[str, int]) -> Parted | None:
    """Reads a test folder beside the classes to train on, which holds the same: cat, dog, test/cat, test/dog."""
    classes = {item.dirs[0] for item in items} - set(splits)
    held = [item for item in items if item.dirs[0] in splits]
    if not all(len(item.dirs) > 1 and item.dirs[1] in classes for item in held):
        return None
    parted = [
        item._replace(dirs=item.dirs[1:], split=splits[item.dirs[0]])
        if item.dirs[0] in splits
        else item._replace(split=TRAIN)
        for item in items
    ]
    return Parted(parted, 0)


def _unwrap(parted: Parted) -> None:
    """Takes off the folders around everything in one split: x_train/x_train/cat, test/images/1.jpg."""
    by_split: dict[int, list[Item]] = defaultdict(list)
    for item in parted.items:
        by_split[item.split].append(item)
    for split, found in by_split.items():
        others = {item.dirs[0] for item in parted.items if item.split != split and item.dirs}
        while found and all(item.dirs for item in found) and len({item.dirs[0] for item in found}) == 1:
            name = found[0].dirs[0]
            is_around = all(len(item.dirs) > 1 for item in found) and name not in others
            if not is_around and not is_called_pictures(name) and split_name(name) is None:
                break
            found = [item._replace(dirs=item.dirs[1:]) for item in found]
        by_split[split] = found
    parted.items = sorted((item for found in by_split.values() for item in found), key=lambda item: item.file)


def _set_unlabelled_aside(parted: Parted, trained: set[str]) -> None:
    """Takes out the splits whose pictures lie in no folder of a class, or in one that is called "unknown"."""
    for split in {item.split for item in parted.items} - {TRAIN}:
        found = [item for item in parted.items if item.split == split]
        names = {item.dirs[0] for item in found if item.dirs}
        is_one = len(names) == 1 and not names & trained and is_called_unlabelled(min(names))
        if not names or is_one:
            set_aside(parted, split)


def set_aside(parted: Parted, split: int) -> None:
    """Takes a split out, as one without labels."""
    parted.unlabelled += [item for item in parted.items if item.split == split]
    parted.items = [item for item in parted.items if item.split != split]


def keep_splits(parted: Parted) -> None:
    """Takes the only split that has labels as none: others are drawn from it."""
    if len({item.split for item in parted.items}) == 1:
        parted.items = [item._replace(split=UNKNOWN) for item in parted.items]


def _doubt_what_lies_beside(parted: Parted) -> None:
    """Doubts that a folder beside the splits is no data where it holds the same classes."""
    trained = {item.dirs[0] for item in parted.items if item.dirs}
    holding = sorted({one.dirs[0] for one in parted.beside if trained & set(one.dirs[1:])})
    if holding:
        parted.doubts.append(Note("doubt_beside", {"folders": holding}))
