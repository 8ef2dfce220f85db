"""What the names of a tree say: which folder is a class, which is a split, and which files belong to neither.

A tree is either folders of classes (`apple/1.jpg`) or folders of splits that hold those (`train/apple/1.jpg`); folders
around the whole of it are looked through. What lies deeper belongs to its class.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from types import MappingProxyType

from tl_core.datasets.images.decode import ACCEPTED_FORMATS
from tl_core.datasets.own.class_names import class_names
from tl_core.datasets.own.notes import Note
from tl_core.datasets.own.splits import SPLITS, UNKNOWN
from tl_core.ingest.readings.reading import LeftOut, Level, Placed, Reading, Readings

_SPLIT_WORDS = MappingProxyType(
    dict.fromkeys(["train", "training", "训练", "训练集"], 0)
    | dict.fromkeys(["val", "valid", "validation", "dev", "验证", "验证集"], 1)
    | dict.fromkeys(["test", "testing", "测试", "测试集"], 2)
)


def read_layout(files: Iterable[str], folders: Iterable[str] = ()) -> Readings:
    """Reads classes and splits off the paths of a tree.

    Args:
        files: Relative paths with "/" between their parts.
        folders: Folders that are there, also empty ones.

    Returns:
        All readings; without a single folder the only one has no classes, and all files are left out.
    """
    paths = sorted((tuple(_parts(file)), file) for file in files)
    leaves = [tuple(_parts(folder)) for folder in folders]
    n_around = _n_around([parts for parts, _ in paths], leaves)
    inner = [(parts[n_around:], file) for parts, file in paths]
    leaves = [parts[n_around:] for parts in leaves if len(parts) > n_around]
    has_splits = _has_splits([parts for parts, _ in inner], leaves)
    depth = 1 if has_splits else 0
    placed = [(parts[depth], file, _split(parts[0]) if has_splits else UNKNOWN) for parts, file in _in(inner, depth)]
    left_out = tuple(LeftOut(file, "member_homeless") for parts, file in inner if len(parts) <= depth + 1)
    found = [name for name, _, _ in placed] + [parts[depth] for parts in leaves if len(parts) > depth]
    names, notes = class_names(found)
    if has_splits:
        given = sorted({split for _, _, split in placed})
        notes = [Note("splits_kept", {"splits": [SPLITS[split] for split in given]}), *notes]
    counts = Counter(names[name] for name, _, _ in placed)
    classes = sorted(set(names.values()))
    empty = [name for name in classes if not counts[name]]
    notes += [Note("class_empty", {"classes": empty})] if empty else []
    found_in = tuple(Placed(file, names[name], split) for name, file, split in placed)
    levels = (Level.AROUND,) * n_around + ((Level.SPLIT,) if has_splits else ()) + (Level.CLASS,)
    reading = Reading(levels, "folders", found_in, left_out, tuple(classes), tuple(notes), n_around=n_around)
    return Readings([reading])


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part]


def _n_around(files: Sequence[tuple[str, ...]], folders: Sequence[tuple[str, ...]]) -> int:
    """Returns how many folders lie around everything: the only one, with folders in it, and no pictures beside one."""
    n_around = 0
    while True:
        below = [parts[n_around:] for parts in files if len(parts) > n_around + 1]
        beside = [parts[n_around:] for parts in folders if len(parts) > n_around]
        outer = {parts[0] for parts in (*below, *beside)}
        inner = {parts[1] for parts in below if len(parts) > 2} | {parts[1] for parts in beside if len(parts) > 1}
        has_pictures = any(len(parts) == 2 and _is_called_picture(parts[1]) for parts in below)
        if len(outer) != 1 or not inner or (has_pictures and len(inner) == 1):
            return n_around
        n_around += 1


def _is_called_picture(name: str) -> bool:
    return name.rpartition(".")[2].lower() in ACCEPTED_FORMATS


def _has_splits(files: Sequence[tuple[str, ...]], folders: Sequence[tuple[str, ...]]) -> bool:
    """Says whether the outermost folders are splits: all of them are called so, and one is for training."""
    outer = {parts[0] for parts in files if len(parts) > 1} | {parts[0] for parts in folders}
    found = {_split(name) for name in outer}
    return UNKNOWN not in found and 0 in found and len(found) > 1


def _split(name: str) -> int:
    return _SPLIT_WORDS.get(name.strip().casefold(), UNKNOWN)


def _in(inner: Sequence[tuple[tuple[str, ...], str]], depth: int) -> Iterable[tuple[tuple[str, ...], str]]:
    """Yields the files that lie in a folder of a class."""
    return ((parts, file) for parts, file in inner if len(parts) > depth + 1)
