"""A reading on its way: the pictures that it places, and what becomes of all others."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from tl_core.datasets.own.class_names import class_names
from tl_core.datasets.own.notes import Note
from tl_core.datasets.own.splits import SPLITS, TRAIN, UNKNOWN
from tl_core.ingest.readings.files import Item
from tl_core.ingest.readings.levels import Candidate
from tl_core.ingest.readings.reading import LeftOut, Level, Placed, Reading
from tl_core.ingest.readings.splits import Parted
from tl_core.ingest.readings.words import is_called_beside, is_called_masks, natural_order, split_name

_MANY_CLASSES = 100
_HALF = 0.5


@dataclass
class Draft:
    """One way to understand the inner tree.

    Attributes:
        levels: From outside to inside.
        why: Code of the copy's [reading] table.
        labels: "folders" or "names".
        placed: Each picture with the folder or word that is its class, and its group.
        homeless: Pictures without a class, each to be named.
        passed: Pictures that a note tells of.
        notes, doubts: What is to be said.
        column: Which part of the names, or which folder alone, is taken.
        depth: Which level of folders the class is; None for files' names.
        unlabelled: Pictures without a label, set aside.
        n_around: How many folders more than for other readings lie around everything.
    """

    levels: tuple[Level, ...]
    why: str
    labels: str = "folders"
    placed: list[tuple[Item, str, str]] = field(default_factory=list)
    homeless: list[Item] = field(default_factory=list)
    passed: list[Item] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    doubts: list[Note] = field(default_factory=list)
    column: str = ""
    depth: int | None = None
    unlabelled: list[Item] = field(default_factory=list)
    n_around: int = 0


@dataclass(frozen=True)
class Around:
    """What is the same for all readings of a tree.

    Attributes:
        n_around: How many folders lie around everything.
        empty: Folders without a file, their parts within those around.
        strays: Pictures outside of everything.
        passed: Files that a note tells of.
        notes, doubts: What there is to say.
        parted: The splits, where there are some.
    """

    n_around: int
    empty: Sequence[tuple[str, ...]]
    strays: Sequence[Item]
    passed: Sequence[str]
    notes: Sequence[Note]
    doubts: Sequence[Note]
    parted: Parted | None = None


def folder_draft(items: Sequence[Item], candidate: Candidate) -> Draft:
    """Places pictures by one level of their folders."""
    draft = Draft(candidate.levels, candidate.why, doubts=list(candidate.doubts), depth=candidate.depth)
    draft.column = candidate.variant
    for item in items:
        if candidate.variant and item.dirs and item.dirs[0] != candidate.variant:
            draft.passed.append(item)
        elif len(item.dirs) <= candidate.depth:
            draft.homeless.append(item)
        else:
            draft.placed.append((item, item.dirs[candidate.depth], _group(item, candidate)))
    if draft.passed:
        folders = sorted({item.dirs[0] for item in draft.passed})
        draft.notes.append(Note("variants_left_out", {"n": len(draft.passed), "folders": folders}))
    return draft


def _group(item: Item, candidate: Candidate) -> str:
    if candidate.group is None or len(item.dirs) <= candidate.group:
        return ""
    return item.dirs[candidate.group] if candidate.is_shared else "/".join(item.dirs[: candidate.group + 1])


def finished(draft: Draft, around: Around) -> Reading:
    """Returns the reading that a draft makes: names of classes cleaned, every file accounted for, notes and doubts."""
    parted, notes = around.parted, list(around.notes)
    empty = _empty_classes(draft, around)
    names, odd = class_names([name for _, name, _ in draft.placed] + empty)
    placed = tuple(Placed(item.file, names[name], item.split, group) for item, name, group in draft.placed)
    homeless = [*draft.homeless, *around.strays]
    passed = [*around.passed, *(item.file for item in draft.passed)]
    unlabelled = [*draft.unlabelled, *(parted.unlabelled if parted else ())]
    if parted and parted.beside:
        passed += [item.file for item in parted.beside]
        folders = sorted({item.dirs[0] for item in parted.beside})
        notes.append(Note("folders_beside", {"n": len(parted.beside), "folders": folders}))
    if unlabelled:
        notes.append(Note("unlabelled_aside", {"n": len(unlabelled)}))
    given = sorted({one.split for one in placed} - {UNKNOWN})
    if given:
        notes.insert(0, Note("splits_kept", {"splits": [SPLITS[split] for split in given]}))
    classes = sorted(set(names.values()), key=natural_order)
    counts = Counter(one.name for one in placed)
    bare = [name for name in classes if not counts[name]]
    notes += [*odd, *([Note("class_empty", {"classes": bare})] if bare else []), *draft.notes]
    doubts = [*around.doubts, *(parted.doubts if parted else ()), *draft.doubts, *_doubts(placed, counts)]
    return Reading(
        _levels(draft, around),
        draft.labels,
        placed,
        tuple(LeftOut(file, "member_homeless") for file in sorted(item.file for item in homeless)),
        tuple(classes),
        tuple(notes),
        draft.why,
        tuple(doubts),
        tuple(sorted(item.file for item in unlabelled)),
        draft.column,
        around.n_around + draft.n_around,
        tuple(sorted(passed)),
    )


def _levels(draft: Draft, around: Around) -> tuple[Level, ...]:
    levels = list(draft.levels)
    if around.parted:
        levels.insert(min(around.parted.level, len(levels)), Level.SPLIT)
    return (Level.AROUND,) * (around.n_around + draft.n_around) + tuple(levels)


def _empty_classes(draft: Draft, around: Around) -> list[str]:
    """Returns the folders without a file that lie where the classes do."""
    if draft.depth is None or (around.parted and around.parted.level):
        return []
    n_outer = draft.depth + (around.parted is not None)
    found = [dirs for dirs in around.empty if len(dirs) == n_outer + 1]
    return [dirs[-1] for dirs in found if not around.parted or split_name(dirs[0])]


def _doubts(placed: Sequence[Placed], counts: Counter[str]) -> list[Note]:
    """Returns why the classes that came out may be none."""
    doubts, names = _doubts_of_names(sorted(counts)), defaultdict(set)
    n_alone = sum(n == 1 for n in counts.values())
    if len(counts) > _MANY_CLASSES and n_alone > _HALF * len(counts):
        doubts.append(Note("doubt_ids", {"n": n_alone, "n_classes": len(counts)}))
    for one in placed:
        names[one.split].add(one.name)
    for split in sorted(names.keys() - {TRAIN, UNKNOWN}) if TRAIN in names else ():
        extra, lacking = sorted(names[split] - names[TRAIN]), sorted(names[TRAIN] - names[split])
        if extra and lacking:
            split_called = [SPLITS[split]]
            doubts.append(Note("doubt_spelled", {"splits": split_called, "classes": extra, "others": lacking}))
    return doubts


def _doubts_of_names(names: Sequence[str]) -> list[Note]:
    """Returns why classes that are called so may be none: masks, or splits."""
    masks = [name for name in names if is_called_masks(name)]
    is_mixed = 0 < len(masks) < len(names)
    doubts = [Note("doubt_class_masks", {"classes": masks})] if is_mixed else []
    called = {name: found.split for name in names if (found := split_name(name)) and not found.rest}
    kinds = set(called.values())
    if len(names) > 1 and (len(kinds) > 1 or (kinds - {TRAIN} and len(called) < len(names))):
        doubts.append(Note("doubt_class_splits", {"classes": sorted(called)}))
    beside = [name for name in names if is_called_beside(name)]
    if 0 < len(beside) < len(names):
        doubts.append(Note("doubt_class_beside", {"classes": beside}))
    return doubts
