"""What the names of a tree say: which folders are classes, which are splits, and which pictures belong to neither.

First goes what is no data (masks, a copy of the tree in itself, other files), then the folders around everything, then
the level of the splits. What remains are folders of classes, or files with their classes in their names.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tl_core.datasets.own.notes import Note
from tl_core.datasets.own.splits import TRAIN
from tl_core.errors import InputError
from tl_core.ingest.readings.boxes import kind_of_boxes, refusal_of_boxes
from tl_core.ingest.readings.companions import Aside, without_copies, without_masks
from tl_core.ingest.readings.drafts import Around, Draft, finished, folder_draft
from tl_core.ingest.readings.file_names import classes_in_names, facts_in_names
from tl_core.ingest.readings.files import Item, Sorted, note_of_others, parts_of, sort_files
from tl_core.ingest.readings.levels import candidates, folders_around
from tl_core.ingest.readings.reading import Reading
from tl_core.ingest.readings.splits import Parted, keep_splits, part_splits, set_aside
from tl_core.ingest.readings.words import (
    is_called_beside,
    is_called_masks,
    is_called_pictures,
    is_no_class,
    splits_among,
)

_N_EXAMPLES = 3
_HALF = 0.5


def tree_readings(files: Iterable[str], folders: Iterable[str] = ()) -> list[Reading]:
    """Returns the ways to understand a tree of files by its folders and by the names of its files.

    Args:
        files: Relative paths with "/" between their parts.
        folders: Folders that are there, also empty ones.

    Returns:
        At least one, the best first. Where no classes were found, the only one places no picture, and says why where
        that is known.
    """
    paths = list(files)
    found, empty = sort_files(paths), _without_files(paths, folders)
    masks = without_masks(found.pictures)
    readings = _readings(found, masks, empty)
    if masks.doubts:
        readings += _readings(found, without_masks(found.pictures, is_guessing=False), empty)
    return readings


def _readings(found: Sorted, masks: Aside, empty: Sequence[tuple[str, ...]]) -> list[Reading]:
    """Returns the readings of the pictures that are left beside the masks."""
    copies = without_copies(masks.items)
    n_around, strays, inner = _unwrapped(copies.items, empty)
    parted = part_splits(inner)
    drafts = _drafts_of_splits(parted) if parted else _drafts(inner)
    if parted and parted.beside and not drafts:  # train, test and plane, each full of pictures: classes after all?
        parted, drafts = None, _drafts(inner)
    if parted:
        kept = {item.file for item in (*parted.items, *parted.beside, *parted.unlabelled)}
        strays = [*strays, *(item for item in inner if item.file not in kept)]
    boxes = kind_of_boxes(found)
    around = Around(
        n_around,
        [parts[n_around:] for parts in empty if len(parts) > n_around],
        strays,
        [*found.others, *masks.out, *copies.out],
        [*masks.notes, *copies.notes, *note_of_others(found.others)],
        masks.doubts,
        parted,
    )
    if boxes:
        drafts = _beside_boxes(drafts, boxes)
    readings = [finished(draft, around) for draft in drafts]
    if any(len(reading.classes) > 1 for reading in readings):
        return readings
    return [replace(reading, refusal=_refusal(boxes, parted)) for reading in readings or [_nothing(around, inner)]]


def _without_files(paths: Iterable[str], folders: Iterable[str]) -> list[tuple[str, ...]]:
    """Returns the folders in which there is nothing, not even deeper; those called after masks or pictures are none."""
    used = {tuple(parts_of(path))[:depth] for path in paths for depth in range(len(parts_of(path)))}
    found = sorted({tuple(parts_of(folder)) for folder in folders} - used)
    return [parts for parts in found if not is_called_masks(parts[-1]) and not is_called_pictures(parts[-1])]


def _unwrapped(items: Sequence[Item], empty: Sequence[tuple[str, ...]]) -> tuple[int, list[Item], list[Item]]:
    """Takes off the folders around everything.

    Returns:
        How many there are, the pictures outside of them, and those inside with the rest of their folders.
    """
    n_around, strays, inner = 0, [], list(items)
    while _is_wrapped(inner, {parts[n_around] for parts in empty if len(parts) > n_around}):
        strays += [item for item in inner if not item.dirs]
        inner = [item._replace(dirs=item.dirs[1:]) for item in inner if item.dirs]
        n_around += 1
    return n_around, strays, inner


def _is_wrapped(items: Sequence[Item], empty: set[str]) -> bool:
    """Says whether one folder holds everything: folders, and no more pictures of its own than strays."""
    outer = {item.dirs[0] for item in items if item.dirs}
    if len(outer) != 1 or empty - outer:
        return False
    inner = {item.dirs[1] for item in items if len(item.dirs) > 1}
    n_direct = sum(len(item.dirs) == 1 for item in items)
    n_outside = sum(not item.dirs for item in items)
    is_class = n_direct and (len(inner) == 1 or n_direct > _HALF * len(items))
    return bool(inner) and not is_class and n_outside < _HALF * len(items)


def _drafts(items: Sequence[Item]) -> list[Draft]:
    """Returns the readings of pictures without splits."""
    flat = [item for item in items if not item.dirs]
    outer = {item.dirs[0] for item in items if item.dirs}
    by_folder = [folder_draft(items, one) for one in candidates(items)]
    if not outer or (len(outer) == 1 and len(flat) < _HALF * len(items) and all(len(one.dirs) < 2 for one in items)):
        by_name = _drafts_of_names(items, flat if outer else [])
        for draft in by_name:
            draft.n_around = len(outer)
        return [*by_name, *(() if outer and is_no_class(min(outer)) else by_folder)]
    if len(flat) > _HALF * len(items):
        by_name = _drafts_of_names(flat, [item for item in items if item.dirs])
        for draft in (*by_name, *by_folder):
            draft.doubts.append(Note("doubt_beside", {"folders": sorted(outer)}))
        return [*by_name, *by_folder]
    by_name = _drafts_of_names(items, []) if _are_variants(by_folder) else []
    for draft in by_name:
        draft.doubts.append(Note("doubt_variants", {"folders": sorted(outer)}))
    return [*by_folder, *by_name, *_drafts_inside(items), *_drafts_beside_test(items, outer)]


def _are_variants(drafts: Sequence[Draft]) -> bool:
    return any(note.code in ("doubt_variants", "doubt_mirrored") for draft in drafts for note in draft.doubts)


def _drafts_inside(items: Sequence[Item]) -> list[Draft]:
    """Returns the readings in which one folder holds all classes, and those beside it are none: photos, figures."""
    around = folders_around(items)
    if len(around) != 1:
        return []
    inside = [item._replace(dirs=item.dirs[1:]) for item in items if item.dirs[:1] == tuple(around)]
    drafts = [folder_draft(inside, one) for one in candidates(inside)]
    for draft in drafts:
        draft.n_around = 1
        draft.homeless += [item for item in items if item.dirs[:1] != tuple(around)]
        draft.doubts.append(Note("doubt_around", {"folders": around}))
    return drafts


def _drafts_beside_test(items: Sequence[Item], outer: set[str]) -> list[Draft]:
    """Returns the readings in which folders called "test" or "samples" beside classes hold pictures without a label."""
    splits = splits_among(outer)
    tests = set(splits) | {name for name in outer if is_called_beside(name)}
    if not 0 < len(tests) < len(outer) or TRAIN in splits.values():
        return []
    classes = [item for item in items if not item.dirs or item.dirs[0] not in tests]
    drafts = [folder_draft(classes, one) for one in candidates(classes)]
    for draft in drafts:
        draft.unlabelled = [item for item in items if item.dirs and item.dirs[0] in tests]
        draft.doubts.append(Note("doubt_beside", {"folders": sorted(tests)}))
    return drafts


def _drafts_of_names(items: Sequence[Item], homeless: Sequence[Item]) -> list[Draft]:
    """Returns the readings by files' names: their words, or each of the parts that may be the class."""
    out = {item.file for item in homeless}
    named = [item for item in items if item.file not in out]
    found, drafts = classes_in_names(named), []
    if found:
        drafts.append(_named(named, found.of, Draft((), "names", "names", homeless=list(homeless))))
        drafts[0].notes.append(Note("names_read", {"files": _examples(named)}))
    if found and not found.is_unsure:
        return drafts
    for at, values in facts_in_names(named):
        drafts.append(_named(named, values, Draft((), "name_part", "names", homeless=list(homeless), column=str(at))))
    for draft in drafts:
        draft.doubts.append(Note("doubt_facts", {"files": _examples(named)}))
    return drafts


def _named(items: Sequence[Item], of: dict[str, str], draft: Draft) -> Draft:
    draft.placed = [(item, of[item.file], "") for item in items if item.file in of]
    draft.homeless += [item for item in items if item.file not in of]
    return draft


def _examples(items: Sequence[Item]) -> list[str]:
    return [items[len(items) * at // _N_EXAMPLES].name for at in range(min(_N_EXAMPLES, len(items)))]


def _drafts_of_splits(parted: Parted) -> list[Draft]:
    """Returns the readings of pictures in splits."""
    if not parted.is_flat:
        drafts = [folder_draft(parted.items, one) for one in candidates(parted.items)]
        for draft in drafts:
            draft.why = _WHY_WITH_SPLITS.get(draft.why, draft.why) if parted.level == 0 else "splits_below"
        return drafts
    train = [item for item in parted.items if item.split == TRAIN]
    found = classes_in_names(train)
    for split in {item.split for item in parted.items} - {TRAIN} if found else ():
        others = [item for item in parted.items if item.split == split]
        names = classes_in_names(others)
        if not names or not set(names.of.values()) & set(found.of.values() if found else ()):
            set_aside(parted, split)
    keep_splits(parted)
    return _drafts_of_names(parted.items, [item for item in parted.items if item.dirs])


_WHY_WITH_SPLITS = {"folders": "splits"}


def _beside_boxes(drafts: Sequence[Draft], boxes: str) -> list[Draft]:
    """Returns what remains of readings beside labels of boxes: no guesses, and beside those of YOLO a doubt."""
    kept = [draft for draft in drafts if draft.why != "name_part"]
    for draft in kept:
        if draft.labels == "names" and boxes == "yolo":
            draft.doubts.append(Note("doubt_boxes", {"n": len(draft.placed)}))
        elif draft.placed:
            draft.notes.append(Note("boxes_not_used", {"n": len(draft.placed)}))
    return kept


def _refusal(boxes: str, parted: Parted | None) -> InputError | None:
    """Returns why no classes were found, where that is known."""
    if boxes:
        return refusal_of_boxes(boxes)
    return InputError("import_only_splits") if parted and parted.is_flat else None


def _nothing(around: Around, items: Sequence[Item]) -> Reading:
    """Returns the reading of a tree without classes."""
    items = around.parted.items if around.parted else items
    return finished(Draft((), "nothing", homeless=list(items)), around)
