"""What the names of a tree say: which folder is a class, which is a split, and which files belong to neither.

A tree is either folders of classes (`apple/1.jpg`) or folders of splits that hold those (`train/apple/1.jpg`); folders
around the whole of it are looked through. What lies deeper belongs to its class.
"""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from tl_core.datasets.images.decode import ACCEPTED_FORMATS
from tl_core.datasets.own.splits import SPLITS, UNKNOWN

MAX_CLASS_NAME = 80
_JOINER = "\u200d"  # invisible, but families and flags of emoji, and some scripts, are made with it
_N_DIGITS = 8

_SPLIT_WORDS = MappingProxyType(
    dict.fromkeys(["train", "training", "训练", "训练集"], 0)
    | dict.fromkeys(["val", "valid", "validation", "dev", "验证", "验证集"], 1)
    | dict.fromkeys(["test", "testing", "测试", "测试集"], 2)
)
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10)}
)


@dataclass(frozen=True)
class Note:
    """Something about an import that a person should know. `code` is a key of the copy's [note] table."""

    code: str
    values: dict = field(default_factory=dict)

    def to_dict(self) -> dict:
        """Returns the note as plain data."""
        return {"code": self.code, "values": dict(self.values)}


@dataclass(frozen=True)
class Layout:
    """Where each file of a tree belongs.

    Attributes:
        placed: For each file that has a class: its path, its class, its split (0 train, 1 validation, 2 test, or
            `UNKNOWN`).
        homeless: The files that lie beside the classes, in none of them.
        classes: All classes, also those without a file, in order.
        notes: What had to be changed or guessed.
        n_around: How many folders lie around the whole tree.
    """

    placed: tuple[tuple[str, str, int], ...]
    homeless: tuple[str, ...]
    classes: tuple[str, ...]
    notes: tuple[Note, ...]
    n_around: int = 0

    def inside(self, file: str) -> str:
        """Returns a file's path without the folders around everything: the same, however the tree was brought."""
        return "/".join(_parts(file)[self.n_around :])


def read_layout(files: Iterable[str], folders: Iterable[str] = ()) -> Layout:
    """Reads classes and splits off the paths of a tree.

    Args:
        files: Relative paths with "/" between their parts.
        folders: Folders that are there, also empty ones.

    Returns:
        The layout; without a single folder it has no classes, and all files are homeless.
    """
    paths = sorted((tuple(_parts(file)), file) for file in files)
    leaves = [tuple(_parts(folder)) for folder in folders]
    n_around = _n_around([parts for parts, _ in paths], leaves)
    inner = [(parts[n_around:], file) for parts, file in paths]
    leaves = [parts[n_around:] for parts in leaves if len(parts) > n_around]
    has_splits = _has_splits([parts for parts, _ in inner], leaves)
    depth = 1 if has_splits else 0
    placed = [(parts[depth], file, _split(parts[0]) if has_splits else UNKNOWN) for parts, file in _in(inner, depth)]
    homeless = [file for parts, file in inner if len(parts) <= depth + 1]
    found = [name for name, _, _ in placed] + [parts[depth] for parts in leaves if len(parts) > depth]
    names, notes = class_names(found)
    if has_splits:
        given = sorted({split for _, _, split in placed})
        notes = [Note("splits_kept", {"splits": [SPLITS[split] for split in given]}), *notes]
    counts = Counter(names[name] for name, _, _ in placed)
    classes = sorted(set(names.values()))
    empty = [name for name in classes if not counts[name]]
    notes += [Note("class_empty", {"classes": empty})] if empty else []
    found_in = tuple((file, names[name], split) for name, file, split in placed)
    return Layout(found_in, tuple(homeless), tuple(classes), tuple(notes), n_around)


def class_names(found: Sequence[str]) -> tuple[dict[str, str], list[Note]]:
    """Returns what each folder's class is called, and what was odd about the folders' names.

    Two spellings of the same text (accents composed or not, spaces or dots at the end) are one class. Names that differ
    only in capitals stay two classes, as they may mean two things, and a note says so.
    """
    names, notes = {}, []
    for name in dict.fromkeys(found):
        names[name] = clean_class_name(name)
    spellings = Counter(names.values())
    joined = sorted(name for name, n in spellings.items() if n > 1)
    altered = sorted(f"{_visible(name)} → {clean}" for name, clean in names.items() if _is_altered(name, clean))
    lowered = Counter(name.casefold() for name in spellings)
    alike = sorted(name for name in spellings if lowered[name.casefold()] > 1)
    reserved = sorted(name for name in spellings if name.partition(".")[0].casefold() in _RESERVED)
    changes = {
        "classes_joined": joined,
        "classes_renamed": altered,
        "classes_alike": alike,
        "classes_reserved": reserved,
    }
    notes += [Note(code, {"classes": values}) for code, values in changes.items() if values]
    return names, notes


def clean_class_name(name: str) -> str:
    """Returns a folder's or a typed name as the name of a class: one line of 1 to 80 visible characters.

    A few digits stand for what is cut off a longer one, so that two long names stay two classes. Bytes that are no text
    become readable escapes.
    """
    text = name.encode("utf-8", "backslashreplace").decode()
    text = "".join(" " if unicodedata.category(sign) in ("Cc", "Zl", "Zp") else sign for sign in text)
    text = "".join(sign for sign in text if unicodedata.category(sign) not in ("Cf", "Cn") or sign == _JOINER)
    text = " ".join(unicodedata.normalize("NFC", text).split()).lstrip(_JOINER + " ").rstrip(_JOINER + " .") or "?"
    if len(text) <= MAX_CLASS_NAME:
        return text
    digits = hashlib.sha256(text.encode()).hexdigest()[:_N_DIGITS]
    return f"{text[: MAX_CLASS_NAME - _N_DIGITS - 1]}…{digits}"


def _visible(name: str) -> str:
    """Returns a folder's name as it may stand in a sentence: what is not seen, or turns the text around, is a "?"."""
    shown = "".join("?" if unicodedata.category(sign).startswith("C") else sign for sign in name)
    return shown if len(shown) <= MAX_CLASS_NAME else shown[: MAX_CLASS_NAME - 1] + "…"


def _is_altered(name: str, clean: str) -> bool:
    """Says whether a class is called noticeably other than its folder: more than another way to store the same text."""
    return unicodedata.normalize("NFC", name) != clean


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
